/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stat/describe.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/test.h"

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fmax(1, fabs(b));
}

static void test_values(void **state)
{
    (void)state;
    const double values[] = {2, 4, 4, 4, 5, 5, 7, 9, 30};
    struct description d;
    assert_int_equal(describe_values(&d, values, 9), 0);
    assert_int_equal(d.n, 9);
    assert_true(near(d.mean, 70. / 9));
    assert_true(near(d.variance, 65.2839506172839506));
    assert_true(near(d.sample_variance, 73.4444444444444444));
    assert_true(near(d.sd * d.sd, d.variance) &&
                near(d.sample_sd * d.sample_sd, d.sample_variance));
    assert_true(fabs(d.variation - 1.10185372562) < 1e-10);
    assert_true(fabs(d.autocorrelation - 0.165006723819) < 1e-10);
    assert_true(d.box.min == 2 && d.box.q1 == 4 && d.box.median == 5 && d.box.q3 == 7);
    assert_true(d.box.max == 30 && d.box.whisker_low == 2 && d.box.whisker_high == 9);
    assert_true(d.box.outside_low == 0 && d.box.outside_high == 1 && d.box.n == 9);
}

static void test_quantile_type_7(void **state)
{
    (void)state;
    const double values[] = {1, 2, 3, 4};
    assert_true(near(describe_quantile(values, 4, 0.25), 1.75));
    assert_true(near(describe_quantile(values, 4, 0.5), 2.5));
    assert_true(near(describe_quantile(values, 4, 0.9), 3.7));
    assert_true(describe_quantile(values, 4, 0) == 1 && describe_quantile(values, 4, 1) == 4);
    assert_true(describe_quantile(values, 4, -1) == 1 && describe_quantile(values, 4, 2) == 4);
    assert_true(describe_quantile(values, 1, 0.7) == 1);
    assert_true(isnan(describe_quantile(values, 0, 0.5)));
}

static void test_what_does_not_exist(void **state)
{
    (void)state;
    const double one[] = {5}, same[] = {3, 3, 3, 3}, around[] = {-1, 1};
    struct description d = {.n = 77};
    assert_int_equal(describe_values(&d, one, 0), -EINVAL);
    assert_int_equal(describe_values(&d, (const double[]){1, NAN}, 2), -EINVAL);
    assert_int_equal(describe_values(&d, (const double[]){1, INFINITY}, 2), -EINVAL);
    assert_int_equal(d.n, 77);
    assert_int_equal(describe_values(&d, one, 1), 0);
    assert_true(d.variance == 0 && isnan(d.sample_variance) && isnan(d.sample_sd));
    assert_true(isnan(d.variation) && isnan(d.autocorrelation) && d.box.median == 5);
    assert_int_equal(describe_values(&d, same, 4), 0);
    assert_true(d.sample_variance == 0 && d.variation == 0 && isnan(d.autocorrelation));
    assert_int_equal(describe_values(&d, around, 2), 0);
    assert_true(isnan(d.variation) && d.sample_variance == 2);
    assert_true(isnan(describe_mean(one, 0)) && isnan(describe_variance(one, 0)));
    assert_null(describe_sort((const double[]){NAN}, 1));
}

static void test_large_numbers_lose_nothing(void **state)
{
    (void)state;
    double values[1000];
    for (int i = 0; i < 1000; i++)
        values[i] = 1e15 + i % 2;
    assert_true(describe_mean(values, 1000) == 1e15 + 0.5);
    assert_true(describe_variance(values, 1000) == 0.25);
}

static void test_autocorrelation(void **state)
{
    (void)state;
    double up[100], zigzag[100];
    for (int i = 0; i < 100; i++) {
        up[i] = i;
        zigzag[i] = i % 2;
    }
    assert_true(fabs(describe_autocorrelation(up, 100) - 0.97) < 0.001);
    assert_true(fabs(describe_autocorrelation(zigzag, 100) + 0.99) < 0.001);
}

/* An interpolated quartile beyond the last value in reach: the whisker does not enter the box. */
static void test_whisker_stays_out_of_the_box(void **state)
{
    (void)state;
    const double values[] = {0, 0, 0, 0, 0, 0, 0, 1, 100, 100};
    struct box b;
    assert_int_equal(describe_box(&b, values, 10), 0);
    assert_true(b.q3 == 0.75 && b.whisker_high >= b.q3 && b.outside_high == 2);
}

static void test_box_of_hist(void **state)
{
    (void)state;
    struct hist *h = hist_create();
    double values[1003];
    struct box from_hist, from_values;
    assert_int_equal(describe_box_hist(&from_hist, h), -EINVAL);
    for (int i = 0; i < 1000; i++)
        values[i] = 20000000 + 1000 * i;
    values[1000] = 1000;
    values[1001] = 90000000;
    values[1002] = 95000000;
    for (int i = 0; i < 1003; i++)
        hist_record(h, (uint64_t)values[i]);
    assert_int_equal(describe_box_hist(&from_hist, h), 0);
    assert_int_equal(describe_box(&from_values, values, 1003), 0);
    const double pairs[][2] = {{from_hist.min, from_values.min},
                               {from_hist.q1, from_values.q1},
                               {from_hist.median, from_values.median},
                               {from_hist.q3, from_values.q3},
                               {from_hist.max, from_values.max},
                               {from_hist.mean, from_values.mean},
                               {from_hist.whisker_low, from_values.whisker_low},
                               {from_hist.whisker_high, from_values.whisker_high}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_true(fabs(pairs[i][0] - pairs[i][1]) <= 0.0011 * pairs[i][1]);
    assert_true(from_hist.outside_low == 1 && from_hist.outside_high == 2);
    assert_true(from_values.outside_low == 1 && from_values.outside_high == 2);

    hist_reset(h);
    hist_record(h, 12345);
    describe_box_hist(&from_hist, h);
    assert_true(from_hist.whisker_low == 12345 && from_hist.whisker_high == 12345);
    assert_true(from_hist.q1 == 12345 && from_hist.outside_high == 0);
    hist_destroy(h);
}

static void test_without_memory(void **state)
{
    (void)state;
    struct description d;
    test_alloc_fail_at(0);
    int r = describe_values(&d, (const double[]){1, 2}, 2);
    test_alloc_restore();
    assert_int_equal(r, -ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_quantile_type_7),
        cmocka_unit_test(test_what_does_not_exist),
        cmocka_unit_test(test_large_numbers_lose_nothing),
        cmocka_unit_test(test_autocorrelation),
        cmocka_unit_test(test_whisker_stays_out_of_the_box),
        cmocka_unit_test(test_box_of_hist),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
