/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bootstrap: percentile intervals by drawing the trials anew, with replacement, from a seed. Pure.
 */
#include "stat/interval.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/rand.h"
#include "stat/describe.h"

static int is_sensible(const struct interval_bootstrap *how)
{
    return how->confidence > 0 && how->confidence < 1 && how->pct >= 0 && how->pct <= 100;
}

/* How often each of n is drawn in one round of n draws. */
static void draw(struct rand_state *r, unsigned *times, size_t n)
{
    for (size_t i = 0; i < n; i++)
        times[i] = 0;
    for (size_t i = 0; i < n; i++)
        times[rand_below(r, n)]++;
}

/* The k-th (0-based) value of a draw from ascending values. */
static double drawn_value(const double *sorted, const unsigned *times, size_t k)
{
    size_t i = 0;
    while (k >= times[i])
        k -= times[i++];
    return sorted[i];
}

/* Type 7, as describe_quantile; the draw of ascending values is ascending without sorting. */
static double drawn_quantile(const double *sorted, const unsigned *times, size_t n, double quantile)
{
    double at = quantile * (double)(n - 1), whole = floor(at);
    size_t k = (size_t)whole;
    double low = drawn_value(sorted, times, k);
    if (at == whole)
        return low;
    return low + (at - whole) * (drawn_value(sorted, times, k + 1) - low);
}

/* The interval of the resampled figures; frees them. */
static int finish(struct interval *ret, double *figures, size_t count,
                  const struct interval_bootstrap *how, struct interval found)
{
    double *sorted = describe_sort(figures, count);
    free(figures);
    if (sorted == NULL)
        return -ENOMEM;
    found.low = describe_quantile(sorted, count, (1 - how->confidence) / 2);
    found.high = describe_quantile(sorted, count, (1 + how->confidence) / 2);
    found.method = INTERVAL_BOOTSTRAP;
    *ret = found;
    free(sorted);
    return 0;
}

int interval_bootstrap(struct interval *ret, const double *values, size_t n,
                       const struct interval_bootstrap *how)
{
    if (n < 2 || !is_sensible(how))
        return -EINVAL;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return -EINVAL;
    double *sorted = describe_sort(values, n);
    double *figures = calloc(INTERVAL_RESAMPLES, sizeof *figures);
    unsigned *times = calloc(n, sizeof *times);
    int r = -ENOMEM;
    if (sorted != NULL && figures != NULL && times != NULL) {
        struct rand_state random;
        rand_init(&random, how->seed);
        for (size_t i = 0; i < INTERVAL_RESAMPLES; i++) {
            draw(&random, times, n);
            figures[i] = drawn_quantile(sorted, times, n, how->pct / 100);
        }
        struct interval found = {.n = n, .centre = describe_quantile(sorted, n, how->pct / 100)};
        r = finish(ret, figures, INTERVAL_RESAMPLES, how, found);
        figures = NULL;
    }
    free(sorted);
    free(figures);
    free(times);
    return r;
}

/* Each trial's counts added up, HIST_BUCKETS a trial: drawing then costs a bisection. */
static uint64_t *add_up(const struct hist *const *trials, size_t n)
{
    uint64_t *below = calloc(n, sizeof *below * HIST_BUCKETS);
    for (size_t t = 0; below != NULL && t < n; t++) {
        uint64_t seen = 0;
        for (unsigned i = 0; i < HIST_BUCKETS; i++)
            below[t * HIST_BUCKETS + i] = seen += trials[t]->count[i];
    }
    return below;
}

static double drawn_below(const uint64_t *below, const unsigned *times, size_t n, unsigned bucket)
{
    double seen = 0;
    for (size_t t = 0; t < n; t++)
        seen += (double)times[t] * (double)below[t * HIST_BUCKETS + bucket];
    return seen;
}

/* What hist_merge and hist_percentile would say of the drawn trials, without copying them. */
static double drawn_percentile(const struct hist *const *trials, const uint64_t *below,
                               const unsigned *times, size_t n, double pct)
{
    const double total = drawn_below(below, times, n, HIST_BUCKETS - 1);
    const double want = fmax(1, ceil(pct / 100 * total * (1 - 1e-12)));
    unsigned first = 0, last = HIST_BUCKETS - 1;
    double high = 0;
    for (size_t t = 0; t < n; t++)
        if (times[t] > 0)
            high = fmax(high, (double)trials[t]->max);
    while (first < last) {
        const unsigned middle = (first + last) / 2;
        if (drawn_below(below, times, n, middle) >= want)
            last = middle;
        else
            first = middle + 1;
    }
    return fmin(high, (double)hist_bucket_high(first));
}

static int merged_percentile(const struct hist *const *trials, size_t n, double pct, double *ret)
{
    struct hist *all = hist_create_sparse();
    if (all == NULL)
        return -ENOMEM;
    for (size_t t = 0; t < n; t++)
        hist_merge(all, trials[t]);
    *ret = (double)hist_percentile(all, pct);
    hist_destroy(all);
    return 0;
}

int interval_bootstrap_hist(struct interval *ret, const struct hist *const *trials, size_t n,
                            const struct interval_bootstrap *how)
{
    if (n < 2 || !is_sensible(how))
        return -EINVAL;
    for (size_t t = 0; t < n; t++)
        if (trials[t]->total == 0)
            return -EINVAL;
    struct interval found = {.n = n};
    int r = merged_percentile(trials, n, how->pct, &found.centre);
    if (r < 0)
        return r;
    double *figures = calloc(INTERVAL_HIST_RESAMPLES, sizeof *figures);
    unsigned *times = calloc(n, sizeof *times);
    uint64_t *below = add_up(trials, n);
    if (figures == NULL || times == NULL || below == NULL) {
        free(figures);
        free(times);
        free(below);
        return -ENOMEM;
    }
    struct rand_state random;
    rand_init(&random, how->seed);
    for (size_t i = 0; i < INTERVAL_HIST_RESAMPLES; i++) {
        draw(&random, times, n);
        figures[i] = drawn_percentile(trials, below, times, n, how->pct);
    }
    free(times);
    free(below);
    return finish(ret, figures, INTERVAL_HIST_RESAMPLES, how, found);
}
