/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two transports over the loopback: one sends numbered requests, the other sends each back.
 */
#include "node/calls/ways.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/test.h"
#include "io/addr.h"

enum { CALLS = 40, BODY = 3000, WAIT_MS = 20000 };

struct side {
    struct ways *transport;
    bool answers;
    unsigned came, bad, closed, never_open;
    uint32_t last_way;
    uint16_t ports[CALLS];
};

static int write_message(char *bytes, size_t room, unsigned number, unsigned body)
{
    int n =
        snprintf(bytes, room, "OPTIONS sip:a SIP/2.0\r\nCall-ID: %u\r\nContent-Length: %u\r\n\r\n",
                 number, body);
    memset(bytes + n, 'a' + (int)(number % 26), body);
    return n + (int)body;
}

static void take(void *arg, uint32_t way, const struct sockaddr_storage *from, const char *bytes,
                 size_t size, uint64_t at_ns)
{
    struct side *s = arg;
    unsigned number = 0;

    s->bad += at_ns > clock_now_ns() ? 1 : 0;
    s->bad += memcmp(bytes, "OPTIONS ", 8) != 0 ||
                      sscanf(bytes + 23, "Call-ID: %u", &number) != 1 || number >= CALLS ||
                      bytes[size - 1] != (char)('a' + number % 26)
                  ? 1
                  : 0;
    s->ports[number % CALLS] = addr_port(from);
    s->came++;
    s->last_way = way;
    if (s->answers) {
        assert_int_equal(
            ways_send(s->transport, way, number, (const struct sockaddr *)from, bytes, size), 0);
    }
}

static void note_closed(void *arg, uint32_t way, int reason, bool was_open)
{
    struct side *s = arg;

    (void)way;
    (void)reason;
    s->closed++;
    s->never_open += was_open ? 0 : 1;
}

static const struct ways_events events = {take, note_closed};

static void open_side(struct side *s, const struct ways_options *o)
{
    struct err e = {0};
    if (ways_open(&s->transport, o, &events, s, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

/* Lets both go on until something came to either. */
static void turn(struct side *a, struct side *b)
{
    struct pollfd polled[2] = {{.fd = ways_fd(a->transport), .events = POLLIN},
                               {.fd = ways_fd(b->transport), .events = POLLIN}};

    ways_flush(a->transport);
    ways_flush(b->transport);
    assert_true(poll(polled, 2, WAIT_MS) > 0);
    (void)ways_turn(a->transport, clock_now_ns(), clock_real_offset_ns(3, NULL));
    (void)ways_turn(b->transport, clock_now_ns(), clock_real_offset_ns(3, NULL));
}

static unsigned different(const uint16_t *ports)
{
    unsigned n = 0;
    for (unsigned i = 0; i < CALLS; i++) {
        unsigned k = 0;
        while (k < i && ports[k] != ports[i]) {
            k++;
        }
        n += k == i ? 1 : 0;
    }
    return n;
}

static void send_all(struct side *caller, const struct sockaddr_storage *to, int64_t *ways)
{
    static char bytes[2 * BODY];

    for (unsigned i = 0; i < CALLS; i++) {
        int size = write_message(bytes, sizeof(bytes), i, i % 4 == 0 ? BODY : 1 + i);
        ways[i] = ways_take(caller->transport, i, clock_now_ns());
        assert_true(ways[i] >= 0);
        assert_int_equal(ways_send(caller->transport, (uint32_t)ways[i], i,
                                   (const struct sockaddr *)to, bytes, (size_t)size),
                         0);
    }
}

static void carries(enum ways_kind kind, enum ways_sharing sharing, const char *address,
                    unsigned ports)
{
    struct ways_options o = {
        .kind = kind, .flags = WAYS_SERVER, .buffer_bytes = 4 << 20, .ways_max = CALLS};
    struct side server = {.answers = true}, caller = {0};
    struct sockaddr_storage to, sources[2];
    int64_t ways[CALLS];

    assert_int_equal(addr_parse(&o.local, address), 0);
    open_side(&server, &o);
    to = *ways_local(server.transport, kind == WAYS_UDP ? 0 : WAYS_NO_WAY);
    o.flags = 0;
    o.sharing = sharing;
    o.remote = &to;
    if (sharing == WAYS_PER_ADDRESS) {
        assert_int_equal(addr_parse(&sources[0], "127.0.0.2"), 0);
        assert_int_equal(addr_parse(&sources[1], "127.0.0.3"), 0);
        o.sources = sources;
        o.source_count = 2;
    }
    open_side(&caller, &o);
    send_all(&caller, &to, ways);
    while (caller.came < CALLS) {
        turn(&server, &caller);
    }
    assert_int_equal(server.bad + caller.bad, 0);
    assert_int_equal(different(server.ports), ports);
    for (unsigned i = 0; i < CALLS; i++) {
        ways_release(caller.transport, (uint32_t)ways[i]);
    }
    if (kind == WAYS_TCP && sharing == WAYS_PER_CALL) {
        while (server.closed < CALLS) {
            turn(&server, &caller);
        }
    }
    assert_true(ways_is_idle(caller.transport));
    ways_close(caller.transport);
    ways_close(server.transport);
}

static void every_sharing_carries_messages(void **state)
{
    (void)state;
    carries(WAYS_UDP, WAYS_ONE, "127.0.0.1", 1);
    carries(WAYS_UDP, WAYS_PER_CALL, "[::1]:0", CALLS);
    carries(WAYS_UDP, WAYS_PER_ADDRESS, "127.0.0.1", 2);
    carries(WAYS_TCP, WAYS_ONE, "[::1]:0", 1);
    carries(WAYS_TCP, WAYS_PER_CALL, "127.0.0.1", CALLS);
    carries(WAYS_TCP, WAYS_PER_ADDRESS, "127.0.0.1", 2);
}

static void a_call_too_many_is_told(void **state)
{
    struct ways_options o = {.kind = WAYS_UDP, .sharing = WAYS_PER_CALL, .ways_max = 2};
    struct side s = {0};
    int64_t way;

    (void)state;
    assert_int_equal(addr_parse(&o.local, "127.0.0.1"), 0);
    open_side(&s, &o);
    assert_true((way = ways_take(s.transport, 0, 1)) >= 0);
    assert_true(ways_take(s.transport, 1, 1) >= 0);
    assert_int_equal(ways_take(s.transport, 2, 1), -EMFILE);
    ways_release(s.transport, (uint32_t)way);
    assert_int_equal(ways_take(s.transport, 2, 1), way);
    ways_close(s.transport);
}

/* What came, in its order: which call, which of its messages. */
struct seen {
    unsigned count, bad, call[3 * CALLS], part[3 * CALLS];
};

static size_t part_size(unsigned part)
{
    return part == 1 ? 900 : 300;
}

static void take_part(void *arg, uint32_t way, const struct sockaddr_storage *from,
                      const char *bytes, size_t size, uint64_t at_ns)
{
    struct seen *s = arg;
    unsigned call = 0, part = 0;

    (void)way;
    (void)from;
    (void)at_ns;
    if (sscanf(bytes, "call %u part %u ", &call, &part) != 2 || size != part_size(part) ||
        s->count == 3 * CALLS || bytes[size - 1] != '.') {
        s->bad++;
        return;
    }
    s->call[s->count] = call;
    s->part[s->count++] = part;
}

/* Where a call's message is in what came. */
static unsigned place_of(const struct seen *s, unsigned call, unsigned part)
{
    unsigned i = 0;
    while (i < s->count && (s->call[i] != call || s->part[i] != part)) {
        i++;
    }
    return i;
}

/* Messages of one size leave as one; those of one call stay in their order. */
static void like_messages_go_together(void **state)
{
    static const struct ways_events taking = {take_part, note_closed};
    struct ways_options o = {
        .kind = WAYS_UDP, .flags = WAYS_SERVER | WAYS_SEGMENT, .buffer_bytes = 4 << 20};
    struct ways *server, *caller;
    struct seen seen = {0};
    char bytes[1000];

    (void)state;
    assert_int_equal(addr_parse(&o.local, "127.0.0.1"), 0);
    assert_int_equal(ways_open(&server, &o, &taking, &seen, NULL), 0);
    o.flags = WAYS_SEGMENT;
    assert_int_equal(ways_open(&caller, &o, &taking, &seen, NULL), 0);
    for (unsigned i = 0; i < 3 * CALLS; i++) {
        size_t size = part_size(i % 3);
        int n = snprintf(bytes, sizeof(bytes), "call %u part %u ", i / 3, i % 3);
        memset(bytes + n, '.', size - (size_t)n);
        assert_int_equal(ways_send(caller, 0, i / 3, (const struct sockaddr *)ways_local(server, 0),
                                   bytes, size),
                         0);
    }
    ways_flush(caller);
    while (seen.count + seen.bad < 3 * CALLS) {
        struct pollfd p = {.fd = ways_fd(server), .events = POLLIN};
        assert_true(poll(&p, 1, WAIT_MS) > 0);
        (void)ways_turn(server, clock_now_ns(), clock_real_offset_ns(3, NULL));
    }
    assert_int_equal(seen.bad, 0);
    for (unsigned call = 0; call < CALLS; call++) {
        assert_true(place_of(&seen, call, 0) < place_of(&seen, call, 1));
        assert_true(place_of(&seen, call, 1) < place_of(&seen, call, 2));
    }
    assert_true(place_of(&seen, 1, 0) < place_of(&seen, 0, 1));
    ways_close(caller);
    ways_close(server);
}

/* A peer that is not there, that goes, and that talks rubbish. */
static void connections_end(void **state)
{
    struct ways_options o = {
        .kind = WAYS_TCP, .flags = WAYS_SERVER, .ways_max = 4, .reconnect_ns = NS_PER_S};
    struct side server = {.answers = true}, caller = {0};
    struct ways_counts counts;
    struct sockaddr_storage to;
    int64_t way;

    (void)state;
    assert_int_equal(addr_parse(&o.local, "127.0.0.1"), 0);
    open_side(&server, &o);
    to = *ways_local(server.transport, WAYS_NO_WAY);
    ways_close(server.transport); /* nobody listens there now */
    o.flags = 0;
    o.remote = &to;
    open_side(&caller, &o);
    way = ways_take(caller.transport, 0, NS_PER_S);
    assert_int_equal(way, 0);
    while (caller.closed == 0) {
        (void)ways_turn(caller.transport, clock_now_ns(), 0);
    }
    assert_int_equal(caller.never_open, 1);
    ways_release(caller.transport, 0);
    assert_int_equal(ways_take(caller.transport, 1, NS_PER_S + 1), -EAGAIN);

    o.flags = WAYS_SERVER;
    o.local = to;
    open_side(&server, &o);
    assert_int_equal(ways_take(caller.transport, 1, 3 * NS_PER_S), 0);
    assert_int_equal(ways_send(caller.transport, 0, 0, NULL, "What is that?\r\n\r\n", 17), 0);
    while (caller.closed == 1) {
        turn(&server, &caller);
    }
    assert_int_equal(caller.never_open, 1);
    ways_read_counts(server.transport, &counts);
    assert_int_equal(counts.not_framed, 1);
    assert_int_equal(counts.accepts, 1);
    ways_close(caller.transport);
    ways_close(server.transport);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sharing_carries_messages),
        cmocka_unit_test(a_call_too_many_is_told),
        cmocka_unit_test(like_messages_go_together),
        cmocka_unit_test(connections_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
