/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * compare: see compare.h. Pure.
 */
#include "node/audio/compare.h"

#include <math.h>

enum { SEARCHED = 16000 /* samples looked at for the lag */ };

struct sums {
    double said, heard, both;
};

static struct sums sums_at(const int16_t *said, const int16_t *heard, size_t count, unsigned lag)
{
    struct sums s = {0};

    for (size_t i = 0; i + lag < count; i++) {
        s.said += (double)said[i] * said[i];
        s.heard += (double)heard[i + lag] * heard[i + lag];
        s.both += (double)said[i] * heard[i + lag];
    }
    return s;
}

static double correlation(const struct sums *s)
{
    return s->said > 0 && s->heard > 0 ? fabs(s->both) / sqrt(s->said * s->heard) : NAN;
}

void compare_signals(const int16_t *said, const int16_t *heard, size_t count, unsigned lag_max,
                     struct comparison *ret)
{
    size_t searched = count < SEARCHED ? count : SEARCHED;
    struct comparison best = {0, NAN, NAN};
    struct sums s;
    double difference;

    for (unsigned lag = 0; lag <= lag_max && lag < searched; lag++) {
        s = sums_at(said, heard, searched, lag);
        if (!(correlation(&s) <= best.correlation) && isfinite(correlation(&s))) {
            best = (struct comparison){lag, correlation(&s), NAN};
        }
    }
    s = sums_at(said, heard, count, best.lag);
    best.correlation = correlation(&s);
    if (isfinite(best.correlation)) { /* what is left of `said` when the fitting share is gone */
        difference = s.said - s.both * s.both / s.heard;
        best.snr_db = difference > s.said * 1e-12 ? 10 * log10(s.said / difference) : INFINITY;
    }
    *ret = best;
}
