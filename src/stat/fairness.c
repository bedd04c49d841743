/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fairness: see fairness.h. The index is that of Jain, Chiu and Hawe, DEC-TR-301 (1984). Values are
 * taken relative to the largest, so that their squares cannot overflow.
 */
#include "stat/fairness.h"

#include <errno.h>
#include <math.h>

int fairness_of(const double *values, size_t n, struct fairness *ret)
{
    struct fairness f = {n, 0, NAN, NAN, NAN, NAN};
    double least = INFINITY, most = 0, sum = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i]) || values[i] < 0) {
            return -EINVAL;
        }
        least = fmin(least, values[i]);
        most = fmax(most, values[i]);
        f.total += values[i];
    }
    if (n == 0) {
        return -EINVAL;
    }
    if (most > 0) {
        for (size_t i = 0; i < n; i++) {
            sum += values[i] / most;
            squares += values[i] / most * (values[i] / most);
        }
        f.jain = sum * sum / ((double)n * squares);
        f.max_min = least > 0 ? most / least : (double)INFINITY;
        f.min_share_pct = 100 * (least / most) / sum;
        f.max_share_pct = 100 / sum;
    }
    *ret = f;
    return 0;
}
