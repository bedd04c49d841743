/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test: is the difference of two setups real, and how large is it? Two-sided; values are those of
 * independent trials. Pure; any thread.
 */
#ifndef VAPERF_STAT_TEST_H
#define VAPERF_STAT_TEST_H

#include <stdbool.h>
#include <stddef.h>

struct sample {
    const double *values;
    size_t n;
};

struct welch {
    double difference;                      /* mean of b - mean of a */
    double difference_low, difference_high; /* 95 % */
    double t, df, p;
    double cohens_d; /* difference / pooled sample sd */
    double hedges_g; /* the same without its bias in small samples */
};

/* Welch's t, unequal variances. -EINVAL below 2 values each or when one is not finite; -EDOM when
 * neither side varies but they differ: no t says how much that means. */
int test_welch(struct welch *ret, struct sample a, struct sample b);

struct mann_whitney {
    double u; /* pairs where b is larger; an equal pair is half of one */
    double p;
    bool exact;          /* from all arrangements, also with ties; else the normal approximation */
    double cliffs_delta; /* -1..1: P(b > a) - P(b < a) */
};

enum { TEST_EXACT_MAX = 40 }; /* values of both sides together, for the exact p */

/* Mann-Whitney U. -EINVAL when a side is empty or a value not finite, -ENOMEM. */
int test_mann_whitney(struct mann_whitney *ret, struct sample a, struct sample b);

#endif
