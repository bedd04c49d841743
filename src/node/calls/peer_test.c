/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A shard of calls and a peer that does not behave: it vanishes, resets, answers late or twice, or
 * sends back what it got. Each has its name in the figures, and nothing of the call is left.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/test.h"
#include "io/tcp.h"
#include "node/calls/calls_private.h"
#include "node/calls/setup.h"

enum {
    LOOK_MS = 20, /* at least so often it is looked at what was waited for */
    FEW = 3,
    MANY = 9,
    ROOM = 4096
};

struct own_options {
    struct setup_options setup;
};
static const struct opt table[] = {SETUP_OPTIONS(struct own_options, setup, "uac", ""), OPT_END};

struct fixture {
    char path[32];
    struct own_options options;
    struct setup setup;
    struct calls *calls;
    struct udp_socket udp; /* the peer's */
    struct tcp_listener tcp;
    char heard[ROOM], first[ROOM]; /* the last request of each; the call's INVITE */
    struct sockaddr_storage caller;
    unsigned files; /* open before */
};

static unsigned open_files(void)
{
    DIR *d = opendir("/proc/self/fd");
    unsigned n = 0;

    assert_non_null(d);
    while (readdir(d) != NULL) {
        n++;
    }
    closedir(d);
    return n;
}

#define REQUEST(method, cseq)                                                                    \
    method " sip:a@[remote_ip]:[remote_port] SIP/2.0\n"                                          \
           "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"                  \
           "From: <sip:b@[local_ip]>;tag=[call_number]\nTo: <sip:a@[remote_ip]>[peer_tag_param]" \
           "\nCall-ID: [call_id]\nCSeq: " cseq " " method "\nContent-Length: 0\n\n"

static void write_scenario(char *path)
{
    static const char text[] = "<?xml version=\"1.0\"?><scenario name=\"peer\"><send "
                               "retrans=\"20\"><![CDATA[\n" REQUEST(
                                   "INVITE", "1") "]]></send><recv "
                                                  "response=\"200\"/"
                                                  "><send><![CDATA[\n" REQUEST(
                                                      "ACK", "1") "]]></send><send "
                                                                  "retrans=\"20\"><![CDATA["
                                                                  "\n" REQUEST("BYE", "2") "]]></"
                                                                                           "send><"
                                                                                           "recv "
                                                                                           "respons"
                                                                                           "e="
                                                                                           "\"200\""
                                                                                           "/></"
                                                                                           "scenari"
                                                                                           "o>\n";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof(text) - 1), (int)sizeof(text) - 1);
    close(fd);
}

/* One port of both protocols: the kernel gives one that is free of UDP, and somebody's TCP may have
 * it. Each that was not to be had is kept until the next one is given, or it would come again. */
static void open_peer(struct fixture *f, const struct sockaddr_storage *local)
{
    struct udp_socket taken[20];
    int tries = 0, result;

    assert_int_equal(udp_open(&f->udp, local, 0, 0), 0);
    while ((result = tcp_listen(&f->tcp, &f->udp.local, 0)) == -EADDRINUSE && tries < 20) {
        taken[tries++] = f->udp;
        assert_int_equal(udp_open(&f->udp, local, 0, 0), 0);
    }
    assert_int_equal(result, 0);
    while (tries > 0) {
        udp_close(&taken[--tries]);
    }
}

/* With many retransmissions a call waits for a peer that is slow, with few it soon knows. */
static struct fixture *open_fixture(enum ways_kind kind, unsigned invite_retrans,
                                    unsigned other_retrans)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct calls_options o;
    struct sockaddr_storage local;
    struct err e = {0};

    assert_non_null(f);
    f->files = open_files();
    strcpy(f->path, "/tmp/peer_test.XXXXXX");
    write_scenario(f->path);
    assert_int_equal(addr_parse(&local, "127.0.0.1"), 0);
    open_peer(f, &local);
    opt_defaults(table, &f->options, sizeof(f->options));
    f->options.setup.scenario = f->path;
    f->options.setup.protocol = (int)kind;
    f->options.setup.invite_retrans = invite_retrans;
    f->options.setup.other_retrans = other_retrans;
    if (setup_open(&f->setup, &f->options.setup, &e) < 0) {
        fail_msg("%s", e.text);
    }
    setup_shard(&f->setup, &f->options.setup, &o);
    o.transport.local = local;
    o.remote = f->udp.local;
    o.limit = 4;
    o.seed = 1;
    if (calls_open(&f->calls, &o, &e) < 0) {
        fail_msg("%s", e.text);
    }
    assert_int_equal(calls_begin(f->calls, clock_now_ns(), clock_now_ns()), 1);
    return f;
}

/* Nothing of the call is left: no text it saved, no descriptor. */
static void close_fixture(struct fixture *f)
{
    assert_int_equal(calls_running(f->calls), 0);
    assert_int_equal(call_store_used(f->calls->env.store), 0);
    calls_close(f->calls);
    setup_close(&f->setup);
    udp_close(&f->udp);
    tcp_unlisten(&f->tcp);
    unlink(f->path);
    assert_int_equal(open_files(), f->files);
    free(f);
}

static uint64_t count(struct fixture *f, enum calls_count c)
{
    return atomic_load(&calls_get_figures(f->calls)->count[c]);
}

static uint64_t cause(struct fixture *f, enum call_cause c)
{
    return atomic_load(&calls_get_figures(f->calls)->cause[c]);
}

/* Until something is to be read by the peer, or came or is due here. */
static bool turn(struct fixture *f, int peer_fd)
{
    struct pollfd p[2] = {{.fd = calls_fd(f->calls), .events = POLLIN},
                          {.fd = peer_fd, .events = POLLIN}};
    uint64_t now, next, ms;

    (void)calls_turn(f->calls, clock_real_offset_ns(3, NULL));
    now = clock_now_ns();
    next = calls_next_ns(f->calls);
    ms = next > now ? (next - now) / NS_PER_MS + 1 : 0;
    (void)poll(p, 2, ms < LOOK_MS ? (int)ms : LOOK_MS);
    return (p[1].revents & POLLIN) != 0;
}

/* Waits for a request of that method; others are dropped. */
static void hear(struct fixture *f, const char *method)
{
    do {
        socklen_t size = sizeof(f->caller);
        ssize_t n;
        while (!turn(f, f->udp.fd)) {
        }
        n = recvfrom(f->udp.fd, f->heard, ROOM - 1, 0, (struct sockaddr *)&f->caller, &size);
        assert_true(n > 0);
        f->heard[n] = '\0';
    } while (strncmp(f->heard, method, strlen(method)) != 0);
    if (strcmp(method, "INVITE") == 0) {
        strcpy(f->first, f->heard);
    }
}

static void say(struct fixture *f, const char *text)
{
    assert_int_equal(sendto(f->udp.fd, text, strlen(text), 0, (struct sockaddr *)&f->caller,
                            addr_size(&f->caller)),
                     (int)strlen(text));
}

/* The request with another first line is an answer good enough. */
static void answer(struct fixture *f, const char *request, const char *status)
{
    char text[ROOM];

    (void)snprintf(text, sizeof(text), "SIP/2.0 %s\r\n%s", status, strchr(request, '\n') + 1);
    say(f, text);
}

static void run_to_end(struct fixture *f)
{
    while (calls_running(f->calls) > 0) {
        (void)turn(f, -1);
    }
}

static void one_that_vanishes(void **state)
{
    struct fixture *f = open_fixture(WAYS_UDP, MANY, FEW);

    (void)state;
    hear(f, "INVITE");
    answer(f, f->heard, "200 OK");
    hear(f, "BYE");
    udp_close(&f->udp); /* from now on the kernel says that nobody is there */
    run_to_end(f);
    assert_int_equal(count(f, CALLS_FAULT_SILENCE), 1);
    assert_int_equal(cause(f, CALL_MAX_RETRANS), 1);
    assert_int_equal(count(f, CALLS_ESTABLISHED), 1);
    close_fixture(f);
}

static void one_that_resets(void **state)
{
    struct fixture *f = open_fixture(WAYS_TCP, MANY, MANY);
    struct tcp_conn c = {.fd = -1};
    char bytes[ROOM];

    (void)state;
    while (tcp_accept(&f->tcp, &c) == 0) {
        (void)turn(f, f->tcp.fd);
    }
    while (tcp_receive(&c, bytes, sizeof(bytes)) == 0) {
        (void)turn(f, c.fd);
    }
    tcp_abort(&c);
    run_to_end(f);
    assert_int_equal(count(f, CALLS_FAULT_SILENCE), 1);
    assert_int_equal(cause(f, CALL_CONNECTION_CLOSED), 1);
    close_fixture(f);
}

static void one_that_answers_late(void **state)
{
    struct fixture *f = open_fixture(WAYS_UDP, FEW, MANY);

    (void)state;
    hear(f, "INVITE");
    run_to_end(f);
    assert_int_equal(cause(f, CALL_MAX_RETRANS), 1);
    assert_int_equal(count(f, CALLS_RETRANS_SENT), FEW);
    answer(f, f->first, "200 OK");
    while (count(f, CALLS_DEAD_CALL) == 0) {
        (void)turn(f, -1);
    }
    assert_int_equal(count(f, CALLS_FAILED), 1);
    close_fixture(f);
}

/* Each 2xx has its ACK (RFC 3261 §13.2.2.4); the second is no second call. */
static void one_that_answers_twice(void **state)
{
    struct fixture *f = open_fixture(WAYS_UDP, MANY, MANY);
    char bye[ROOM];

    (void)state;
    hear(f, "INVITE");
    answer(f, f->first, "200 OK");
    hear(f, "ACK");
    hear(f, "BYE");
    strcpy(bye, f->heard);
    answer(f, f->first, "200 OK");
    hear(f, "ACK");
    answer(f, bye, "200 OK");
    answer(f, bye, "200 OK");
    run_to_end(f);
    assert_int_equal(count(f, CALLS_SUCCESSFUL), 1);
    assert_true(count(f, CALLS_RETRANS_RECEIVED) >= 1);
    assert_int_equal(count(f, CALLS_ESTABLISHED), 1);
    while (count(f, CALLS_DEAD_CALL) == 0) { /* the second 200 of the BYE */
        (void)turn(f, -1);
    }
    close_fixture(f);
}

static void one_that_loops(void **state)
{
    struct fixture *f = open_fixture(WAYS_UDP, MANY, MANY);

    (void)state;
    hear(f, "INVITE");
    say(f, f->first); /* back as it came */
    run_to_end(f);
    assert_int_equal(count(f, CALLS_UNEXPECTED), 1);
    assert_int_equal(cause(f, CALL_UNEXPECTED), 1);
    assert_int_equal(count(f, CALLS_FAULT_ANSWER), 1);
    close_fixture(f);
    f = open_fixture(WAYS_UDP, MANY, MANY);
    hear(f, "INVITE");
    answer(f, f->first, "482 Loop Detected");
    run_to_end(f);
    assert_int_equal(cause(f, CALL_REJECTED), 1);
    assert_int_equal(count(f, CALLS_FAULT_ANSWER), 1);
    close_fixture(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_vanishes),     cmocka_unit_test(one_that_resets),
        cmocka_unit_test(one_that_answers_late), cmocka_unit_test(one_that_answers_twice),
        cmocka_unit_test(one_that_loops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
