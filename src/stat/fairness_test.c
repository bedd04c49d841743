/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fairness: worked by hand, and at the edges.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>

#include "stat/fairness.h"

#define NEAR(a, b) assert_true(fabs((a) - (double)(b)) < 1e-9 * fabs((double)(b)) + 1e-12)

static void shares_are_weighed(void **state)
{
    const double uneven[] = {1, 2, 3, 4}, even[] = {7, 7, 7}, one[] = {0, 0, 5, 0};
    struct fairness f;

    (void)state;
    assert_int_equal(fairness_of(uneven, 4, &f), 0);
    NEAR(f.jain, 100.0 / 120.0);
    NEAR(f.total, 10);
    NEAR(f.max_min, 4);
    NEAR(f.min_share_pct, 10);
    NEAR(f.max_share_pct, 40);
    assert_int_equal(fairness_of(even, 3, &f), 0);
    NEAR(f.jain, 1);
    NEAR(f.max_min, 1);
    assert_int_equal(fairness_of(one, 4, &f), 0);
    NEAR(f.jain, 0.25);
    assert_true(isinf(f.max_min));
    NEAR(f.max_share_pct, 100);
}

static void edges_are_told(void **state)
{
    const double nothing[] = {0, 0}, huge[] = {1e300, 3e300}, bad[] = {1, -1}, nan[] = {1, NAN};
    struct fairness f;

    (void)state;
    assert_int_equal(fairness_of(nothing, 2, &f), 0);
    assert_true(isnan(f.jain) && isnan(f.max_min) && isnan(f.min_share_pct));
    assert_int_equal(fairness_of(huge, 2, &f), 0);
    NEAR(f.jain, 0.8);
    assert_int_equal(fairness_of(bad, 2, &f), -EINVAL);
    assert_int_equal(fairness_of(nan, 2, &f), -EINVAL);
    assert_int_equal(fairness_of(huge, 0, &f), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_weighed),
        cmocka_unit_test(edges_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
