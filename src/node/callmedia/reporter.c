/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reporter: see reporter.h.
 */
#include "node/callmedia/reporter.h"

#include <errno.h>
#include <math.h>

#include "base/clock.h"
#include "node/codec/rtcp.h"

enum { LOST_MAX = (1 << 23) - 1 };
#define NTP_EPOCH_S UINT64_C(2208988800) /* 1970 after 1900 */

static uint32_t middle(uint64_t ntp)
{
    return (uint32_t)(ntp >> 16);
}

static uint64_t ntp_of(const struct reporter_env *env)
{
    uint64_t real = (uint64_t)((int64_t)env->now_ns + env->real_offset_ns);

    return ((real / NS_PER_S + NTP_EPOCH_S) << 32) | ((real % NS_PER_S << 32) / NS_PER_S);
}

/* ---- out ---- */

/* RFC 3550 Appendix A.3. */
static void fill_block(struct reporter *r, const struct listener *l, const struct reporter_env *env,
                       struct rtcp_block *b)
{
    const uint32_t expected = listener_expected(l);
    const uint32_t received = (uint32_t)(l->stream.received + l->stream.duplicates);
    const int64_t lost = (int64_t)expected - received;
    uint32_t of, got;

    if (r->block_ssrc != l->ssrc) { /* another stream began */
        r->expected_before = r->received_before = 0;
    }
    of = expected - r->expected_before;
    got = received - r->received_before;
    *b = (struct rtcp_block){
        .ssrc = l->ssrc,
        .fraction_lost = (uint8_t)(of > got ? ((of - got) * UINT64_C(256) - 1) / of : 0),
        .cumulative_lost = (int32_t)(lost > LOST_MAX    ? LOST_MAX
                                     : lost < -LOST_MAX ? -LOST_MAX
                                                        : lost),
        .highest_sequence = listener_highest(l),
        .jitter = (uint32_t)l->stream.jitter_units,
    };
    if (r->heard_sr_ns != 0 && r->heard_ssrc == l->ssrc && env->now_ns > r->heard_sr_ns) {
        b->last_sr = r->heard_sr;
        b->delay_since_sr = (uint32_t)(((env->now_ns - r->heard_sr_ns) << 16) / NS_PER_S);
    }
    r->block_ssrc = l->ssrc;
    r->expected_before = expected;
    r->received_before = received;
}

static void fill_sender(struct reporter *r, const struct talker *t, const struct reporter_env *env,
                        struct rtcp_report *ret)
{
    ret->type = RTCP_SR;
    ret->ntp_time = ntp_of(env);
    ret->rtp_time = talker_timestamp_at(t, env->now_ns);
    ret->packets = t->number;
    ret->octets = r->octets;
    r->sr_time = middle(ret->ntp_time);
    r->sr_ns = env->now_ns;
}

size_t reporter_write(struct reporter *r, const struct talker *t, const struct listener *l,
                      const struct reporter_env *env, enum reporter_why why,
                      uint8_t bytes[REPORTER_SIZE_MAX])
{
    struct rtcp_report report = {.type = RTCP_RR, .ssrc = t->ssrc};
    int size, more;

    if (t->number == 0 && l->hears == HEARS_NOTHING) {
        return 0;
    }
    if (t->number != r->sent_before) {
        fill_sender(r, t, env, &report);
        r->sent_before = t->number;
    }
    if (l->hears == HEARS_PEER) {
        report.block_count = 1;
        fill_block(r, l, env, &report.blocks[0]);
    }
    size = rtcp_encode(&report, bytes, REPORTER_SIZE_MAX);
    more = size > 0 ? rtcp_encode_cname(t->ssrc, env->cname, bytes + size,
                                        REPORTER_SIZE_MAX - (size_t)size)
                    : size;
    if (more > 0 && why == REPORTER_BYE) {
        size += more;
        more = rtcp_encode_bye(t->ssrc, bytes + size, REPORTER_SIZE_MAX - (size_t)size);
    }
    return more > 0 ? (size_t)(size + more) : 0;
}

/* ---- in ---- */

static void take_block(struct reporter *r, const struct rtcp_block *b, uint64_t at_ns)
{
    const uint64_t waited = ((uint64_t)b->delay_since_sr * NS_PER_S) >> 16;

    r->has_far = true;
    r->far_lost = b->cumulative_lost;
    r->far_highest = b->highest_sequence;
    if (b->last_sr != 0 && b->last_sr == r->sr_time && at_ns > r->sr_ns) {
        const uint64_t away = at_ns - r->sr_ns;
        r->rtt_sum_ns += away > waited ? away - waited : 0;
        r->rtt_count++;
    }
}

static void take_report(struct reporter *r, uint32_t own_ssrc, const struct rtcp_report *report,
                        uint64_t at_ns)
{
    if ((report->type != RTCP_SR && report->type != RTCP_RR) || report->ssrc == own_ssrc) {
        return;
    }
    if (report->type == RTCP_SR) {
        r->heard_ssrc = report->ssrc;
        r->heard_sr = middle(report->ntp_time);
        r->heard_sr_ns = at_ns;
    }
    for (unsigned i = 0; i < report->block_count; i++) {
        if (report->blocks[i].ssrc == own_ssrc) {
            take_block(r, &report->blocks[i], at_ns);
        }
    }
}

int reporter_take(struct reporter *r, uint32_t own_ssrc, const uint8_t *bytes, size_t size,
                  uint64_t at_ns)
{
    struct rtcp_report report;

    if (size == 0) {
        return -EBADMSG;
    }
    while (size > 0) {
        int taken = rtcp_decode(&report, bytes, size);
        if (taken < 0) {
            return taken;
        }
        take_report(r, own_ssrc, &report, at_ns);
        bytes += taken;
        size -= (size_t)taken;
    }
    return 0;
}

/* ---- what it says ---- */

double reporter_rtt_us(const struct reporter *r)
{
    return r->rtt_count > 0 ? (double)r->rtt_sum_ns / (double)r->rtt_count / 1e3 : (double)NAN;
}

double reporter_far_loss_pct(const struct reporter *r, uint16_t first_sequence)
{
    if (!r->has_far || r->far_highest < first_sequence) {
        return (double)NAN;
    }
    return 100.0 * (r->far_lost > 0 ? r->far_lost : 0) /
           ((double)r->far_highest - first_sequence + 1);
}
