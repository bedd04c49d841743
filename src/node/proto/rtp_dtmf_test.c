/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "node/proto/rtp_dtmf.h"

enum { UNITS = 160 };
#define PERIOD (20 * NS_PER_MS)

static const struct rtp_dtmf_plan plan = {"1#", 500 * NS_PER_MS, 800, UNITS};

/* RFC 4733 §2.5.1: one timestamp, a growing duration, the marker on the first, the end thrice. */
static void a_digit_is_sent_as_the_standard_says(void **state)
{
    struct telephone_event v;
    struct rtp_dtmf d = {0};
    unsigned sent = 0, digits = 0;

    (void)state;
    for (uint32_t i = 0; i < 500; i++) {
        bool first;
        if (!rtp_dtmf_tick(&d, &plan, NS_PER_S + i * PERIOD, i * UNITS, &v, &first)) {
            continue;
        }
        assert_int_equal(first, sent % 7 == 0); /* five of 20 ms, and two more ends */
        assert_int_equal(v.duration, sent % 7 < 5 ? (sent % 7 + 1) * UNITS : 800);
        assert_int_equal(v.end, sent % 7 >= 4);
        assert_int_equal(v.event, digits % 2 == 0 ? 1 : 11);
        assert_int_equal(d.timestamp, (digits + 1) * 25 * UNITS);
        sent++;
        digits += sent % 7 == 0;
    }
    assert_int_equal(digits, 19);
}

static void a_digit_is_heard_once(void **state)
{
    unsigned right = 0, wrong = 0;
    struct telephone_event v;
    struct rtp_dtmf d = {0};

    (void)state;
    for (uint32_t i = 0; i < 500; i++) {
        bool first;
        if (rtp_dtmf_tick(&d, &plan, NS_PER_S + i * PERIOD, i * UNITS, &v, &first)) {
            enum rtp_dtmf_heard heard = rtp_dtmf_hear(&d, &plan, d.timestamp, &v);
            right += heard == RTP_DTMF_RIGHT;
            wrong += heard == RTP_DTMF_WRONG;
        }
    }
    assert_int_equal(right, 19);
    assert_int_equal(wrong, 0);
    v.event = 5;
    d.has_heard = false;
    assert_int_equal(rtp_dtmf_hear(&d, &plan, d.timestamp, &v), RTP_DTMF_WRONG);
    v.end = false;
    assert_int_equal(rtp_dtmf_hear(&d, &plan, d.timestamp, &v), RTP_DTMF_NOTHING);
}

static void digits_are_checked(void **state)
{
    struct err e = {0};

    (void)state;
    assert_int_equal(rtp_dtmf_check("0123456789*#ABCD", &e), 0);
    assert_int_equal(rtp_dtmf_check("12x", &e), -EINVAL);
    assert_string_equal(e.text, "dtmf: 'x' is no digit (0-9 * # A-D)");
    assert_int_equal(rtp_dtmf_check("", &e), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_digit_is_sent_as_the_standard_says),
        cmocka_unit_test(a_digit_is_heard_once),
        cmocka_unit_test(digits_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
