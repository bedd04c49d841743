/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * interval: confidence intervals in closed form. The bootstrap is in bootstrap.c. Pure.
 */
#include "stat/interval.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "stat/describe.h"

const char *interval_method_name(enum interval_method method)
{
    static const char *const names[] = {
        [INTERVAL_NORMAL] = "normal, z = 1.96", [INTERVAL_STUDENT] = "Student's t",
        [INTERVAL_BATCHES] = "batch means",     [INTERVAL_BOOTSTRAP] = "bootstrap",
        [INTERVAL_WILSON] = "Wilson",           [INTERVAL_RULE_OF_THREE] = "rule of three",
    };
    return names[method];
}

static int check(const double *values, size_t n, size_t least)
{
    if (n < least)
        return -EINVAL;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return -EINVAL;
    return 0;
}

static int is_confidence(double c)
{
    return c > 0 && c < 1;
}

int interval_normal(struct interval *ret, const double *values, size_t n)
{
    int r = check(values, n, 1);
    if (r < 0)
        return r;
    const double mean = describe_mean(values, n);
    const double margin = 1.96 * sqrt(describe_variance(values, n)) / sqrt((double)n);
    *ret = (struct interval){mean - margin, mean + margin, mean, n, INTERVAL_NORMAL};
    return 0;
}

int interval_student(struct interval *ret, const double *values, size_t n, double confidence)
{
    int r = check(values, n, 2);
    if (r < 0)
        return r;
    if (!is_confidence(confidence))
        return -EINVAL;
    const double mean = describe_mean(values, n);
    const double t = gsl_cdf_tdist_Pinv(0.5 + confidence / 2, (double)(n - 1));
    const double margin = t * sqrt(describe_sample_variance(values, n) / (double)n);
    *ret = (struct interval){mean - margin, mean + margin, mean, n, INTERVAL_STUDENT};
    return 0;
}

int interval_batches(struct interval *ret, const double *values, size_t n, size_t batches,
                     double confidence, double *ret_autocorrelation)
{
    if (batches < 2 || n / batches < 2)
        return -EINVAL;
    double *means = calloc(batches, sizeof *means);
    if (means == NULL)
        return -ENOMEM;
    const size_t length = n / batches;
    values += n - length * batches; /* the rest is the oldest: nearest to the warm-up */
    for (size_t i = 0; i < batches; i++)
        means[i] = describe_mean(values + i * length, length);
    struct interval all;
    int r = interval_student(&all, means, batches, confidence);
    if (r == 0) {
        all.method = INTERVAL_BATCHES;
        *ret = all;
        if (ret_autocorrelation != NULL)
            *ret_autocorrelation = describe_autocorrelation(means, batches);
    }
    free(means);
    return r;
}

int interval_wilson(struct interval *ret, uint64_t successes, uint64_t n, double confidence)
{
    if (n == 0 || successes > n || !is_confidence(confidence))
        return -EINVAL;
    const double z = gsl_cdf_ugaussian_Pinv(0.5 + confidence / 2), z2 = z * z, N = (double)n;
    const double p = (double)successes / N;
    const double middle = (p + z2 / (2 * N)) / (1 + z2 / N);
    const double half = z / (1 + z2 / N) * sqrt(p * (1 - p) / N + z2 / (4 * N * N));
    *ret = (struct interval){
        .low = successes == 0 ? 0 : fmax(0, middle - half), /* exactly so; rounding would show */
        .high = successes == n ? 1 : fmin(1, middle + half),
        .centre = p,
        .n = n,
        .method = INTERVAL_WILSON,
    };
    return 0;
}

int interval_rule_of_three(struct interval *ret, uint64_t n)
{
    if (n == 0)
        return -EINVAL;
    *ret = (struct interval){0, fmin(1, 3 / (double)n), 0, n, INTERVAL_RULE_OF_THREE};
    return 0;
}
