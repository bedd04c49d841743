/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two ends that report to each other, without sockets: what one lost the other is told, and how
 * long the way there and back is.
 */
#include "base/test.h"

#include <errno.h>
#include <math.h>

#include "base/clock.h"
#include "node/callmedia/reporter.h"
#include "node/codec/rtcp.h"

enum { FIRST = 1000, PACKETS = 50, LOST_FROM = 10, LOST_TO = 15 };
#define AWAY_NS (30 * NS_PER_MS) /* one way */
#define WAITED_NS (400 * NS_PER_MS)

static struct reporter_env at(uint64_t now_ns)
{
    return (struct reporter_env){now_ns, (int64_t)(1700000000 * NS_PER_S), "here"};
}

/* The far end hears the near one's packets 20 ms apart, but for some. */
static void talk(struct talker *near, struct listener *far, struct reporter *r)
{
    const struct listener_rules rules = {.own_ssrc = 2, .playout_ns = 60 * NS_PER_MS};
    uint8_t payload[160] = {0};

    talker_init(near, 1, FIRST, 5000);
    for (uint16_t i = 0; i < PACKETS; i++) {
        struct rtp_packet p = {.payload = payload, .payload_size = sizeof(payload)};
        p.header.ssrc = near->ssrc;
        p.header.sequence = (uint16_t)(FIRST + i);
        p.header.timestamp = near->timestamp + i * 160u;
        near->number++;
        r->octets += sizeof(payload);
        if (i < LOST_FROM || i >= LOST_TO) {
            (void)listener_take(far, &p, &rules, NS_PER_S + i * 20 * NS_PER_MS);
        }
    }
}

static void each_end_learns_of_the_other(void **state)
{
    struct talker near, far_talker;
    struct listener far = {0}, silence = {0};
    struct reporter near_reports = {0}, far_reports = {0};
    uint8_t bytes[REPORTER_SIZE_MAX];
    struct reporter_env env = at(10 * NS_PER_S);
    struct rtcp_report r;
    size_t size;

    (void)state;
    talker_init(&far_talker, 2, 0, 0);
    assert_int_equal(
        reporter_write(&far_reports, &far_talker, &silence, &env, REPORTER_REGULAR, bytes), 0);
    talk(&near, &far, &near_reports);
    size = reporter_write(&near_reports, &near, &silence, &env, REPORTER_REGULAR, bytes);
    assert_true(rtcp_decode(&r, bytes, size) > 0);
    assert_int_equal(r.type, RTCP_SR);
    assert_int_equal(r.packets, PACKETS);
    assert_int_equal(r.octets, PACKETS * 160);
    assert_int_equal(r.ntp_time >> 32, UINT64_C(2208988800) + 1700000010);
    assert_int_equal(r.block_count, 0);
    assert_int_equal(reporter_take(&far_reports, 2, bytes, size, env.now_ns + AWAY_NS), 0);

    env = at(10 * NS_PER_S + AWAY_NS + WAITED_NS);
    size = reporter_write(&far_reports, &far_talker, &far, &env, REPORTER_BYE, bytes);
    assert_true(rtcp_decode(&r, bytes, size) > 0);
    assert_int_equal(r.type, RTCP_RR);
    assert_int_equal(r.block_count, 1);
    assert_int_equal(r.blocks[0].ssrc, 1);
    assert_int_equal(r.blocks[0].cumulative_lost, LOST_TO - LOST_FROM);
    assert_int_equal(r.blocks[0].fraction_lost, ((LOST_TO - LOST_FROM) * 256 - 1) / PACKETS);
    assert_int_equal(r.blocks[0].highest_sequence, FIRST + PACKETS - 1);
    assert_int_equal(bytes[size - 7], RTCP_BYE);
    assert_true(isnan(reporter_rtt_us(&near_reports)));
    assert_int_equal(reporter_take(&near_reports, 1, bytes, size, env.now_ns + AWAY_NS), 0);
    assert_true(fabs(reporter_rtt_us(&near_reports) - 2 * AWAY_NS / 1e3) < 20); /* 1/65536 s */
    assert_true(fabs(reporter_far_loss_pct(&near_reports, FIRST) -
                     100.0 * (LOST_TO - LOST_FROM) / PACKETS) < 1e-9);
    assert_true(isnan(reporter_rtt_us(&far_reports))); /* it sent none that could be answered */
}

/* An SR only where something was sent since the last; the fraction is of that time. */
static void a_report_is_of_its_time(void **state)
{
    struct talker near, far_talker;
    struct listener far = {0};
    struct reporter near_reports = {0}, far_reports = {0};
    const struct reporter_env env = at(NS_PER_S);
    uint8_t bytes[REPORTER_SIZE_MAX];
    struct rtcp_report r;

    (void)state;
    talker_init(&far_talker, 2, 0, 0);
    talk(&near, &far, &near_reports);
    for (int i = 0; i < 2; i++) {
        (void)reporter_write(&near_reports, &near, &far, &env, REPORTER_REGULAR, bytes);
        assert_int_equal(bytes[1], i == 0 ? RTCP_SR : RTCP_RR);
        (void)reporter_write(&far_reports, &far_talker, &far, &env, REPORTER_REGULAR, bytes);
        assert_true(rtcp_decode(&r, bytes, sizeof(bytes)) > 0);
        assert_int_equal(r.blocks[0].cumulative_lost, LOST_TO - LOST_FROM);
        assert_true((r.blocks[0].fraction_lost > 0) == (i == 0));
    }
}

static void own_and_odd_reports_say_nothing(void **state)
{
    static const uint8_t odd[] = {0x81, 201, 0, 7, 0, 0, 0, 9};
    struct talker near;
    struct listener far = {0};
    struct reporter r = {0};
    const struct reporter_env env = at(NS_PER_S);
    uint8_t bytes[REPORTER_SIZE_MAX];
    size_t size;

    (void)state;
    talk(&near, &far, &r);
    size = reporter_write(&r, &near, &far, &env, REPORTER_REGULAR, bytes);
    assert_int_equal(reporter_take(&r, near.ssrc, bytes, size, 2 * NS_PER_S), 0);
    assert_false(r.has_far);
    assert_int_equal(r.heard_sr_ns, 0);
    assert_int_equal(reporter_take(&r, near.ssrc, odd, sizeof(odd), NS_PER_S), -EBADMSG);
    assert_int_equal(reporter_take(&r, near.ssrc, odd, 0, NS_PER_S), -EBADMSG);
    assert_true(isnan(reporter_far_loss_pct(&r, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_end_learns_of_the_other),
        cmocka_unit_test(a_report_is_of_its_time),
        cmocka_unit_test(own_and_odd_reports_say_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
