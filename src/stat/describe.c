/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * describe: moments, quantiles and boxes. Pure; any thread.
 */
#include "stat/describe.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Whiskers reach this many box heights beyond the box (Tukey). */
static const double WHISKER = 1.5;

double describe_mean(const double *values, size_t n)
{
    if (n == 0)
        return NAN;
    /* Around the first value, so that large ones with small differences lose nothing. */
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i] - values[0];
    return values[0] + sum / (double)n;
}

static double squares(const double *values, size_t n, double mean)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (values[i] - mean) * (values[i] - mean);
    return sum;
}

double describe_variance(const double *values, size_t n)
{
    return n == 0 ? NAN : squares(values, n, describe_mean(values, n)) / (double)n;
}

double describe_sample_variance(const double *values, size_t n)
{
    return n < 2 ? NAN : squares(values, n, describe_mean(values, n)) / (double)(n - 1);
}

double describe_autocorrelation(const double *values, size_t n)
{
    if (n < 3)
        return NAN;
    double mean = describe_mean(values, n), all = squares(values, n, mean), neighbours = 0;
    for (size_t i = 1; i < n; i++)
        neighbours += (values[i - 1] - mean) * (values[i] - mean);
    return all > 0 ? neighbours / all : NAN;
}

double describe_quantile(const double *sorted, size_t n, double quantile)
{
    if (n == 0)
        return NAN;
    if (!(quantile > 0))
        return sorted[0];
    if (quantile >= 1)
        return sorted[n - 1];
    double at = quantile * (double)(n - 1), whole = floor(at);
    size_t i = (size_t)whole;
    if (i + 1 >= n)
        return sorted[n - 1];
    return sorted[i] + (at - whole) * (sorted[i + 1] - sorted[i]);
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int check_values(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return -EINVAL;
    return n == 0 ? -EINVAL : 0;
}

double *describe_sort(const double *values, size_t n)
{
    if (check_values(values, n) < 0)
        return NULL;
    double *copy = calloc(n, sizeof *copy);
    if (copy == NULL)
        return NULL;
    memcpy(copy, values, n * sizeof *copy);
    qsort(copy, n, sizeof *copy, compare_doubles);
    return copy;
}

static void box_of_sorted(struct box *b, const double *sorted, size_t n)
{
    *b = (struct box){.n = n, .min = sorted[0], .max = sorted[n - 1]};
    b->mean = describe_mean(sorted, n);
    b->q1 = describe_quantile(sorted, n, 0.25);
    b->median = describe_quantile(sorted, n, 0.5);
    b->q3 = describe_quantile(sorted, n, 0.75);
    const double reach = WHISKER * (b->q3 - b->q1);
    size_t first = 0, last = n - 1;
    while (sorted[first] < b->q1 - reach)
        first++;
    while (sorted[last] > b->q3 + reach)
        last--;
    b->outside_low = first;
    b->outside_high = n - 1 - last;
    /* An interpolated quartile may lie beyond the last value within reach: the whisker is then
     * the box's own edge. */
    b->whisker_low = fmin(sorted[first], b->q1);
    b->whisker_high = fmax(sorted[last], b->q3);
}

int describe_box(struct box *ret, const double *values, size_t n)
{
    int r = check_values(values, n);
    if (r < 0)
        return r;
    double *sorted = describe_sort(values, n);
    if (sorted == NULL)
        return -ENOMEM;
    box_of_sorted(ret, sorted, n);
    free(sorted);
    return 0;
}

int describe_values(struct description *ret, const double *values, size_t n)
{
    struct box box;
    int r = describe_box(&box, values, n);
    if (r < 0)
        return r;
    *ret = (struct description){.n = n, .box = box};
    ret->mean = describe_mean(values, n);
    ret->variance = describe_variance(values, n);
    ret->sd = sqrt(ret->variance);
    ret->sample_variance = describe_sample_variance(values, n);
    ret->sample_sd = sqrt(ret->sample_variance);
    ret->variation = ret->mean != 0 ? ret->sample_sd / fabs(ret->mean) : NAN;
    ret->autocorrelation = describe_autocorrelation(values, n);
    return 0;
}

int describe_box_hist(struct box *ret, const struct hist *h)
{
    if (h->total == 0)
        return -EINVAL;
    *ret = (struct box){.n = h->total,
                        .min = (double)h->min,
                        .q1 = (double)hist_percentile(h, 25),
                        .median = (double)hist_percentile(h, 50),
                        .q3 = (double)hist_percentile(h, 75),
                        .max = (double)h->max,
                        .mean = hist_mean(h)};
    const double reach = WHISKER * (ret->q3 - ret->q1);
    unsigned first = hist_bucket(h->min), last = hist_bucket(h->max);
    while (h->count[first] == 0 || (double)hist_bucket_high(first) < ret->q1 - reach)
        ret->outside_low += h->count[first++];
    while (h->count[last] == 0 || (double)hist_bucket_low(last) > ret->q3 + reach)
        ret->outside_high += h->count[last--];
    ret->whisker_low = fmin(fmax((double)hist_bucket_low(first), ret->min), ret->q1);
    ret->whisker_high = fmax(fmin((double)hist_bucket_high(last), ret->max), ret->q3);
    return 0;
}
