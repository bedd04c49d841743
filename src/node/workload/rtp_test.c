/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rtp workload through a relay: what was lost, doubled or late is told exactly.
 */
#include "node/workload/rtp_fixture.h"

#include <math.h>
#include <string.h>

static void every_packet_is_accounted_for(void **state)
{
    struct relay r = {0};
    json_t *report = rtp_fixture_run_usual(&r, USUAL_NS / 5);

    (void)state;
    assert_int_equal(counter(report, "rtp_sent"), STREAMS * 100);
    assert_int_equal(counter(report, "rtp_received"), STREAMS * 100);
    assert_int_equal(counter(report, "rtp_lost"), 0);
    assert_int_equal(counter(report, "rtp_foreign"), 0);
    assert_int_equal(counter(report, "rtp_malformed"), 0);
    assert_int_equal(r.seen, STREAMS * 120); /* warm-up goes out and is not counted */
    assert_true(metric(report, "mos") >= 1); /* how good depends on who else computes here */
    assert_true(delay(report, "delay_from_sent_ns", "p50") > 0);
    assert_true(delay(report, "delay_from_intended_ns", "count") == STREAMS * 100);
    json_decref(report);
}

static void loss_and_bursts_equal_what_was_dropped(void **state)
{
    struct relay r = {.lose_from = 10, .lose_to = 13};
    json_t *report = rtp_fixture_run_usual(&r, 0);

    (void)state;
    assert_int_equal(r.lost, STREAMS * 6);
    assert_int_equal(counter(report, "rtp_lost"), r.lost);
    assert_int_equal(counter(report, "rtp_received"), STREAMS * 100 - r.lost);
    assert_true(metric(report, "rtp_loss_bursts") == STREAMS * 2);
    assert_true(metric(report, "rtp_loss_burst_mean_packets") == 3.0);
    assert_true(metric(report, "rtp_loss_burst_longest_packets") == 3.0);
    assert_true(metric(report, "rtp_loss_pct") == 6.0);
    assert_true(metric(report, "burst_ratio") > 2.5);
    json_decref(report);
}

static void a_silent_appliance_is_all_loss_and_no_delay(void **state)
{
    struct relay r = {.lose_from = 0, .lose_to = 50};
    json_t *report = rtp_fixture_run_usual(&r, 0);

    (void)state;
    assert_int_equal(counter(report, "rtp_lost"), STREAMS * 100);
    assert_true(isnan(metric(report, "mos")));
    assert_true(
        json_is_null(json_object_get(json_object_get(report, "delay_from_sent_ns"), "p50")));
    json_decref(report);
}

static void copies_are_duplicates(void **state)
{
    struct relay r = {.twice = true};
    json_t *report = rtp_fixture_run_usual(&r, 0);

    (void)state;
    assert_int_equal(counter(report, "rtp_received"), STREAMS * 100);
    assert_int_equal(counter(report, "rtp_lost"), 0);
    assert_in_range(counter(report, "rtp_duplicates"), STREAMS * 100 - STREAMS, STREAMS * 100);
    json_decref(report);
}

/* Of the spread of a figure over the streams; NAN: no stream has it. */
static double of_streams(const json_t *report, const char *name, const char *point)
{
    const json_t *all = json_object_get(json_object_get(report, "workload"), "per_stream");

    return json_number_or(json_object_get(all, name), point, NAN);
}

/* Silent for the last second and more: that is stopped, and no burst of losses. */
static void a_stream_that_stops_has_stopped(void **state)
{
    struct relay r = {.lose_from = 10, .lose_to = 12, .stop_after = 15};
    struct rtp_options o = rtp_fixture_options();
    json_t *report, *worst;

    (void)state;
    o.ptime_ns = 20 * NS_PER_MS;
    o.jitter_buffer_ns = 10 * NS_PER_S; /* what is late is no part of a burst */
    report = rtp_fixture_run(&r, &o, 0, 1400 * NS_PER_MS);
    worst = json_array_get(
        json_object_get(json_object_get(json_object_get(report, "workload"), "per_stream"),
                        "worst"),
        0);
    assert_int_equal(counter(report, "rtp_sent"), STREAMS * 70);
    assert_int_equal(counter(report, "rtp_lost"), r.lost);
    assert_true(metric(report, "streams_stopped") == 1);
    assert_true(metric(report, "rtp_lost_after_stop") == 55);
    assert_true(metric(report, "rtp_loss_burst_longest_packets") == 2);
    assert_true(metric(report, "rtp_loss_burst_mean_packets") == 2);
    assert_true(of_streams(report, "rtp_burst_duration_ms", "max") == 40); /* also of that one */
    assert_true(json_is_true(json_object_get(worst, "stopped")));
    assert_true(json_number_value(json_object_get(worst, "stopped_after_s")) > 0.2);
    assert_true(json_number_value(json_object_get(worst, "stopped_after_s")) < 0.5);
    assert_int_equal(json_integer_value(json_object_get(worst, "longest_burst_packets")), 2);
    json_decref(report);
}

/* All is lost, and nothing says how: no bursts and no gaps (RFC 3611 §4.7.2) of what never was. */
static void a_stream_that_never_began_has_no_bursts(void **state)
{
    struct relay r = {.lose_to = 50};
    struct rtp_options o = rtp_fixture_options();
    json_t *report;

    (void)state;
    o.ptime_ns = 20 * NS_PER_MS;
    report = rtp_fixture_run(&r, &o, 0, 1100 * NS_PER_MS);
    assert_true(metric(report, "streams_stopped") == STREAMS);
    assert_true(metric(report, "rtp_loss_bursts") == 0);
    assert_true(isnan(of_streams(report, "rtp_burst_density_pct", "max")));
    assert_true(isnan(of_streams(report, "rtp_burst_duration_ms", "max")));
    assert_true(isnan(of_streams(report, "rtp_gap_duration_ms", "max")));
    json_decref(report);
}

static bool stalled;

static int send_with_a_stall(void *shard, uint32_t slot, uint64_t intended_ns,
                             struct workload_packet *packets, uint32_t room)
{
    if (!stalled && ((struct rtp_shard *)shard)->from_ns + USUAL_NS / 5 < intended_ns) {
        stalled = true;
        assert_int_equal(clock_sleep_until(clock_now_ns() + 100 * NS_PER_MS), 0);
    }
    return workload_rtp.send(shard, slot, intended_ns, packets, room);
}

/* A generator that stood still for 100 ms: the delay from the intended time tells, the delay from
 * the actual send does not, and the trial is void. */
static void a_stall_shows_from_the_intended_time_only(void **state)
{
    struct workload_ops slow = workload_rtp;
    struct relay r = {0};
    json_t *report, *why;

    (void)state;
    slow.send = send_with_a_stall;
    rtp_fixture_ops = &slow;
    report = rtp_fixture_run_usual(&r, 0);
    rtp_fixture_ops = &workload_rtp;
    assert_true(stalled);
    assert_int_equal(counter(report, "rtp_sent"), STREAMS * 100); /* late, never skipped */
    assert_true(delay(report, "delay_from_intended_ns", "max") >= 99e6);
    /* Half was due meanwhile, 50 ms late in the mean, however late the relay is. */
    assert_true(delay(report, "delay_from_intended_ns", "mean") -
                    delay(report, "delay_from_sent_ns", "mean") >
                5e6);
    assert_true(delay(report, "lateness_ns", "p90") > 10e6);
    why = json_object_get(report, "void");
    assert_true(json_array_size(why) >= 1);
    assert_non_null(strstr(json_string_value(json_array_get(why, 0)), "late"));
    json_decref(report);
}

static void time_stamps_must_fit(void **state)
{
    struct rtp_options o;
    struct workload_shape shape;
    struct err e = {0};

    (void)state;
    opt_defaults(workload_rtp.options, &o, sizeof(o));
    o.payload_bytes = 39;
    assert_true(workload_rtp.check(&o, &shape, &e) < 0);
    assert_non_null(strstr(e.text, "payload"));
    o.payload_bytes = 0;
    assert_int_equal(workload_rtp.check(&o, &shape, &e), 0);
    assert_true(shape.rate_per_s == 5000.0);
    o.codec = 4; /* g729: 20 octets */
    assert_true(workload_rtp.check(&o, &shape, &e) < 0);
    assert_non_null(strstr(e.text, "match: sequence"));
    o.match = RTP_MATCH_SEQUENCE;
    assert_int_equal(workload_rtp.check(&o, &shape, &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packet_is_accounted_for),
        cmocka_unit_test(loss_and_bursts_equal_what_was_dropped),
        cmocka_unit_test(a_silent_appliance_is_all_loss_and_no_delay),
        cmocka_unit_test(copies_are_duplicates),
        cmocka_unit_test(a_stream_that_stops_has_stopped),
        cmocka_unit_test(a_stream_that_never_began_has_no_bursts),
        cmocka_unit_test(a_stall_shows_from_the_intended_time_only),
        cmocka_unit_test(time_stamps_must_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
