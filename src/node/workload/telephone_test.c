/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * telephone_test: Erlang, hold time and busy hour call attempts against each other and against the
 * enterprise telephony study (60 s of hold time, a tenth of all calls with media through the
 * server).
 */
#include "node/workload/telephone.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/test.h"

static double rate(const struct telephone *t)
{
    struct err e = {0};
    double per_s = -1;

    assert_int_equal(telephone_rate(t, &per_s, &e), 0);
    return per_s;
}

static void near(double value, double expected)
{
    assert_true(value > expected - 1e-9 && value < expected + 1e-9);
}

static void calls_a_second(void **state)
{
    (void)state;
    near(rate(&(struct telephone){0}), 0);
    near(rate(&(struct telephone){.rate_per_s = 12.5, .hold_ns = 3 * NS_PER_S}), 12.5);
    near(rate(&(struct telephone){.erlang = 60, .hold_ns = 60 * NS_PER_S}), 1);
    near(rate(&(struct telephone){.erlang = 10, .hold_ns = 120 * NS_PER_S}), 1.0 / 12);
    near(rate(&(struct telephone){.bhca = 3600}), 1);
    near(rate(&(struct telephone){.rate_per_s = 4, .subscribers = 100}), 4);
    /* 100,000 subscribers with 1.8 attempts in the busy hour and 120 s each are 6,000 Erlang. */
    const struct telephone busy = {.bhca = 1.8, .subscribers = 100000, .hold_ns = 120 * NS_PER_S};
    near(rate(&busy), 50);
    near(rate(&(struct telephone){.erlang = 6000, .hold_ns = 120 * NS_PER_S}), rate(&busy));
}

static void streams_follow(void **state)
{
    const double hold_s = 60;

    (void)state;
    /* One call a second for 12 streams; 120 to 720 streams with 10 to 60. */
    for (int calls = 1; calls <= 60; calls++) {
        assert_int_equal(telephone_streams(calls * hold_s, 10), 12 * calls);
    }
    assert_int_equal(telephone_streams(5, 100), 10);
    assert_int_equal(telephone_streams(0.1, 10), 1);
}

static void what_says_too_much_or_too_little(void **state)
{
    static const struct {
        struct telephone t;
        const char *begins;
    } wrong[] = {
        {{.rate_per_s = 1, .erlang = 2, .hold_ns = 1}, "rate, erlang, bhca:"},
        {{.bhca = 1, .erlang = 2, .hold_ns = 1}, "rate, erlang, bhca:"},
        {{.erlang = 2}, "erlang:"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct err e = {0};
        double untouched = 42;

        assert_int_equal(telephone_rate(&wrong[i].t, &untouched, &e), -EINVAL);
        assert_int_equal(strncmp(e.text, wrong[i].begins, strlen(wrong[i].begins)), 0);
        near(untouched, 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_a_second),
        cmocka_unit_test(streams_follow),
        cmocka_unit_test(what_says_too_much_or_too_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
