/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * interval: how sure a figure is. Pure; any thread. `confidence` is 0..1, usually 0.95.
 *
 * Which to use: values of independent trials: student, or bootstrap where their distribution is
 * unknown; samples of one trial, which depend on each other: batches; a share of attempts: wilson,
 * and with no failure at all rule_of_three. `normal` is what study B did, and stands beside those.
 */
#ifndef VAPERF_STAT_INTERVAL_H
#define VAPERF_STAT_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/hist.h"

enum interval_method {
    INTERVAL_NORMAL,
    INTERVAL_STUDENT,
    INTERVAL_BATCHES,
    INTERVAL_BOOTSTRAP,
    INTERVAL_WILSON,
    INTERVAL_RULE_OF_THREE
};

struct interval {
    double low, high, centre;
    uint64_t n; /* values, batches, trials or attempts it stands on */
    enum interval_method method;
};

enum { INTERVAL_RESAMPLES = 10000, INTERVAL_HIST_RESAMPLES = 2000 };

/* "Student's t", for people. */
const char *interval_method_name(enum interval_method method);

/* mean -+ z * sigma / sqrt(N), z = 1.96, sigma over N (population): study B's margin. -EINVAL when
 * n is 0 or a value is not finite; meant for N > 30. */
int interval_normal(struct interval *ret, const double *values, size_t n);
/* mean -+ t(n-1) * s / sqrt(n) over independent values. -EINVAL below 2. */
int interval_student(struct interval *ret, const double *values, size_t n, double confidence);

/* Student's over the means of `batches` equally long runs of a series (a first rest is left out).
 * The batches are long enough when their lag-1 autocorrelation (ret_autocorrelation, may be NULL)
 * is small. -EINVAL below 2 batches of 2 values. */
int interval_batches(struct interval *ret, const double *values, size_t n, size_t batches,
                     double confidence, double *ret_autocorrelation);

struct interval_bootstrap {
    double pct;        /* percentile 0..100 that is asked for: 50 is the median */
    double confidence; /* 0..1 */
    uint64_t seed;     /* same seed, same interval */
};
/* Percentile bootstrap over independent values; centre is the percentile itself. -EINVAL, -ENOMEM.
 */
int interval_bootstrap(struct interval *ret, const double *values, size_t n,
                       const struct interval_bootstrap *how);
/* The same where each trial is a histogram: trials are drawn anew and merged, so that a percentile
 * of all is never an average of percentiles. ns. -EINVAL below 2 trials or when one is empty. */
int interval_bootstrap_hist(struct interval *ret, const struct hist *const *trials, size_t n,
                            const struct interval_bootstrap *how);

/* Share of successes (Wilson's score), 0..1. -EINVAL when n is 0 or less than successes. */
int interval_wilson(struct interval *ret, uint64_t successes, uint64_t n, double confidence);
/* No failure in n attempts: with 95 % the share of failures is below 3/n. -EINVAL when n is 0. */
int interval_rule_of_three(struct interval *ret, uint64_t n);

#endif
