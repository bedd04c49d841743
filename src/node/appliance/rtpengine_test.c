/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A real rtpengine, where it is installed: packets come back and it counts them as we do. A feigned
 * one, for what a real one seldom says.
 */
#include "base/test.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/str.h"
#include "io/addr.h"
#include "io/udp.h"
#include "node/appliance/appliance.h"

extern const struct appliance_ops appliance_rtpengine;
static const struct appliance_ops *const ops = &appliance_rtpengine;
enum { PACKETS = 20, STREAMS = 2, RELAYED = 0, ERRORS = 2, CALLS = 3, COLUMNS = 4 };

struct subject {
    uint64_t options[32], state[64];
    struct err e;
};

static void set_option(struct subject *s, const char *name, const char *text)
{
    assert_int_equal(opt_parse(opt_find(ops->options, name), text, s->options, NULL, &s->e), 0);
}

static struct subject *new_subject(void)
{
    static struct subject s;

    memset(&s, 0, sizeof(s));
    assert_true(ops->options_size <= sizeof(s.options) && ops->state_size <= sizeof(s.state));
    opt_defaults(ops->options, s.options, ops->options_size);
    return &s;
}

static int open_it(struct subject *s)
{
    return ops->open(s->state, s->options, "127.0.0.1", &s->e);
}

static void assert_says(const struct subject *s, const char *text)
{
    if (strstr(s->e.text, text) == NULL) {
        fail_msg("'%s' has no '%s'", s->e.text, text);
    }
}

static void local_socket(struct udp_socket *s)
{
    struct sockaddr_storage any;
    assert_int_equal(addr_parse(&any, "127.0.0.1"), 0);
    assert_int_equal(udp_open(s, &any, 0, 0), 0);
}

/* ---- a real one ---- */

static bool is_installed(void)
{
    const char *words[] = {"rtpengine", "--version", NULL};
    return proc_run((char *const *)(void *)words, NULL, NULL, 5 * NS_PER_S, NULL) == 0;
}

static void send_rtp(const struct udp_socket *own, const struct sockaddr_storage *to,
                     uint16_t number, uint8_t ssrc)
{
    uint8_t packet[172] = {0x80, 8, (uint8_t)(number >> 8), (uint8_t)number};
    packet[11] = ssrc;
    assert_int_equal(
        sendto(own->fd, packet, sizeof(packet), 0, (const struct sockaddr *)to, addr_size(to)),
        sizeof(packet));
}

static void wait_rtp(const struct udp_socket *own, uint16_t number, uint8_t ssrc)
{
    struct pollfd p = {.fd = own->fd, .events = POLLIN};
    uint8_t packet[300];

    assert_int_equal(poll(&p, 1, 5000), 1);
    assert_int_equal(recv(own->fd, packet, sizeof(packet), 0), 172);
    assert_int_equal(packet[2] << 8 | packet[3], number);
    assert_int_equal(packet[11], ssrc);
}

static void packets_return_and_are_counted(void **state)
{
    struct subject *s = new_subject();
    struct sockaddr_storage peers[STREAMS + 1] = {{0}}, ends[STREAMS + 1];
    struct udp_socket own;
    double values[COLUMNS];

    (void)state;
    if (!is_installed()) {
        skip();
    }
    set_option(s, "threads", "1");
    if (open_it(s) < 0) {
        fail_msg("%s", s->e.text);
    }
    local_socket(&own);
    peers[0] = peers[1] = own.local;
    assert_int_equal(ops->endpoints(s->state, peers, STREAMS, ends, &s->e), 0);
    assert_int_not_equal(addr_port(&ends[0]), addr_port(&ends[1]));
    for (uint16_t i = 0; i < PACKETS; i++) {
        send_rtp(&own, &ends[i % STREAMS], i, (uint8_t)(i % STREAMS));
        wait_rtp(&own, i, (uint8_t)(i % STREAMS));
    }
    assert_int_equal(ops->drain(s->state, clock_now_ns() + 5 * NS_PER_S), 0);
    ops->stats(s->state, values, COLUMNS);
    assert_true(values[RELAYED] == PACKETS && values[ERRORS] == 0 && values[CALLS] == STREAMS);
    /* One that does not know its end takes all of its batch with it. */
    assert_int_equal(ops->endpoints(s->state, peers, STREAMS + 1, ends, &s->e), -ENOTSUP);
    assert_says(s, "wants to know where a stream ends");
    ops->stats(s->state, values, COLUMNS);
    assert_true(values[CALLS] == STREAMS);
    ops->close(s->state);
    ops->close(s->state);
    ops->close(NULL);
    udp_close(&own);
}

/* RTCP beside RTP: a report goes through the port after the stream's, and comes out of it. */
static void reports_have_a_port_of_their_own(void **state)
{
    static const uint8_t empty[] = {0x80, 201, 0, 1, 0, 0, 0, 7}; /* a receiver report */
    struct subject *s = new_subject();
    struct sockaddr_storage any, end, beside, from;
    struct udp_socket own, next;
    struct pollfd p = {.events = POLLIN};
    socklen_t size = sizeof(from);
    uint8_t packet[300];

    (void)state;
    if (!is_installed()) {
        skip();
    }
    set_option(s, "threads", "1");
    if (open_it(s) < 0) {
        fail_msg("%s", s->e.text);
    }
    assert_int_equal(addr_parse(&any, "127.0.0.1"), 0);
    assert_int_equal(udp_open_pair(&own, &next, &any, 0, 0), 0);
    if (ops->endpoint_pairs(s->state, &own.local, 1, &end, &s->e) < 0) {
        fail_msg("%s", s->e.text);
    }
    assert_int_equal(addr_port(&end) % 2, 0);
    beside = end;
    addr_set_port(&beside, (uint16_t)(addr_port(&end) + 1));
    send_rtp(&own, &end, 1, 7);
    wait_rtp(&own, 1, 7);
    assert_int_equal(
        sendto(next.fd, empty, sizeof(empty), 0, (struct sockaddr *)&beside, addr_size(&beside)),
        sizeof(empty));
    p.fd = next.fd;
    assert_int_equal(poll(&p, 1, 5000), 1);
    assert_true(recvfrom(next.fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &size) >=
                (ssize_t)sizeof(empty));
    assert_int_equal(packet[1], 201);
    assert_int_equal(addr_port(&from) % 2, 1); /* it leaves by the other leg of the call */
    ops->close(s->state);
    udp_close(&own);
    udp_close(&next);
}

/* ---- a feigned one ---- */

struct feigned {
    pthread_t thread;
    struct udp_socket socket;
    const char *to_offer, *to_answer; /* NULL: as it should be */
    _Atomic unsigned asked, deleted;
    atomic_bool stop;
};

#define OFFERED             \
    "d6:result2:ok3:sdp75:" \
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nm=audio 7 RTP/AVP 0e"
#define TOTALS                                                                                \
    "d6:result2:ok10:statisticsd17:currentstatisticsd13:sessionstotali0ee15:totalstatisticsd" \
    "15:managedsessionsi0e12:relayedbytesi0e19:relayedpacketerrorsi0e14:relayedpacketsi0eeee"

static const char *answer_to(struct feigned *f, const char *question)
{
    if (strstr(question, "7:command4:ping") != NULL) {
        return "d6:result4:ponge";
    }
    if (strstr(question, "7:command10:statistics") != NULL) {
        return f->asked++ == 0 ? NULL : TOTALS; /* the first one gets lost */
    }
    if (strstr(question, "7:command5:offer") != NULL) {
        return f->to_offer != NULL ? f->to_offer : OFFERED;
    }
    if (strstr(question, "7:command6:delete") != NULL) {
        f->deleted++;
        return "d6:result2:oke";
    }
    return f->to_answer != NULL ? f->to_answer : OFFERED;
}

static void *feign(void *arg)
{
    struct feigned *f = arg;
    char question[4096], answer[4096];

    while (!atomic_load(&f->stop)) {
        struct pollfd p = {.fd = f->socket.fd, .events = POLLIN};
        struct sockaddr_storage from;
        socklen_t size = sizeof(from);
        const char *text;
        ssize_t n;
        if (poll(&p, 1, 10) <= 0) {
            continue;
        }
        n = recvfrom(f->socket.fd, question, sizeof(question) - 1, 0, (struct sockaddr *)&from,
                     &size);
        if (n <= 0) {
            continue;
        }
        question[n] = '\0';
        text = answer_to(f, question);
        if (text != NULL) {
            n = (ssize_t)str_printf(answer, sizeof(answer), "%.*s %s", (int)strcspn(question, " "),
                                    question, text);
            (void)sendto(f->socket.fd, answer, (size_t)n, 0, (struct sockaddr *)&from, size);
        }
    }
    return NULL;
}

/* Opens the driver towards it; result of endpoints for one stream. */
static int ask_feigned(struct feigned *f, struct subject *s, struct sockaddr_storage *ret)
{
    static char control[ADDR_TEXT_MAX]; /* an option lends it */
    struct sockaddr_storage peer;
    int result;

    local_socket(&f->socket);
    set_option(s, "control", addr_format(&f->socket.local, control, sizeof(control)));
    assert_int_equal(pthread_create(&f->thread, NULL, feign, f), 0);
    if (open_it(s) < 0) {
        fail_msg("%s", s->e.text);
    }
    peer = f->socket.local;
    result = ops->endpoints(s->state, &peer, 1, ret, &s->e);
    ops->close(s->state);
    atomic_store(&f->stop, true);
    pthread_join(f->thread, NULL);
    udp_close(&f->socket);
    return result;
}

static void one_that_runs_is_left_as_it_was(void **state)
{
    struct feigned f = {.to_offer = NULL};
    struct sockaddr_storage end;
    char text[ADDR_TEXT_MAX];

    (void)state;
    assert_int_equal(ask_feigned(&f, new_subject(), &end), 0);
    assert_string_equal(addr_format(&end, text, sizeof(text)), "192.0.2.1:7");
    assert_int_equal(f.asked, 2);
    assert_int_equal(f.deleted, 1);
}

static void bad_answers_are_said(void **state)
{
    static const struct {
        const char *to_offer, *to_answer, *says;
        int code;
    } bad[] = {
        {"d12:error-reason7:no room6:result5:errore", NULL, "offer: it says: no room", -EIO},
        {"d6:result5:errore", NULL, "gave no reason", -EIO},
        {"hello", NULL, "no bencode", -EBADMSG},
        {"le", NULL, "without a result", -EBADMSG},
        {NULL, "d6:result2:oke", "its SDP names no address", -EBADMSG},
        {NULL,
         "d6:result2:ok3:sdp75:"
         "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nm=audio 0 RTP/AVP 0e",
         "its SDP names no address", -EBADMSG},
    };
    struct sockaddr_storage end;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct feigned f = {.to_offer = bad[i].to_offer, .to_answer = bad[i].to_answer};
        struct subject *s = new_subject();
        atomic_store(&f.asked, 1);
        assert_int_equal(ask_feigned(&f, s, &end), bad[i].code);
        assert_says(s, bad[i].says);
        assert_int_equal(f.deleted, 1);
    }
}

static void what_cannot_be_is_said(void **state)
{
    struct subject *s = new_subject();

    (void)state;
    set_option(s, "program", "no-such-rtpengine");
    assert_int_equal(open_it(s), -ENOTSUP);
    assert_says(s, "package rtpengine-daemon");
    s = new_subject();
    set_option(s, "program", "false");
    assert_int_equal(open_it(s), -EIO);
    assert_says(s, "it ended at once, with status 1");
    s = new_subject();
    set_option(s, "control", "nowhere");
    assert_int_equal(ops->check(s->options, &s->e), -EINVAL);
    assert_says(s, "'nowhere' is no ADDRESS:PORT");
    s = new_subject();
    set_option(s, "last_port", "20001");
    assert_int_equal(ops->check(s->options, &s->e), -EINVAL);
    s = new_subject();
    assert_int_equal(ops->check(s->options, &s->e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_return_and_are_counted),
        cmocka_unit_test(reports_have_a_port_of_their_own),
        cmocka_unit_test(one_that_runs_is_left_as_it_was),
        cmocka_unit_test(bad_answers_are_said),
        cmocka_unit_test(what_cannot_be_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
