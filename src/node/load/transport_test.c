/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each transport over a real link, against a socket of the kernel at its other end: what was given
 * to it arrives, with the traffic class that was asked for, and what comes back is told; what
 * cannot be is refused in words.
 */
#include "io/two_sides.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "io/addr.h"
#include "io/frame.h"
#include "node/load/transport.h"

enum { COUNT = 40, SIZE = 172, EF = 46, WAIT_MS = 10000 };

static struct two_sides sides;
static struct batch_out out;
static const struct transport_ops *const all[] = {&transport_sockets, &transport_ring,
                                                  &transport_xdp};

static struct transport_config config(const char *local)
{
    struct transport_config c = {
        .buffer_bytes = 4 << 20, .workers = 1, .dscp = EF, .vlan = FRAME_NO_VLAN};

    assert_int_equal(addr_parse(&c.local, local), 0);
    return c;
}

static void open_right(struct udp_socket *s, const char *address)
{
    struct sockaddr_storage a;
    int on = 1;

    assert_int_equal(addr_parse(&a, address), 0);
    two_sides_enter(&sides, RIGHT);
    assert_int_equal(udp_open(s, &a, 4 << 20, 0), 0);
    two_sides_enter(&sides, LEFT);
    assert_int_equal(a.ss_family == AF_INET6
                         ? setsockopt(s->fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof(on))
                         : setsockopt(s->fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on)),
                     0);
}

static int class_of(struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
            int class;
            memcpy(&class, CMSG_DATA(c), sizeof(class));
            return class;
        }
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
            return *CMSG_DATA(c);
        }
    }
    return -1;
}

/* Takes the packets in their order and sends them back. */
static void echo_all(const struct udp_socket *s)
{
    for (int i = 0; i < COUNT; i++) {
        uint8_t data[2 * SIZE], control[64] __attribute__((aligned(16)));
        struct sockaddr_storage from;
        struct iovec part = {data, sizeof(data)};
        struct msghdr m = {.msg_name = &from,
                           .msg_namelen = sizeof(from),
                           .msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof(control)};
        struct pollfd p = {.fd = s->fd, .events = POLLIN};

        assert_int_equal(poll(&p, 1, WAIT_MS), 1);
        assert_int_equal(recvmsg(s->fd, &m, 0), SIZE);
        assert_int_equal(data[0], i);
        assert_int_equal(data[SIZE - 1], i);
        assert_int_equal(class_of(&m), EF << 2);
        assert_int_equal(sendto(s->fd, data, SIZE, 0, (struct sockaddr *)&from, m.msg_namelen),
                         SIZE);
    }
}

static void give_all(struct transport *t, const struct udp_socket *to)
{
    batch_out_init(&out, false);
    for (int i = 0; i < COUNT; i++) {
        struct workload_packet *p = &out.packet[i];
        memset(p->data, i, SIZE);
        p->size = SIZE;
        p->to = (const struct sockaddr *)&to->local;
        p->to_size = addr_size(&to->local);
    }
    out.count = COUNT;
    assert_int_equal(t->ops->send(t, &out, clock_now_ns()), COUNT);
    batch_out_take(&out, COUNT);
}

static void take_all(struct transport *t)
{
    uint64_t until = clock_now_ns() + WAIT_MS * NS_PER_MS;
    unsigned next = 0;

    while (next < COUNT) {
        struct arrival a[BATCH_MAX];
        unsigned n = t->ops->receive(t, a, BATCH_MAX);
        for (unsigned i = 0; i < n; i++, next++) {
            assert_int_equal(a[i].size, SIZE);
            assert_int_equal(a[i].data[0], next);
            assert_true(a[i].at_ns > 0);
        }
        if (n > 0) {
            t->ops->release(t, n);
        }
        assert_true(clock_now_ns() < until);
    }
}

static void there_and_back(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        struct transport_config c = config(i < 3 ? "10.77.0.1" : "[fd77::1]");
        struct transport t = {.ops = NULL};
        struct udp_socket right;
        struct err e = {0};

        open_right(&right, i < 3 ? "10.77.0.2" : "[fd77::2]");
        if (transport_open(&t, all[i % 3], &c, &e) < 0 ||
            t.ops->connect(&t, &right.local, 1, &e) < 0) {
            fail_msg("%s", e.text);
        }
        give_all(&t, &right);
        echo_all(&right);
        take_all(&t);
        assert_int_equal(t.ops->drops(&t), 0);
        assert_int_equal(t.ops->refused(&t), 0);
        udp_close(&right);
        transport_close(&t);
        transport_close(&t);
    }
}

/* Of a pair of ports the third, sixth... packet takes the second one. */
static bool is_next(unsigned i)
{
    return i % 3 == 2;
}

static void give_pair(struct transport *t, const struct udp_socket to[2])
{
    batch_out_init(&out, false);
    for (unsigned i = 0; i < COUNT; i++) {
        struct workload_packet *p = &out.packet[i];
        memset(p->data, (int)i, SIZE);
        p->size = SIZE;
        p->by_next = is_next(i);
        p->to = (const struct sockaddr *)&to[is_next(i)].local;
        p->to_size = addr_size(&to[is_next(i)].local);
    }
    out.count = COUNT;
    assert_int_equal(t->ops->send(t, &out, clock_now_ns()), COUNT);
    batch_out_take(&out, COUNT);
    assert_false(out.packet[2].by_next); /* the next batch begins anew */
}

/* Each comes from the port that it was to leave by, and goes back there. */
static void echo_pair(const struct transport *t, const struct udp_socket s[2])
{
    for (unsigned i = 0; i < COUNT; i++) {
        struct pollfd p = {.fd = s[is_next(i)].fd, .events = POLLIN};
        struct sockaddr_storage from;
        socklen_t size = sizeof(from);
        uint8_t data[2 * SIZE];

        assert_int_equal(poll(&p, 1, WAIT_MS), 1);
        assert_int_equal(recvfrom(p.fd, data, sizeof(data), 0, (struct sockaddr *)&from, &size),
                         SIZE);
        assert_int_equal(data[0], i);
        assert_int_equal(addr_port(&from), addr_port(&t->socket.local) + is_next(i));
        assert_int_equal(sendto(p.fd, data, SIZE, 0, (struct sockaddr *)&from, size), SIZE);
    }
}

static void take_pair(struct transport *t)
{
    uint64_t until = clock_now_ns() + WAIT_MS * NS_PER_MS;

    for (unsigned taken = 0; taken < COUNT;) {
        struct arrival a[BATCH_MAX];
        unsigned n = t->ops->receive(t, a, BATCH_MAX);
        for (unsigned i = 0; i < n; i++) {
            assert_int_equal(a[i].size, SIZE);
            assert_int_equal(a[i].at_next, is_next(a[i].data[0]));
            assert_true(a[i].at_ns > 0);
        }
        if (n > 0) {
            t->ops->release(t, n);
        }
        taken += n;
        assert_true(clock_now_ns() < until);
    }
}

static void two_ports_beside_each_other(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        struct transport_config c = config(i < 3 ? "10.77.0.1" : "[fd77::1]");
        struct transport t = {.ops = NULL};
        struct udp_socket right[2];
        struct err e = {0};

        open_right(&right[0], i < 3 ? "10.77.0.2" : "[fd77::2]");
        open_right(&right[1], i < 3 ? "10.77.0.2" : "[fd77::2]");
        c.is_paired = true;
        if (transport_open(&t, all[i % 3], &c, &e) < 0 ||
            t.ops->connect(&t, &right[0].local, 1, &e) < 0) {
            fail_msg("%s", e.text);
        }
        assert_int_equal(addr_port(&t.socket.local) % 2, 0);
        give_pair(&t, right);
        echo_pair(&t, right);
        take_pair(&t);
        assert_int_equal(t.ops->drops(&t), 0);
        assert_int_equal(t.ops->refused(&t), 0);
        udp_close(&right[0]);
        udp_close(&right[1]);
        transport_close(&t);
    }
}

/* One that cannot go is told, and stops no other. */
static void what_cannot_be_sent(void **state)
{
    (void)state;
    for (int i = 1; i < 3; i++) {
        struct transport_config c = config("10.77.0.1");
        struct transport t = {.ops = NULL};
        struct sockaddr_storage unknown;
        struct udp_socket right;
        struct err e = {0};

        open_right(&right, "10.77.0.2");
        assert_int_equal(transport_open(&t, all[i], &c, &e), 0);
        assert_int_equal(addr_parse(&unknown, "10.77.9.9:9"), 0);
        assert_int_equal(t.ops->connect(&t, &unknown, 1, &e), -EHOSTUNREACH);
        assert_non_null(strstr(e.text, "10.77.9.9"));
        assert_int_equal(t.ops->connect(&t, &right.local, 1, &e), 0);
        batch_out_init(&out, false);
        out.packet[0].to = (const struct sockaddr *)&unknown;
        out.packet[0].size = SIZE;
        out.count = 1;
        assert_int_equal(t.ops->send(&t, &out, 1), -EHOSTUNREACH);
        out.packet[0].to = (const struct sockaddr *)&right.local;
        out.packet[0].size = 1473; /* 1500 with its headers */
        assert_int_equal(t.ops->send(&t, &out, 1), -EMSGSIZE);
        batch_out_take(&out, 1);
        give_all(&t, &right);
        echo_all(&right);
        take_all(&t);
        udp_close(&right);
        transport_close(&t);
    }
}

static void refuse(const struct transport_ops *ops, const struct transport_config *c, int code,
                   const char *words)
{
    struct transport t = {.ops = NULL};
    struct err e = {0};

    assert_int_equal(transport_open(&t, ops, c, &e), code);
    if (strstr(e.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", e.text, words);
    }
}

static void refusals(void **state)
{
    struct transport_config c = config("10.77.0.1");

    (void)state;
    c.vlan = 100;
    refuse(&transport_sockets, &c, -ENOTSUP, "the VLAN tag is the kernel's to decide");
    c = config("10.77.0.1");
    c.workers = 2;
    refuse(&transport_xdp, &c, -ENOTSUP, "workers: 1");
    c = config("127.0.0.1");
    refuse(&transport_xdp, &c, -ENOTSUP, "use sockets");
    refuse(&transport_ring, &c, -ENOTSUP, "loopback");
    c = config("10.1.2.3");
    refuse(&transport_ring, &c, -ENOTSUP, "none here has 10.1.2.3");
    c = config("10.77.0.1");
    c.next_hop = "here";
    refuse(&transport_ring, &c, -EINVAL, "'here' is no hardware address");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(two_ports_beside_each_other),
        cmocka_unit_test(what_cannot_be_sent),
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
