/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fairness: how evenly a resource is shared. Pure; any thread.
 */
#ifndef VAPERF_STAT_FAIRNESS_H
#define VAPERF_STAT_FAIRNESS_H

#include <stddef.h>

struct fairness {
    size_t n;
    double total;
    double jain; /* (sum x)^2 / (n * sum x^2): 1 all alike, 1/n one has all; NAN: nobody has any */
    double max_min; /* largest by smallest; INFINITY: one has none; NAN: nobody has any */
    double min_share_pct, max_share_pct; /* of the total; NAN likewise */
};

/* Of values >= 0. -EINVAL: none, or one that is negative or not a number. */
int fairness_of(const double *values, size_t n, struct fairness *ret);

#endif
