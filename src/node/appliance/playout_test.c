/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <string.h>

#include "base/clock.h"
#include "node/appliance/playout.h"

enum { HZ = 8000, UNITS = 160 };
#define PERIOD (20 * NS_PER_MS)
#define HOLD (40 * NS_PER_MS)
#define START (1000 * NS_PER_S)

static struct playout p;

static enum playout_result add(uint16_t number, uint64_t at_ns)
{
    const uint8_t bytes[2] = {(uint8_t)(number >> 8), (uint8_t)number};
    const struct playout_packet packet = {bytes, 2, number, (uint32_t)number * UNITS, 7, HZ};
    return playout_add(&p, &packet, at_ns, HOLD);
}

static void take(uint64_t now_ns, int expected)
{
    const struct playout_slot *s = playout_take(&p, now_ns);
    assert_int_equal(s != NULL ? s->bytes[0] << 8 | s->bytes[1] : -1, expected);
}

static int reset(void **state)
{
    (void)state;
    memset(&p, 0, sizeof(p));
    return 0;
}

static void packets_leave_in_order_and_evenly(void **state)
{
    (void)state;
    assert_true(playout_due(&p) == UINT64_MAX);
    take(START, -1);
    assert_int_equal(add(10, START), PLAYOUT_HELD);
    assert_int_equal(add(12, START + 41 * NS_PER_MS), PLAYOUT_HELD);
    assert_int_equal(add(11, START + 45 * NS_PER_MS), PLAYOUT_HELD); /* overtaken, 25 ms late */
    for (uint64_t i = 0; i < 3; i++) {
        assert_true(playout_due(&p) == START + HOLD + i * PERIOD);
        take(START + HOLD + i * PERIOD - 1, -1);
        take(START + HOLD + i * PERIOD, 10 + (int)i);
    }
    assert_true(playout_due(&p) == UINT64_MAX);
}

static void late_and_double_packets_are_refused(void **state)
{
    (void)state;
    assert_int_equal(add(1, START), PLAYOUT_HELD);
    assert_int_equal(add(1, START), PLAYOUT_DUPLICATE);
    assert_int_equal(add(3, START + 2 * PERIOD), PLAYOUT_HELD);
    assert_int_equal(add(2, START + PERIOD + HOLD), PLAYOUT_HELD); /* just in time */
    assert_int_equal(add(4, START + 3 * PERIOD + HOLD + 1), PLAYOUT_LATE);
    assert_int_equal(add(3 + PLAYOUT_SLOTS, START + 2 * PERIOD), PLAYOUT_FULL);
    take(START + NS_PER_S, 1);
    take(START + NS_PER_S, 2);
    take(START + NS_PER_S, 3);
    take(START + NS_PER_S, -1);
}

/* Across the wrap of sequence number and timestamp. */
static void numbers_wrap(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 40; i++) {
        const uint8_t byte = (uint8_t)i;
        const struct playout_packet packet = {
            &byte, 1, (uint16_t)(65520 + i), (uint32_t)(0u - 20u * UNITS + i * UNITS), 7, HZ};
        const struct playout_slot *s;
        assert_int_equal(playout_add(&p, &packet, START + i * PERIOD, HOLD), PLAYOUT_HELD);
        s = playout_take(&p, START + i * PERIOD + HOLD);
        assert_non_null(s);
        assert_int_equal(s->bytes[0], i);
    }
}

/* A sender whose clock is 0.02 % slow, and a first packet that was 30 ms late: after some seconds
 * the fastest packets are held for the wanted time again. */
static void the_distance_is_kept(void **state)
{
    uint64_t at = 0;

    (void)state;
    for (uint32_t i = 0; i < 3000; i++) {
        at = START + i * (PERIOD + PERIOD / 5000) + (i == 0 ? 30 * NS_PER_MS : 0);
        assert_int_equal(add((uint16_t)i, at), PLAYOUT_HELD);
        (void)playout_take(&p, UINT64_MAX - 1);
        p.last_due_ns = 0;
    }
    assert_int_equal(add(3000, at + PERIOD), PLAYOUT_HELD);
    assert_in_range(playout_due(&p) - at - PERIOD, HOLD - 3 * NS_PER_MS, HOLD + NS_PER_MS);
}

static void another_stream_begins_anew(void **state)
{
    const uint8_t byte = 9;
    struct playout_packet other = {&byte, 1, 500, 1000000, 8, HZ};

    (void)state;
    assert_int_equal(add(1, START), PLAYOUT_HELD);
    take(START + HOLD, 1);
    assert_int_equal(playout_add(&p, &other, START + NS_PER_S, HOLD), PLAYOUT_HELD);
    assert_true(playout_due(&p) == START + NS_PER_S + HOLD);
    take(START + NS_PER_S + HOLD, 9 << 8 | 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(packets_leave_in_order_and_evenly, reset),
        cmocka_unit_test_setup(late_and_double_packets_are_refused, reset),
        cmocka_unit_test_setup(numbers_wrap, reset),
        cmocka_unit_test_setup(the_distance_is_kept, reset),
        cmocka_unit_test_setup(another_stream_begins_anew, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
