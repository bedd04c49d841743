/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/addr.h"
#include "io/udp.h"
#include "node/codec/rtp.h"
#include "node/callmedia/callmedia_test_bed.h"

/* An address of its own: no other test sends there. */
#define ADDRESS "127.77.0.1"
enum { CALLS = 8 };

/* Ports below those that the kernel gives to others meanwhile. */
static void open_end(struct end *e, int mode, unsigned first_port, unsigned ports)
{
    memset(e, 0, sizeof(*e));
    e->o = (struct callmedia_options){.mode = mode,
                                      .ports = ports,
                                      .jitter_buffer_ns = 60 * NS_PER_MS,
                                      .linger_ns = 60 * NS_PER_S};
    e->calls = (struct calls_options){.limit = CALLS, .media_port = first_port, .seed = 7};
    assert_int_equal(addr_parse(&e->calls.transport.local, ADDRESS), 0);
    assert_int_equal(callmedia_setup_open(&e->setup, &e->o, NULL, 0, NULL), 0);
    assert_int_equal(callmedia_open(&e->media, &e->setup, &e->calls, 0, 1, NULL), 0);
    assert_true(e->media == NULL || strcmp(e->calls.media_ip, ADDRESS) == 0);
}

static unsigned begin(struct end *e, uint32_t place)
{
    e->calls.media.ops->begin(e->media, place, place + 1, true);
    return e->calls.media.ops->port(e->media, place, CALL_PORT_MEDIA);
}

static void describe(struct end *e, uint32_t place, const char *address, unsigned port,
                     const char *more)
{
    char text[512];
    int size = snprintf(text, sizeof(text),
                        "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
                        "m=audio %u RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/8000\r\n%s",
                        address, address, port, more);

    e->calls.media.ops->description(e->media, place, text, (size_t)size);
}

/* Turns both until all that the first sent came back. */
static void run_home(struct end *a, struct end *b)
{
    run(a, b, MEDIA_RETURNED, count(a, MEDIA_SENT));
    assert_int_equal(count(a, MEDIA_RETURNED), count(a, MEDIA_SENT));
}

/* Turns both until the first has all reports of the second. */
static void run_reported(struct end *a, struct end *b)
{
    run(a, b, MEDIA_RTCP, count(b, MEDIA_RTCP_SENT));
    assert_int_equal(count(a, MEDIA_RTCP), count(b, MEDIA_RTCP_SENT));
}

/* Of calls that have ended, and have nothing under way: the first's by themselves, which is soon.
 */
static void finish_calls(struct end *a, struct end *b)
{
    const uint64_t until = clock_now_ns() + 20 * NS_PER_S;

    while (!a->calls.media.ops->is_idle(a->media) && clock_now_ns() < until) {
        turn(a);
        (void)clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    assert_true(a->calls.media.ops->is_idle(a->media));
    callmedia_settle(b->media);
    assert_true(b->calls.media.ops->is_idle(b->media));
}

static void what_is_streamed_comes_back(void **state)
{
    struct end a, b;

    (void)state;
    open_end(&a, CALLMEDIA_STREAM, 12000, 400);
    open_end(&b, CALLMEDIA_ECHO, 13000, 400);
    for (uint32_t i = 0; i < CALLS; i++) {
        unsigned ours = begin(&a, i), theirs = begin(&b, i);

        assert_true(ours >= 12000 && ours < 12400 && theirs >= 13000);
        assert_int_equal(a.calls.media.ops->port(a.media, i, CALL_PORT_MEDIA), ours);
        describe(&b, i, ADDRESS, ours, "");
        describe(&a, i, ADDRESS, theirs, "");
    }
    run(&a, &b, MEDIA_RETURNED, CALLS * 10);
    for (uint32_t i = 0; i < CALLS; i++) {
        a.calls.media.ops->end(a.media, i);
    }
    run_home(&a, &b);
    b.o.linger_ns = NS_PER_MS;
    for (uint32_t i = 0; i < CALLS; i++) {
        b.calls.media.ops->end(b.media, i);
    }
    finish_calls(&b, &a);
    assert_int_equal(count(&a, MEDIA_BEGUN), CALLS);
    assert_int_equal(count(&a, MEDIA_ENDED), CALLS);
    assert_int_equal(count(&a, MEDIA_RETURNED), count(&a, MEDIA_SENT));
    assert_int_equal(count(&b, MEDIA_ECHOED), count(&a, MEDIA_SENT));
    assert_int_equal(count(&b, MEDIA_RECEIVED), count(&a, MEDIA_SENT));
    assert_int_equal(count(&a, MEDIA_LOST), 0);
    assert_int_equal(callmedia_get_figures(a.media)->calls, CALLS);
    assert_int_equal(callmedia_get_figures(a.media)->dist[MEDIA_MOS]->total, CALLS);
    assert_true(hist_mean(callmedia_get_figures(a.media)->dist[MEDIA_DELAY]) > 0);
    assert_int_equal(callmedia_get_figures(b.media)->dist[MEDIA_DELAY]->total, 0);
    close_end(&a);
    close_end(&b);
}

/* Beside the media, from and to the port after its own, both ends until they say goodbye. */
static void both_ends_report(void **state)
{
    const struct media_figures *f;
    struct end a, b;

    (void)state;
    open_end(&a, CALLMEDIA_STREAM, 14000, 400);
    open_end(&b, CALLMEDIA_ECHO, 15000, 400);
    a.o.rtcp_ns = b.o.rtcp_ns = 20 * NS_PER_MS;
    for (uint32_t i = 0; i < CALLS; i++) {
        unsigned ours = begin(&a, i), theirs = begin(&b, i);

        describe(&b, i, ADDRESS, ours, "");
        describe(&a, i, ADDRESS, theirs, "");
    }
    run(&a, &b, MEDIA_RTCP, CALLS * 8);
    run(&b, &a, MEDIA_RTCP, CALLS * 8);
    for (uint32_t i = 0; i < CALLS; i++) {
        a.calls.media.ops->end(a.media, i);
    }
    run_home(&a, &b);
    run_reported(&b, &a);
    for (uint32_t i = 0; i < CALLS; i++) {
        b.calls.media.ops->end(b.media, i);
    }
    run_reported(&a, &b);
    callmedia_settle(a.media);
    callmedia_settle(b.media);
    assert_int_equal(count(&a, MEDIA_RTCP), count(&b, MEDIA_RTCP_SENT));
    assert_int_equal(count(&b, MEDIA_RTCP), count(&a, MEDIA_RTCP_SENT));
    assert_int_equal(count(&a, MEDIA_RTCP_MALFORMED) + count(&b, MEDIA_RTCP_MALFORMED), 0);
    assert_int_equal(count(&a, MEDIA_RETURNED), count(&a, MEDIA_SENT));
    assert_int_equal(count(&a, MEDIA_MALFORMED) + count(&b, MEDIA_MALFORMED), 0);
    f = callmedia_get_figures(a.media);
    assert_int_equal(f->dist[MEDIA_RTT]->total, CALLS);
    assert_int_equal(f->dist[MEDIA_FAR_LOSS]->total, CALLS);
    assert_int_equal(hist_percentile(f->dist[MEDIA_FAR_LOSS], 100), f->dist[MEDIA_FAR_LOSS]->min);
    assert_true(f->worst_count > 0 && f->worst[0].rtt_us >= 0 && f->worst[0].far_loss_pct == 0);
    assert_int_equal(callmedia_get_figures(b.media)->dist[MEDIA_RTT]->total, 0); /* sent no SR */
    close_end(&a);
    close_end(&b);
}

/* Until one that has RTCP alone; false: RTP. */
static bool next_is_report(const struct udp_socket *s, struct end *e)
{
    uint64_t until = clock_now_ns() + 20 * NS_PER_S;
    uint8_t bytes[2048];
    ssize_t size;

    while ((size = recv(s->fd, bytes, sizeof(bytes), 0)) < 0 && clock_now_ns() < until) {
        turn(e);
        (void)clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    assert_true(size > 0);
    return rtp_is_rtcp(bytes, (size_t)size);
}

/* Where reports go is what both descriptions say. */
static void reports_go_where_it_is_agreed(void **state)
{
    static const struct {
        const char *theirs, *ours;
        enum { NEXT, APART, WITH } where;
    } rows[] = {
        {"", "", NEXT},
        {"a=rtcp-mux\r\n", "", NEXT},
        {"", "a=rtcp-mux\r\n", NEXT},
        {"a=rtcp-mux\r\n", "a=rtcp-mux\r\n", WITH},
        {"a=rtcp", "", APART},
    };
    struct sockaddr_storage any;
    struct udp_socket at[3];
    struct end a;

    (void)state;
    open_end(&a, CALLMEDIA_STREAM, 14400, 400);
    a.o.rtcp_ns = 60 * NS_PER_MS;
    assert_int_equal(addr_parse(&any, ADDRESS), 0);
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char more[100], own[300];
        int size;

        assert_int_equal(udp_open_pair(&at[WITH], &at[NEXT], &any, 0, 0), 0);
        assert_int_equal(udp_open(&at[APART], &any, 0, 0), 0);
        (void)begin(&a, i);
        size = snprintf(own, sizeof(own),
                        "v=0\r\no=- 1 1 IN IP4 " ADDRESS "\r\ns=-\r\nt=0 0\r\n"
                        "m=audio 9 RTP/AVP 0\r\n%s",
                        rows[i].ours);
        a.calls.media.ops->told(a.media, i, own, (size_t)size);
        if (rows[i].where == APART) {
            snprintf(more, sizeof(more), "a=rtcp:%u IN IP4 " ADDRESS "\r\n",
                     addr_port(&at[APART].local));
        } else {
            snprintf(more, sizeof(more), "%s", rows[i].theirs);
        }
        describe(&a, i, ADDRESS, addr_port(&at[WITH].local), more);
        while (!next_is_report(&at[rows[i].where], &a)) {
            assert_int_equal(rows[i].where, WITH); /* no other port gets media */
        }
        a.calls.media.ops->end(a.media, i);
        for (int k = 0; k < 3; k++) {
            udp_close(&at[k]);
        }
    }
    close_end(&a);
}

static void a_silent_peer_is_named(void **state)
{
    struct end a;

    (void)state;
    open_end(&a, CALLMEDIA_STREAM, 12400, 400);
    (void)begin(&a, 0);
    (void)begin(&a, 1);
    describe(&a, 0, ADDRESS, 9, "");
    describe(&a, 1, ADDRESS, 9, "a=sendonly\r\n");
    run(&a, NULL, MEDIA_SENT, 5);
    assert_true(count(&a, MEDIA_NO_PEER) > 0); /* on hold */
    callmedia_settle(a.media);
    assert_int_equal(count(&a, MEDIA_SILENT), 1);
    assert_int_equal(count(&a, MEDIA_RECEIVED), 0);
    assert_int_equal(callmedia_get_figures(a.media)->calls, 0);
    close_end(&a);
}

static void bad_descriptions_are_counted(void **state)
{
    static const char secure[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
                                 "t=0 0\r\nm=audio 9 RTP/SAVP 0\r\n";
    struct end a;

    (void)state;
    open_end(&a, CALLMEDIA_STREAM, 12800, 400);
    for (uint32_t i = 0; i < 6; i++) {
        (void)begin(&a, i);
    }
    a.calls.media.ops->description(a.media, 0, "nonsense", 8);
    describe(&a, 1, "no.address", 9, "");
    describe(&a, 2, "::1", 9, "");
    assert_int_equal(count(&a, MEDIA_BAD_SDP), 3);
    describe(&a, 3, ADDRESS, 0, "");
    a.calls.media.ops->description(a.media, 4, secure, sizeof(secure) - 1);
    assert_int_equal(count(&a, MEDIA_REFUSED), 2);
    turn(&a);
    assert_int_equal(count(&a, MEDIA_BEGUN), 0);
    close_end(&a);
}

static void bad_packets_are_counted(void **state)
{
    static const uint8_t rtcp[8] = {0x80, 201, 0, 1}, version[12] = {0x40}, odd[12] = {0x80, 33};
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct end a;
    unsigned port;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)state;
    open_end(&a, CALLMEDIA_SCENARIO, 13200, 400);
    assert_null(a.media); /* no scenario, no wish */
    close_end(&a);
    open_end(&a, CALLMEDIA_ECHO, 13200, 400);
    port = begin(&a, 0);
    describe(&a, 0, ADDRESS, 9, "");
    to.sin_port = htons((uint16_t)port);
    to.sin_addr.s_addr = inet_addr(ADDRESS);
    (void)sendto(fd, rtcp, sizeof(rtcp), 0, (void *)&to, sizeof(to));
    (void)sendto(fd, version, sizeof(version), 0, (void *)&to, sizeof(to));
    (void)sendto(fd, "", 0, 0, (void *)&to, sizeof(to));
    (void)sendto(fd, odd, sizeof(odd), 0, (void *)&to, sizeof(to));
    run(&a, NULL, MEDIA_OTHER_TYPE, 1);
    assert_int_equal(count(&a, MEDIA_RTCP), 1);
    assert_int_equal(count(&a, MEDIA_MALFORMED), 2);
    assert_int_equal(count(&a, MEDIA_RECEIVED), 1);
    assert_int_equal(count(&a, MEDIA_ECHOED), 4); /* an echo does not judge */
    a.calls.media.ops->end(a.media, 0);
    a.calls.media.ops->end(a.media, 0);
    callmedia_settle(a.media);
    (void)sendto(fd, odd, sizeof(odd), 0, (void *)&to, sizeof(to));
    run(&a, NULL, MEDIA_STRAY, 1);
    (void)close(fd);
    close_end(&a);
}

/* Three calls' ports: the fourth goes without, once counted; a port rests before it is given again.
 */
static void ports_run_out_and_come_back(void **state)
{
    struct end a;
    unsigned first;

    (void)state;
    open_end(&a, CALLMEDIA_ECHO, 13600, 12);
    first = begin(&a, 0);
    assert_int_equal(begin(&a, 1), first + 4);
    assert_int_equal(begin(&a, 2), first + 8);
    assert_int_equal(a.calls.media.ops->port(a.media, 2, CALL_PORT_RTPSTREAM_VIDEO), first + 10);
    assert_int_equal(begin(&a, 3), 0);
    assert_int_equal(a.calls.media.ops->port(a.media, 3, CALL_PORT_MEDIA), 0);
    assert_int_equal(count(&a, MEDIA_NO_PORT), 1);
    a.calls.media.ops->end(a.media, 1);
    assert_int_equal(begin(&a, 4), 0); /* it lingers */
    callmedia_settle(a.media);
    assert_int_equal(begin(&a, 5), first);
    close_end(&a);
}

static void nobody_can_send_to_any_address(void **state)
{
    struct end a;
    struct err e = {0};

    (void)state;
    open_end(&a, CALLMEDIA_ECHO, 13600, 12);
    callmedia_close(a.media);
    a.calls.media_ip = "0.0.0.0";
    assert_int_equal(callmedia_open(&a.media, &a.setup, &a.calls, 0, 1, &e), -EADDRNOTAVAIL);
    assert_non_null(strstr(e.text, "media_ip"));
    callmedia_setup_close(&a.setup);
    a.o.file = "x.wav";
    assert_int_equal(callmedia_setup_open(&a.setup, &a.o, NULL, 0, &e), -EINVAL);
    a.o.mode = CALLMEDIA_STREAM;
    assert_int_equal(callmedia_setup_open(&a.setup, &a.o, NULL, 0, &e), -EINVAL);
    assert_non_null(strstr(e.text, "x.wav"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_streamed_comes_back),
        cmocka_unit_test(both_ends_report),
        cmocka_unit_test(reports_go_where_it_is_agreed),
        cmocka_unit_test(a_silent_peer_is_named),
        cmocka_unit_test(bad_descriptions_are_counted),
        cmocka_unit_test(bad_packets_are_counted),
        cmocka_unit_test(ports_run_out_and_come_back),
        cmocka_unit_test(nobody_can_send_to_any_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
