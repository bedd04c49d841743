/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Connections over the loopback of both families: order and wholeness under back-pressure, ends of
 * every kind.
 */
#include "io/tcp.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "io/addr.h"

enum { QUEUE = 64 * 1024, WAIT_MS = 20000 };

struct pair {
    struct tcp_listener listener;
    struct tcp_conn client, server;
    uint8_t *memory[2];
};

static void wait_for(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    assert_int_equal(poll(&p, 1, WAIT_MS), 1);
}

static void pair_open(struct pair *p, const char *address)
{
    struct sockaddr_storage local;

    assert_int_equal(addr_parse(&local, address), 0);
    assert_int_equal(tcp_listen(&p->listener, &local, TCP_REUSE_PORT), 0);
    for (int i = 0; i < 2; i++) {
        p->memory[i] = malloc(QUEUE);
        assert_non_null(p->memory[i]);
    }
    tcp_init(&p->client, p->memory[0], QUEUE);
    tcp_init(&p->server, p->memory[1], QUEUE);
    assert_int_equal(tcp_connect(&p->client, &local, &p->listener.local), 0);
    wait_for(p->listener.fd, POLLIN);
    assert_int_equal(tcp_accept(&p->listener, &p->server), 1);
    wait_for(p->client.fd, POLLOUT);
    assert_int_equal(tcp_flush(&p->client), 0);
    assert_int_equal(p->client.state, TCP_OPEN);
}

static void pair_close(struct pair *p)
{
    tcp_close(&p->client);
    tcp_close(&p->client);
    tcp_close(&p->server);
    tcp_unlisten(&p->listener);
    free(p->memory[0]);
    free(p->memory[1]);
}

static void bytes_wait_in_a_ring(void **state)
{
    uint8_t memory[8];
    struct tcp_queue q;
    size_t size;

    (void)state;
    tcp_queue_init(&q, memory, sizeof(memory));
    assert_int_equal(tcp_queue_put(&q, (const uint8_t *)"abcdef", 6), 0);
    assert_int_equal(tcp_queue_put(&q, (const uint8_t *)"ghi", 3), -EAGAIN);
    tcp_queue_take(&q, 4);
    assert_int_equal(tcp_queue_put(&q, (const uint8_t *)"ghijkl", 6), 0);
    assert_memory_equal(tcp_queue_front(&q, &size), "efgh", 4);
    assert_int_equal(size, 4);
    tcp_queue_take(&q, 4);
    assert_memory_equal(tcp_queue_front(&q, &size), "ijkl", 4);
    assert_int_equal(size, 4);
}

/* A peer that does not read: refused whole, and what was taken arrives in order. */
static void a_slow_peer_is_felt(void **state)
{
    static const char *const families[] = {"127.0.0.1:0", "[::1]:0"};
    char line[1000], heard[65536];

    (void)state;
    for (int f = 0; f < 2; f++) {
        struct pair p;
        unsigned sent = 0, bytes = 0;
        int result;
        pair_open(&p, families[f]);
        for (;; sent++) {
            memset(line, 'a' + (int)(sent % 26), sizeof(line));
            if ((result = tcp_send(&p.client, line, sizeof(line))) != 0) {
                break;
            }
        }
        assert_int_equal(result, -EAGAIN);
        assert_true(tcp_wants_write(&p.client));
        while (bytes < sent * sizeof(line)) {
            long n;
            (void)tcp_flush(&p.client);
            wait_for(p.server.fd, POLLIN);
            n = tcp_receive(&p.server, heard, sizeof(heard));
            assert_true(n > 0);
            for (long i = 0; i < n; i++) {
                assert_int_equal(heard[i], 'a' + (int)((bytes + (unsigned)i) / 1000 % 26));
            }
            bytes += (unsigned)n;
        }
        assert_int_equal(tcp_receive(&p.server, heard, sizeof(heard)), 0);
        assert_false(tcp_wants_write(&p.client));
        pair_close(&p);
    }
}

static void ends_have_their_names(void **state)
{
    struct pair p;
    char heard[16];

    (void)state;
    pair_open(&p, "127.0.0.1:0");
    assert_int_equal(tcp_connect(&p.client, NULL, &p.listener.local), -EISCONN);
    tcp_close(&p.client);
    assert_int_equal(tcp_send(&p.client, "x", 1), -ENOTCONN);
    wait_for(p.server.fd, POLLIN);
    assert_int_equal(tcp_receive(&p.server, heard, sizeof(heard)), -ESHUTDOWN);
    tcp_close(&p.server);

    assert_int_equal(tcp_connect(&p.client, NULL, &p.listener.local), 0); /* again, same memory */
    assert_int_equal(tcp_send(&p.client, "early", 5), 0);
    wait_for(p.listener.fd, POLLIN);
    assert_int_equal(tcp_accept(&p.listener, &p.server), 1);
    assert_int_equal(tcp_accept(&p.listener, &p.client), -EISCONN);
    wait_for(p.client.fd, POLLOUT);
    assert_int_equal(tcp_flush(&p.client), 0);
    wait_for(p.server.fd, POLLIN);
    assert_int_equal(tcp_receive(&p.server, heard, sizeof(heard)), 5);
    assert_memory_equal(heard, "early", 5);
    tcp_abort(&p.client);
    wait_for(p.server.fd, POLLIN);
    assert_int_equal(tcp_receive(&p.server, heard, sizeof(heard)), -ECONNRESET);
    pair_close(&p);
}

static void nobody_listens(void **state)
{
    struct sockaddr_storage peer;
    struct tcp_listener l;
    struct tcp_conn c;
    uint8_t memory[16];
    int result;

    (void)state;
    assert_int_equal(addr_parse(&peer, "127.0.0.1"), 0);
    assert_int_equal(tcp_listen(&l, &peer, 0), 0);
    peer = l.local;
    tcp_unlisten(&l);
    tcp_init(&c, memory, sizeof(memory));
    assert_int_equal(tcp_connect(&c, NULL, &peer), 0);
    wait_for(c.fd, POLLOUT);
    result = tcp_flush(&c);
    assert_int_equal(result, -ECONNREFUSED);
    tcp_close(&c);
    assert_int_equal(addr_parse(&peer, "192.0.2.1:9"), 0); /* no address of ours */
    assert_int_equal(tcp_connect(&c, &peer, &l.local), -EADDRNOTAVAIL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_wait_in_a_ring),
        cmocka_unit_test(a_slow_peer_is_felt),
        cmocka_unit_test(ends_have_their_names),
        cmocka_unit_test(nobody_listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
