/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * describe: what a row of numbers or a histogram looks like. Pure; any thread. A figure that does
 * not exist (a sample variance of one value) is NAN, which is never shown.
 */
#ifndef VAPERF_STAT_DESCRIBE_H
#define VAPERF_STAT_DESCRIBE_H

#include <stddef.h>
#include <stdint.h>

#include "base/hist.h"

/* The parts of a box plot: box from q1 to q3, whiskers to the last values within 1.5 times its
 * height (Tukey), the rest counted as outside. */
struct box {
    uint64_t n, outside_low, outside_high;
    double min, whisker_low, q1, median, q3, whisker_high, max;
    double mean;
};

struct description {
    size_t n;
    double mean;
    double variance, sd;               /* population: over N, as study B has it */
    double sample_variance, sample_sd; /* over N-1; NAN below 2 values */
    double variation;       /* coefficient of variation, sample sd / |mean|; NAN at mean 0 */
    double autocorrelation; /* lag 1; NAN below 3 values or without variance */
    struct box box;
};

double describe_mean(const double *values, size_t n);            /* NAN when n is 0 */
double describe_variance(const double *values, size_t n);        /* population */
double describe_sample_variance(const double *values, size_t n); /* NAN below 2 values */
double describe_autocorrelation(const double *values, size_t n); /* lag 1 */
/* Quantile 0..1 of ascending values, between neighbours by type 7 (Hyndman, Fan; the one of R and
 * of spreadsheets). NAN when n is 0. */
double describe_quantile(const double *sorted, size_t n, double quantile);
/* A sorted copy (free() it), NULL without memory or when a value is not finite; n > 0. */
double *describe_sort(const double *values, size_t n);

/* -EINVAL when n is 0 or a value is not finite, -ENOMEM. */
int describe_values(struct description *ret, const double *values, size_t n);
int describe_box(struct box *ret, const double *values, size_t n);
/* In ns, to the 0.1 % of the histogram; quartiles by nearest rank. -EINVAL when it is empty. */
int describe_box_hist(struct box *ret, const struct hist *h);

#endif
