/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include "base/rand.h"
#include "node/workload/rtp_match.h"

enum { FIRST = 1000, SLOTS = 50, DEPTH = 100, UNITS = 160 };

static struct rtp_match m;
static uint32_t last[SLOTS];

static int open_it(void **state)
{
    (void)state;
    assert_int_equal(rtp_match_open(&m, FIRST, SLOTS, DEPTH, 0x1234567), 0);
    assert_int_equal(m.depth, 128);
    return 0;
}

static int close_it(void **state)
{
    (void)state;
    rtp_match_close(&m);
    return 0;
}

static uint32_t ssrc_of(uint32_t i)
{
    return rtp_ssrc(m.key, FIRST + i, RTP_SENDER);
}

static uint16_t sequence(uint32_t i, uint32_t number)
{
    return (uint16_t)(rtp_first_sequence(ssrc_of(i)) + number);
}

static uint32_t timestamp(uint32_t i, uint32_t number)
{
    return rtp_first_timestamp(ssrc_of(i)) + number * UNITS;
}

static void send_one(uint32_t i, uint32_t number)
{
    *rtp_match_note(&m, i, number) =
        (struct rtp_sent){1000 + number, 2000 + number, number, timestamp(i, number)};
    last[i] = number;
}

static uint32_t last_of(const void *arg, uint32_t i)
{
    return ((const uint32_t *)arg)[i];
}

static void ssrcs_are_one_to_one(void **state)
{
    struct rand_state r;

    (void)state;
    rand_init(&r, 7);
    for (int k = 0; k < 1000; k++) {
        uint32_t key = (uint32_t)rand_u64(&r), slot = (uint32_t)rand_below(&r, 1u << 31);
        enum rtp_side side;
        assert_int_equal(rtp_ssrc_slot(key, rtp_ssrc(key, slot, RTP_RECEIVER), &side), slot);
        assert_int_equal(side, RTP_RECEIVER);
        assert_int_equal(rtp_ssrc_slot(key, rtp_ssrc(key, slot, RTP_SENDER), &side), slot);
        assert_int_equal(side, RTP_SENDER);
    }
}

/* Over the wrap of the 16 bits, several times. */
static void what_was_sent_is_found(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 200000; n++) {
        send_one(3, n);
        if (n >= 100) {
            const struct rtp_sent *s =
                rtp_match_find(&m, 3, n, sequence(3, n - 100), timestamp(3, n - 100));
            assert_non_null(s);
            assert_int_equal(s->number, n - 100);
            assert_int_equal(s->sent_ns, 2000 + n - 100);
        }
    }
}

static void what_was_not_sent_is_not(void **state)
{
    (void)state;
    send_one(0, 0);
    send_one(0, 1);
    assert_non_null(rtp_match_find(&m, 0, 1, sequence(0, 1), timestamp(0, 1)));
    assert_null(rtp_match_find(&m, 0, 1, sequence(0, 1), timestamp(0, 1) + 1));
    assert_null(rtp_match_find(&m, 0, 1, sequence(0, 2), timestamp(0, 2)));
    assert_null(rtp_match_find(&m, 0, 1, (uint16_t)(sequence(0, 0) - 1), timestamp(0, 0)));
    assert_null(rtp_match_find(&m, 1, 1, sequence(1, 1), timestamp(1, 1)));
    for (uint32_t n = 2; n < 300; n++) {
        send_one(0, n);
    }
    assert_null(rtp_match_find(&m, 0, 299, sequence(0, 1), timestamp(0, 1))); /* overwritten */
}

static void another_ssrc_is_learned(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < SLOTS; i++) {
        for (uint32_t n = 0; n < 10; n++) {
            send_one(i, n);
        }
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        assert_int_equal(rtp_match_learned(&m, 0xf0000000 + i), UINT32_MAX);
        assert_int_equal(
            rtp_match_learn(&m, 0xf0000000 + i, sequence(i, 4), timestamp(i, 4), last_of, last), i);
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        assert_int_equal(rtp_match_learned(&m, 0xf0000000 + i), i);
    }
}

/* A flood of strange SSRCs is not searched for ever, and fills nothing. */
static void strangers_cost_little(void **state)
{
    (void)state;
    send_one(0, 0);
    for (uint32_t k = 0; k < 100000; k++) {
        assert_int_equal(rtp_match_learn(&m, k, (uint16_t)k, k, last_of, last), UINT32_MAX);
    }
    assert_true(m.budget < SLOTS);
    assert_int_equal(m.learned_count, 0);
    assert_int_equal(rtp_match_learn(&m, 1, sequence(0, 0), timestamp(0, 0), last_of, last),
                     UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ssrcs_are_one_to_one, open_it, close_it),
        cmocka_unit_test_setup_teardown(what_was_sent_is_found, open_it, close_it),
        cmocka_unit_test_setup_teardown(what_was_not_sent_is_not, open_it, close_it),
        cmocka_unit_test_setup_teardown(another_ssrc_is_learned, open_it, close_it),
        cmocka_unit_test_setup_teardown(strangers_cost_little, open_it, close_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
