/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * 3PCC over real connections of the loopback: commands alone, and whole calls of two shards that
 * control two parties, in one thread.
 */
#include "node/calls/twin.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/test.h"
#include "io/addr.h"
#include "node/calls/calls.h"

enum { CALLS = 20, SIDES = 4, WAIT_MS = 20000 };

struct heard {
    char source[8][TWIN_NAME_MAX];
    size_t size[8];
    unsigned count;
};

static void hear(void *arg, const char *source, const char *bytes, size_t size)
{
    struct heard *h = arg;

    assert_true(h->count < 8);
    assert_int_equal(strlen(bytes), size);
    snprintf(h->source[h->count], TWIN_NAME_MAX, "%s", source);
    h->size[h->count++] = size;
}

static const struct twin_events events = {hear};

/* Two instances and a master, each with a name: commands find their way, however long. */
static void names_lead_to_peers(void **state)
{
    static const char *const names[] = {"m", "s1", "s2"};
    static const char command[] = "Call-ID: 1\r\nFrom: m\r\n\r\n";
    char *large = calloc(1, 40000);
    struct twin_options o = {.patience_ns = NS_PER_S};
    struct heard heard[3] = {0};
    struct twin *t[3] = {NULL};
    struct err e = {0};

    (void)state;
    assert_non_null(large);
    memset(large, 'x', 39999);
    memcpy(large, "From: s1\r\n", 10);
    for (unsigned i = 0; i < 3; i++) { /* where each listens is known once it does */
        snprintf(o.peers[i].name, TWIN_NAME_MAX, "%s", names[i]);
        assert_int_equal(addr_parse(&o.peers[i].address, "127.0.0.1"), 0);
    }
    o.peer_count = 3;
    for (int i = 2; i >= 0; i--) {
        o.name = names[i];
        o.connects = i == 0;
        if (twin_open(&t[i], &o, &events, &heard[i], &e) < 0) {
            fail_msg("%s", e.text);
        }
        o.peers[i].address = *twin_local(t[i]);
    }
    assert_int_equal(twin_send(t[0], "nobody", command, sizeof(command) - 1), -ENOENT);
    assert_int_equal(twin_send(t[0], "s1", command, sizeof(command) - 1), 0);
    assert_int_equal(twin_send(t[0], "s1", command, sizeof(command) - 1), 0);
    assert_int_equal(twin_send(t[0], "s2", large, 39999), 0);
    while (heard[1].count < 2 || heard[2].count < 1) {
        for (int i = 0; i < 3; i++) {
            twin_turn(t[i]);
        }
    }
    assert_string_equal(heard[1].source[1], "m");
    assert_int_equal(heard[1].size[1], sizeof(command) - 1);
    assert_string_equal(heard[2].source[0], "s1");
    assert_int_equal(heard[2].size[0], 39999);
    twin_close(t[0]);
    while (!twin_is_gone(t[1])) {
        twin_turn(t[1]);
    }
    twin_close(t[1]);
    twin_close(t[2]);
    free(large);
}

static void a_silent_twin_is_named(void **state)
{
    struct twin_options o = {.connects = true, .patience_ns = 1};
    struct twin *t;
    struct err e = {0};

    (void)state;
    assert_int_equal(addr_parse(&o.address, "127.0.0.1:1"), 0);
    assert_int_equal(twin_open(&t, &o, &events, NULL, &e), -ETIMEDOUT);
    assert_non_null(strstr(e.text, "127.0.0.1:1"));
}

static void peers_are_read(void **state)
{
    static const struct {
        const char *text;
        int code;
    } cases[] = {{"# who\nm;127.0.0.1:6000\n\ns1;[::1]:6001\n", 0},
                 {"m;127.0.0.1:6000\ns1 127.0.0.1:6001\n", -EINVAL},
                 {"m;127.0.0.1\n", -EINVAL},
                 {";127.0.0.1:1\n", -EINVAL}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char path[] = "/tmp/twin_test.XXXXXX";
        struct twin_options o = {0};
        struct err e = {0};
        int fd = mkstemp(path);

        assert_int_equal(write(fd, cases[i].text, strlen(cases[i].text)), strlen(cases[i].text));
        close(fd);
        assert_int_equal(twin_read_peers(&o, path, &e), cases[i].code);
        unlink(path);
        if (cases[i].code == 0) {
            assert_int_equal(o.peer_count, 2);
            assert_string_equal(o.peers[1].name, "s1");
            assert_int_equal(addr_port(&o.peers[1].address), 6001);
        } else {
            assert_int_equal(e.line, i == 1 ? 2 : 1);
        }
    }
}

/* ---- whole calls ---- */

/* The party at the end of B: it hangs up. */
static const char party[] =
    "<?xml version=\"1.0\"?><scenario name=\"party\"><recv request=\"INVITE\"/>"
    "<send retrans=\"500\"><![CDATA[\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n"
    "[last_To:];tag=p[call_number]\n[last_Call-ID:]\n[last_CSeq:]\n"
    "Contact: <sip:p@[local_ip]:[local_port]>\nContent-Type: application/sdp\n"
    "Content-Length: [len]\n\nv=0\ns=b\n]]></send><recv request=\"ACK\"/>"
    "<send retrans=\"500\"><![CDATA[\nBYE sip:vaperf@[remote_ip]:[remote_port] SIP/2.0\n"
    "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n"
    "From: <sip:b@b>;tag=p[call_number]\nTo: <sip:vaperf@a>\nCall-ID: [call_id]\n"
    "CSeq: 1 BYE\nContent-Length: 0\n]]></send><recv response=\"200\"/></scenario>";

struct side {
    struct scenario *scenario;
    struct calls *calls;
};

static void open_side(struct side *s, const char *name, const struct sockaddr_storage *remote,
                      const struct twin_options *twin)
{
    struct scenario_options so;
    struct calls_options o = {.limit = CALLS + 1, .seed = 1, .first_number = 1, .number_step = 1};
    struct err e = {0};

    scenario_options_default(&so);
    so.process_id = (uint32_t)getpid();
    if ((name[0] == '<' ? scenario_load_text("party", name, strlen(name), &so, &s->scenario, &e)
                        : scenario_load(name, &so, &s->scenario, &e)) < 0) {
        fail_msg("%s", e.text);
    }
    assert_int_equal(addr_parse(&o.transport.local, "127.0.0.1"), 0);
    o.transport.ways_max = 4;
    o.transport.flags = remote == NULL ? WAYS_SERVER : 0;
    o.scenario = s->scenario;
    o.twin = twin;
    if (remote != NULL) {
        o.remote = *remote;
    }
    if (calls_open(&s->calls, &o, &e) < 0) {
        fail_msg("%s: %s", name, e.text);
    }
}

static uint64_t count(struct side *s, enum calls_count c)
{
    return atomic_load(&calls_get_figures(s->calls)->count[c]);
}

static void turn(struct side *sides)
{
    struct pollfd p[SIDES];
    uint64_t next = UINT64_MAX, now;

    for (int i = 0; i < SIDES; i++) {
        (void)calls_turn(sides[i].calls, clock_real_offset_ns(1, NULL));
        p[i] = (struct pollfd){.fd = calls_fd(sides[i].calls), .events = POLLIN};
    }
    for (int i = 0; i < SIDES; i++) {
        next = calls_next_ns(sides[i].calls) < next ? calls_next_ns(sides[i].calls) : next;
    }
    now = clock_now_ns();
    if (next > now && calls_running(sides[2].calls) + calls_running(sides[3].calls) > 0) {
        uint64_t ms = (next - now) / NS_PER_MS + 1;
        (void)poll(p, SIDES, ms < WAIT_MS ? (int)ms : WAIT_MS);
    }
}

/* A controller in two halves: each calls one party, the session description goes through. */
static void two_halves_connect_two_parties(void **state)
{
    struct side sides[SIDES] = {0};
    struct twin_options a = {.connects = true}, b = {0};

    (void)state;
    open_side(&sides[0], "uas", NULL, NULL);
    open_side(&sides[1], party, NULL, NULL);
    assert_int_equal(addr_parse(&b.address, "127.0.0.1"), 0);
    open_side(&sides[2], "3pcc-C-B", calls_local(sides[1].calls), &b);
    a.address = *twin_local(calls_get_twin(sides[2].calls));
    open_side(&sides[3], "3pcc-C-A", calls_local(sides[0].calls), &a);
    assert_true(scenario_commands_first(sides[3].scenario));
    assert_false(scenario_commands_first(sides[2].scenario));
    for (int i = 0; i < CALLS; i++) {
        assert_int_equal(calls_begin(sides[3].calls, clock_now_ns(), clock_now_ns()), 1);
    }
    while (calls_running(sides[3].calls) + calls_running(sides[2].calls) > 0) {
        turn(sides);
    }
    for (int i = 2; i < SIDES; i++) {
        assert_int_equal(count(&sides[i], CALLS_SUCCESSFUL), CALLS);
        assert_int_equal(count(&sides[i], CALLS_FAILED), 0);
        assert_int_equal(count(&sides[i], CALLS_ESTABLISHED), CALLS);
    }
    for (int i = SIDES - 1; i >= 0; i--) {
        calls_close(sides[i].calls);
        scenario_destroy(sides[i].scenario);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_lead_to_peers),
        cmocka_unit_test(a_silent_twin_is_named),
        cmocka_unit_test(peers_are_read),
        cmocka_unit_test(two_halves_connect_two_parties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
