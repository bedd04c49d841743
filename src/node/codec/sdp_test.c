/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/codec/sdp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"

static const char offer[] = "v=0\r\n"
                            "o=alice 2890844526 2890844527 IN IP4 192.0.2.1\r\n"
                            "s=-\r\n"
                            "c=IN IP4 192.0.2.1\r\n"
                            "t=0 0\r\n"
                            "a=recvonly\r\n"
                            "m=audio 49170 RTP/SAVP 8 96 0 101\r\n"
                            "a=rtpmap:96 opus/48000/2\r\n"
                            "a=rtpmap:101 telephone-event/8000\r\n"
                            "a=fmtp:101 0-15\r\n"
                            "a=ptime:20\r\n"
                            "a=rtcp:53020 IN IP4 192.0.2.9\r\n"
                            "a=rtcp-mux\r\n"
                            "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc|2^20 KDR=1\r\n"
                            "a=sendrecv\r\n"
                            "m=video 51372/2 UDP/TLS/RTP/SAVPF 31\r\n"
                            "c=IN IP6 2001:db8::5\r\n"
                            "m=image 5000 udptl t38\r\n";

static void assert_text(struct sip_text t, const char *want)
{
    if (!sip_text_is(t, want)) {
        fail_msg("'%.*s' is not '%s'", (int)t.size, t.at, want);
    }
}

static void assert_offer(const struct sdp *d)
{
    assert_text(d->user, "alice");
    assert_text(d->session_version, "2890844527");
    assert_int_equal(d->media_count, 3);
    assert_int_equal(d->media[0].port, 49170);
    assert_int_equal(d->media[0].format_count, 4);
    assert_text(d->media[0].formats[0].name, "PCMA");
    assert_int_equal(d->media[0].formats[1].clock_hz, 48000);
    assert_int_equal(d->media[0].formats[1].channels, 2);
    assert_text(d->media[0].formats[3].fmtp, "0-15");
    assert_int_equal(d->media[0].ptime_ms, 20);
    assert_int_equal(d->media[0].rtcp_port, 53020);
    assert_text(d->media[0].rtcp.text, "192.0.2.9");
    assert_true(d->media[0].rtcp_mux);
    assert_int_equal(d->media[0].direction, SDP_SENDRECV);
    assert_text(d->media[0].connection.text, "192.0.2.1");
    assert_text(d->media[0].crypto[0].key_params, "inline:abc|2^20");
    assert_text(d->media[0].crypto[0].session_params, "KDR=1");
    assert_int_equal(d->media[1].direction, SDP_RECVONLY);
    assert_int_equal(d->media[1].port_count, 2);
    assert_true(d->media[1].connection.is_ipv6);
    assert_text(d->media[1].formats[0].name, "H261");
    assert_text(d->media[2].format_text, "t38");
}

static void an_offer_is_read_and_written_back(void **state)
{
    struct sdp d;
    char again[2048];
    int size;

    (void)state;
    assert_int_equal(sdp_parse(&d, offer, sizeof(offer) - 1), 0);
    assert_offer(&d);
    size = sdp_write(&d, again, sizeof(again));
    assert_true(size > 0);
    assert_int_equal(sdp_parse(&d, again, (size_t)size), 0);
    assert_offer(&d);
    for (int room = 0; room < size; room++) {
        char exact[2048];
        assert_int_equal(sdp_parse(&d, offer, sizeof(offer) - 1), 0);
        assert_int_equal(sdp_write(&d, exact, (size_t)room), -ENOBUFS);
    }
}

static void an_answer_has_what_both_speak(void **state)
{
    static const struct sdp_format speaks[] = {
        {0, {"PCMU", 4}, 8000, 1, {NULL, 0}},
        {0, {"telephone-event", 15}, 8000, 1, {NULL, 0}},
    };
    static const struct sdp_ability audio = {{"audio", 5}, speaks, 2, 6000, SDP_SENDONLY, false};
    static const struct sdp own = {.user = {"-", 1},
                                   .session_id = {"1", 1},
                                   .session_version = {"1", 1},
                                   .name = {"-", 1},
                                   .origin = {{"192.0.2.9", 9}, false},
                                   .connection = {{"192.0.2.9", 9}, false}};
    static const char want[] = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\n"
                               "t=0 0\r\nm=audio 6000 RTP/SAVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
                               "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
                               "a=ptime:20\r\na=sendonly\r\n"
                               "m=video 0 UDP/TLS/RTP/SAVPF 31\r\nm=image 0 udptl t38\r\n";
    struct sdp d, answer;
    char bytes[1024];
    int size;

    (void)state;
    assert_int_equal(sdp_parse(&d, offer, sizeof(offer) - 1), 0);
    assert_int_equal(sdp_answer(&answer, &d, &own, &audio, 1), 1);
    size = sdp_write(&answer, bytes, sizeof(bytes) - 1);
    assert_true(size > 0);
    bytes[size] = '\0';
    assert_string_equal(bytes, want);
    d.media[0].direction = SDP_SENDONLY;
    assert_int_equal(sdp_answer(&answer, &d, &own, &audio, 1), 1);
    assert_int_equal(answer.media[0].direction, SDP_INACTIVE);
    assert_int_equal(sdp_answer(&answer, &d, &own, NULL, 0), 0);
    assert_int_equal(answer.media[0].port, 0);
}

static void what_is_none_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "v=1\r\no=- 1 1 IN IP4 h\r\ns=-\r\n",
        "o=- 1 1 IN IP4 h\r\nv=0\r\ns=-\r\n",
        "v=0\r\ns=-\r\n",
        "v=0\r\no=- 1 1 IN IP5 h\r\ns=-\r\n",
        "v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nrubbish\r\n",
        "v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nm=audio 70000 RTP/AVP 0\r\n",
        "v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nm=audio 7000 RTP/AVP\r\n",
        "v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nm=audio 7000 RTP/AVP 200\r\n",
        "v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nm=audio 7000 RTP/AVP 8\r\na=rtpmap:8 /8000\r\n",
        "v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nm=audio 7000 RTP/AVP 8\r\na=crypto:x\r\n",
    };
    struct sdp d;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        if (sdp_parse(&d, wrong[i], strlen(wrong[i])) != -EBADMSG) {
            fail_msg("'%s' is taken for a session description", wrong[i]);
        }
    }
}

static void what_does_not_fit_is_counted(void **state)
{
    char bytes[1024] = "v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\n";
    struct sdp d;

    (void)state;
    for (size_t i = 0; i < SDP_MEDIA_MAX + 2; i++) {
        strcat(bytes, "m=audio 7000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n");
    }
    assert_int_equal(sdp_parse(&d, bytes, strlen(bytes)), 0);
    assert_int_equal(d.media_count, SDP_MEDIA_MAX);
    assert_int_equal(d.dropped, 2);
}

static void every_beginning_is_safe(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof(offer); size++) {
        char *exact = malloc(size + 1);
        struct sdp d;
        memcpy(exact, offer, size);
        (void)sdp_parse(&d, exact, size);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_is_read_and_written_back),
        cmocka_unit_test(an_answer_has_what_both_speak),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(what_does_not_fit_is_counted),
        cmocka_unit_test(every_beginning_is_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
