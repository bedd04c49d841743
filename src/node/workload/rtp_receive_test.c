/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Packets that are not what was sent: each is counted once, by its kind, and none is received. No
 * sockets.
 */
#include "base/test.h"

#include <string.h>

#include "base/clock.h"
#include "node/codec/wire.h"
#include "node/workload/rtp.h"

enum { STREAMS = 2, SENT_AT = 1000000000, SIZE = 172 };
extern const struct workload_ops workload_rtp;

struct world {
    struct rtp_options options;
    struct rtp_state state;
    struct rtp_shard shard;
    uint8_t packet[WORKLOAD_PACKET_MAX]; /* of stream 0, as it left */
};

/* from_ns: from when on it counts. */
static void begin_from(struct world *w, uint64_t from_ns)
{
    const struct workload_shard_env env = {.shards = 1, .slots = STREAMS, .seed = 1};
    struct sockaddr_storage ends[STREAMS] = {{.ss_family = AF_INET}, {.ss_family = AF_INET}};
    struct workload_packet packet = {.data = w->packet};
    struct workload_shape shape;

    memset(w, 0, sizeof(*w));
    opt_defaults(workload_rtp.options, &w->options, sizeof(w->options));
    w->options.streams = STREAMS;
    assert_int_equal(workload_rtp.check(&w->options, &shape, NULL), 0);
    assert_int_equal(workload_rtp.prepare(&w->state, &w->options, ends, STREAMS, NULL), 0);
    assert_int_equal(workload_rtp.open(&w->shard, &w->state, &env, NULL), 0);
    workload_rtp.window(&w->shard, from_ns, UINT64_MAX / 2);
    assert_int_equal(workload_rtp.send(&w->shard, 0, SENT_AT, &packet, 1), 1);
    assert_int_equal(packet.size, SIZE);
    wire_put64(w->packet + packet.sent_stamp_at, SENT_AT);
}

static void begin(struct world *w)
{
    begin_from(w, 1);
}

static void end(struct world *w)
{
    workload_rtp.close(&w->shard);
    workload_rtp.finish(&w->state);
}

/* The packet counts as `kind`, as nothing else, and is no delay. */
static void assert_counts(struct world *w, const uint8_t *packet, uint32_t size,
                          enum rtp_counter kind)
{
    struct workload_receipt receipt = {0};
    uint64_t before[RTP_COUNTERS], after[RTP_COUNTERS];

    workload_rtp.read_counters(&w->shard, before);
    workload_rtp.receive(&w->shard, packet, size, SENT_AT + NS_PER_MS, &receipt);
    workload_rtp.read_counters(&w->shard, after);
    for (int i = 0; i < RTP_COUNTERS; i++) {
        if (after[i] - before[i] != (i == (int)kind)) {
            fail_msg("kind %d: %s counts %llu", (int)kind, workload_rtp.counters[i].name,
                     (unsigned long long)(after[i] - before[i]));
        }
    }
    assert_true((receipt.intended_ns != 0) == (kind == RTP_RECEIVED));
}

static void each_kind_is_counted(void **state)
{
    static struct world w;
    uint8_t packet[SIZE + 20];
    static const uint8_t stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};

    (void)state;
    begin(&w);
    memset(packet, 0, sizeof(packet));
    memcpy(packet, w.packet, SIZE);
    assert_counts(&w, packet, 0, RTP_TRUNCATED);
    assert_counts(&w, packet, 11, RTP_TRUNCATED);
    assert_counts(&w, packet, 30, RTP_TRUNCATED);                   /* our SSRC, half a stamp */
    wire_put16(packet + 2, (uint16_t)(wire_get16(packet + 2) - 1)); /* before the first one */
    assert_counts(&w, packet, 30, RTP_TRUNCATED);
    memcpy(packet, w.packet, SIZE);
    assert_counts(&w, packet, 100, RTP_TRUNCATED);
    assert_counts(&w, packet, SIZE + 20, RTP_OVERSIZED);
    assert_counts(&w, stun, sizeof(stun), RTP_STUN);
    packet[0] = 0x17; /* as DTLS begins (RFC 7983) */
    assert_counts(&w, packet, SIZE, RTP_MALFORMED);
    packet[0] = 0xbf; /* more CSRCs, an extension and padding than there are octets */
    assert_counts(&w, packet, 20, RTP_MALFORMED);
    packet[0] = w.packet[0];
    packet[12] ^= 0xff; /* no stamp of ours */
    assert_counts(&w, packet, SIZE, RTP_FOREIGN);
    assert_counts(&w, w.packet, SIZE, RTP_RECEIVED);
    assert_counts(&w, w.packet, SIZE, RTP_DUPLICATES); /* replayed */
    end(&w);
}

/* What came of the warm-up is of no kind, as what was received of it is not. */
static void the_warm_up_counts_nowhere(void **state)
{
    static struct world w;
    static const uint32_t sizes[] = {0, 11, 30, 100, SIZE, WORKLOAD_PACKET_MAX};
    uint64_t counters[RTP_COUNTERS];

    (void)state;
    begin_from(&w, SENT_AT + 2 * NS_PER_MS);
    for (int foreign = 0; foreign <= 1; foreign++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
            struct workload_receipt receipt = {0};
            workload_rtp.receive(&w.shard, w.packet, sizes[i], SENT_AT + NS_PER_MS, &receipt);
            assert_int_equal(receipt.intended_ns, 0);
        }
        w.packet[12] ^= 0xff;
    }
    workload_rtp.read_counters(&w.shard, counters);
    for (int i = 0; i < RTP_COUNTERS; i++) {
        if (counters[i] != 0) {
            fail_msg("%s counts %llu", workload_rtp.counters[i].name,
                     (unsigned long long)counters[i]);
        }
    }
    end(&w);
}

/* A server may have an SSRC of its own: the packet is good, and that is said. */
static void another_ssrc_is_said(void **state)
{
    static struct world w;
    struct workload_receipt receipt = {0};
    uint64_t counters[RTP_COUNTERS];

    (void)state;
    begin(&w);
    w.packet[8] ^= 1;
    workload_rtp.receive(&w.shard, w.packet, SIZE, SENT_AT + NS_PER_MS, &receipt);
    workload_rtp.read_counters(&w.shard, counters);
    assert_int_equal(counters[RTP_RECEIVED], 1);
    assert_int_equal(counters[RTP_OTHER_SSRC], 1);
    assert_int_equal(receipt.intended_ns, SENT_AT);
    end(&w);
}

/* Where reports have a port of their own, its packets are reports and no others. */
static void a_report_is_told_by_its_port(void **state)
{
    static const uint8_t empty[] = {0x80, 201, 0, 1, 0, 0, 0, 7}; /* a receiver report */
    static struct world w;
    struct rtp_rtcp rtcp;
    uint64_t counters[RTP_COUNTERS];

    (void)state;
    for (int at_next = 0; at_next <= 1; at_next++) {
        struct workload_receipt receipt = {.at_next = at_next > 0};
        begin(&w);
        memset(&rtcp, 0, sizeof(rtcp));
        w.shard.rtcp = &rtcp;
        w.state.options.rtcp_ns = NS_PER_S;
        w.state.options.rtcp_port = RTP_RTCP_NEXT;
        workload_rtp.receive(&w.shard, empty, sizeof(empty), SENT_AT + NS_PER_MS, &receipt);
        workload_rtp.receive(&w.shard, w.packet, SIZE, SENT_AT + NS_PER_MS, &receipt);
        workload_rtp.read_counters(&w.shard, counters);
        assert_int_equal(counters[RTP_RECEIVED], !at_next);
        assert_int_equal(counters[RTP_RTCP_RECEIVED], at_next ? 2 : 0);
        assert_int_equal(counters[RTP_RTCP_MALFORMED], at_next); /* the one that is RTP */
        w.shard.rtcp = NULL;
        end(&w);
    }
}

/* Packets of a stream and its reports, as they left. */
struct sent {
    struct workload_packet packet[8];
    uint8_t bytes[8][WORKLOAD_PACKET_MAX];
    int count;
};

static struct rtp_rtcp *begin_reports(struct world *w, uint64_t from_ns)
{
    static struct rtp_rtcp rtcp[STREAMS];
    struct workload_receipt receipt = {0};

    begin_from(w, from_ns);
    memset(rtcp, 0, sizeof(rtcp));
    w->shard.rtcp = rtcp;
    w->state.options.rtcp_ns = NS_PER_MS; /* with each packet */
    workload_rtp.receive(&w->shard, w->packet, SIZE, SENT_AT, &receipt);
    return rtcp;
}

static void send_at(struct world *w, uint64_t at_ns, struct sent *ret)
{
    for (int i = 0; i < 8; i++) {
        ret->packet[i] = (struct workload_packet){.data = ret->bytes[i]};
    }
    ret->count = workload_rtp.send(&w->shard, 0, at_ns, ret->packet, 8);
    assert_true(ret->count > 0);
}

static void receive_reports(struct world *w, const struct sent *s, uint64_t at_ns)
{
    struct workload_receipt receipt = {0};

    for (int i = 0; i < s->count; i++) {
        if (s->packet[i].beside) {
            workload_rtp.receive(&w->shard, s->bytes[i], s->packet[i].size, at_ns, &receipt);
        }
    }
}

/* A generator that was held up sends several before it hears the first: those that were due in the
 * warm-up count nowhere. */
static void reports_count_by_when_they_were_due(void **state)
{
    static struct world w;
    static struct sent s[6];
    uint64_t counters[RTP_COUNTERS];

    (void)state;
    (void)begin_reports(&w, SENT_AT + 90 * NS_PER_MS);
    for (uint64_t i = 0; i < 6; i++) {
        send_at(&w, SENT_AT + (i + 1) * 20 * NS_PER_MS, &s[i]);
        if (i < 2) {
            receive_reports(&w, &s[i], SENT_AT + (i + 1) * 20 * NS_PER_MS + 1000);
        }
    }
    for (int i = 2; i < 6; i++) {
        receive_reports(&w, &s[i], SENT_AT + 200 * NS_PER_MS);
    }
    workload_rtp.read_counters(&w.shard, counters);
    assert_int_equal(counters[RTP_RTCP_SENT], 4); /* of two packets, at both ends */
    assert_int_equal(counters[RTP_RTCP_RECEIVED], 4);
    w.shard.rtcp = NULL;
    end(&w);
}

/* An answer that was due before what it answers came, and left late itself: 1 ms each way. */
static void a_late_answer_is_no_shorter_way(void **state)
{
    const uint64_t first = SENT_AT + 40 * NS_PER_MS, second = first + 5 * NS_PER_MS;
    static struct world w;
    static struct sent s;
    struct rtp_rtcp *rtcp;

    (void)state;
    rtcp = begin_reports(&w, 1);
    send_at(&w, SENT_AT + 20 * NS_PER_MS, &s);
    rtcp->next_ns[RTP_RECEIVER] = second;
    send_at(&w, first, &s);
    rtcp->next_ns[RTP_SENDER] = UINT64_MAX;
    rtcp->sr_sent_ns = first + 10 * NS_PER_MS;
    receive_reports(&w, &s, first + 11 * NS_PER_MS);
    send_at(&w, second, &s);
    rtcp->rr_sent_ns = second + 10 * NS_PER_MS;
    receive_reports(&w, &s, second + 11 * NS_PER_MS);
    assert_int_equal(rtcp->rtt_count, 1);
    assert_int_equal(rtcp->rtt_last_ns, 2 * NS_PER_MS);
    w.shard.rtcp = NULL;
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_counted),
        cmocka_unit_test(the_warm_up_counts_nowhere),
        cmocka_unit_test(another_ssrc_is_said),
        cmocka_unit_test(a_report_is_told_by_its_port),
        cmocka_unit_test(reports_count_by_when_they_were_due),
        cmocka_unit_test(a_late_answer_is_no_shorter_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
