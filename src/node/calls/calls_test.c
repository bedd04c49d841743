/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two shards in one thread, one calls the other over real sockets of the loopback.
 */
#include "node/calls/calls.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/test.h"
#include "io/addr.h"
#include "node/calls/setup.h"

enum { CALLS = 30, WAIT_MS = 20000, HEARD_MAX = 2000 };
#define LATE_NS (10 * NS_PER_S)

struct own_options {
    struct setup_options setup;
};
static const struct opt caller_table[] = {SETUP_OPTIONS(struct own_options, setup, "uac", ""),
                                          OPT_END};
static const struct opt server_table[] = {SETUP_OPTIONS(struct own_options, setup, "uas", ""),
                                          OPT_END};

struct side {
    struct own_options options;
    struct setup setup;
    struct calls *calls;
    char heard[HEARD_MAX]; /* the last message that came */
    size_t heard_size;
    unsigned received; /* events of steps that the hook was told */
    struct sockaddr_storage local;
};

static void note(void *arg, const struct call *c, unsigned step, enum call_event event)
{
    struct side *s = arg;

    (void)step;
    assert_non_null(c);
    s->received += event == CALL_RECEIVED;
}

static void hear(void *arg, enum calls_direction direction, const struct sockaddr *peer,
                 const char *bytes, size_t size)
{
    struct side *s = arg;

    (void)peer;
    if (direction == CALLS_IN && size < HEARD_MAX) {
        memcpy(s->heard, bytes, size);
        s->heard_size = size;
    }
}

static void open_side(struct side *s, const struct opt *table, const struct calls_options *how)
{
    struct calls_options o;
    struct err e = {0};

    if (s->options.setup.scenario == NULL) {
        opt_defaults(table, &s->options, sizeof(s->options));
    }
    s->options.setup.protocol = (int)how->transport.kind;
    if (setup_open(&s->setup, &s->options.setup, &e) < 0) {
        fail_msg("%s", e.text);
    }
    setup_shard(&s->setup, &s->options.setup, &o);
    o.transport.sharing = how->transport.sharing;
    o.transport.flags = how->transport.flags;
    o.transport.local = how->transport.local;
    o.transport.ways_max = CALLS + 1;
    o.remote = how->remote;
    o.limit = how->limit;
    o.seed = 1;
    o.hooks.arg = s;
    o.hooks.message = hear;
    o.hooks.event = note;
    if (calls_open(&s->calls, &o, &e) < 0) {
        fail_msg("%s", e.text);
    }
    s->local = *calls_local(s->calls);
}

static void close_side(struct side *s)
{
    calls_close(s->calls);
    setup_close(&s->setup);
}

static uint64_t count(struct side *s, enum calls_count c)
{
    return atomic_load(&calls_get_figures(s->calls)->count[c]);
}

/* Both go on when something came or is due. */
static void turn(struct side *a, struct side *b)
{
    struct pollfd p[2] = {{.fd = calls_fd(a->calls), .events = POLLIN}, {.fd = -1}};
    uint64_t now = clock_now_ns(), next = calls_next_ns(a->calls);

    if (b != NULL) {
        uint64_t other = calls_next_ns(b->calls);
        next = other < next ? other : next;
        p[1] = (struct pollfd){.fd = calls_fd(b->calls), .events = POLLIN};
    }
    if (next > now) {
        uint64_t ms = (next - now) / NS_PER_MS + 1;
        (void)poll(p, 2, ms < WAIT_MS ? (int)ms : WAIT_MS);
    }
    (void)calls_turn(a->calls, clock_real_offset_ns(3, NULL));
    if (b != NULL) {
        (void)calls_turn(b->calls, clock_real_offset_ns(3, NULL));
    }
}

static void talk(enum ways_kind kind, enum ways_sharing sharing, const char *address)
{
    struct calls_options how = {.limit = CALLS};
    struct side *caller = calloc(1, sizeof(*caller)), *server = calloc(1, sizeof(*server));

    assert_true(caller != NULL && server != NULL);
    assert_int_equal(addr_parse(&how.transport.local, address), 0);
    how.transport.kind = kind;
    how.transport.flags = WAYS_SERVER;
    open_side(server, server_table, &how);
    how.transport.flags = 0;
    how.transport.sharing = sharing;
    how.remote = server->local;
    open_side(caller, caller_table, &how);
    for (int i = 0; i < CALLS; i++) {
        uint64_t now = clock_now_ns();
        assert_int_equal(calls_begin(caller->calls, now - LATE_NS, now), 1);
    }
    assert_int_equal(calls_begin(caller->calls, clock_now_ns(), clock_now_ns()), 0);
    while (calls_running(caller->calls) > 0) {
        turn(caller, server);
    }
    assert_int_equal(count(caller, CALLS_BEGUN), CALLS);
    assert_int_equal(count(caller, CALLS_SUCCESSFUL), CALLS);
    assert_int_equal(count(caller, CALLS_NOT_BEGUN), 1);
    assert_int_equal(count(caller, CALLS_ESTABLISHED), CALLS);
    assert_true(caller->received >= 3 * CALLS); /* 180, 200 of INVITE, 200 of BYE */
    assert_int_equal(count(server, CALLS_INCOMING), CALLS);
    assert_true(count(caller, CALLS_MESSAGES_SENT) >= 3 * CALLS);
    /* A generator that stood still shows in the one and not in the other. */
    const struct calls_figures *f = calls_get_figures(caller->calls);
    assert_int_equal(f->time[CALLS_SRD]->total, CALLS);
    assert_int_equal(f->time[CALLS_SDD]->total, CALLS);
    assert_true(f->time[CALLS_SRD_INTENDED]->min >= LATE_NS);
    assert_true(f->time[CALLS_SRD]->max < LATE_NS);
    assert_true(f->rtd_count > 0 && f->rtd_intended[0]->min >= LATE_NS);
    assert_true(f->rtd_sent[0]->max < LATE_NS);
    close_side(caller);
    close_side(server);
    free(caller);
    free(server);
}

static void calls_succeed_over_every_protocol(void **state)
{
    (void)state;
    talk(WAYS_UDP, WAYS_ONE, "127.0.0.1");
    talk(WAYS_UDP, WAYS_PER_CALL, "[::1]:0");
    talk(WAYS_TCP, WAYS_ONE, "[::1]:0");
    talk(WAYS_TCP, WAYS_PER_CALL, "127.0.0.1");
}

static void scenario_file(char *path, const char *retrans)
{
    int fd = mkstemp(path);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

    assert_non_null(f);
    fprintf(f,
            "<?xml version=\"1.0\"?><scenario name=\"o\"><send retrans=\"%s\"><![CDATA[\n"
            "OPTIONS sip:a@[remote_ip]:[remote_port] SIP/2.0\n"
            "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
            "From: <sip:b@[local_ip]>;tag=[call_number]\nTo: <sip:a@[remote_ip]>\n"
            "Call-ID: [call_id]\nCSeq: 1 OPTIONS\nContent-Length: 0\n\n]]></send>"
            "<recv response=\"200\"/></scenario>\n",
            retrans);
    fclose(f);
}

/* Silence, over UDP and with nobody who listens: failed, retransmitted, and whose fault. */
static void silence_is_named(void **state)
{
    struct side *caller = calloc(1, sizeof(*caller));
    struct calls_options how = {.limit = CALLS};
    char path[] = "/tmp/calls_test.XXXXXX";
    struct udp_socket deaf;

    (void)state;
    assert_non_null(caller);
    scenario_file(path, "5");
    assert_int_equal(addr_parse(&how.transport.local, "127.0.0.1"), 0);
    assert_int_equal(udp_open(&deaf, &how.transport.local, 0, 0), 0);
    for (int kind = WAYS_UDP; kind <= WAYS_TCP; kind++) {
        how.transport.kind = (enum ways_kind)kind;
        how.remote = deaf.local; /* of TCP: refused */
        opt_defaults(caller_table, &caller->options, sizeof(caller->options));
        caller->options.setup.scenario = path;
        caller->options.setup.other_retrans = 3;
        open_side(caller, caller_table, &how);
        assert_int_equal(calls_begin(caller->calls, clock_now_ns(), clock_now_ns()), 1);
        uint64_t waiting[2];
        calls_count_waiting(caller->calls, waiting, 2);
        assert_true(waiting[0] == 0 && waiting[1] == 1); /* for the answer */
        while (calls_running(caller->calls) > 0) {
            turn(caller, NULL);
        }
        assert_int_equal(count(caller, CALLS_FAILED), 1);
        assert_int_equal(count(caller, CALLS_FAULT_SILENCE), 1);
        assert_int_equal(count(caller, CALLS_INADEQUATE), 1);
        assert_int_equal(count(caller, CALLS_RETRANS_SENT), kind == WAYS_UDP ? 3 : 0);
        assert_int_equal(
            atomic_load(&calls_get_figures(caller->calls)
                             ->cause[kind == WAYS_UDP ? CALL_MAX_RETRANS : CALL_CONNECT_FAILED]),
            1);
        close_side(caller);
    }
    udp_close(&deaf);
    unlink(path);
    free(caller);
}

static void send_stray(struct side *to, const char *bytes, size_t size)
{
    struct sockaddr_storage any;
    struct udp_socket s;

    assert_int_equal(addr_parse(&any, "127.0.0.1"), 0);
    assert_int_equal(udp_open(&s, &any, 0, 0), 0);
    assert_int_equal(
        sendto(s.fd, bytes, size, 0, (const struct sockaddr *)&to->local, addr_size(&to->local)),
        (int)size);
    udp_close(&s);
}

/* What comes too late, for nobody, or is nothing at all. */
static void strays_are_told_apart(void **state)
{
    static const char other[] = "SIP/2.0 200 OK\r\nCall-ID: nobody\r\nCSeq: 1 BYE\r\n\r\n";
    struct side *caller = calloc(1, sizeof(*caller)), *server = calloc(1, sizeof(*server));
    struct calls_options how = {.limit = CALLS};

    (void)state;
    assert_true(caller != NULL && server != NULL);
    assert_int_equal(addr_parse(&how.transport.local, "127.0.0.1"), 0);
    how.transport.flags = WAYS_SERVER;
    open_side(server, server_table, &how);
    how.transport.flags = 0;
    how.remote = server->local;
    open_side(caller, caller_table, &how);
    assert_int_equal(calls_begin(caller->calls, clock_now_ns(), clock_now_ns()), 1);
    while (calls_running(caller->calls) > 0) {
        turn(caller, server);
    }
    send_stray(caller, caller->heard, caller->heard_size);
    send_stray(caller, other, sizeof(other) - 1);
    send_stray(caller, "\xff\xfe", 2);
    while (count(caller, CALLS_DEAD_CALL) + count(caller, CALLS_OUT_OF_CALL) +
               count(caller, CALLS_MALFORMED) <
           3) {
        turn(caller, server);
    }
    assert_int_equal(count(caller, CALLS_DEAD_CALL), 1);
    assert_int_equal(count(caller, CALLS_OUT_OF_CALL), 1);
    assert_int_equal(count(caller, CALLS_MALFORMED), 1);
    close_side(caller);
    close_side(server);
    free(caller);
    free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_succeed_over_every_protocol),
        cmocka_unit_test(silence_is_named),
        cmocka_unit_test(strays_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
