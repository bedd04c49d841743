/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Patterns of audio and video that a scenario plays, and their echo.
 */
#include "base/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "io/addr.h"
#include "io/udp.h"
#include "node/callmedia/callmedia_test_bed.h"
#include "node/codec/rtp.h"

/* An address of its own: no other test sends there. */
#define ADDRESS "127.77.0.2"

static void open_end(struct end *e, int mode, unsigned first_port)
{
    memset(e, 0, sizeof(*e));
    e->o = (struct callmedia_options){
        .mode = mode, .ports = 64, .jitter_buffer_ns = 60 * NS_PER_MS, .linger_ns = 60 * NS_PER_S};
    e->calls = (struct calls_options){.limit = 4, .media_port = first_port, .seed = 7};
    assert_int_equal(addr_parse(&e->calls.transport.local, ADDRESS), 0);
    assert_int_equal(callmedia_setup_open(&e->setup, &e->o, NULL, 0, NULL), 0);
    e->setup.is_wanted = true; /* as a scenario with such actions says */
    assert_int_equal(callmedia_open(&e->media, &e->setup, &e->calls, 0, 1, NULL), 0);
}

static unsigned port(struct end *e, enum call_port kind)
{
    return e->calls.media.ops->port(e->media, 0, kind);
}

static void begin(struct end *e)
{
    e->calls.media.ops->begin(e->media, 0, 1, true);
}

static void describe(struct end *e, unsigned audio, unsigned video)
{
    char text[512];
    int size = snprintf(text, sizeof(text),
                        "v=0\r\no=- 1 1 IN IP4 " ADDRESS "\r\ns=-\r\nc=IN IP4 " ADDRESS
                        "\r\nt=0 0\r\nm=audio %u RTP/AVP 0\r\nm=video %u RTP/AVP 99\r\n"
                        "a=rtpmap:99 H264/90000\r\n",
                        audio, video);

    e->calls.media.ops->description(e->media, 0, text, (size_t)size);
}

static void play(struct end *e, const char *text)
{
    assert_int_equal(e->calls.media.ops->act(e->media, 0, CALL_RTP_STREAM, text), 0);
}

/* Until the first has nothing to send, and all that it sent came back. */
static void run_home(struct end *a, struct end *b)
{
    uint64_t until = clock_now_ns() + 20 * NS_PER_S;

    while (a->calls.media.ops->next_ns(a->media) != UINT64_MAX && clock_now_ns() < until) {
        turn(a);
        turn(b);
        (void)clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    assert_int_equal(a->calls.media.ops->next_ns(a->media), UINT64_MAX);
    run(a, b, MEDIA_RETURNED, count(a, MEDIA_SENT));
}

static void open_pair(struct end *a, struct end *b)
{
    open_end(a, CALLMEDIA_SCENARIO, 16000);
    open_end(b, CALLMEDIA_ECHO, 16100);
    begin(a);
    begin(b);
    describe(a, port(b, CALL_PORT_RTPSTREAM_AUDIO), port(b, CALL_PORT_RTPSTREAM_VIDEO));
    describe(b, port(a, CALL_PORT_RTPSTREAM_AUDIO), port(a, CALL_PORT_RTPSTREAM_VIDEO));
}

/* To the port of the peer's video, as the type that its description names H264. */
static void a_pattern_of_video_goes_to_the_video_port(void **state)
{
    struct sockaddr_storage any;
    struct udp_socket audio, video;
    struct rtp_packet p;
    uint8_t bytes[2048];
    struct end a;

    (void)state;
    open_end(&a, CALLMEDIA_SCENARIO, 16200);
    begin(&a);
    assert_int_equal(addr_parse(&any, ADDRESS), 0);
    assert_int_equal(udp_open(&audio, &any, 0, 0), 0);
    assert_int_equal(udp_open(&video, &any, 0, 0), 0);
    describe(&a, addr_port(&audio.local), addr_port(&video.local));
    play(&a, "vpattern,3");
    run(&a, NULL, MEDIA_SENT, 1);
    assert_int_equal(recv(video.fd, bytes, sizeof(bytes), 0), RTP_HEADER_SIZE + 1280);
    assert_int_equal(rtp_decode(&p, bytes, RTP_HEADER_SIZE + 1280), 0);
    assert_int_equal(p.header.payload_type, 99);
    assert_int_equal(p.payload[0], 0xcc);
    assert_true(recv(audio.fd, bytes, sizeof(bytes), MSG_DONTWAIT) < 0);
    play(&a, "vpattern,4,97,H264/90000");
    run(&a, NULL, MEDIA_SENT, 2);
    assert_int_equal(recv(video.fd, bytes, sizeof(bytes), 0), RTP_HEADER_SIZE + 1280);
    assert_int_equal(rtp_decode(&p, bytes, RTP_HEADER_SIZE + 1280), 0);
    assert_int_equal(p.header.payload_type, 97);
    assert_int_equal(p.payload[0], 0xdd);
    udp_close(&audio);
    udp_close(&video);
    close_end(&a);
}

/* Each pause is of its medium; `pause` is of both. */
static void a_pause_is_of_its_medium(void **state)
{
    struct end a, b;
    uint64_t sent;

    (void)state;
    open_pair(&a, &b);
    play(&a, "vpattern,1,97,H264/90000");
    run(&a, &b, MEDIA_RETURNED, 2);
    play(&a, "pausevpattern");
    run_home(&a, &b);
    sent = count(&a, MEDIA_SENT);
    play(&a, "pauseapattern"); /* nothing to pause there */
    play(&a, "resumeapattern");
    assert_int_equal(a.calls.media.ops->next_ns(a.media), UINT64_MAX);
    play(&a, "resumevpattern");
    run(&a, &b, MEDIA_SENT, sent + 2);
    play(&a, "apattern,2,9,G722/8000");
    run(&a, &b, MEDIA_SENT, sent + 12);
    play(&a, "pause");
    run_home(&a, &b);
    sent = count(&a, MEDIA_SENT);
    play(&a, "resume");
    run(&a, &b, MEDIA_RETURNED, sent + 10);
    close_end(&a);
    close_end(&b);
}

static void what_no_codec_is_for_is_refused(void **state)
{
    static const char *const wrong[] = {"vpattern,1,97,PCMU/8000", "apattern,1,97,H264/90000",
                                        "apattern,1,97", "vpattern,1,97,VP8/90000",
                                        "a.wav,1,97,H264/90000"};
    struct end a;

    (void)state;
    open_end(&a, CALLMEDIA_SCENARIO, 16300);
    begin(&a);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(a.calls.media.ops->act(a.media, 0, CALL_RTP_STREAM, wrong[i]), -EINVAL);
    }
    close_end(&a);
}

static void keep(void *context, const struct callmedia_verdict *v)
{
    *(struct callmedia_verdict *)context = *v;
}

/* Plays until so many were compared; the peer returns them as they are, or with one bit changed. */
static void play_to(struct end *a, const struct udp_socket *peer, const char *pattern, bool alters)
{
    const uint64_t until = clock_now_ns() + 20 * NS_PER_S;
    struct sockaddr_storage from;
    uint8_t bytes[2048];

    play(a, pattern);
    while (count(a, MEDIA_COMPARED) < 3 && clock_now_ns() < until) {
        socklen_t length = sizeof(from);
        ssize_t size =
            recvfrom(peer->fd, bytes, sizeof(bytes), MSG_DONTWAIT, (void *)&from, &length);

        if (size > 0) {
            bytes[size - 1] ^= alters;
            (void)sendto(peer->fd, bytes, (size_t)size, 0, (void *)&from, length);
        }
        turn(a);
        (void)clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    assert_true(count(a, MEDIA_COMPARED) >= 3);
}

static void what_comes_back_is_judged(void **state)
{
    static const struct {
        const char *pattern;
        bool is_video, alters;
        double tolerance;
        bool fails;
    } rows[] = {{"apattern,1,0,PCMU/8000", false, false, 1, false},
                {"apattern,1,0,PCMU/8000", false, true, 1, true},
                {"vpattern,2,97,H264/90000", true, false, 1, false},
                {"vpattern,2,97,H264/90000", true, true, 0.2, true},
                {"vpattern,2,97,H264/90000", true, true, 1.1, false}};
    struct callmedia_verdict v;
    struct sockaddr_storage any;
    struct udp_socket peer;
    struct end a;

    (void)state;
    assert_int_equal(addr_parse(&any, ADDRESS), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct callmedia_check check = {rows[i].is_video ? 0 : rows[i].tolerance,
                                              rows[i].is_video ? rows[i].tolerance : 0, keep, &v};

        open_end(&a, CALLMEDIA_SCENARIO, 16400);
        a.o.check = &check;
        begin(&a);
        assert_int_equal(udp_open(&peer, &any, 0, 0), 0);
        describe(&a, addr_port(&peer.local), addr_port(&peer.local));
        v = (struct callmedia_verdict){0};
        play_to(&a, &peer, rows[i].pattern, rows[i].alters);
        a.calls.media.ops->end(a.media, 0);
        callmedia_settle(a.media);
        assert_int_equal(v.call, 1);
        assert_int_equal(v.is_video, rows[i].is_video);
        assert_int_equal(v.failed, rows[i].fails);
        assert_int_equal(v.right > 0, !rows[i].alters);
        assert_int_equal(v.sent, count(&a, MEDIA_SENT));
        assert_int_equal(v.right + v.wrong, count(&a, MEDIA_COMPARED));
        assert_int_equal(v.wrong, count(&a, MEDIA_WRONG));
        assert_int_equal(count(&a, MEDIA_CHECK_FAILED), rows[i].fails);
        udp_close(&peer);
        close_end(&a);
    }
}

/* Nothing is judged that nobody asked to; what returns is compared all the same. */
static void own_patterns_are_compared_without_a_check(void **state)
{
    struct end a, b;

    (void)state;
    open_pair(&a, &b);
    play(&a, "apattern,5,0,PCMU/8000");
    run(&a, &b, MEDIA_COMPARED, 5);
    play(&a, "pauseapattern");
    run_home(&a, &b);
    assert_int_equal(count(&a, MEDIA_COMPARED), count(&a, MEDIA_SENT));
    a.calls.media.ops->end(a.media, 0);
    callmedia_settle(a.media);
    assert_int_equal(count(&a, MEDIA_WRONG) + count(&a, MEDIA_CHECK_FAILED), 0);
    close_end(&a);
    close_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_of_video_goes_to_the_video_port),
        cmocka_unit_test(a_pause_is_of_its_medium),
        cmocka_unit_test(what_no_codec_is_for_is_refused),
        cmocka_unit_test(what_comes_back_is_judged),
        cmocka_unit_test(own_patterns_are_compared_without_a_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
