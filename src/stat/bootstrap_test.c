/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "base/test.h"
#include "stat/interval.h"

static const struct interval_bootstrap median_95 = {.pct = 50, .confidence = 0.95, .seed = 1};

static void test_seeded(void **state)
{
    (void)state;
    double values[20];
    struct rand_state r;
    struct interval a, b, c, narrow;
    struct interval_bootstrap how = median_95;
    rand_init(&r, 5);
    for (int i = 0; i < 20; i++)
        values[i] = rand_exponential(&r, 10);
    assert_int_equal(interval_bootstrap(&a, values, 20, &how), 0);
    assert_int_equal(interval_bootstrap(&b, values, 20, &how), 0);
    assert_true(a.low == b.low && a.high == b.high && a.centre == b.centre && a.n == b.n);
    how.seed = 2;
    assert_int_equal(interval_bootstrap(&c, values, 20, &how), 0);
    assert_true(c.centre == a.centre && fabs(c.low - a.low) < 2 && fabs(c.high - a.high) < 2);
    how.confidence = 0.5;
    assert_int_equal(interval_bootstrap(&narrow, values, 20, &how), 0);
    assert_true(a.low < narrow.low && narrow.low <= a.centre && a.centre <= narrow.high);
    assert_true(narrow.high < a.high && a.n == 20 && a.method == INTERVAL_BOOTSTRAP);
}

/* Three values: the smallest and largest of a draw have known probabilities. */
static void test_known_distribution(void **state)
{
    (void)state;
    const double values[] = {3, 1, 2};
    struct interval i;
    /* The maximum of 3 draws: 1 with 1/27, 2 with 7/27, 3 with 19/27. */
    struct interval_bootstrap how = {.pct = 100, .confidence = 0.9, .seed = 1};
    assert_int_equal(interval_bootstrap(&i, values, 3, &how), 0);
    assert_true(i.low == 2 && i.high == 3 && i.centre == 3); /* 5 % point: past 1/27 */
    how.confidence = 0.95;
    assert_int_equal(interval_bootstrap(&i, values, 3, &how), 0);
    assert_true(i.low == 1); /* 2.5 % point: within 1/27 */
    how.pct = 0;
    assert_int_equal(interval_bootstrap(&i, values, 3, &how), 0);
    assert_true(i.low == 1 && i.high == 3 && i.centre == 1);
}

/* Of many experiments about 95 % must cover the truth. */
static void test_coverage(void **state)
{
    (void)state;
    enum { EXPERIMENTS = 50, N = 25 };
    struct rand_state r;
    unsigned covered = 0;
    rand_init(&r, 6);
    for (int e = 0; e < EXPERIMENTS; e++) {
        double values[N];
        struct interval i;
        for (int k = 0; k < N; k++)
            values[k] = rand_exponential(&r, 10);
        assert_int_equal(interval_bootstrap(&i, values, N, &median_95), 0);
        covered += i.low <= 10 * log(2) && 10 * log(2) <= i.high;
    }
    assert_in_range(covered, EXPERIMENTS * 88 / 100, EXPERIMENTS * 99 / 100);
}

static struct hist *filled(uint64_t seed, double mean)
{
    struct hist *h = hist_create();
    struct rand_state r;
    rand_init(&r, seed);
    for (int i = 0; i < 5000; i++)
        hist_record(h, (uint64_t)rand_exponential(&r, mean));
    return h;
}

/* Of two trials the draws are AA, AB and BB, a quarter, a half and a quarter of them. */
static void test_hist(void **state)
{
    (void)state;
    struct hist *a = filled(1, 1e6), *b = filled(2, 3e6), *both = hist_create();
    const struct hist *const trials[] = {a, b}, *const same[] = {a, a, a};
    struct interval_bootstrap how = {.pct = 99, .confidence = 0.95, .seed = 1};
    struct interval i;
    hist_merge(both, a);
    hist_merge(both, b);
    assert_int_equal(interval_bootstrap_hist(&i, trials, 2, &how), 0);
    assert_true(i.low == (double)hist_percentile(a, 99));
    assert_true(i.high == (double)hist_percentile(b, 99));
    assert_true(i.centre == (double)hist_percentile(both, 99) && i.n == 2);
    how.confidence = 0.3; /* within the half of AB */
    assert_int_equal(interval_bootstrap_hist(&i, trials, 2, &how), 0);
    assert_true(i.low == i.centre && i.high == i.centre);
    how.pct = 100;
    assert_int_equal(interval_bootstrap_hist(&i, same, 3, &how), 0);
    assert_true(i.low == (double)a->max && i.high == (double)a->max);
    hist_destroy(a);
    hist_destroy(b);
    hist_destroy(both);
}

static void test_refused(void **state)
{
    (void)state;
    const double values[] = {1, 2, NAN};
    struct interval i;
    struct interval_bootstrap how = median_95;
    assert_int_equal(interval_bootstrap(&i, values, 1, &how), -EINVAL);
    assert_int_equal(interval_bootstrap(&i, values, 3, &how), -EINVAL);
    how.pct = 101;
    assert_int_equal(interval_bootstrap(&i, values, 2, &how), -EINVAL);
    how = (struct interval_bootstrap){.pct = 50, .confidence = 1};
    assert_int_equal(interval_bootstrap(&i, values, 2, &how), -EINVAL);
    struct hist *a = filled(1, 1e6), *empty = hist_create();
    const struct hist *const trials[] = {a, empty};
    assert_int_equal(interval_bootstrap_hist(&i, trials, 2, &median_95), -EINVAL);
    assert_int_equal(interval_bootstrap_hist(&i, trials, 1, &median_95), -EINVAL);
    hist_destroy(a);
    hist_destroy(empty);
}

static void test_without_memory(void **state)
{
    (void)state;
    const double values[] = {1, 2, 3};
    struct hist *a = filled(1, 1e6), *b = filled(2, 1e6);
    const struct hist *const trials[] = {a, b};
    long failed = 1;
    for (long n = 0; failed > 0; n++) {
        struct interval i = {.n = 77};
        test_alloc_fail_at(n);
        int r = interval_bootstrap(&i, values, 3, &median_95);
        failed = test_alloc_restore();
        assert_int_equal(r, failed > 0 ? -ENOMEM : 0);
        assert_int_equal(i.n, failed > 0 ? 77 : 3);
    }
    failed = 1;
    for (long n = 0; failed > 0; n++) {
        struct interval i;
        test_alloc_fail_at(n);
        int r = interval_bootstrap_hist(&i, trials, 2, &median_95);
        failed = test_alloc_restore();
        assert_int_equal(r, failed > 0 ? -ENOMEM : 0);
    }
    hist_destroy(a);
    hist_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seeded),   cmocka_unit_test(test_known_distribution),
        cmocka_unit_test(test_coverage), cmocka_unit_test(test_hist),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
