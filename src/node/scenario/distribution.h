/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * distribution: lengths of pauses and values of <sample>, drawn from one of ten distributions.
 * Pure; the random state is the caller's.
 */
#ifndef VAPERF_NODE_SCENARIO_DISTRIBUTION_H
#define VAPERF_NODE_SCENARIO_DISTRIBUTION_H

#include <stddef.h>

#include "base/rand.h"

enum distribution_kind {
    DIST_FIXED,       /* value */
    DIST_UNIFORM,     /* min max */
    DIST_NORMAL,      /* mean stdev */
    DIST_LOGNORMAL,   /* mean stdev, of the logarithm */
    DIST_EXPONENTIAL, /* mean */
    DIST_WEIBULL,     /* lambda k */
    DIST_PARETO,      /* k x_m */
    DIST_GPARETO,     /* shape scale location */
    DIST_GAMMA,       /* k theta */
    DIST_NEGBIN,      /* p n */
    DIST_COUNT,
};

enum { DIST_PARAMS = 3 };

struct distribution {
    enum distribution_kind kind;
    double p[DIST_PARAMS]; /* in the order above */
};

struct distribution_info {
    const char *name, *params[DIST_PARAMS]; /* NULL behind the last */
};
extern const struct distribution_info distribution_infos[DIST_COUNT];

/* NULL, or what is wrong with the parameters, in words. */
const char *distribution_check(const struct distribution *d);
double distribution_sample(const struct distribution *d, struct rand_state *r);
/* The value below which 99 of 100 samples lie. */
double distribution_p99(const struct distribution *d);

#endif
