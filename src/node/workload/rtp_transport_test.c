/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The same streams over a real link by sockets, a packet ring and AF_XDP, with IPv4 and IPv6: the
 * same results, whatever the appliance does to them.
 */
#include "node/workload/rtp_fixture.h"

#include <math.h>
#include <string.h>

static struct two_sides sides;

static const char *generator(const json_t *report, const char *name)
{
    return json_string_value(json_object_get(json_object_get(report, "generator"), name));
}

static json_t *run(struct relay *r, const char *transport, bool six, int match)
{
    struct rtp_options o = rtp_fixture_options();

    r->sides = &sides;
    r->at = six ? "[fd77::2]" : "10.77.0.2";
    r->from = six ? "[fd77::1]" : "10.77.0.1";
    r->transport = transport;
    o.match = match;
    o.ptime_ns = 5 * NS_PER_MS;
    return rtp_fixture_run(r, &o, 0, 100 * NS_PER_MS);
}

static void check_good(const char *transport, const char *how, bool six)
{
    struct relay r = {0};
    json_t *report = run(&r, transport, six, RTP_MATCH_PAYLOAD);
    const json_t *g = json_object_get(report, "generator");

    assert_int_equal(r.seen, STREAMS * 20);
    assert_int_equal(counter(report, "rtp_sent"), STREAMS * 20);
    assert_int_equal(counter(report, "rtp_received"), STREAMS * 20);
    assert_int_equal(counter(report, "rtp_lost"), 0);
    assert_int_equal(counter(report, "rtp_reordered"), 0);
    assert_int_equal(counter(report, "rtp_duplicates"), 0);
    assert_int_equal(counter(report, "rtp_foreign"), 0);
    assert_int_equal(counter(report, "rtp_malformed"), 0);
    assert_true(delay(report, "delay_from_sent_ns", "count") == STREAMS * 20);
    assert_true(delay(report, "delay_from_sent_ns", "min") > 0);
    assert_true(metric(report, "mos") >= 1); /* how good depends on who else computes here */
    assert_int_equal(json_integer_value(json_object_get(g, "drops")), 0);
    assert_int_equal(json_integer_value(json_object_get(g, "send_failures")), 0);
    assert_string_not_equal(generator(report, "timestamps"), "read time");
    assert_non_null(strstr(generator(report, "transport"), how));
    json_decref(report);
}

/* Losses are told exactly, also by sequence through one that changes payload and SSRC. */
static void check_losses(const char *transport)
{
    struct relay r = {.lose_from = 10, .lose_to = 13, .mangle = true, .other_ssrc = true};
    json_t *report = run(&r, transport, false, RTP_MATCH_SEQUENCE);

    assert_int_equal(r.lost, STREAMS * 3);
    assert_int_equal(counter(report, "rtp_lost"), r.lost);
    assert_int_equal(counter(report, "rtp_received"), STREAMS * 20 - r.lost);
    assert_true(metric(report, "rtp_loss_bursts") == STREAMS);
    assert_true(metric(report, "rtp_loss_burst_mean_packets") == 3.0);
    json_decref(report);
}

/* Reports on a port of their own, both ways. */
static void check_reports(const char *transport)
{
    struct relay r = {.is_paired = true, .sides = &sides, .transport = transport};
    struct rtp_options o = rtp_fixture_options();
    json_t *report;

    r.at = "[fd77::2]";
    r.from = "[fd77::1]";
    o.ptime_ns = 5 * NS_PER_MS;
    o.rtcp_ns = 20 * NS_PER_MS;
    o.rtcp_port = RTP_RTCP_NEXT;
    report = rtp_fixture_run(&r, &o, 0, 200 * NS_PER_MS);
    assert_int_equal(r.seen, STREAMS * 40);
    assert_int_equal(r.media_at_next, 0);
    assert_true(r.reports > STREAMS);
    assert_int_equal(r.reports, counter(report, "rtcp_sent"));
    assert_int_equal(counter(report, "rtcp_received"), counter(report, "rtcp_sent"));
    assert_int_equal(counter(report, "rtcp_malformed"), 0);
    assert_int_equal(counter(report, "rtp_received"), STREAMS * 40);
    assert_int_equal(counter(report, "rtp_foreign") + counter(report, "rtp_malformed"), 0);
    /* The way is known of answers that came before the next SR, which is 10 ms after the last. */
    assert_true(metric(report, "rtcp_rtt_us") > 0 ||
                delay(report, "delay_from_intended_ns", "max") > 5 * NS_PER_MS);
    json_decref(report);
}

static void check(const char *transport, const char *how)
{
    check_reports(transport);
    check_good(transport, how, true);
    check_losses(transport);
}

static void by_sockets(void **state)
{
    (void)state;
    check("sockets", "udp sockets");
}

static void by_ring(void **state)
{
    (void)state;
    check("ring", "packet ring at left");
}

static void by_xdp(void **state)
{
    (void)state;
    check("xdp", "AF_XDP at left: native, copy, 1 queue");
}

/* The list is tried in its order, and the report says who refused and who it became. */
static void falls_back_when_told_to(void **state)
{
    struct relay r = {.from = "127.0.0.1", .transport = "xdp,ring, sockets"};
    struct rtp_options o = rtp_fixture_options();
    json_t *report = rtp_fixture_run(&r, &o, 0, 50 * NS_PER_MS);

    (void)state;
    assert_int_equal(counter(report, "rtp_lost"), 0);
    assert_string_equal(generator(report, "transport"), "udp sockets, sendmmsg and recvmmsg");
    assert_non_null(strstr(generator(report, "transport_refusals"), "xdp: AF_XDP: 127.0.0.1"));
    assert_non_null(strstr(generator(report, "transport_refusals"), "; ring: a packet ring: "));
    json_decref(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_sockets),
        cmocka_unit_test(by_ring),
        cmocka_unit_test(by_xdp),
        cmocka_unit_test(falls_back_when_told_to),
    };
    int result;

    if (!two_sides_open(&sides, 1)) {
        return 77;
    }
    result = cmocka_run_group_tests(tests, NULL, NULL);
    two_sides_close(&sides);
    return result;
}
