/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Expected figures were computed with 30 digits by an independent program.
 */
#include "stat/interval.h"

#include <errno.h>
#include <math.h>

#include "base/test.h"

static const double five[] = {12.1, 11.7, 12.9, 12.4, 12.0};

static void check(const struct interval *i, double low, double high, uint64_t n)
{
    if (fabs(i->low - low) > 1e-8 || fabs(i->high - high) > 1e-8 || i->n != n)
        fail_msg("[%.12g, %.12g] n %llu", i->low, i->high, (unsigned long long)i->n);
}

/* Study B: z sigma / sqrt(N) with z = 1.96 and sigma over N. */
static void test_normal(void **state)
{
    (void)state;
    struct interval i;
    assert_int_equal(interval_normal(&i, five, 5), 0);
    check(&i, 11.8633015391, 12.5766984609, 5);
    assert_true(fabs(i.centre - 12.22) < 1e-12);
    assert_true(fabs(i.high - i.centre - 1.96 * sqrt(0.1656) / sqrt(5)) < 1e-12);
    assert_int_equal(i.method, INTERVAL_NORMAL);
    assert_int_equal(interval_normal(&i, five, 0), -EINVAL);
    assert_int_equal(interval_normal(&i, (const double[]){NAN}, 1), -EINVAL);
}

static void test_student(void **state)
{
    (void)state;
    struct interval i;
    assert_int_equal(interval_student(&i, five, 5, 0.95), 0);
    check(&i, 11.6550769935, 12.7849230065, 5);
    assert_int_equal(interval_student(&i, five, 5, 0.99), 0);
    check(&i, 11.2832052793, 13.1567947207, 5);
    assert_int_equal(interval_student(&i, five, 1, 0.95), -EINVAL);
    assert_int_equal(interval_student(&i, five, 5, 1), -EINVAL);
    assert_int_equal(interval_student(&i, five, 5, 0), -EINVAL);
    assert_int_equal(interval_student(&i, five, 5, NAN), -EINVAL);
    check(&i, 11.2832052793, 13.1567947207, 5);
}

static void test_batches(void **state)
{
    (void)state;
    double series[43], autocorrelation = 77;
    struct interval i;
    for (int n = 0; n < 43; n++)
        series[n] = n * 37 % 11;
    assert_int_equal(interval_batches(&i, series, 43, 5, 0.9, &autocorrelation), 0);
    check(&i, 4.58389570795, 5.46610429205, 5);
    assert_true(fabs(i.centre - 5.025) < 1e-12);
    assert_true(fabs(autocorrelation + 0.0335766423358) < 1e-10);
    assert_int_equal(i.method, INTERVAL_BATCHES);
    assert_int_equal(interval_batches(&i, series, 43, 1, 0.9, NULL), -EINVAL);
    assert_int_equal(interval_batches(&i, series, 9, 5, 0.9, NULL), -EINVAL);
    assert_int_equal(interval_batches(&i, series, 10, 5, 0.9, NULL), 0);
    test_alloc_fail_at(0);
    int r = interval_batches(&i, series, 43, 5, 0.9, NULL);
    test_alloc_restore();
    assert_int_equal(r, -ENOMEM);
}

static void test_wilson(void **state)
{
    (void)state;
    struct interval i;
    assert_int_equal(interval_wilson(&i, 7, 10, 0.95), 0);
    check(&i, 0.396778147461, 0.892208732594, 10);
    assert_true(i.centre == 0.7);
    assert_int_equal(interval_wilson(&i, 0, 20, 0.95), 0);
    check(&i, 0, 0.161125158053, 20);
    assert_true(i.low == 0);
    assert_int_equal(interval_wilson(&i, 20, 20, 0.95), 0);
    check(&i, 0.838874841947, 1, 20);
    assert_true(i.high == 1);
    assert_int_equal(interval_wilson(&i, 1, 100000, 0.95), 0);
    assert_true(fabs(i.low - 1.76524773038e-6) < 1e-16 && fabs(i.high - 5.66470965904e-5) < 1e-15);
    assert_int_equal(interval_wilson(&i, 0, 0, 0.95), -EINVAL);
    assert_int_equal(interval_wilson(&i, 3, 2, 0.95), -EINVAL);
    assert_int_equal(interval_wilson(&i, 1, 2, 1.5), -EINVAL);
}

static void test_rule_of_three(void **state)
{
    (void)state;
    struct interval i;
    assert_int_equal(interval_rule_of_three(&i, 50000), 0);
    assert_true(i.low == 0 && i.centre == 0 && fabs(i.high - 6e-5) < 1e-18 && i.n == 50000);
    assert_int_equal(interval_rule_of_three(&i, 2), 0);
    assert_true(i.high == 1);
    assert_int_equal(interval_rule_of_three(&i, 0), -EINVAL);
}

static void test_names(void **state)
{
    (void)state;
    for (int m = INTERVAL_NORMAL; m <= INTERVAL_RULE_OF_THREE; m++)
        assert_non_null(interval_method_name((enum interval_method)m));
    assert_string_equal(interval_method_name(INTERVAL_STUDENT), "Student's t");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normal),        cmocka_unit_test(test_student),
        cmocka_unit_test(test_batches),       cmocka_unit_test(test_wilson),
        cmocka_unit_test(test_rule_of_three), cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
