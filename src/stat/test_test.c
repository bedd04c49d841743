/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Expected figures were computed with 30 digits, and exact p by listing all arrangements.
 */
#include "stat/test.h"

#include <errno.h>
#include <math.h>

#include "base/test.h"

#define SAMPLE(...) \
    ((struct sample){(const double[]){__VA_ARGS__}, sizeof(double[]){__VA_ARGS__} / sizeof(double)})

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

static void test_welch_figures(void **state)
{
    (void)state;
    struct welch w;
    struct sample a = SAMPLE(20.1, 19.8, 21.4, 20.7, 20.9),
                  b = SAMPLE(22.3, 21.9, 24.0, 22.8, 21.5, 23.1);
    assert_int_equal(test_welch(&w, a, b), 0);
    assert_true(near(w.difference, 2.02) && near(w.t, 4.34567739992) && near(w.df, 8.83594141187));
    assert_true(near(w.p, 0.00194456965374));
    assert_true(near(w.difference_low, 0.965498475603) && near(w.difference_high, 3.0745015244));
    assert_true(near(w.cohens_d, 2.54540975041) && near(w.hedges_g, 2.32618606022));
    struct welch other;
    assert_int_equal(test_welch(&other, b, a), 0);
    assert_true(near(other.difference, -2.02) && near(other.p, w.p) && near(other.t, -w.t));
    assert_int_equal(test_welch(&other, a, a), 0);
    assert_true(other.p == 1 && other.difference == 0);
}

static void test_welch_without_variance(void **state)
{
    (void)state;
    struct welch w;
    assert_int_equal(test_welch(&w, SAMPLE(1, 1, 1), SAMPLE(1, 1)), 0);
    assert_true(w.p == 1 && w.difference == 0 && w.hedges_g == 0);
    assert_int_equal(test_welch(&w, SAMPLE(1, 1, 1), SAMPLE(2, 2)), -EDOM);
    assert_int_equal(test_welch(&w, SAMPLE(1, 1, 1), SAMPLE(2, 3)), 0);
    assert_int_equal(test_welch(&w, SAMPLE(1), SAMPLE(2, 3)), -EINVAL);
    assert_int_equal(test_welch(&w, SAMPLE(1, NAN), SAMPLE(2, 3)), -EINVAL);
}

static void check_u(struct sample a, struct sample b, double u, double p, double delta)
{
    struct mann_whitney m;
    assert_int_equal(test_mann_whitney(&m, a, b), 0);
    if (!near(m.u, u) || !near(m.p, p) || !near(m.cliffs_delta, delta) || !m.exact)
        fail_msg("u %g p %.12g delta %g", m.u, m.p, m.cliffs_delta);
    assert_int_equal(test_mann_whitney(&m, b, a), 0); /* the other way round */
    assert_true(near(m.p, p) && near(m.cliffs_delta, -delta));
}

static void test_exact(void **state)
{
    (void)state;
    check_u(SAMPLE(1, 2, 3, 4, 5), SAMPLE(6, 7, 8, 9, 10), 25, 2. / 252, 1);
    check_u(SAMPLE(20.1, 19.8, 21.4, 20.7, 20.9), SAMPLE(22.3, 21.9, 24.0, 22.8, 21.5, 23.1), 30,
            2. / 462, 1);
    check_u(SAMPLE(0, 0, 0, 1, 2), SAMPLE(0, 2, 3, 3, 5, 8), 26, 23. / 462, 22. / 30); /* ties */
    check_u(SAMPLE(1, 3, 5, 7), SAMPLE(2, 4, 6), 6, 1, 0);
    check_u(SAMPLE(0, 0, 0), SAMPLE(0, 0), 3, 1, 0);
    check_u(SAMPLE(1), SAMPLE(2), 1, 1, 1);
}

static void test_normal_approximation(void **state)
{
    (void)state;
    double a[30], b[25];
    struct mann_whitney m;
    for (int i = 0; i < 30; i++)
        a[i] = i % 7;
    for (int i = 0; i < 25; i++)
        b[i] = i % 7 + 1;
    struct sample sa = {a, 30}, sb = {b, 25};
    assert_int_equal(test_mann_whitney(&m, sa, sb), 0);
    assert_false(m.exact);
    assert_true(near(m.u, 468) && near(m.p, 0.11455134169));
    for (int i = 0; i < 30; i++)
        a[i] = 1;
    for (int i = 0; i < 25; i++)
        b[i] = 1;
    assert_int_equal(test_mann_whitney(&m, sa, sb), 0);
    assert_true(m.p == 1 && m.cliffs_delta == 0);
}

/* Where both apply they must be close: 20 and 20 values, exact against the formula. */
static void test_exact_agrees_with_approximation(void **state)
{
    (void)state;
    double a[20], b[21];
    struct mann_whitney exact, approximate;
    for (int i = 0; i < 20; i++) {
        a[i] = i;
        b[i] = i + 3.5;
    }
    b[20] = 10.25; /* in the middle: hardly changes anything but the method */
    assert_int_equal(test_mann_whitney(&exact, (struct sample){a, 20}, (struct sample){b, 20}), 0);
    assert_int_equal(
        test_mann_whitney(&approximate, (struct sample){a, 20}, (struct sample){b, 21}), 0);
    assert_true(exact.exact && !approximate.exact);
    assert_true(fabs(exact.p - approximate.p) < 0.02);
}

static void test_refused(void **state)
{
    (void)state;
    struct mann_whitney m;
    assert_int_equal(test_mann_whitney(&m, (struct sample){0}, SAMPLE(1)), -EINVAL);
    assert_int_equal(test_mann_whitney(&m, SAMPLE(1, INFINITY), SAMPLE(1)), -EINVAL);
    long failed = 1;
    for (long n = 0; failed > 0; n++) {
        test_alloc_fail_at(n);
        int r = test_mann_whitney(&m, SAMPLE(1, 2), SAMPLE(3, 4));
        failed = test_alloc_restore();
        assert_int_equal(r, failed > 0 ? -ENOMEM : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_welch_figures),
        cmocka_unit_test(test_welch_without_variance),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_normal_approximation),
        cmocka_unit_test(test_exact_agrees_with_approximation),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
