/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of distribution: means and 99th percentiles of many samples against the formulas.
 */
#include "node/scenario/distribution.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/test.h"

enum { SAMPLES = 40000 };

static const struct {
    struct distribution d;
    double mean, p99; /* p99 0: only what distribution_p99 says is checked */
} rows[] = {
    {{DIST_FIXED, {3}}, 3, 3},
    {{DIST_UNIFORM, {2, 6}}, 4, 5.96},
    {{DIST_NORMAL, {10, 2}}, 10, 14.6527},
    {{DIST_LOGNORMAL, {1, 0.5}}, 3.0802, 8.6976},
    {{DIST_EXPONENTIAL, {4}}, 4, 18.4207},
    {{DIST_WEIBULL, {3, 2}}, 2.6587, 6.4379},
    {{DIST_PARETO, {4, 2}}, 2.6667, 6.3246},
    {{DIST_GPARETO, {0.1, 2, 1}}, 3.2222, 12.6979},
    {{DIST_GPARETO, {0, 2, 1}}, 3, 10.2103},
    {{DIST_GAMMA, {2, 3}}, 6, 19.9150},
    {{DIST_GAMMA, {0.5, 3}}, 1.5, 9.9525},
    {{DIST_NEGBIN, {0.25, 3}}, 9, 27},
    {{DIST_NEGBIN, {0.001, 2}}, 1998, 0},
    {{DIST_NEGBIN, {1, 5}}, 0, 0},
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void assert_near(size_t row, double is, double wanted)
{
    if (fabs(is - wanted) > 0.06 * fabs(wanted) + 1e-9) {
        fprintf(stderr, "row %zu: %g, wanted %g\n", row, is, wanted);
        fail();
    }
}

static void samples_follow_their_distribution(void **state)
{
    static double samples[SAMPLES];
    struct rand_state r;

    (void)state;
    rand_init(&r, 11);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        double sum = 0;

        assert_null(distribution_check(&rows[i].d));
        for (int k = 0; k < SAMPLES; k++) {
            samples[k] = distribution_sample(&rows[i].d, &r);
            sum += samples[k];
        }
        qsort(samples, SAMPLES, sizeof(double), compare);
        assert_near(i, sum / SAMPLES, rows[i].mean);
        if (rows[i].p99 > 0) {
            assert_near(i, samples[SAMPLES / 100 * 99], rows[i].p99);
            assert_near(i, distribution_p99(&rows[i].d), rows[i].p99);
        }
    }
}

static void impossible_parameters_are_named(void **state)
{
    static const struct distribution wrong[] = {
        {DIST_UNIFORM, {2, 1}}, {DIST_NORMAL, {1, -1}},  {DIST_EXPONENTIAL, {0}},
        {DIST_WEIBULL, {0, 1}}, {DIST_PARETO, {1, 0}},   {DIST_GPARETO, {1, 0, 0}},
        {DIST_GAMMA, {-1, 1}},  {DIST_NEGBIN, {1.5, 1}}, {DIST_NEGBIN, {0.5, 0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_non_null(distribution_check(&wrong[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_follow_their_distribution),
        cmocka_unit_test(impossible_parameters_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
