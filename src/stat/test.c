/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test: Welch's t and Mann-Whitney's U with effect sizes. Pure.
 */
#include "stat/test.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "stat/describe.h"

static bool is_finite_sample(struct sample s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!isfinite(s.values[i]))
            return false;
    return true;
}

/* Hedges' correction of d, exact: J = gamma(m/2) / (sqrt(m/2) gamma((m-1)/2)), m = n1 + n2 - 2. */
static double hedges_correction(double m)
{
    return exp(lgamma(m / 2) - lgamma((m - 1) / 2)) / sqrt(m / 2);
}

int test_welch(struct welch *ret, struct sample a, struct sample b)
{
    if (a.n < 2 || b.n < 2 || !is_finite_sample(a) || !is_finite_sample(b))
        return -EINVAL;
    const double na = (double)a.n, nb = (double)b.n, m = na + nb - 2;
    const double va = describe_sample_variance(a.values, a.n);
    const double vb = describe_sample_variance(b.values, b.n);
    const double d = describe_mean(b.values, b.n) - describe_mean(a.values, a.n);
    if (va == 0 && vb == 0) {
        if (d != 0)
            return -EDOM;
        *ret = (struct welch){.df = m, .p = 1};
        return 0;
    }
    const double ea = va / na, eb = vb / nb, error = sqrt(ea + eb);
    const double df = (ea + eb) * (ea + eb) / (ea * ea / (na - 1) + eb * eb / (nb - 1));
    const double margin = gsl_cdf_tdist_Pinv(0.975, df) * error;
    const double pooled = sqrt(((na - 1) * va + (nb - 1) * vb) / m);
    *ret = (struct welch){
        .difference = d,
        .difference_low = d - margin,
        .difference_high = d + margin,
        .t = d / error,
        .df = df,
        .p = 2 * gsl_cdf_tdist_Q(fabs(d / error), df),
        .cohens_d = d / pooled,
        .hedges_g = d / pooled * hedges_correction(m),
    };
    return 0;
}

struct ranked {
    double value;
    bool in_b;
    size_t rank2; /* twice the rank, 1-based: ties share the mean of their ranks */
};

static int compare_ranked(const void *x, const void *y)
{
    const double a = ((const struct ranked *)x)->value, b = ((const struct ranked *)y)->value;
    return (a > b) - (a < b);
}

/* Ranks all; the sum over ties of t^3 - t. */
static double set_ranks(struct ranked *all, size_t n)
{
    double ties = 0;
    qsort(all, n, sizeof *all, compare_ranked);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && all[end].value == all[i].value;)
            end++;
        for (size_t j = i; j < end; j++)
            all[j].rank2 = i + 1 + end;
        const double t = (double)(end - i);
        ties += t * t * t - t;
    }
    return ties;
}

/* The p of a rank sum among all ways to choose `nb` of the ranks: how many lie at least as far
 * from the mean. ways[k * width + s]: choices of k ranks so far whose doubled sum is s. */
static int exact_p(const struct ranked *all, size_t n, size_t nb, size_t sum2, double *ret)
{
    const size_t width = n * (n + 1) + 1;
    double *ways = calloc((nb + 1) * width, sizeof *ways), far = 0, count = 0;
    if (ways == NULL)
        return -ENOMEM;
    ways[0] = 1;
    for (size_t i = 0; i < n; i++)
        for (size_t k = nb < i + 1 ? nb : i + 1; k > 0; k--)
            for (size_t s = all[i].rank2; s < width; s++)
                ways[k * width + s] += ways[(k - 1) * width + s - all[i].rank2];
    const double mean2 = (double)nb * (double)(n + 1);
    for (size_t s = 0; s < width; s++) {
        count += ways[nb * width + s];
        if (fabs((double)s - mean2) >= fabs((double)sum2 - mean2))
            far += ways[nb * width + s];
    }
    free(ways);
    *ret = far / count;
    return 0;
}

/* Normal approximation with the correction for ties and for continuity. */
static double normal_p(double u, double na, double nb, double ties)
{
    const double n = na + nb;
    const double variance = na * nb / 12 * (n + 1 - ties / (n * (n - 1)));
    const double distance = fmax(0, fabs(u - na * nb / 2) - 0.5);
    return variance > 0 ? 2 * gsl_cdf_ugaussian_Q(distance / sqrt(variance)) : 1;
}

int test_mann_whitney(struct mann_whitney *ret, struct sample a, struct sample b)
{
    if (a.n == 0 || b.n == 0 || !is_finite_sample(a) || !is_finite_sample(b))
        return -EINVAL;
    const size_t n = a.n + b.n;
    struct ranked *all = calloc(n, sizeof *all);
    if (all == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        all[i] =
            (struct ranked){.value = i < a.n ? a.values[i] : b.values[i - a.n], .in_b = i >= a.n};
    const double ties = set_ranks(all, n), na = (double)a.n, nb = (double)b.n;
    size_t sum2 = 0;
    for (size_t i = 0; i < n; i++)
        sum2 += all[i].in_b ? all[i].rank2 : 0;
    struct mann_whitney found = {.exact = n <= TEST_EXACT_MAX};
    found.u = (double)sum2 / 2 - nb * (nb + 1) / 2;
    found.cliffs_delta = 2 * found.u / (na * nb) - 1;
    int r = 0;
    if (found.exact)
        r = exact_p(all, n, b.n, sum2, &found.p);
    else
        found.p = normal_p(found.u, na, nb, ties);
    free(all);
    if (r == 0)
        *ret = found;
    return r;
}
