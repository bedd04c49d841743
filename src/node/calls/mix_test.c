/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Several scenarios in one shard: begun by weight, for users, counted by steps of the load; and
 * those that answer. Two shards in one thread, over real sockets of the loopback.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/test.h"
#include "io/addr.h"
#include "node/calls/setup.h"

enum { CALLS = 300, PARTS = 4, WAIT_MS = 20000 };
#define WINDOW_NS (10 * NS_PER_S)

#define MESSAGE(start, cseq)                                                      \
    "<![CDATA[\n" start " SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];"     \
    "branch=[branch]\nFrom: <sip:u[userid]@a>;tag=[call_number]\nTo: <sip:b@b>\n" \
    "Call-ID: [call_id]\nCSeq: 1 " cseq "\nX-User: [userid]\nContent-Length: 0\n\n]]>"
#define ANSWER                                                                 \
    "<send><![CDATA[\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n" \
    "[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n\n]]></send>"
#define ASKS(method)                                        \
    "<?xml version=\"1.0\"?><scenario name=\"" method "\">" \
    "<send retrans=\"500\" start_rtd=\"1\">" MESSAGE(       \
        method " sip:b@b", method) "</send><recv response=\"200\" rtd=\"1\"/></scenario>"
#define TAKES(attribute) \
    "<?xml version=\"1.0\"?><scenario name=\"t\"><recv " attribute "/>" ANSWER "</scenario>"

struct side {
    struct calls *calls;
    struct scenario *scenario[PARTS];
    struct calls_part part[PARTS];
    uint32_t parts;
};

static void add(struct side *s, const char *xml, enum calls_use use, double weight,
                enum users_change user)
{
    struct scenario_options o;
    struct err e = {0};

    scenario_options_default(&o);
    o.users = CALLS;
    if (scenario_load_text("test", xml, strlen(xml), &o, &s->scenario[s->parts], &e) < 0) {
        fail_msg("%s", e.text);
    }
    s->part[s->parts] = (struct calls_part){
        .scenario = s->scenario[s->parts], .use = use, .weight = weight, .user = user};
    s->parts++;
}

static void open_side(struct side *s, const struct calls_options *how)
{
    struct calls_options o = *how;
    struct err e = {0};

    assert_int_equal(addr_parse(&o.transport.local, "127.0.0.1"), 0);
    o.transport.ways_max = CALLS;
    o.transport.buffer_bytes = 1 << 21;
    o.scenario = s->scenario[0];
    o.parts = s->part;
    o.part_count = s->parts;
    o.limit = CALLS;
    o.seed = 7;
    o.first_number = o.number_step = 1;
    if (calls_open(&s->calls, &o, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

static void close_side(struct side *s)
{
    calls_close(s->calls);
    for (uint32_t i = 0; i < s->parts; i++) {
        scenario_destroy(s->scenario[i]);
    }
}

static uint64_t count(struct side *s, uint32_t part, uint32_t level, enum calls_count what)
{
    return atomic_load(&calls_get_part_figures(s->calls, part, level)->count[what]);
}

static void run(struct side *a, struct side *b)
{
    while (calls_running(a->calls) > 0) {
        struct pollfd p[2] = {{.fd = calls_fd(a->calls), .events = POLLIN},
                              {.fd = calls_fd(b->calls), .events = POLLIN}};
        uint64_t now, next;

        (void)calls_turn(a->calls, clock_real_offset_ns(1, NULL));
        (void)calls_turn(b->calls, clock_real_offset_ns(1, NULL));
        now = clock_now_ns();
        next = calls_next_ns(a->calls);
        if (calls_running(a->calls) > 0 && next > now) {
            uint64_t ms = (next - now) / NS_PER_MS + 1;
            (void)poll(p, 2, ms < WAIT_MS ? (int)ms : WAIT_MS);
        }
    }
}

static void open_server(struct side *s)
{
    add(s, TAKES("request=\"OPTIONS|MESSAGE|REGISTER\" regexp_match=\"true\""), CALLS_MIXED, 1,
        USERS_STAY);
    open_side(s, &(struct calls_options){.transport = {.flags = WAYS_SERVER}});
}

/* Three kinds by weight, at two levels with a transient each: every attempt counts once. */
static void weights_and_levels(void **state)
{
    struct side a = {0}, b = {0};
    struct calls_options how = {
        .levels = {.count = 2, .level_ns = NS_PER_S, .transient_ns = NS_PER_S / 4}};
    uint64_t begun[PARTS] = {0}, level[4] = {0}, start = clock_now_ns() - WINDOW_NS;

    (void)state;
    open_server(&b);
    add(&a, ASKS("OPTIONS"), CALLS_MIXED, 6, USERS_STAY);
    add(&a, ASKS("MESSAGE"), CALLS_MIXED, 3, USERS_STAY);
    add(&a, ASKS("REGISTER"), CALLS_MIXED, 1, USERS_STAY);
    how.remote = *calls_local(b.calls);
    open_side(&a, &how);
    calls_window(a.calls, start, start + 2 * NS_PER_S);
    calls_start_levels(a.calls, start);
    for (uint64_t i = 0; i < CALLS; i++) {
        uint64_t intended = start + i * 2 * NS_PER_S / CALLS;
        assert_int_equal(calls_begin(a.calls, intended, clock_now_ns()), 1);
        run(&a, &b);
    }
    for (uint32_t p = 0; p < 3; p++) {
        for (uint32_t l = 0; l < 4; l++) {
            begun[p] += count(&a, p, l, CALLS_BEGUN);
            level[l] += count(&a, p, l, CALLS_BEGUN);
            assert_int_equal(count(&a, p, l, CALLS_SUCCESSFUL), count(&a, p, l, CALLS_BEGUN));
        }
        assert_null(calls_get_part_figures(a.calls, p, 4));
    }
    assert_int_equal(begun[0] + begun[1] + begun[2], CALLS);
    assert_true(begun[0] > begun[1] && begun[1] > begun[2] && begun[2] > 0);
    assert_int_equal(level[0], 0);
    assert_int_equal(level[1], 112); /* of 150, the first 38 while it settles */
    assert_int_equal(level[2], 112);
    assert_int_equal(level[3], 76);
    assert_int_equal(count(&a, 2, 1, CALLS_REGISTERED) + count(&a, 2, 2, CALLS_REGISTERED),
                     count(&a, 2, 1, CALLS_REGISTRATIONS) + count(&a, 2, 2, CALLS_REGISTRATIONS));
    close_side(&a);
    close_side(&b);
}

/* Who is not registered does not call; who registers does so once. */
static void users_are_registered_first(void **state)
{
    enum { USERS = 40 };
    struct side a = {0}, b = {0};
    struct calls_options how = {.first_user = 1, .users = USERS, .users_pool = USERS_UNREGISTERED};

    (void)state;
    open_server(&b);
    add(&a, ASKS("OPTIONS"), CALLS_MIXED, 1, USERS_STAY);
    add(&a, ASKS("REGISTER"), CALLS_BEFOREHAND, 1, USERS_REGISTER);
    how.remote = *calls_local(b.calls);
    open_side(&a, &how);
    assert_int_equal(calls_begin(a.calls, clock_now_ns(), clock_now_ns()), 0);
    for (int i = 0; i < USERS; i++) {
        assert_int_equal(calls_begin_part(a.calls, 1, clock_now_ns(), clock_now_ns()), 1);
    }
    run(&a, &b);
    assert_int_equal(calls_get_users(a.calls)->known[USERS_REGISTERED], USERS);
    assert_int_equal(calls_begin_part(a.calls, 1, clock_now_ns(), clock_now_ns()), 0);
    for (int i = 0; i < USERS; i++) {
        assert_int_equal(calls_begin(a.calls, clock_now_ns(), clock_now_ns()), 1);
    }
    assert_int_equal(calls_begin(a.calls, clock_now_ns(), clock_now_ns()), 0); /* all are busy */
    run(&a, &b);
    assert_int_equal(count(&a, 0, 0, CALLS_SUCCESSFUL), USERS);
    assert_int_equal(count(&a, 0, 0, CALLS_NOT_BEGUN), 3);
    assert_int_equal(count(&a, 1, 0, CALLS_SUCCESSFUL), USERS);
    assert_int_equal(count(&a, 1, 0, CALLS_REREGISTERED), 0);
    close_side(&a);
    close_side(&b);
}

/* A shard that calls and is called: what its answering scenario waits for goes there, the rest to
 * that for strays; without one it is counted. */
static void requests_find_who_answers(void **state)
{
    static const char *const asked[] = {ASKS("MESSAGE"), ASKS("OPTIONS"), ASKS("REGISTER")};

    (void)state;
    for (int strays = 0; strays < 2; strays++) {
        struct side a = {0}, b = {0};
        struct calls_options how = {0};

        add(&a, ASKS("OPTIONS"), CALLS_MIXED, 1, USERS_STAY);
        if (strays != 0) {
            add(&a, TAKES("request=\"MESSAGE\""), CALLS_ANSWERS, 1, USERS_STAY);
            add(&a, TAKES("request=\".*\" regexp_match=\"true\""), CALLS_STRAYS, 1, USERS_STAY);
        }
        open_side(&a, &how);
        for (int i = 0; i < 3; i++) {
            add(&b, asked[i], CALLS_MIXED, 1, USERS_STAY);
        }
        how.remote = *calls_local(a.calls);
        open_side(&b, &how);
        for (uint32_t i = 0; i < 3; i++) {
            assert_int_equal(calls_begin_part(b.calls, i, clock_now_ns(), clock_now_ns()), 1);
            assert_int_equal(calls_running_of(b.calls, i), 1);
        }
        if (strays != 0) {
            run(&b, &a);
            assert_int_equal(calls_running_of(b.calls, 2), 0);
            assert_int_equal(count(&a, 1, 0, CALLS_INCOMING), 1);
            assert_int_equal(count(&a, 2, 0, CALLS_INCOMING), 2);
            assert_int_equal(count(&a, 0, 0, CALLS_OUT_OF_CALL), 0);
        }
        while (strays == 0 && count(&a, 0, 0, CALLS_OUT_OF_CALL) < 3) {
            (void)calls_turn(b.calls, clock_real_offset_ns(1, NULL));
            (void)calls_turn(a.calls, clock_real_offset_ns(1, NULL));
        }
        close_side(&a);
        close_side(&b);
    }
}

/* setdest takes a call elsewhere, closecon makes it connect again: over UDP and TCP. */
static void destinations_change(void **state)
{
    static const enum ways_kind kinds[] = {WAYS_UDP, WAYS_TCP};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct side a = {0}, b = {0}, other = {0};
        struct calls_options how = {.transport = {.kind = kinds[i], .flags = WAYS_SERVER}};
        char text[2048];

        add(&b, TAKES("request=\"OPTIONS\""), CALLS_MIXED, 1, USERS_STAY);
        add(&other, TAKES("request=\"OPTIONS\""), CALLS_MIXED, 1, USERS_STAY);
        open_side(&b, &how);
        open_side(&other, &how);
        snprintf(
            text, sizeof(text),
            "<?xml version=\"1.0\"?><scenario name=\"m\"><nop><action>"
            "<setdest host=\"[remote_ip]\" port=\"%u\" protocol=\"[transport]\"/>"
            "</action></nop><send>" MESSAGE(
                "OPTIONS sip:b@b",
                "OPTIONS") "</send><recv response=\"200\"/><nop><action><closecon/></action></nop>"
                           "<pause milliseconds=\"1\"/></scenario>",
            addr_port(calls_local(other.calls)));
        add(&a, text, CALLS_MIXED, 1, USERS_STAY);
        how.transport.flags = 0;
        how.transport.sharing = WAYS_PER_CALL;
        how.remote = *calls_local(b.calls);
        open_side(&a, &how);
        assert_int_equal(calls_begin(a.calls, clock_now_ns(), clock_now_ns()), 1);
        run(&a, &other);
        assert_int_equal(count(&a, 0, 0, CALLS_SUCCESSFUL), 1);
        assert_int_equal(count(&other, 0, 0, CALLS_INCOMING), 1);
        (void)calls_turn(b.calls, clock_real_offset_ns(1, NULL));
        assert_int_equal(count(&b, 0, 0, CALLS_INCOMING), 0);
        close_side(&a);
        close_side(&b);
        close_side(&other);
    }
}

/* A call whose connection it closed sends by a new one. */
static void a_closed_connection_is_made_anew(void **state)
{
    static const enum ways_sharing sharings[] = {WAYS_ONE, WAYS_PER_CALL};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct side a = {0}, b = {0};
        struct calls_options how = {.transport = {.kind = WAYS_TCP, .flags = WAYS_SERVER}};
        struct ways_counts counts;

        add(&b, TAKES("request=\"OPTIONS\""), CALLS_MIXED, 1, USERS_STAY);
        open_side(&b, &how);
        add(&a,
            "<?xml version=\"1.0\"?><scenario name=\"c\"><nop><action><closecon/></action></nop>"
            "<send>" MESSAGE("OPTIONS sip:b@b", "OPTIONS") "</send><recv response=\"200\"/>"
                                                           "</scenario>",
            CALLS_MIXED, 1, USERS_STAY);
        how.transport.flags = 0;
        how.transport.sharing = sharings[i];
        how.remote = *calls_local(b.calls);
        open_side(&a, &how);
        assert_int_equal(calls_begin(a.calls, clock_now_ns(), clock_now_ns()), 1);
        run(&a, &b);
        assert_int_equal(count(&a, 0, 0, CALLS_SUCCESSFUL), 1);
        ways_read_counts(calls_get_ways(a.calls), &counts);
        assert_int_equal(counts.connects, 2);
        assert_true(calls_bytes_per_call(a.calls) < 768);
        close_side(&a);
        close_side(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_and_levels),
        cmocka_unit_test(users_are_registered_first),
        cmocka_unit_test(requests_find_who_answers),
        cmocka_unit_test(destinations_change),
        cmocka_unit_test(a_closed_connection_is_made_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
