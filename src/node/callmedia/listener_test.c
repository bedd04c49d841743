/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "node/callmedia/listener.h"

#define START (100 * NS_PER_S)
#define PTIME (20 * NS_PER_MS)

static const struct listener_rules rules = {
    .own_ssrc = 1, .first_sequence = 65000, .event_type = 101, .playout_ns = 60 * NS_PER_MS};
static const struct rtp_voice voice = {"g711-plc", 0, PTIME, 60 * NS_PER_MS, 1};

/* A packet of the peer, `n` packet times after its first. */
static enum listener_took hear(struct listener *l, uint32_t ssrc, uint32_t n, uint64_t delay_ns)
{
    struct rtp_packet p = {.header = {.ssrc = ssrc,
                                      .payload_type = 8,
                                      .sequence = (uint16_t)(65530 + n),
                                      .timestamp = 5000 + 160 * n}};

    return listener_take(l, &p, &rules, START + n * PTIME + delay_ns);
}

static enum listener_took back(struct listener *l, uint32_t n, uint64_t delay_ns)
{
    struct rtp_packet p = {.header = {.ssrc = 1,
                                      .payload_type = 0,
                                      .sequence = (uint16_t)(65000 + n),
                                      .timestamp = 5000 + 160 * n}};

    return listener_take(l, &p, &rules, START + n * PTIME + delay_ns);
}

/* All that was sent is known: what never returns is lost, the last one too; delays are there and
 * back. */
static void own_packets_return(void **state)
{
    struct listener l = {0};
    struct rtp_totals t;

    (void)state;
    for (uint32_t n = 0; n < 1000; n++) {
        listener_note_sent(&l, n, START + n * PTIME);
        if (n % 10 != 9) {
            assert_int_equal(back(&l, n, 5 * NS_PER_MS), TOOK_FIRST_COPY);
        }
    }
    assert_int_equal(back(&l, 998, 6 * NS_PER_MS), TOOK_DUPLICATE);
    assert_int_equal(back(&l, 1000, 0), TOOK_OTHER_SOURCE); /* never sent */
    assert_int_equal(back(&l, 10, 30 * NS_PER_S), TOOK_TOO_LATE);
    assert_int_equal(hear(&l, 77, 0, 0), TOOK_OTHER_SOURCE);
    assert_int_equal(l.hears, HEARS_OWN);
    t = listener_close(&l, &voice);
    assert_int_equal(t.sent, 1000);
    assert_int_equal(t.received, 900);
    assert_int_equal(t.lost, 100);
    assert_true(fabs((double)t.delay_sum_ns / 900 - 5e6) < 2000);
    assert_true(l.stream.jitter_units < 0.01);
}

/* Of a peer's stream, what was sent is what lies between the first and the last that came. */
static void a_peers_stream_is_heard(void **state)
{
    struct listener l = {0};
    struct rtp_quality q;
    struct rtp_totals t;

    (void)state;
    listener_note_sent(&l, 0, START); /* we talk too; nothing of it returns */
    for (uint32_t n = 0; n < 1000; n++) {
        if (n % 50 != 7) {
            assert_int_equal(hear(&l, 9, n, n % 100 == 3 ? 90 * NS_PER_MS : 0), TOOK_FIRST_COPY);
        }
    }
    assert_int_equal(l.hears, HEARS_PEER);
    assert_int_equal(hear(&l, 9, 500, 0), TOOK_TOO_LATE);
    t = listener_close(&l, &voice);
    assert_int_equal(t.sent, 1000);
    assert_int_equal(t.lost, 20);
    assert_int_equal(t.discarded, 10);
    assert_int_equal(t.delay_sum_ns, 0);
    rtp_quality_of(&q, &t, &voice);
    assert_true(q.mos > 1 && q.mos < 4.4);
}

static void another_stream_counts_apart(void **state)
{
    struct listener l = {0};
    struct rtp_totals t;

    (void)state;
    for (uint32_t n = 0; n < 10; n++) {
        (void)hear(&l, 9, n, 0);
    }
    assert_int_equal(hear(&l, 10, 10, 0), TOOK_OTHER_SOURCE); /* one is none */
    assert_int_equal(hear(&l, 9, 10, 0), TOOK_FIRST_COPY);
    assert_int_equal(hear(&l, 10, 11, 0), TOOK_FIRST_COPY); /* another one: it is a stream */
    for (uint32_t n = 12; n < 20; n++) {
        assert_int_equal(hear(&l, 10, n, 0), TOOK_FIRST_COPY);
    }
    t = listener_close(&l, &voice);
    assert_int_equal(t.received, 11 + 9);
    assert_int_equal(t.lost, 0);
}

/* A jump is believed only when a second packet goes on from there. */
static void a_jump_is_no_loss(void **state)
{
    struct listener l = {0};
    struct rtp_totals t;

    (void)state;
    (void)hear(&l, 9, 0, 0);
    assert_int_equal(hear(&l, 9, 20000, 0), TOOK_OTHER_SOURCE);
    assert_int_equal(hear(&l, 9, 1, 0), TOOK_FIRST_COPY);
    assert_int_equal(hear(&l, 9, 30000, 0), TOOK_OTHER_SOURCE);
    assert_int_equal(hear(&l, 9, 30001, 0), TOOK_FIRST_COPY);
    t = listener_close(&l, &voice);
    assert_int_equal(t.received, 3);
    assert_int_equal(t.lost, 0);
}

/* RFC 4733 §2.5.1.4: the end comes three times, with one timestamp. */
static void a_digit_is_heard_once(void **state)
{
    const uint8_t end[] = {5, 0x8a, 0x03, 0x20}, begin[] = {5, 0x0a, 0, 160};
    struct rtp_packet p = {.header = {.timestamp = 4}, .payload = begin, .payload_size = 4};
    struct listener l = {0};

    (void)state;
    assert_false(listener_take_digit(&l, &p));
    p.payload = end;
    assert_true(listener_take_digit(&l, &p));
    assert_false(listener_take_digit(&l, &p));
    p.header.timestamp = 5;
    assert_true(listener_take_digit(&l, &p));
    p.payload_size = 3;
    p.header.timestamp = 6;
    assert_false(listener_take_digit(&l, &p));
}

/* Nothing that a peer writes there may hurt. */
static void any_numbers_are_survived(void **state)
{
    struct listener l = {0};
    uint64_t x = 88172645463325252u, at = START;
    struct rtp_totals t;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        struct rtp_packet p = {0};

        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        p.header.sequence = (uint16_t)(x & (x & 0x10000 ? 0xffff : 0x7f));
        p.header.timestamp = (uint32_t)(x >> 20);
        p.header.ssrc = (x >> 55) & 3;
        p.header.marker = (x >> 54) & 1;
        p.header.payload_type = (x >> 60) & 1 ? 101 : 8;
        at += (x >> 40) & 0xffff;
        if ((x >> 53 & 3) == 0) {
            listener_note_sent(&l, (uint32_t)i, at);
        }
        (void)listener_take(&l, &p, &rules, at);
    }
    t = listener_close(&l, &voice);
    assert_true(t.received <= 200000 && t.received > 0);
    assert_int_equal(t.sent, t.received + t.lost);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_packets_return),          cmocka_unit_test(a_peers_stream_is_heard),
        cmocka_unit_test(another_stream_counts_apart), cmocka_unit_test(a_jump_is_no_loss),
        cmocka_unit_test(a_digit_is_heard_once),       cmocka_unit_test(any_numbers_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
