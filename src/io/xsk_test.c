/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The packet ring and AF_XDP over a real link, against sockets of the kernel at its other end: what
 * was sent comes, in order; what was not asked for goes on to the kernel; what is lost is counted.
 */
#include "io/two_sides.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "io/addr.h"
#include "io/netif.h"
#include "io/ring.h"
#include "io/udp.h"
#include "io/xsk.h"

enum { COUNT = 200, PORT = 4000, WAIT_MS = 10000, FRAMES = 512 };

static struct two_sides sides;
static const struct frame_filter ours = {.port_first = PORT, .port_last = PORT + 99};

/* ---- one way of speaking of both ---- */

struct link {
    struct ring *ring;
    struct xsk *xsk;
    struct xdp_program program;
};

static unsigned reserve(struct link *l, struct frame *f, unsigned n)
{
    return l->ring != NULL ? ring_reserve(l->ring, f, n) : xsk_reserve(l->xsk, f, n);
}

static int send_frames(struct link *l, const struct frame *f, unsigned n)
{
    return l->ring != NULL ? ring_send(l->ring, f, n) : xsk_send(l->xsk, f, n);
}

static unsigned receive(struct link *l, struct frame *f, unsigned n)
{
    return l->ring != NULL ? ring_receive(l->ring, f, n) : xsk_receive(l->xsk, f, n);
}

static void release(struct link *l, const struct frame *f, unsigned n)
{
    if (l->ring != NULL) {
        ring_release(l->ring, n);
    } else {
        xsk_release(l->xsk, f, n);
    }
}

static uint64_t drops(const struct link *l)
{
    struct xsk_counters x = {0};
    struct ring_counters r = {0};

    if (l->ring != NULL) {
        assert_int_equal(ring_read_counters(l->ring, &r), 0);
    } else {
        assert_int_equal(xsk_read_counters(l->xsk, &x), 0);
    }
    return l->ring != NULL ? r.receive_drops : x.receive_drops;
}

static uint64_t too_long(const struct link *l)
{
    struct xsk_counters x = {0};
    struct ring_counters r = {0};

    if (l->ring != NULL) {
        assert_int_equal(ring_read_counters(l->ring, &r), 0);
        return r.too_long;
    }
    assert_int_equal(xsk_read_counters(l->xsk, &x), 0);
    assert_int_equal(x.refused + x.invalid, 0);
    return x.too_long;
}

static void open_ring(struct link *l)
{
    const struct ring_config c = {.interface = "left", .frames = FRAMES, .filter = &ours};
    struct err e = {0};

    memset(l, 0, sizeof(*l));
    if (ring_open(&l->ring, &c, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

static void open_xsk(struct link *l, enum xdp_mode mode)
{
    struct xsk_config c = {.interface = "left", .frames = FRAMES, .program = &l->program};
    struct err e = {0};

    memset(l, 0, sizeof(*l));
    if (xdp_open(&l->program, "left", 1, &ours, mode, &e) < 0 || xsk_open(&l->xsk, &c, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

static void close_link(struct link *l)
{
    if (l->ring != NULL) {
        ring_close(l->ring);
    } else {
        xsk_close(l->xsk);
        xdp_close(&l->program);
    }
}

/* ---- the kernel's end ---- */

static void open_right(struct udp_socket *s, const char *address, uint16_t port)
{
    struct sockaddr_storage a;

    assert_int_equal(addr_parse(&a, address), 0);
    addr_set_port(&a, port);
    two_sides_enter(&sides, RIGHT);
    assert_int_equal(udp_open(s, &a, 4 << 20, 0), 0);
    two_sides_enter(&sides, LEFT);
}

static void wait_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, WAIT_MS), 1);
}

static struct frame_route route_to_right(int vlan)
{
    struct frame_route r = {.vlan = vlan, .dscp = 46};
    struct netif n;
    struct err e = {0};

    assert_int_equal(netif_read(&n, "left", &e), 0);
    assert_true(n.mtu == 1500 && n.queues == 1 && n.index == if_nametoindex("left"));
    memcpy(r.from_mac, n.mac, 6);
    two_sides_enter(&sides, RIGHT);
    assert_int_equal(netif_read(&n, "right", &e), 0);
    two_sides_enter(&sides, LEFT);
    memcpy(r.to_mac, n.mac, 6);
    return r;
}

static void send_numbers(struct link *l, const struct frame_route *r, const char *from,
                         const char *to)
{
    struct sockaddr_storage f, t;
    struct frame all[COUNT];

    assert_int_equal(addr_parse(&f, from), 0);
    assert_int_equal(addr_parse(&t, to), 0);
    assert_int_equal(reserve(l, all, COUNT), COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        memcpy(all[i].data + frame_headers_size(r, t.ss_family), &i, sizeof(i));
        all[i].size =
            frame_write_udp(all[i].data, sizeof(i), r, (const void *)&f, (const void *)&t);
    }
    assert_int_equal(send_frames(l, all, COUNT), COUNT);
}

/* The kernel checks lengths and checksums before it gives them to a socket. */
static void expect_numbers(struct udp_socket *s)
{
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t got = 0;
        wait_readable(s->fd);
        assert_int_equal(recv(s->fd, &got, sizeof(got), 0), sizeof(got));
        assert_int_equal(got, i);
    }
}

static void check_sending(struct link *l)
{
    static const char *const from[] = {"10.77.0.1:4000", "[fd77::1]:4000"}, *const to[] = {
                                                                                "10.77.0.2:4001",
                                                                                "[fd77::2]:4001"};
    struct frame_route r = route_to_right(FRAME_NO_VLAN);

    for (int i = 0; i < 2; i++) {
        struct udp_socket s;
        open_right(&s, i == 0 ? "10.77.0.2" : "[fd77::2]", 4001);
        send_numbers(l, &r, from[i], to[i]);
        expect_numbers(&s);
        udp_close(&s);
    }
}

/* ---- what comes in ---- */

static void send_from_right(struct udp_socket *s, const char *to, uint32_t count)
{
    struct sockaddr_storage t;

    assert_int_equal(addr_parse(&t, to), 0);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(sendto(s->fd, &i, sizeof(i), 0, (struct sockaddr *)&t, addr_size(&t)),
                         sizeof(i));
    }
}

static void expect_frames(struct link *l, uint64_t now_ns)
{
    uint32_t next = 0;

    while (next < COUNT) {
        struct frame f[64];
        unsigned n = receive(l, f, 64);
        for (unsigned i = 0; i < n; i++, next++) {
            struct frame_udp u;
            assert_int_equal(frame_read_udp(f[i].data, f[i].size, &u), 0);
            assert_int_equal(addr_port(&u.to), PORT + 7);
            assert_int_equal(u.size, sizeof(next));
            assert_memory_equal(u.payload, &next, sizeof(next));
            assert_true(f[i].at_ns >= now_ns && f[i].at_ns < now_ns + 60 * NS_PER_S);
        }
        release(l, f, n);
        if (n == 0) {
            wait_readable(l->ring != NULL ? ring_fd(l->ring) : xsk_fd(l->xsk));
        }
    }
}

static void check_receiving(struct link *l)
{
    static const char *const to[] = {"10.77.0.1:4007", "[fd77::1]:4007"};

    for (int i = 0; i < 2; i++) {
        struct udp_socket s;
        uint64_t now = l->ring != NULL ? clock_real_ns() : clock_now_ns();
        open_right(&s, i == 0 ? "10.77.0.2" : "[fd77::2]", 0);
        send_from_right(&s, to[i], COUNT);
        expect_frames(l, now);
        udp_close(&s);
    }
}

/* A port that is not ours is the kernel's as ever, and so are its answers to ARP. */
static void check_passing(struct link *l)
{
    struct sockaddr_storage a;
    struct udp_socket here, there;
    uint32_t got;
    struct frame f;

    two_sides_run(&sides, RIGHT, "ip neigh flush all");
    assert_int_equal(addr_parse(&a, "10.77.0.1:5000"), 0);
    assert_int_equal(udp_open(&here, &a, 0, 0), 0);
    open_right(&there, "10.77.0.2", 0);
    send_from_right(&there, "10.77.0.1:5000", 3);
    for (uint32_t i = 0; i < 3; i++) {
        wait_readable(here.fd);
        assert_int_equal(recv(here.fd, &got, sizeof(got), 0), sizeof(got));
        assert_int_equal(got, i);
    }
    assert_int_equal(receive(l, &f, 1), 0);
    udp_close(&here);
    udp_close(&there);
}

/* More than the ring holds while nobody reads: none is lost without being counted. */
static void check_drops(struct link *l)
{
    enum { MANY = 3 * FRAMES };
    uint64_t came = 0, deadline = clock_now_ns() + 10 * NS_PER_S;
    struct udp_socket s;

    assert_int_equal(drops(l), 0);
    open_right(&s, "10.77.0.2", 0);
    send_from_right(&s, "10.77.0.1:4007", MANY);
    while (came + drops(l) < MANY && clock_now_ns() < deadline) {
        struct frame f[64];
        unsigned n = receive(l, f, 64);
        release(l, f, n);
        came += n;
    }
    assert_true(drops(l) > 0);
    assert_int_equal(came + drops(l), MANY);
    udp_close(&s);
}

static void check_all(struct link *l)
{
    check_sending(l);
    check_receiving(l);
    check_passing(l);
    check_drops(l);
    close_link(l);
}

static void ring(void **state)
{
    struct link l;

    (void)state;
    open_ring(&l);
    check_all(&l);
}

static void af_xdp_generic(void **state)
{
    struct link l;

    (void)state;
    open_xsk(&l, XDP_GENERIC);
    assert_int_equal(l.program.mode, XDP_GENERIC);
    assert_false(xsk_is_zero_copy(l.xsk));
    check_all(&l);
}

/* Twice: the first one left nothing behind. */
static void af_xdp_native(void **state)
{
    struct link l;

    (void)state;
    for (int i = 0; i < 2; i++) {
        open_xsk(&l, XDP_ANY);
        assert_int_equal(l.program.mode, XDP_NATIVE);
        check_all(&l);
    }
    two_sides_run(&sides, LEFT, "! ip link show left | grep -q xdp");
}

/* A tag goes out as it was written, and the program at the other end looks behind it. */
static void tagged(void **state)
{
    static const uint8_t tag[] = {0x81, 0, 0xa0, 100};
    struct xsk_config c = {.interface = "right", .frames = FRAMES};
    struct frame_route r = route_to_right(100);
    struct frame f[COUNT];
    struct link l, other = {0};
    struct err e = {0};

    (void)state;
    r.priority = 5;
    two_sides_enter(&sides, RIGHT);
    assert_int_equal(xdp_open(&other.program, "right", 1, &ours, XDP_ANY, &e), 0);
    c.program = &other.program;
    assert_int_equal(xsk_open(&other.xsk, &c, &e), 0);
    two_sides_enter(&sides, LEFT);
    for (int i = 0; i < 2; i++) {
        if (i == 0) {
            open_ring(&l);
        } else {
            open_xsk(&l, XDP_ANY);
        }
        send_numbers(&l, &r, "10.77.0.1:4000", "10.77.0.2:4007");
        for (unsigned n = 0; n == 0; release(&other, f, n)) {
            wait_readable(xsk_fd(other.xsk));
            n = receive(&other, f, 1);
            assert_memory_equal(f[0].data + 12, tag, sizeof(tag));
        }
        close_link(&l);
        while (receive(&other, f, 1) == 1) {
            release(&other, f, 1);
        }
    }
    close_link(&other);
}

/* Of the interface's MTU, as many bytes as it carries, one more, and few: the one between is
 * counted, and stops no other, nor is its frame lost to those that follow. */
static void check_longest(struct link *l, uint32_t mtu)
{
    const uint32_t sizes[] = {mtu - 20 - FRAME_UDP_SIZE, mtu - 20 - FRAME_UDP_SIZE + 1, 4};
    const struct frame_route r = route_to_right(FRAME_NO_VLAN);
    struct sockaddr_storage from, to;
    struct udp_socket s;
    uint8_t got[2000];
    struct frame f[3];

    assert_int_equal(addr_parse(&from, "10.77.0.1:4000"), 0);
    assert_int_equal(addr_parse(&to, "10.77.0.2:4001"), 0);
    open_right(&s, "10.77.0.2", 4001);
    for (unsigned round = 1; round <= FRAMES; round++) {
        assert_int_equal(reserve(l, f, 3), 3);
        for (int i = 0; i < 3; i++) {
            memset(f[i].data + frame_headers_size(&r, AF_INET), i, sizes[i]);
            f[i].size =
                frame_write_udp(f[i].data, sizes[i], &r, (const void *)&from, (const void *)&to);
        }
        assert_int_equal(send_frames(l, f, 3), 3);
        for (int i = 0; i < 3; i += 2) {
            wait_readable(s.fd);
            assert_int_equal(recv(s.fd, got, sizeof(got), 0), sizes[i]);
            assert_int_equal(got[sizes[i] - 1], i);
        }
        assert_int_equal(too_long(l), round);
    }
    udp_close(&s);
}

static void longest(void **state)
{
    struct link l;

    (void)state;
    open_ring(&l);
    check_longest(&l, 1500);
    assert_int_equal(ring_waiting(l.ring), 0);
    close_link(&l);
    for (int mode = 0; mode < 2; mode++) {
        open_xsk(&l, mode == 0 ? XDP_GENERIC : XDP_ANY);
        check_longest(&l, 1500);
        assert_int_equal(xsk_waiting(l.xsk), 0);
        close_link(&l);
    }
}

/* Each refusal says what and where. */
static void refusals(void **state)
{
    struct xsk_config c = {.interface = "left", .queue = 9};
    struct ring_config r = {.interface = "nosuch0"};
    struct xdp_program second;
    struct err e = {0};
    struct ring *ring;
    struct xsk *x;
    struct link l;

    (void)state;
    assert_int_equal(xsk_open(&x, &c, &e), -EINVAL);
    assert_non_null(strstr(e.text, "left, queue 9"));
    c.queue = 0;
    c.copy = XSK_ZERO_COPY;
    assert_int_equal(xsk_open(&x, &c, &e), -EOPNOTSUPP);
    assert_non_null(strstr(e.text, "zero copy"));
    assert_int_equal(ring_open(&ring, &r, &e), -ENODEV);
    assert_non_null(strstr(e.text, "nosuch0"));
    assert_int_equal(xdp_open(&second, "lo", 1, &ours, XDP_NATIVE, &e), -EOPNOTSUPP);
    assert_non_null(strstr(e.text, "lo: native"));
    open_xsk(&l, XDP_ANY);
    assert_int_equal(xdp_open(&second, "left", 1, &ours, XDP_ANY, &e), -EBUSY);
    assert_non_null(strstr(e.text, "another XDP program"));
    c.copy = XSK_ANY_COPY;
    assert_int_equal(xsk_open(&x, &c, &e), -EBUSY);
    assert_non_null(strstr(e.text, "another AF_XDP socket"));
    close_link(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring),   cmocka_unit_test(af_xdp_generic), cmocka_unit_test(af_xdp_native),
        cmocka_unit_test(tagged), cmocka_unit_test(longest),        cmocka_unit_test(refusals),
    };
    int result;

    if (!two_sides_open(&sides, 1)) {
        return 77;
    }
    result = cmocka_run_group_tests(tests, NULL, NULL);
    two_sides_close(&sides);
    return result;
}
