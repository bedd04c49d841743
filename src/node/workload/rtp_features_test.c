/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rtp workload through a relay, with what only some options ask for.
 */
#include "node/workload/rtp_fixture.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/addr.h"
#include "node/audio/wav.h"
#include "node/codec/rtp.h"

/* The payload is another one, and so is the SSRC: sequence number and timestamp tell. */
static void a_changed_payload_is_matched_by_sequence(void **state)
{
    struct rtp_options o = rtp_fixture_options();

    (void)state;
    o.match = RTP_MATCH_SEQUENCE;
    for (int other = 0; other <= 1; other++) {
        struct relay r = {.lose_from = 10, .lose_to = 13, .mangle = true, .other_ssrc = other > 0};
        json_t *report = rtp_fixture_run(&r, &o, USUAL_NS / 5, USUAL_NS);
        assert_int_equal(counter(report, "rtp_sent"), STREAMS * 100);
        assert_int_equal(counter(report, "rtp_lost"), STREAMS * 6);
        assert_int_equal(counter(report, "rtp_received"), STREAMS * 94);
        assert_int_equal(counter(report, "rtp_foreign"), 0);
        assert_int_equal(counter(report, "rtp_other_ssrc"), other > 0 ? STREAMS * 94 : 0);
        assert_true(metric(report, "rtp_loss_burst_mean_packets") == 3.0);
        assert_true(delay(report, "delay_from_sent_ns", "count") == STREAMS * 94);
        assert_true(delay(report, "delay_from_sent_ns", "p50") > 0);
        assert_true(delay(report, "delay_from_sent_ns", "p50") <=
                    delay(report, "delay_from_intended_ns", "p50"));
        json_decref(report);
    }
}

/* What is matched by a stamp is not, when the stamp is gone. */
static void a_shorter_payload_without_it_is_truncated(void **state)
{
    (void)state;
    for (uint64_t warmup_ns = 0; warmup_ns <= USUAL_NS / 2; warmup_ns += USUAL_NS / 2) {
        struct relay r = {.mangle = true};
        json_t *report = rtp_fixture_run_usual(&r, warmup_ns);
        assert_int_equal(counter(report, "rtp_sent"), STREAMS * 100);
        assert_int_equal(counter(report, "rtp_received"), 0);
        assert_int_equal(counter(report, "rtp_truncated"), STREAMS * 100);
        json_decref(report);
    }
}

/* Nothing was so late that a report could not tell of it: a machine that others use may be. */
static bool is_prompt(const json_t *report)
{
    return delay(report, "delay_from_intended_ns", "max") < 100 * NS_PER_MS;
}

/* Answers came before the next SR, which is 10 ms after the last one at the earliest: of others
 * nobody knows the way. */
static bool is_answered(const json_t *report)
{
    return delay(report, "delay_from_intended_ns", "max") < 5 * NS_PER_MS;
}

/* What the last reports tell, each near the end, when that had been noticed by then. */
static void assert_reported_lost(const json_t *report, double lost)
{
    assert_true(metric(report, "rtcp_reported_lost") <= lost);
    assert_true(metric(report, "rtcp_reported_lost") == lost || !is_prompt(report));
}

static void assert_reports_come_back(const json_t *report)
{
    assert_true(counter(report, "rtcp_sent") > 0);
    assert_int_equal(counter(report, "rtcp_received"), counter(report, "rtcp_sent"));
}

/* Both ends report through the relay; the round trip is two ways through it, and what the receiver
 * heard is what came. */
static void reports_tell_the_round_trip(void **state)
{
    struct rtp_options o = rtp_fixture_options();
    struct relay r = {0};
    double least_us, mean_us;
    json_t *report;

    (void)state;
    o.rtcp_ns = 20 * NS_PER_MS;
    report = rtp_fixture_run(&r, &o, USUAL_NS / 5, USUAL_NS);
    least_us = delay(report, "delay_from_sent_ns", "min") / 1000;
    mean_us = delay(report, "delay_from_sent_ns", "mean") / 1000;
    assert_int_equal(counter(report, "rtp_received"), STREAMS * 100);
    assert_in_range(counter(report, "rtcp_sent"), STREAMS * 14, STREAMS * 34);
    assert_reports_come_back(report);
    assert_int_equal(counter(report, "rtcp_malformed"), 0);
    assert_int_equal(counter(report, "rtp_foreign") + counter(report, "rtp_malformed"), 0);
    assert_true(metric(report, "rtcp_reports") >= STREAMS * 5);
    assert_true(metric(report, "rtcp_reports") == metric(report, "rtcp_voip_reports"));
    assert_true(metric(report, "rtcp_reported_lost") == 0);
    assert_true(metric(report, "rtcp_rtt_us") > least_us / 2 || !is_answered(report));
    assert_true(metric(report, "rtcp_rtt_us") < mean_us * 10 + 20000 || !is_answered(report));
    json_decref(report);
}

/* A report tells the loss of its time: here the last one of each stream comes near the end. */
static void reports_tell_the_loss(void **state)
{
    struct relay r = {.lose_from = 2, .lose_to = 5};
    struct rtp_options o = rtp_fixture_options();
    json_t *report;

    (void)state;
    o.ptime_ns = 4 * NS_PER_MS;
    o.rtcp_ns = 20 * NS_PER_MS;
    r.keep_rtcp = true;
    report = rtp_fixture_run(&r, &o, 0, 400 * NS_PER_MS);
    assert_int_equal(counter(report, "rtp_lost"), STREAMS * 6);
    assert_reported_lost(report, STREAMS * 6);
    json_decref(report);
}

/* On ports of their own: RTP's have RTP alone, and both ends' figures are the same. */
static void reports_have_ports_of_their_own(void **state)
{
    struct relay r = {.is_paired = true, .lose_from = 2, .lose_to = 5};
    struct rtp_options o = rtp_fixture_options();
    json_t *report;

    (void)state;
    o.ptime_ns = 4 * NS_PER_MS;
    o.rtcp_ns = 20 * NS_PER_MS;
    o.rtcp_port = RTP_RTCP_NEXT;
    report = rtp_fixture_run(&r, &o, 0, 400 * NS_PER_MS);
    assert_int_equal(r.seen, STREAMS * 100); /* at RTP's port */
    assert_int_equal(r.media_at_next, 0);
    assert_int_equal(r.reports, counter(report, "rtcp_sent"));
    assert_int_equal(json_integer_value(json_object_get(report, "sent")), STREAMS * 100);
    assert_int_equal(json_integer_value(json_object_get(report, "received")), STREAMS * 94);
    assert_int_equal(counter(report, "rtcp_received"), counter(report, "rtcp_sent"));
    assert_int_equal(counter(report, "rtcp_malformed"), 0);
    assert_int_equal(counter(report, "rtp_foreign") + counter(report, "rtp_malformed"), 0);
    assert_int_equal(counter(report, "rtp_lost"), STREAMS * 6);
    assert_reported_lost(report, STREAMS * 6);
    assert_true(metric(report, "rtcp_rtt_us") > 0 || !is_answered(report));
    json_decref(report);
}

static void what_their_ports_want_is_said(void **state)
{
    struct rtp_options o = rtp_fixture_options();
    struct workload_shape shape;
    struct sockaddr_storage odd;
    struct rtp_state s = {0};
    struct err e = {0};

    (void)state;
    o.rtcp_port = RTP_RTCP_NEXT;
    assert_int_equal(workload_rtp.check(&o, &shape, &e), -EINVAL);
    assert_non_null(strstr(e.text, "rtcp: 5s"));
    o.rtcp_ns = 20 * NS_PER_MS;
    assert_int_equal(workload_rtp.check(&o, &shape, &e), 0);
    assert_true(shape.is_paired);
    assert_int_equal(addr_parse(&odd, "192.0.2.1:5001"), 0);
    assert_int_equal(workload_rtp.prepare(&s, &o, &odd, 1, &e), -EINVAL);
    assert_non_null(strstr(e.text, "192.0.2.1:5001 is odd"));
    o.rtcp_port = RTP_RTCP_MUX;
    assert_int_equal(workload_rtp.check(&o, &shape, &e), 0);
    assert_false(shape.is_paired);
}

/* Timestamps fit to the times: there is little jitter, or no more than the delays themselves had,
 * on a machine that was busy, but for the timestamps' unit. */
static void assert_smooth(const json_t *report)
{
    const double most_us = (delay(report, "delay_from_intended_ns", "max") -
                            delay(report, "delay_from_intended_ns", "min")) /
                           1000;

    assert_true(metric(report, "rtp_jitter_us") < (most_us > 5000 ? most_us + 125 : 5000));
}

/* Packets of the spurts alone are sent, and none is missed. */
static void pauses_are_not_lost(void **state)
{
    struct rtp_options o = rtp_fixture_options();
    struct relay r = {0};
    json_t *report;

    (void)state;
    o.silence_suppression = true;
    o.talk_ns = o.pause_ns = 20 * NS_PER_MS;
    report = rtp_fixture_run(&r, &o, 0, USUAL_NS);
    assert_in_range(counter(report, "rtp_sent"), STREAMS * 25, STREAMS * 75);
    assert_int_equal(counter(report, "rtp_received"), counter(report, "rtp_sent"));
    assert_int_equal(counter(report, "rtp_lost"), 0);
    assert_int_equal(json_integer_value(json_object_get(report, "due")),
                     counter(report, "rtp_sent"));
    assert_in_range(r.markers, STREAMS, STREAMS * 10);
    assert_smooth(report); /* timestamps go on in pauses */
    json_decref(report);
}

/* Frames of ten packets: sent together, one marker each, all told apart. */
static void frames_of_many_packets_are_told_apart(void **state)
{
    struct rtp_options o = rtp_fixture_options();
    struct workload_shape shape;
    struct err e = {0};

    (void)state;
    o.codec = 6;
    o.ptime_ns = 20 * NS_PER_MS;
    o.payload_bytes = 1200;
    o.frame_packets = 10;
    o.rtcp_ns = 25 * NS_PER_MS;
    assert_int_equal(workload_rtp.check(&o, &shape, &e), 0);
    assert_true(shape.rate_per_s == STREAMS * 500);
    for (int match = 0; match <= 1; match++) {
        struct relay r = {.lose_from = 10, .lose_to = 13, .keep_rtcp = true};
        json_t *report;
        o.match = match;
        report = rtp_fixture_run(&r, &o, 0, 200 * NS_PER_MS);
        assert_int_equal(counter(report, "rtp_sent"), STREAMS * 100);
        assert_int_equal(counter(report, "rtp_lost"), STREAMS * 6);
        assert_int_equal(counter(report, "rtp_received"), STREAMS * 94);
        assert_int_equal(counter(report, "rtp_foreign") + counter(report, "rtp_malformed"), 0);
        assert_int_equal(r.markers, STREAMS * 10);
        assert_true(metric(report, "rtp_loss_burst_mean_packets") == 3.0);
        json_decref(report);
    }
    o.match = RTP_MATCH_SEQUENCE;
    o.dtmf = "1";
    assert_int_equal(workload_rtp.check(&o, &shape, &e), -EINVAL);
}

/* Protected, through a relay that loses, doubles or falsifies. */
static void protected_streams_are_measured_alike(void **state)
{
    struct rtp_options o = rtp_fixture_options();
    struct relay r = {.lose_from = 10, .lose_to = 13, .keep_rtcp = true};
    struct relay falsifier = {.mangle = true};
    struct err e = {0};
    json_t *report;

    (void)state;
    if (secure_rtp_supported(&e) < 0) {
        skip();
    }
    o.match = RTP_MATCH_SEQUENCE;
    o.rtcp_ns = 20 * NS_PER_MS;
    o.srtp = AES_CM_128_HMAC_SHA1_80;
    report = rtp_fixture_run(&r, &o, 0, USUAL_NS);
    assert_int_equal(counter(report, "rtp_sent"), STREAMS * 100);
    assert_int_equal(counter(report, "rtp_lost"), STREAMS * 6);
    assert_int_equal(counter(report, "rtp_received"), STREAMS * 94);
    assert_reports_come_back(report);
    assert_int_equal(counter(report, "srtp_not_authentic"), 0);
    assert_true(metric(report, "rtcp_rtt_us") > 0 || !is_answered(report));
    json_decref(report);
    o.rtcp_ns = 0;
    o.srtp = AEAD_AES_128_GCM;
    report = rtp_fixture_run(&falsifier, &o, 0, USUAL_NS / 5);
    assert_int_equal(counter(report, "rtp_received"), 0);
    assert_int_equal(counter(report, "srtp_not_authentic"), STREAMS * 20);
    json_decref(report);
}

static void what_srtp_wants_is_said(void **state)
{
    struct rtp_options o = rtp_fixture_options();
    struct workload_shape shape;
    struct err e = {0};

    (void)state;
    if (secure_rtp_supported(&e) < 0) {
        skip();
    }
    o.srtp = AES_CM_128_HMAC_SHA1_80;
    assert_int_equal(workload_rtp.check(&o, &shape, &e), -EINVAL);
    assert_non_null(strstr(e.text, "match: sequence"));
    o.match = RTP_MATCH_SEQUENCE;
    assert_int_equal(workload_rtp.check(&o, &shape, &e), 0);
    o.srtp_key = "c2hvcnQ=";
    assert_int_equal(workload_rtp.check(&o, &shape, &e), -EINVAL);
    assert_non_null(strstr(e.text, "30 octets"));
    o.srtp_key = "d0RmcVZ0NlNIR1d2cUVmR0FxWjdNZTZTVGZzUmhR";
    assert_int_equal(workload_rtp.check(&o, &shape, &e), 0);
    o.payload_bytes = WORKLOAD_PACKET_MAX;
    assert_int_equal(workload_rtp.check(&o, &shape, &e), -EINVAL);
}

/* Digits in place of audio: each is heard once, though each end is sent three times. */
static void digits_are_dialled_and_heard(void **state)
{
    struct rtp_options o = rtp_fixture_options();
    struct relay r = {.lose_from = 10, .lose_to = 11}; /* one end of three, at most */
    struct workload_shape shape;
    struct err e = {0};
    json_t *report;

    (void)state;
    o.ptime_ns = 5 * NS_PER_MS;
    o.dtmf = "159#";
    assert_int_equal(workload_rtp.check(&o, &shape, &e), -EINVAL);
    assert_non_null(strstr(e.text, "match: sequence"));
    o.match = RTP_MATCH_SEQUENCE;
    o.dtmf_every_ns = 120 * NS_PER_MS;
    assert_int_equal(workload_rtp.check(&o, &shape, &e), 0);
    report = rtp_fixture_run(&r, &o, 0, 500 * NS_PER_MS);
    assert_int_equal(counter(report, "rtp_sent"), STREAMS * 100);
    assert_int_equal(counter(report, "rtp_lost"), STREAMS * 2);
    assert_int_equal(counter(report, "dtmf_sent"), STREAMS * 3);
    assert_int_equal(counter(report, "dtmf_received"), STREAMS * 3);
    assert_int_equal(counter(report, "dtmf_false"), 0);
    assert_smooth(report);
    json_decref(report);
    o.dtmf_every_ns = 110 * NS_PER_MS;
    assert_int_equal(workload_rtp.check(&o, &shape, &e), -EINVAL);
}

/* What is said comes from a file, and what is heard goes into one: alike through a relay, far from
 * it when the payload was replaced. */
static void what_is_heard_is_what_was_said(void **state)
{
    char said[] = "/tmp/vaperf-said-XXXXXX.wav", heard[] = "/tmp/vaperf-heard-XXXXXX.wav";
    static int16_t tone[8000];
    struct rtp_options o = rtp_fixture_options();
    struct workload_shape shape;
    struct wav w = {0};
    struct err e = {0};

    (void)state;
    close(mkstemps(said, 4));
    close(mkstemps(heard, 4));
    for (int i = 0; i < 8000; i++) {
        tone[i] = (int16_t)(8000 * sin(i * 0.31) + 5000 * sin(i * 0.043));
    }
    assert_int_equal(wav_save(said, tone, 8000, 8000), 0);
    o.ptime_ns = 5 * NS_PER_MS;
    o.payload_file = said;
    o.record = heard;
    o.record_stream = 3;
    assert_int_equal(workload_rtp.check(&o, &shape, &e), -EINVAL);
    o.match = RTP_MATCH_SEQUENCE;
    o.payload_bytes = RTP_HEADER_SIZE + 40;
    for (int mangle = 0; mangle <= 1; mangle++) {
        struct relay r = {.mangle = mangle > 0};
        json_t *report = rtp_fixture_run(&r, &o, 0, 300 * NS_PER_MS);
        const json_t *record = json_object_get(json_object_get(report, "workload"), "record");
        assert_int_equal(json_integer_value(json_object_get(record, "packets")), 60);
        assert_true(metric(report, "audio_identical_pct") == (mangle ? 0 : 100));
        assert_int_equal(counter(report, "audio_identical"), mangle ? 0 : STREAMS * 60);
        assert_int_equal(json_is_true(json_object_get(record, "alike")), !mangle);
        assert_int_equal(wav_load(&w, heard, &e), 0);
        assert_int_equal(w.count, 2400);
        for (int i = 0; i < 2400 && !mangle; i++) {
            assert_in_range(w.samples[i] - tone[i] + 500, 0, 1000); /* of A-law's steps */
        }
        wav_finish(&w);
        json_decref(report);
    }
    unlink(said);
    unlink(heard);
}

static void wrong_files_are_said(void **state)
{
    struct rtp_options o = rtp_fixture_options();
    struct sockaddr_storage end;
    struct rtp_state s = {0};
    struct err e = {0};

    (void)state;
    assert_int_equal(addr_parse(&end, "127.0.0.1:9"), 0);
    o.match = RTP_MATCH_SEQUENCE;
    o.payload_file = "/nonexistent/said.wav";
    assert_int_equal(workload_rtp.prepare(&s, &o, &end, 1, &e), -ENOENT);
    assert_non_null(strstr(e.text, "payload_file: /nonexistent/said.wav"));
    o.payload_file = NULL;
    o.record = "/nonexistent/heard.wav";
    assert_int_equal(workload_rtp.prepare(&s, &o, &end, 1, &e), -ENOENT);
    assert_non_null(strstr(e.text, "record: /nonexistent/heard.wav"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_payload_is_matched_by_sequence),
        cmocka_unit_test(a_shorter_payload_without_it_is_truncated),
        cmocka_unit_test(reports_tell_the_round_trip),
        cmocka_unit_test(reports_tell_the_loss),
        cmocka_unit_test(reports_have_ports_of_their_own),
        cmocka_unit_test(what_their_ports_want_is_said),
        cmocka_unit_test(pauses_are_not_lost),
        cmocka_unit_test(frames_of_many_packets_are_told_apart),
        cmocka_unit_test(protected_streams_are_measured_alike),
        cmocka_unit_test(what_srtp_wants_is_said),
        cmocka_unit_test(digits_are_dialled_and_heard),
        cmocka_unit_test(what_is_heard_is_what_was_said),
        cmocka_unit_test(wrong_files_are_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
