/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The relay by AF_XDP over a real link: each packet comes out of the port it went into, at the
 * stream's other end, in order; work is done; what is not a stream's is the kernel's.
 */
#include "io/two_sides.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "io/addr.h"
#include "io/udp.h"
#include "node/appliance/relay.h"

enum { STREAMS = 100, PACKETS = 5, PACKET_SIZE = 172, WAIT_MS = 10000 };

static struct two_sides sides;

static void open_left(struct udp_socket *s, const char *address)
{
    struct sockaddr_storage any;

    assert_int_equal(addr_parse(&any, address), 0);
    two_sides_enter(&sides, LEFT);
    assert_int_equal(udp_open(s, &any, 4 << 20, 0), 0);
}

/* On the right side, whose thread it starts. */
static struct relay *open_right(const struct relay_options *o)
{
    struct err e = {0};
    struct relay *r;

    two_sides_enter(&sides, RIGHT);
    if (relay_open(&r, o, &e) < 0) {
        fail_msg("%s", e.text);
    }
    return r;
}

static void add(struct relay *r, const struct sockaddr_storage *peers,
                struct sockaddr_storage *ends, size_t count)
{
    struct err e = {0};

    two_sides_enter(&sides, RIGHT);
    if (relay_add(r, RELAY_SINGLE, peers, count, ends, &e) < 0) {
        fail_msg("%s", e.text);
    }
    two_sides_enter(&sides, LEFT);
}

static void send_value(const struct udp_socket *s, const struct sockaddr_storage *to,
                       uint32_t value)
{
    uint8_t packet[PACKET_SIZE] = {0};

    memcpy(packet, &value, sizeof(value));
    assert_int_equal(
        sendto(s->fd, packet, sizeof(packet), 0, (const struct sockaddr *)to, addr_size(to)),
        sizeof(packet));
}

static uint32_t receive_value(const struct udp_socket *s, struct sockaddr_storage *from)
{
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    socklen_t size = sizeof(*from);
    uint8_t packet[2 * PACKET_SIZE];
    uint32_t value;

    assert_int_equal(poll(&p, 1, WAIT_MS), 1);
    assert_int_equal(recvfrom(s->fd, packet, sizeof(packet), 0, (struct sockaddr *)from, &size),
                     PACKET_SIZE);
    memcpy(&value, packet, sizeof(value));
    return value;
}

static void relay_streams_of(const char *left, const char *right, const struct work_ops *work)
{
    struct relay_options o = {.threads = 1, .xdp = true, .work = work, .address = right};
    static struct sockaddr_storage peers[STREAMS], ends[STREAMS];
    static unsigned seen[STREAMS];
    struct sockaddr_storage from;
    struct udp_socket in, out;
    struct relay_stats s;
    struct relay *r;

    o.plan.compute_ns = work != NULL ? 1000 : 0;
    memset(seen, 0, sizeof(seen));
    r = open_right(&o);
    open_left(&in, left);
    open_left(&out, left);
    for (int i = 0; i < STREAMS; i++) {
        peers[i] = out.local;
    }
    add(r, peers, ends, STREAMS);
    for (uint32_t i = 0; i < STREAMS * PACKETS; i++) {
        send_value(&in, &ends[i % STREAMS], i);
    }
    for (int i = 0; i < STREAMS * PACKETS; i++) {
        uint32_t value = receive_value(&out, &from);
        assert_int_equal(addr_port(&from), addr_port(&ends[value % STREAMS]));
        assert_int_equal(value / STREAMS, seen[value % STREAMS]++);
    }
    assert_int_equal(relay_drain(r, clock_now_ns() + 10 * NS_PER_S), 0);
    relay_read(r, 0, &s);
    assert_int_equal(s.received, STREAMS * PACKETS);
    assert_int_equal(s.relayed, STREAMS * PACKETS);
    assert_int_equal(s.send_errors, 0);
    assert_int_equal(s.worked, work != NULL ? STREAMS * PACKETS : 0);
    assert_int_equal(relay_drops(r), 0);
    assert_non_null(strstr(relay_how(r), "AF_XDP at right: native"));
    udp_close(&in);
    udp_close(&out);
    relay_close(r);
}

static void each_stream_to_its_end(void **state)
{
    (void)state;
    relay_streams_of("10.77.0.1", "10.77.0.2", NULL);
    relay_streams_of("[fd77::1]", "[fd77::2]", &work_compute);
}

/* Without a peer, back to where each came from; ports come and go while it runs. */
static void answers_go_back(void **state)
{
    const struct relay_options o = {.threads = 1, .xdp = true, .address = "10.77.0.2"};
    struct sockaddr_storage none = {.ss_family = AF_UNSPEC}, ends[2], from;
    struct relay *r = open_right(&o);
    struct udp_socket a, b;

    (void)state;
    open_left(&a, "10.77.0.1");
    open_left(&b, "10.77.0.1");
    for (uint32_t i = 0; i < 2; i++) {
        add(r, &none, &ends[i], 1);
        send_value(&a, &ends[i], 7 + i);
        assert_int_equal(receive_value(&a, &from), 7 + i);
        assert_memory_equal(&from, &ends[i], sizeof(struct sockaddr_in));
        send_value(&b, &ends[i], 9 + i);
        assert_int_equal(receive_value(&b, &from), 9 + i);
    }
    assert_int_equal(addr_port(&ends[0]), RELAY_XDP_PORT);
    assert_int_equal(addr_port(&ends[1]), RELAY_XDP_PORT + 1);
    udp_close(&a);
    udp_close(&b);
    relay_close(r);
}

/* RTCP beside each stream, to the port after its peer's. */
static void rtcp_has_a_port_of_its_own(void **state)
{
    const struct relay_options o = {.threads = 1, .xdp = true, .address = "10.77.0.2"};
    struct sockaddr_storage any, ends[2], peers[2], from, beside;
    struct relay *r = open_right(&o);
    struct udp_socket in, even, next;
    struct err e = {0};

    (void)state;
    open_left(&in, "10.77.0.1");
    assert_int_equal(addr_parse(&any, "10.77.0.1"), 0);
    assert_int_equal(udp_open_pair(&even, &next, &any, 0, 0), 0);
    peers[0] = peers[1] = even.local;
    two_sides_enter(&sides, RIGHT);
    if (relay_add(r, RELAY_PAIRS, peers, 2, ends, &e) < 0) {
        fail_msg("%s", e.text);
    }
    two_sides_enter(&sides, LEFT);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(addr_port(&ends[i]), RELAY_XDP_PORT + 2 * i);
        beside = ends[i];
        addr_set_port(&beside, (uint16_t)(addr_port(&ends[i]) + 1));
        send_value(&in, &ends[i], 7 + i);
        assert_int_equal(receive_value(&even, &from), 7 + i);
        send_value(&in, &beside, 9 + i);
        assert_int_equal(receive_value(&next, &from), 9 + i);
        assert_int_equal(addr_port(&from), addr_port(&beside));
    }
    udp_close(&in);
    udp_close(&even);
    udp_close(&next);
    relay_close(r);
}

static void refusals(void **state)
{
    struct relay_options o = {.threads = 2, .xdp = true, .address = "10.77.0.2"};
    struct err e = {0};
    struct relay *r;

    (void)state;
    two_sides_enter(&sides, RIGHT);
    assert_int_equal(relay_open(&r, &o, &e), -ENOTSUP);
    assert_non_null(strstr(e.text, "threads: 1"));
    o.threads = 1;
    for (int i = 0; o.work == NULL || !o.work->is_owned; i++) {
        o.work = work_registry[i];
    }
    assert_int_equal(relay_open(&r, &o, &e), -ENOTSUP);
    assert_non_null(strstr(e.text, o.work->name));
    o.work = NULL;
    o.address = "127.0.0.1";
    assert_int_equal(relay_open(&r, &o, &e), -ENOTSUP);
    assert_non_null(strstr(e.text, "loopback"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_stream_to_its_end),
        cmocka_unit_test(answers_go_back),
        cmocka_unit_test(rtcp_has_a_port_of_its_own),
        cmocka_unit_test(refusals),
    };
    int result;

    if (!two_sides_open(&sides, 1)) {
        return 77;
    }
    result = cmocka_run_group_tests(tests, NULL, NULL);
    two_sides_close(&sides);
    return result;
}
