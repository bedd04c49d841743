/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * flow: sizes, frames on the wire, and what is made of packets that come twice, late, in another
 * order, or from nobody.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "io/addr.h"
#include "node/codec/wire.h"
#include "node/workload/flow.h"

extern const struct workload_ops workload_flow;

enum { PORT = 40000, MS = 1000000 };

static void sizes_are_read(void **state)
{
    struct flow_sizes s;
    struct err e;

    (void)state;
    assert_int_equal(flow_sizes_parse(&s, "64,1518", &e), 0);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.bytes[1], 1518);
    assert_int_equal(lround(s.mean_bytes), 791);
    assert_int_equal(flow_sizes_parse(&s, "imix", &e), 0);
    assert_int_equal(s.count, 12);
    assert_int_equal(lround(s.mean_bytes * 12), 7 * 64 + 4 * 594 + 1518);
    for (const char *const *bad =
             (const char *const[]){"", "63", "1519", "64,", ",64", "64;65", "imix,64", "-64", NULL};
         *bad != NULL; bad++) {
        assert_true(flow_sizes_parse(&s, *bad, &e) < 0);
        assert_non_null(strstr(e.text, "sizes:"));
    }
}

/* A shard that needs no engine. */
struct rig {
    struct flow_state state;
    uint8_t shard[sizeof(struct flow_shard)] __attribute__((aligned(16)));
    struct flow_options options;
    struct workload_ports ports;
    struct workload_shard_env env;
    uint8_t bytes[8][WORKLOAD_PACKET_MAX];
    struct workload_packet packet[8];
    unsigned sent;
};

static void rig_open(struct rig *r, const char *to, bool frames)
{
    struct sockaddr_storage ends[2];
    struct err e = {0};

    memset(r, 0, sizeof(*r));
    opt_defaults(flow_options_table, &r->options, sizeof(r->options));
    r->options.flows = 2;
    r->options.sizes = "200,84";
    r->options.rate_per_s = 16; /* so 8 packets of a flow are remembered */
    assert_int_equal(addr_parse(&ends[0], to), 0);
    ends[1] = ends[0];
    assert_int_equal(addr_parse(&r->env.local, "127.0.0.1"), 0);
    addr_set_port(&r->env.local, PORT);
    assert_int_equal(addr_parse(&r->ports.out.address, "198.18.0.1"), 0);
    r->env.slots = 2;
    r->env.shards = 1;
    r->env.ports = frames ? &r->ports : NULL;
    assert_int_equal(workload_flow.prepare(&r->state, &r->options, ends, 2, &e), 0);
    assert_int_equal(workload_flow.open(r->shard, &r->state, &r->env, &e), 0);
    workload_flow.window(r->shard, 1000, 1000000000);
}

static void rig_close(struct rig *r)
{
    workload_flow.close(r->shard);
    workload_flow.finish(&r->state);
}

static struct workload_packet *rig_send(struct rig *r, uint32_t slot)
{
    struct workload_packet *p = &r->packet[r->sent % 8];

    p->data = r->bytes[r->sent++ % 8];
    assert_int_equal(workload_flow.send(r->shard, slot, r->sent * MS, p, 1), 1);
    wire_put64(p->data + p->sent_stamp_at, r->sent * MS + 10); /* the engine's */
    return p;
}

static uint64_t rig_receive(struct rig *r, const struct workload_packet *p)
{
    struct workload_receipt receipt = {0};

    workload_flow.receive(r->shard, p->data, p->size, 900 * MS, &receipt);
    return receipt.intended_ns;
}

static uint64_t counter(const struct rig *r, enum flow_counter which)
{
    uint64_t all[FLOW_COUNTERS];

    workload_flow.read_counters(r->shard, all);
    return all[which];
}

static void packets_are_told_apart(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, "192.0.2.1:9", false);
    struct workload_packet *a = rig_send(&r, 0), *b = rig_send(&r, 0), *c = rig_send(&r, 1);
    assert_int_equal(a->size, 200 - 46); /* without Ethernet, IPv4, UDP and FCS */
    assert_int_equal(rig_receive(&r, b), 2 * MS);
    assert_int_equal(rig_receive(&r, a), 1 * MS); /* behind its follower */
    assert_int_equal(rig_receive(&r, a), 0);      /* again */
    assert_int_equal(rig_receive(&r, c), 3 * MS); /* another flow: in order */
    assert_int_equal(counter(&r, FLOW_RECEIVED), 3);
    assert_int_equal(counter(&r, FLOW_REORDERED), 1);
    assert_int_equal(counter(&r, FLOW_DUPLICATES), 1);
    assert_int_equal(counter(&r, FLOW_SENT_BYTES), 200 + 84 + 200);
    assert_int_equal(counter(&r, FLOW_RECEIVED_BYTES), 200 + 84 + 200);
    assert_int_equal(workload_flow.is_drained(r.shard), 1);
    rig_close(&r);
}

static void strangers_are_counted(void **state)
{
    struct rig r;
    struct workload_packet old, *p;
    uint8_t kept[WORKLOAD_PACKET_MAX];

    (void)state;
    rig_open(&r, "192.0.2.1:9", false);
    p = rig_send(&r, 0);
    memcpy(kept, p->data, p->size);
    old = *p;
    old.data = kept;
    for (int i = 0; i < 8; i++) { /* as many as are remembered */
        (void)rig_send(&r, 0);
    }
    assert_int_equal(rig_receive(&r, &old), 0);
    assert_int_equal(counter(&r, FLOW_TOO_LATE), 1);
    wire_put32(kept + FLOW_AT_NUMBER, 9); /* not sent yet */
    assert_int_equal(rig_receive(&r, &old), 0);
    wire_put32(kept + FLOW_AT_FLOW, 2); /* no such flow */
    assert_int_equal(rig_receive(&r, &old), 0);
    old.size = FLOW_STAMP_SIZE - 1;
    assert_int_equal(rig_receive(&r, &old), 0);
    assert_int_equal(counter(&r, FLOW_FOREIGN), 3);
    assert_int_equal(counter(&r, FLOW_RECEIVED), 0);
    rig_close(&r);
}

static uint16_t checksum(const uint8_t *at, size_t size)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < size; i += 2) {
        sum += wire_get16(at + i);
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static void frames_are_whole(void **state)
{
    struct rig r;
    struct workload_packet *p;

    (void)state;
    rig_open(&r, "203.0.113.7:9", true);
    for (int i = 0; i < 2; i++) {
        p = rig_send(&r, 0);
        assert_int_equal(p->size, (i == 0 ? 200 : 84) - FLOW_FCS);
        assert_int_equal(wire_get16(p->data + 12), 0x0800);
        assert_int_equal(wire_get16(p->data + 16), p->size - FLOW_ETHERNET);
        assert_int_equal(checksum(p->data + FLOW_ETHERNET, FLOW_IPV4), 0xffff); /* RFC 1071 */
        assert_int_equal(wire_get16(p->data + 36), PORT);
        assert_int_equal(wire_get16(p->data + 38), p->size - 34);
        assert_int_equal(rig_receive(&r, p), (i + 1) * MS);
    }
    p->data[FLOW_ETHERNET] = 0x46; /* with options: not ours */
    assert_int_equal(rig_receive(&r, p), 0);
    assert_int_equal(counter(&r, FLOW_FOREIGN), 1);
    rig_close(&r);
    rig_open(&r, "[2001:db8::1]:9", true);
    (void)rig_send(&r, 0);
    p = rig_send(&r, 0);
    assert_int_equal(p->size, 84 - FLOW_FCS); /* the smallest */
    assert_int_equal(wire_get16(p->data + 12), 0x86dd);
    assert_int_equal(wire_get16(p->data + 18), p->size - FLOW_ETHERNET - FLOW_IPV6);
    assert_int_equal(rig_receive(&r, p), 2 * MS);
    rig_close(&r);
}

static void small_ipv6_frames_are_refused(void **state)
{
    struct flow_state s = {0};
    struct flow_options o;
    struct sockaddr_storage to;
    struct err e = {0};

    (void)state;
    opt_defaults(flow_options_table, &o, sizeof(o));
    assert_int_equal(addr_parse(&to, "[2001:db8::1]:9"), 0);
    assert_true(workload_flow.prepare(&s, &o, &to, 1, &e) < 0);
    assert_non_null(strstr(e.text, "84 bytes"));
}

static void bursts_are_whole(void **state)
{
    struct flow_state s = {0};
    struct flow_options o;
    struct workload_shape shape;
    uint8_t shard[sizeof(struct flow_shard)] __attribute__((aligned(16))) = {0};
    uint8_t bytes[WORKLOAD_PACKET_MAX];
    struct workload_shard_env env = {.slots = 1};
    struct sockaddr_storage to;
    struct err e = {0};
    unsigned sent = 0, first = 0;

    (void)state;
    opt_defaults(flow_options_table, &o, sizeof(o));
    o.flows = 1;
    o.rate_per_s = 1000;
    o.burst = 10;
    o.burst_every_ns = 100 * MS;
    assert_int_equal(addr_parse(&to, "192.0.2.1:9"), 0);
    assert_int_equal(workload_flow.prepare(&s, &o, &to, 1, &e), 0);
    env.shards = 1;
    assert_int_equal(workload_flow.open(shard, &s, &env, &e), 0);
    workload_flow.window(shard, 250 * MS, 1250 * MS);
    for (uint64_t at = 250; at < 1250;
         at++) { /* one a ms, of which the first ten of a hundred go */
        struct workload_packet p = {.data = bytes};
        int n = workload_flow.send(shard, 0, at * MS, &p, 1);
        sent += (unsigned)n;
        first += n == 1 && (at - 250) % 100 < 10;
    }
    assert_int_equal(sent, 100);
    assert_int_equal(first, 100);
    workload_flow.close(shard);
    workload_flow.finish(&s);
    o.burst = 101;
    assert_true(flow_check(&o, &shape, &e) < 0);
    assert_non_null(strstr(e.text, "burst"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(packets_are_told_apart),
        cmocka_unit_test(strangers_are_counted),
        cmocka_unit_test(frames_are_whole),
        cmocka_unit_test(small_ipv6_frames_are_refused),
        cmocka_unit_test(bursts_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
