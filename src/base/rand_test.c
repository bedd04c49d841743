/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/rand.h"

#include <math.h>
#include <string.h>

#include "base/test.h"

/* Published first outputs of xoshiro256** from the state {1, 2, 3, 4}. */
static void test_known_sequence(void **state)
{
    (void)state;
    struct rand_state r = {{1, 2, 3, 4}};
    static const uint64_t known[] = {UINT64_C(11520),
                                     UINT64_C(0),
                                     UINT64_C(1509978240),
                                     UINT64_C(1215971899390074240),
                                     UINT64_C(1216172134540287360),
                                     UINT64_C(607988272756665600)};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_true(rand_u64(&r) == known[i]);
}

/* splitmix64 from 0 begins with these four. */
static void test_seeding(void **state)
{
    (void)state;
    struct rand_state r;
    rand_init(&r, 0);
    assert_true(r.s[0] == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(r.s[1] == UINT64_C(0x6e789e6aa1b965f4));
    assert_true(r.s[2] == UINT64_C(0x06c45d188009454f));
    assert_true(r.s[3] == UINT64_C(0xf88bb8a8724c81ec));
    struct rand_state a, b, c;
    rand_init_text(&a, "enterprise telephony");
    rand_init_text(&b, "enterprise telephony");
    rand_init_text(&c, "enterprise telephonz");
    assert_memory_equal(&a, &b, sizeof a);
    assert_memory_not_equal(&a, &c, sizeof a);
}

static void test_below_is_even(void **state)
{
    (void)state;
    enum { SIDES = 6, THROWS = 60000 };
    struct rand_state r;
    unsigned count[SIDES] = {0};
    rand_init(&r, 1);
    for (int i = 0; i < THROWS; i++)
        count[rand_below(&r, SIDES)]++;
    double chi2 = 0;
    for (int i = 0; i < SIDES; i++)
        chi2 += pow(count[i] - THROWS / (double)SIDES, 2) / (THROWS / (double)SIDES);
    assert_true(chi2 < 20.5); /* 99.9 % point of chi-squared with 5 degrees of freedom */
    assert_int_equal(rand_below(&r, 1), 0);
    assert_int_equal(rand_below(&r, 0), 0);
    const uint64_t wide = (UINT64_C(1) << 63) + 1; /* nearly half of all draws are rejected */
    for (int i = 0; i < 1000; i++)
        assert_true(rand_below(&r, wide) < wide);
}

static void test_double_and_exponential(void **state)
{
    (void)state;
    enum { N = 100000 };
    struct rand_state r;
    rand_init(&r, 2);
    double sum = 0, exponential = 0, squares = 0;
    for (int i = 0; i < N; i++) {
        double u = rand_double(&r), x = rand_exponential(&r, 20);
        assert_true(u >= 0 && u < 1 && x >= 0 && isfinite(x));
        sum += u;
        exponential += x;
        squares += x * x;
    }
    /* four standard errors */
    assert_true(fabs(sum / N - 0.5) < 4 * 0.2887 / sqrt(N));
    assert_true(fabs(exponential / N - 20) < 4 * 20 / sqrt(N));
    assert_true(fabs(squares / N - 800) < 4 * 1790 / sqrt(N)); /* sd of x^2 = sqrt(20) 400 */
}

static void test_shuffle(void **state)
{
    (void)state;
    struct rand_state r, again;
    int items[100], other[100];
    unsigned first[4] = {0};
    for (int i = 0; i < 100; i++)
        items[i] = other[i] = i;
    rand_init(&r, 3);
    rand_init(&again, 3);
    rand_shuffle(&r, items, 100, sizeof items[0]);
    rand_shuffle(&again, other, 100, sizeof other[0]);
    assert_memory_equal(items, other, sizeof items);
    char seen[100] = {0};
    for (int i = 0; i < 100; i++)
        assert_int_equal(seen[items[i]]++, 0);
    for (int i = 0; i < 8000; i++) {
        char four[] = {0, 1, 2, 3};
        rand_shuffle(&r, four, 4, 1);
        first[(int)four[0]]++;
    }
    for (int i = 0; i < 4; i++)
        assert_in_range(first[i], 1850, 2150);
    rand_shuffle(&r, NULL, 0, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_sequence), cmocka_unit_test(test_seeding),
        cmocka_unit_test(test_below_is_even),  cmocka_unit_test(test_double_and_exponential),
        cmocka_unit_test(test_shuffle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
