/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The relay over real loopback sockets.
 */
#include "base/test.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/addr.h"
#include "io/udp.h"
#include "node/appliance/relay.h"

enum { STREAMS = 300, PACKETS = 5, PACKET_SIZE = 172, FREE_BEFORE = 2 };

static void local_socket(struct udp_socket *s)
{
    struct sockaddr_storage any;
    assert_int_equal(addr_parse(&any, "127.0.0.1"), 0);
    assert_int_equal(udp_open(s, &any, 4 << 20, 0), 0);
}

/* A packet of the usual size that begins with a value. */
static void send_to(const struct udp_socket *from, const struct sockaddr_storage *to,
                    uint32_t value)
{
    uint8_t packet[PACKET_SIZE] = {0};

    memcpy(packet, &value, sizeof(value));
    assert_int_equal(
        sendto(from->fd, packet, sizeof(packet), 0, (const struct sockaddr *)to, addr_size(to)),
        sizeof(packet));
}

/* The next packet's value and where it came from. */
static uint32_t receive(const struct udp_socket *at, struct sockaddr_storage *from)
{
    struct pollfd p = {.fd = at->fd, .events = POLLIN};
    socklen_t size = sizeof(*from);
    uint8_t packet[PACKET_SIZE];
    uint32_t value;

    assert_int_equal(poll(&p, 1, 5000), 1);
    assert_int_equal(recvfrom(at->fd, packet, sizeof(packet), 0, (struct sockaddr *)from, &size),
                     sizeof(packet));
    memcpy(&value, packet, sizeof(value));
    return value;
}

static void packets_reach_the_other_end_from_their_own_port(void **state)
{
    static struct sockaddr_storage peers[STREAMS], ends[STREAMS];
    static unsigned seen[STREAMS];
    const struct relay_options o = {
        .threads = 3, .work = &work_compute, .plan = {.compute_ns = 1000}, .address = "127.0.0.1"};
    struct udp_socket in, out;
    struct sockaddr_storage from;
    struct relay_stats s, all = {0};
    struct relay *r;
    struct err e = {0};

    (void)state;
    local_socket(&in);
    local_socket(&out);
    assert_int_equal(relay_open(&r, &o, &e), 0);
    for (int i = 0; i < STREAMS; i++) {
        peers[i] = out.local;
    }
    assert_int_equal(relay_add(r, RELAY_SINGLE, peers, STREAMS, ends, &e), 0);
    for (uint32_t i = 0; i < STREAMS * PACKETS; i++) {
        send_to(&in, &ends[i % STREAMS], i % STREAMS);
    }
    for (int i = 0; i < STREAMS * PACKETS; i++) {
        uint32_t stream = receive(&out, &from);
        assert_true(stream < STREAMS);
        assert_int_equal(addr_port(&from), addr_port(&ends[stream]));
        seen[stream]++;
    }
    assert_int_equal(relay_drain(r, clock_now_ns() + 10 * NS_PER_S), 0);
    for (int i = 0; i < STREAMS; i++) {
        assert_int_equal(seen[i], PACKETS);
    }
    for (uint32_t t = 0; t < 3; t++) {
        relay_read(r, t, &s);
        all.received += s.received;
        all.relayed += s.relayed;
        all.cpu_ns += s.cpu_ns;
    }
    assert_int_equal(all.received, STREAMS * PACKETS);
    assert_int_equal(all.relayed, STREAMS * PACKETS);
    /* 1 us of computing for each packet was really done. */
    assert_true(all.cpu_ns > STREAMS * PACKETS * UINT64_C(500));
    assert_int_equal(relay_drops(r), 0);
    relay_close(r);
    udp_close(&in);
    udp_close(&out);
}

static void without_a_peer_packets_come_back(void **state)
{
    const struct relay_options o = {.threads = 1, .address = "127.0.0.1"};
    struct sockaddr_storage nobody = {.ss_family = AF_UNSPEC}, end, from;
    struct udp_socket a, b;
    struct relay *r;
    struct err e = {0};

    (void)state;
    local_socket(&a);
    local_socket(&b);
    assert_int_equal(relay_open(&r, &o, &e), 0);
    assert_int_equal(relay_add(r, RELAY_SINGLE, &nobody, 1, &end, &e), 0);
    send_to(&a, &end, 1);
    assert_int_equal(receive(&a, &from), 1);
    send_to(&b, &end, 2);
    assert_int_equal(receive(&b, &from), 2);
    relay_close(r);
    udp_close(&a);
    udp_close(&b);
}

/* A socket whose 2 ports before its own are free: outside those that the kernel gives to others
 * meanwhile. */
static void take_port(struct udp_socket *ret)
{
    for (unsigned at = 22000 + (unsigned)getpid() % 9000; at < 32000; at += FREE_BEFORE + 1) {
        struct sockaddr_storage local;
        struct udp_socket before;
        unsigned k = FREE_BEFORE;

        assert_int_equal(addr_parse(&local, "127.0.0.1"), 0);
        for (; k > 0; k--) {
            addr_set_port(&local, (uint16_t)(at - k));
            if (udp_open(&before, &local, 0, 0) < 0) {
                break;
            }
            udp_close(&before);
        }
        addr_set_port(&local, (uint16_t)at);
        if (k == 0 && udp_open(ret, &local, 0, 0) == 0) {
            return;
        }
    }
    fail_msg("no free ports");
}

static void a_port_taken_leaves_nothing_open(void **state)
{
    struct sockaddr_storage peers[3] = {{0}}, ends[3];
    struct udp_socket taken;
    struct relay *r;
    struct err e = {0};
    struct relay_options o = {.threads = 1, .address = "127.0.0.1"};

    (void)state;
    take_port(&taken);
    o.base_port = (uint16_t)(addr_port(&taken.local) - FREE_BEFORE);
    assert_int_equal(relay_open(&r, &o, &e), 0);
    assert_int_equal(relay_add(r, RELAY_SINGLE, peers, 3, ends, &e), -EADDRINUSE);
    assert_non_null(strstr(e.text, "cannot open 127.0.0.1:"));
    assert_int_equal(relay_buffer_bytes(r), 0);
    assert_int_equal(relay_add(r, RELAY_SINGLE, peers, 2, ends, &e),
                     0); /* the first two are free again */
    relay_close(r);
    udp_close(&taken);
}

static void wrong_address_is_said(void **state)
{
    const struct relay_options o = {.threads = 1, .address = "media.example"};
    struct relay *r;
    struct err e = {0};

    (void)state;
    assert_int_equal(relay_open(&r, &o, &e), -EINVAL);
    assert_non_null(strstr(e.text, "media.example"));
}

/* A work that was asked for is done, in CPU time, and one packet in some tells what it took. */
static void work_is_computing_not_waiting(void **state)
{
    enum { COUNT = 200 };
    const struct relay_options o = {.threads = 1,
                                    .work = &work_compute,
                                    .plan = {.compute_ns = 100000},
                                    .address = "127.0.0.1"};
    struct sockaddr_storage end, from;
    struct udp_socket out;
    struct relay_stats s;
    struct relay *r;
    struct err e = {0};

    (void)state;
    local_socket(&out);
    assert_int_equal(relay_open(&r, &o, &e), 0);
    assert_true(relay_rounds_per_us(r) > 0);
    assert_int_equal(relay_add(r, RELAY_SINGLE, &out.local, 1, &end, &e), 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        send_to(&out, &end, i);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(receive(&out, &from), i);
    }
    assert_int_equal(relay_drain(r, clock_now_ns() + 10 * NS_PER_S), 0);
    relay_read(r, 0, &s);
    assert_int_equal(s.worked, COUNT);
    assert_int_equal(s.timed, 4); /* of 0, 64, 128, 192 */
    assert_true(s.timed_ns / s.timed > o.plan.compute_ns / 2);
    assert_true(s.timed_ns <= s.cpu_ns); /* what the host takes away meanwhile counts too */
    assert_true(s.cpu_ns > COUNT * o.plan.compute_ns / 2);
    relay_close(r);
    udp_close(&out);
}

/* However many threads, a stream's packets leave in the order they came. */
static void a_stream_keeps_its_order(void **state)
{
    enum { COUNT = 2000, AT_ONCE = 100 };
    const struct relay_options o = {.threads = 4,
                                    .work = &work_compute,
                                    .plan = {.compute_ns = 5000},
                                    .buffer_bytes = 1 << 20,
                                    .address = "127.0.0.1"};
    struct sockaddr_storage end, from;
    struct udp_socket out;
    struct relay *r;
    struct err e = {0};

    (void)state;
    local_socket(&out);
    assert_int_equal(relay_open(&r, &o, &e), 0);
    assert_int_equal(relay_add(r, RELAY_SINGLE, &out.local, 1, &end, &e), 0);
    for (uint32_t at = 0; at < COUNT; at += AT_ONCE) {
        for (uint32_t i = 0; i < AT_ONCE; i++) {
            send_to(&out, &end, at + i);
        }
        for (uint32_t i = 0; i < AT_ONCE; i++) {
            assert_int_equal(receive(&out, &from), at + i);
        }
    }
    relay_close(r);
    udp_close(&out);
}

static void too_long_a_packet_is_counted_not_cut(void **state)
{
    static const uint8_t large[20000];
    const struct relay_options o = {.threads = 1, .address = "127.0.0.1"};
    struct sockaddr_storage end, from;
    struct udp_socket out;
    struct relay_stats s;
    struct relay *r;
    struct err e = {0};

    (void)state;
    local_socket(&out);
    assert_int_equal(relay_open(&r, &o, &e), 0);
    assert_int_equal(relay_add(r, RELAY_SINGLE, &out.local, 1, &end, &e), 0);
    assert_int_equal(
        sendto(out.fd, large, sizeof(large), 0, (struct sockaddr *)&end, addr_size(&end)),
        sizeof(large));
    send_to(&out, &end, 7);
    assert_int_equal(receive(&out, &from), 7);
    assert_int_equal(relay_drain(r, clock_now_ns() + 10 * NS_PER_S), 0);
    relay_read(r, 0, &s);
    assert_int_equal(s.received, 2);
    assert_int_equal(s.oversized, 1);
    assert_int_equal(s.relayed, 1);
    relay_close(r);
    udp_close(&out);
}

struct flood {
    pthread_t thread;
    struct sockaddr_storage to;
    atomic_bool stop;
};

static void *send_without_end(void *arg)
{
    static const uint8_t packet[PACKET_SIZE];
    struct flood *f = arg;
    struct udp_socket own;

    local_socket(&own);
    while (!atomic_load(&f->stop)) {
        (void)sendto(own.fd, packet, sizeof(packet), 0, (struct sockaddr *)&f->to,
                     addr_size(&f->to));
    }
    udp_close(&own);
    return NULL;
}

/* One thread, and a stream that never gets empty: another one is still served, and it ends. */
static void a_flood_does_not_hold_the_thread(void **state)
{
    const struct relay_options o = {
        .threads = 1, .work = &work_compute, .plan = {.compute_ns = 20000}, .address = "127.0.0.1"};
    struct sockaddr_storage peers[2], ends[2], from;
    struct udp_socket out, sink;
    struct flood f = {0};
    struct relay *r;
    struct err e = {0};

    (void)state;
    local_socket(&out);
    local_socket(&sink);
    peers[0] = sink.local;
    peers[1] = out.local;
    assert_int_equal(relay_open(&r, &o, &e), 0);
    assert_int_equal(relay_add(r, RELAY_SINGLE, peers, 2, ends, &e), 0);
    f.to = ends[0];
    assert_int_equal(pthread_create(&f.thread, NULL, send_without_end, &f), 0);
    assert_int_equal(receive(&sink, &from), 0); /* it has begun */
    for (uint32_t i = 1; i <= 3; i++) {
        send_to(&out, &ends[1], i);
        assert_int_equal(receive(&out, &from), i);
    }
    relay_close(r);
    atomic_store(&f.stop, true);
    pthread_join(f.thread, NULL);
    udp_close(&out);
    udp_close(&sink);
}

/* The stream's RTCP comes and goes beside it, from the port after its own to the port after the
 * peer's; no work is done on it, whoever owns the stream. */
static void rtcp_has_a_port_of_its_own(const struct work_ops *work)
{
    enum { COUNT = 3, EVEN = 0, NEXT = 1 };
    struct relay_options o = {.threads = 2, .work = work, .address = "127.0.0.1"};
    struct sockaddr_storage any, peers[COUNT], ends[COUNT], beside, from;
    struct udp_socket out[2], in;
    struct relay_stats s, all = {0};
    struct relay *r;
    struct err e = {0};

    o.plan = (struct work_plan){.compute_ns = 1000, .playout_ns = NS_PER_MS, .conference = 2};
    local_socket(&in);
    assert_int_equal(addr_parse(&any, "127.0.0.1"), 0);
    assert_int_equal(udp_open_pair(&out[EVEN], &out[NEXT], &any, 0, 0), 0);
    for (int i = 0; i < COUNT; i++) {
        peers[i] = out[EVEN].local;
    }
    assert_int_equal(relay_open(&r, &o, &e), 0);
    assert_int_equal(relay_add(r, RELAY_PAIRS, peers, COUNT, ends, &e), 0);
    assert_int_equal(relay_streams(r), COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(addr_port(&ends[i]) % 2, 0);
        beside = ends[i];
        addr_set_port(&beside, (uint16_t)(addr_port(&ends[i]) + 1));
        send_to(&in, &ends[i], 2 * i);
        assert_int_equal(receive(&out[EVEN], &from), 2 * i);
        assert_int_equal(addr_port(&from), addr_port(&ends[i]));
        send_to(&in, &beside, 2 * i + 1);
        assert_int_equal(receive(&out[NEXT], &from), 2 * i + 1);
        assert_int_equal(addr_port(&from), addr_port(&beside));
    }
    assert_int_equal(relay_drain(r, clock_now_ns() + NS_PER_S), 0);
    for (uint32_t t = 0; t < o.threads; t++) {
        relay_read(r, t, &s);
        all.relayed += s.relayed;
        all.worked += s.worked;
        all.unworked += s.unworked;
    }
    assert_int_equal(all.relayed, 2 * COUNT);
    assert_int_equal(all.worked + all.unworked, 2 * COUNT);
    assert_true(all.unworked >= COUNT);
    relay_close(r);
    udp_close(&in);
    udp_close(&out[EVEN]);
    udp_close(&out[NEXT]);
}

static void rtcp_passes_beside_any_work(void **state)
{
    (void)state;
    rtcp_has_a_port_of_its_own(&work_compute);
    for (int i = 0; work_names[i] != NULL; i++) {
        if (work_registry[i] != NULL && work_registry[i]->is_owned) {
            rtcp_has_a_port_of_its_own(work_registry[i]);
        }
    }
}

static void what_pairs_want_is_said(void **state)
{
    struct relay_options o = {.threads = 1, .base_port = 21001, .address = "127.0.0.1"};
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC}, end;
    struct relay *r;
    struct err e = {0};

    (void)state;
    assert_int_equal(relay_open(&r, &o, &e), 0);
    assert_int_equal(relay_add(r, RELAY_PAIRS, &peer, 1, &end, &e), -EINVAL);
    assert_non_null(strstr(e.text, "21001 is odd"));
    assert_int_equal(relay_streams(r), 0);
    relay_close(r);
    o.base_port = 0;
    assert_int_equal(relay_open(&r, &o, &e), 0);
    assert_int_equal(addr_parse(&peer, "127.0.0.1:5001"), 0);
    assert_int_equal(relay_add(r, RELAY_PAIRS, &peer, 1, &end, &e), -EINVAL);
    assert_non_null(strstr(e.text, "127.0.0.1:5001"));
    relay_close(r);
    for (int i = 0; o.work == NULL || !o.work->is_owned; i++) {
        o.work = work_registry[i];
    }
    o.plan.playout_ns = NS_PER_MS;
    assert_int_equal(relay_open(&r, &o, &e), 0);
    peer = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
    assert_int_equal(relay_add(r, RELAY_PAIRS, &peer, 1, &end, &e), 0);
    assert_int_equal(relay_add(r, RELAY_SINGLE, &peer, 1, &end, &e), -EINVAL);
    assert_non_null(strstr(e.text, o.work->name));
    assert_int_equal(relay_streams(r), 1);
    relay_close(r);
}

static void what_cannot_be_opened_is_said(void **state)
{
    const struct relay_options o = {.threads = 1, .address = "127.0.0.1"};
    struct sockaddr_storage peers[2] = {{0}}, ends[2];
    struct relay *r;
    struct err e = {0};

    (void)state;
    assert_int_equal(relay_open(&r, &o, &e), 0);
    assert_int_equal(relay_add(r, RELAY_SINGLE, peers, (size_t)1 << 32, ends, &e), -EMFILE);
    assert_non_null(strstr(e.text, "open files"));
    assert_int_equal(addr_parse(&peers[1], "[::1]:5000"), 0);
    assert_int_equal(relay_add(r, RELAY_SINGLE, peers, 2, ends, &e), -EAFNOSUPPORT);
    assert_non_null(strstr(e.text, "[::1]:5000"));
    assert_int_equal(relay_streams(r), 0);
    relay_close(r);
    relay_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_reach_the_other_end_from_their_own_port),
        cmocka_unit_test(without_a_peer_packets_come_back),
        cmocka_unit_test(a_port_taken_leaves_nothing_open),
        cmocka_unit_test(wrong_address_is_said),
        cmocka_unit_test(work_is_computing_not_waiting),
        cmocka_unit_test(a_stream_keeps_its_order),
        cmocka_unit_test(too_long_a_packet_is_counted_not_cut),
        cmocka_unit_test(a_flood_does_not_hold_the_thread),
        cmocka_unit_test(rtcp_passes_beside_any_work),
        cmocka_unit_test(what_pairs_want_is_said),
        cmocka_unit_test(what_cannot_be_opened_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
