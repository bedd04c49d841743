/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "io/addr.h"
#include "io/udp.h"

enum { WAIT_MS = 20000 };

/* What was sent over the loopback comes at once, but where the kernel puts that off. */
static void wait_readable(const struct udp_socket *s)
{
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, WAIT_MS), 1);
}

static void counts_what_the_queue_drops(void **state)
{
    struct sockaddr_storage any;
    struct udp_socket in, out;
    char data[1000] = {0};
    uint64_t until;
    int sent = 0, got = 0;

    (void)state;
    assert_int_equal(addr_parse(&any, "127.0.0.1"), 0);
    assert_int_equal(udp_open(&in, &any, 8192, 0), 0);
    assert_int_equal(udp_open(&out, &any, 0, 0), 0);
    while (udp_drops(&in) < 5) {
        assert_int_equal(sendto(out.fd, data, sizeof(data), 0, (struct sockaddr *)&in.local,
                                addr_size(&in.local)),
                         sizeof(data));
        sent++;
    }
    until = clock_now_ns() + WAIT_MS * NS_PER_MS;
    while (got + (int)udp_drops(&in) < sent && clock_now_ns() < until) {
        got += recv(in.fd, data, sizeof(data), 0) > 0 ? 1 : 0;
    }
    assert_int_equal(recv(in.fd, data, sizeof(data), 0), -1);
    assert_int_equal(sent, got + udp_drops(&in));
    udp_close(&in);
    udp_close(&in);
    udp_close(&out);
}

static void a_message_carries_the_time_it_came(void **state)
{
    struct sockaddr_storage any;
    struct udp_socket s;
    char control[128], byte = 'x';
    struct iovec part = {&byte, 1};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof(control)};
    uint64_t before, at;

    (void)state;
    assert_int_equal(addr_parse(&any, "127.0.0.1"), 0);
    assert_int_equal(udp_open(&s, &any, 0, UDP_TIMESTAMPS), 0);
    assert_true(s.receive_bytes > 0);
    before = clock_real_ns();
    assert_int_equal(sendto(s.fd, "y", 1, 0, (struct sockaddr *)&s.local, addr_size(&s.local)), 1);
    wait_readable(&s);
    assert_int_equal(recvmsg(s.fd, &m, 0), 1);
    at = udp_received_real_ns(&m);
    assert_true(at >= before && at <= clock_real_ns());
    m.msg_controllen = 0;
    assert_int_equal(udp_received_real_ns(&m), 0);
    udp_close(&s);
}

static void a_port_taken_is_said(void **state)
{
    struct sockaddr_storage any;
    struct udp_socket first, second;

    (void)state;
    assert_int_equal(addr_parse(&any, "127.0.0.1"), 0);
    assert_int_equal(udp_open(&first, &any, 0, 0), 0);
    assert_int_equal(udp_open(&second, &first.local, 0, 0), -EADDRINUSE);
    udp_close(&first);
}

/* Of the kernel's choice or of ours: the even one first, its neighbour behind it, or neither. */
static void an_interface_is_kept_to(void **state)
{
    struct sockaddr_storage any;
    struct udp_socket s;
    char name[16] = "";
    socklen_t size = sizeof(name);

    (void)state;
    assert_int_equal(addr_parse(&any, "127.0.0.1"), 0);
    assert_int_equal(udp_open_by(&s, "none-such", &any, 0, 0), -ENODEV);
    assert_int_equal(udp_open_by(&s, "lo", &any, 0, 0), 0);
    assert_int_equal(getsockopt(s.fd, SOL_SOCKET, SO_BINDTODEVICE, name, &size), 0);
    assert_string_equal(name, "lo");
    udp_close(&s);
}

static void a_pair_is_an_even_port_and_the_next(void **state)
{
    struct sockaddr_storage any, odd;
    struct udp_socket even, next, again;

    (void)state;
    assert_int_equal(addr_parse(&any, "127.0.0.1"), 0);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(udp_open_pair(&even, &next, &any, 0, 0), 0);
        assert_int_equal(addr_port(&even.local) % 2, 0);
        assert_int_equal(addr_port(&next.local), addr_port(&even.local) + 1);
        udp_close(&even);
        udp_close(&next);
    }
    assert_int_equal(udp_open_pair(&even, &next, &any, 0, 0), 0);
    odd = next.local;
    assert_int_equal(udp_open_pair(&again, &next, &odd, 0, 0), -EINVAL);
    udp_close(&even); /* its neighbour is still taken */
    assert_int_equal(udp_open_pair(&again, &again, &even.local, 0, 0), -EADDRINUSE);
    assert_int_equal(udp_open(&again, &even.local, 0, 0), 0); /* and nothing was left open */
    udp_close(&again);
    udp_close(&next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_what_the_queue_drops),
        cmocka_unit_test(a_message_carries_the_time_it_came),
        cmocka_unit_test(a_port_taken_is_said),
        cmocka_unit_test(an_interface_is_kept_to),
        cmocka_unit_test(a_pair_is_an_even_port_and_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
