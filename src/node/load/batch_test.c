/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a batch sends arrives: each packet alone, whole, in order, whether the kernel got them one
 * by one or as large ones to cut.
 */
#include "base/test.h"

#include <errno.h>
#include <string.h>

#include "io/addr.h"
#include "io/udp.h"
#include "node/load/batch.h"

static struct udp_socket sender, targets[2];
static struct batch_out out;
static struct batch_in in;

static void open_all(void)
{
    struct sockaddr_storage here;

    assert_int_equal(addr_parse(&here, "127.0.0.1"), 0);
    assert_true(udp_open(&sender, &here, 1 << 20, 0) == 0);
    for (int i = 0; i < 2; i++) {
        assert_true(udp_open(&targets[i], &here, 1 << 20, UDP_TIMESTAMPS) == 0);
    }
}

static void close_all(void)
{
    udp_close(&sender);
    udp_close(&targets[0]);
    udp_close(&targets[1]);
}

/* Packet i: `size` bytes of the value i. */
static void put(const struct udp_socket *to, unsigned size)
{
    struct workload_packet *p = &out.packet[out.count];

    memset(p->data, (int)out.count, size);
    p->size = size;
    p->to = (const struct sockaddr *)&to->local;
    p->to_size = addr_size(&to->local);
    out.count++;
}

static void expect(struct udp_socket *at, unsigned from, unsigned step, unsigned count,
                   const unsigned *sizes)
{
    int n = batch_in_receive(&in, at->fd, BATCH_MAX);

    assert_int_equal(n, (int)count);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(in.message[i].msg_len, sizes[i]);
        assert_int_equal(in.data[i][0], from + i * step);
        assert_int_equal(in.data[i][sizes[i] - 1], from + i * step);
    }
    batch_in_rearm(&in, count);
    assert_int_equal(batch_in_receive(&in, at->fd, BATCH_MAX), 0);
}

static void send_and_expect(bool segments)
{
    const unsigned first[] = {172, 172, 172, 100, 200}, second[] = {172};
    uint64_t sent_ns = 0;

    open_all();
    batch_out_init(&out, segments);
    batch_in_init(&in);
    put(&targets[0], 172);
    put(&targets[0], 172);
    put(&targets[0], 172);
    out.packet[2].sent_ns = &sent_ns;
    put(&targets[0], 100); /* other sizes are messages of their own */
    put(&targets[0], 200);
    put(&targets[1], 172);
    assert_int_equal(batch_out_send(&out, sender.fd, 7), 6);
    batch_out_take(&out, 6);
    assert_int_equal(out.count, 0);
    assert_int_equal(sent_ns, 7);
    assert_null(out.packet[2].sent_ns); /* the next packet there need not want it */
    expect(&targets[0], 0, 1, 5, first);
    expect(&targets[1], 5, 1, 1, second);
    assert_int_equal(out.packets_in[0], segments ? 3 : 1);
    close_all();
}

static void packets_arrive_one_by_one(void **state)
{
    (void)state;
    send_and_expect(false);
}

static void packets_arrive_when_the_kernel_cuts_them(void **state)
{
    (void)state;
    send_and_expect(true);
}

static void targets_that_alternate_are_not_joined(void **state)
{
    unsigned sizes[BATCH_MAX];

    (void)state;
    open_all();
    batch_out_init(&out, true);
    batch_in_init(&in);
    for (unsigned i = 0; i < BATCH_MAX; i++) {
        put(&targets[i % 2], 50);
        sizes[i] = 50;
    }
    assert_int_equal(batch_out_send(&out, sender.fd, 1), BATCH_MAX);
    expect(&targets[0], 0, 2, BATCH_MAX / 2, sizes);
    expect(&targets[1], 1, 2, BATCH_MAX / 2, sizes);
    close_all();
}

static void a_large_one_stays_below_the_limit_of_udp(void **state)
{
    unsigned sizes[BATCH_MAX];

    (void)state;
    open_all();
    batch_out_init(&out, true);
    batch_in_init(&in);
    for (unsigned i = 0; i < BATCH_MAX; i++) {
        put(&targets[0], 1400);
        sizes[i] = out.packet[i].size;
    }
    assert_int_equal(batch_out_send(&out, sender.fd, 1), BATCH_MAX);
    assert_true(out.packets_in[0] > 1 && out.packets_in[0] < BATCH_MAX);
    expect(&targets[0], 0, 1, BATCH_MAX, sizes);
    close_all();
}

static void what_the_kernel_refuses_is_said(void **state)
{
    (void)state;
    open_all();
    batch_out_init(&out, false);
    put(&targets[0], 10);
    assert_int_equal(batch_out_send(&out, -1, 1), -EBADF);
    close_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_arrive_one_by_one),
        cmocka_unit_test(packets_arrive_when_the_kernel_cuts_them),
        cmocka_unit_test(targets_that_alternate_are_not_joined),
        cmocka_unit_test(a_large_one_stays_below_the_limit_of_udp),
        cmocka_unit_test(what_the_kernel_refuses_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
