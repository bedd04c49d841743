/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Calls begin evenly, and nothing is made up for.
 */
#include "base/test.h"

#include "base/clock.h"
#include "node/sipp/pace.h"

static void test_even(void **state)
{
    struct sipp_pace p = {.calls = 4, .period_ns = 2 * NS_PER_S, .from_ns = 100};
    (void)state;
    for (uint64_t i = 1; i <= 1000; i++) {
        assert_int_equal(sipp_pace_next_ns(&p), 100 + i * NS_PER_S / 2);
        sipp_pace_begin(&p);
    }
}

static void test_never(void **state)
{
    struct sipp_pace p = {.calls = 0, .period_ns = NS_PER_S};
    (void)state;
    assert_int_equal(sipp_pace_next_ns(&p), UINT64_MAX);
    sipp_pace_set(&p, -3, 7);
    assert_int_equal(sipp_pace_next_ns(&p), UINT64_MAX);
    sipp_pace_set(&p, 1e-12, 7);
    assert_int_equal(sipp_pace_next_ns(&p), UINT64_MAX);
    sipp_pace_set(&p, 10, 5 * NS_PER_S);
    sipp_pace_pause(&p, 6 * NS_PER_S);
    assert_int_equal(sipp_pace_next_ns(&p), UINT64_MAX);
    sipp_pace_pause(&p, 9 * NS_PER_S);
    assert_int_equal(sipp_pace_next_ns(&p), 9 * NS_PER_S + NS_PER_S / 10);
}

static void test_no_burst(void **state)
{
    struct sipp_pace p = {.calls = 100, .period_ns = NS_PER_S};
    (void)state;
    for (int i = 0; i < 50; i++)
        sipp_pace_begin(&p);
    sipp_pace_hold(&p, 30 * NS_PER_S); /* no room for 29.5 s */
    assert_int_equal(sipp_pace_next_ns(&p), 30 * NS_PER_S + NS_PER_S / 100);
    sipp_pace_set(&p, 200, 40 * NS_PER_S);
    assert_int_equal(sipp_pace_next_ns(&p), 40 * NS_PER_S + NS_PER_S / 200);
}

static void test_limit(void **state)
{
    struct sipp_pace p = {.calls = 10, .period_ns = NS_PER_S};
    (void)state;
    assert_int_equal(sipp_pace_limit(&p, 0), 30); /* as SIPp's screen says of its built-in uac */
    assert_int_equal(sipp_pace_limit(&p, 5 * NS_PER_S), 150);
    p.calls = 0;
    assert_int_equal(sipp_pace_limit(&p, 0), 1);
    p.calls = 1e300;
    assert_int_equal(sipp_pace_limit(&p, 0), 1000000000);
}

static void shards_take_turns(void **state)
{
    struct sipp_pace both[2] = {{.period_ns = NS_PER_S, .shard = 0, .shards = 2},
                                {.period_ns = NS_PER_S, .shard = 1, .shards = 2}};

    (void)state;
    for (unsigned i = 0; i < 2; i++)
        sipp_pace_set(&both[i], 10, 1000);
    for (uint64_t number = 1; number <= 20; number++) {
        struct sipp_pace *p = &both[(number - 1) % 2];
        assert_int_equal(sipp_pace_next_ns(p), 1000 + number * 100 * NS_PER_MS);
        sipp_pace_begin(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_take_turns), cmocka_unit_test(test_even),
        cmocka_unit_test(test_never),        cmocka_unit_test(test_no_burst),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
