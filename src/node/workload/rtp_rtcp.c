/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_rtcp: see rtp_rtcp.h. Shard's thread.
 */
#include "node/workload/rtp_rtcp.h"

#include <errno.h>
#include <math.h>

#include "node/codec/rtcp.h"
#include "node/codec/wire.h"
#include "node/workload/rtp.h"
#include "node/workload/rtp_figures.h"

enum { GMIN = BURST_GAP_GMIN, LOST_MAX = (1 << 23) - 1 };
#define NTP_EPOCH_S UINT64_C(2208988800) /* 1970 after 1900 */
#define CNAME "vaperf"

static uint64_t ntp_of(const struct rtp_shard *shard, uint64_t ns)
{
    uint64_t real = (uint64_t)((int64_t)ns + shard->real_offset_ns);
    return ((real / 1000000000 + NTP_EPOCH_S) << 32) | ((real % 1000000000 << 32) / 1000000000);
}

static uint32_t middle(uint64_t ntp)
{
    return (uint32_t)(ntp >> 16);
}

/* ---- what is heard ---- */

void rtp_rtcp_note(struct rtp_rtcp *r, const struct rtp_header *h, uint32_t number, uint64_t at_ns,
                   uint32_t clock_hz)
{
    double transit = fmod((double)at_ns * ((double)clock_hz / 1e9) - h->timestamp, 4294967296.0);

    if (!r->hears) {
        r->hears = true;
        r->first = r->highest = number;
    }
    if ((int32_t)(number - r->highest) > 0) {
        r->highest = number;
    }
    r->received++;
    r->heard_ssrc = h->ssrc;
    if (h->payload_type == TELEPHONE_EVENT_PAYLOAD_TYPE) {
        return; /* its timestamp is of the event's begin */
    }
    if (r->has_transit) {
        double change = fabs(transit - r->transit_units);
        change = fmin(change, 4294967296.0 - change);
        r->jitter_units += (change - r->jitter_units) / 16;
    }
    r->transit_units = transit;
    r->has_transit = true;
}

/* ---- reports that go out ---- */

static void finish(struct rtp_shard *shard, uint32_t i, uint64_t intended_ns,
                   struct workload_packet *packet, int size)
{
    packet->size = (uint32_t)size;
    packet->beside = true;
    if (shard->secure != NULL) {
        rtp_secure_protect(shard, i, SECURE_RTP_CONTROL, packet);
    }
    rtp_report_address(shard, i, packet);
    rtp_count(shard, RTP_RTCP_SENT, rtp_is_measured(shard, intended_ns));
}

/* Appends to the packet; false: no room. */
static bool append(int *size, int more)
{
    *size += more > 0 ? more : 0;
    return more > 0;
}

static bool write_sender(struct rtp_shard *shard, uint32_t i, uint64_t intended_ns,
                         uint32_t timestamp, struct workload_packet *packet)
{
    struct rtp_rtcp *r = &shard->rtcp[i];
    uint32_t ssrc = rtp_ssrc(shard->key, shard->first_slot + i, RTP_SENDER);
    struct rtcp_report sr = {.type = RTCP_SR,
                             .ssrc = ssrc,
                             .ntp_time = ntp_of(shard, intended_ns),
                             .rtp_time = timestamp,
                             .packets = r->packets,
                             .octets = r->octets};
    int size = 0;

    if (!append(&size, rtcp_encode(&sr, packet->data, WORKLOAD_PACKET_MAX)) ||
        !append(&size, rtcp_encode_cname(ssrc, CNAME, packet->data + size,
                                         WORKLOAD_PACKET_MAX - (size_t)size))) {
        return false;
    }
    r->sr_time = middle(sr.ntp_time);
    r->sr_sent_ns = intended_ns;
    packet->sent_ns = &r->sr_sent_ns;
    finish(shard, i, intended_ns, packet, size);
    return true;
}

/* RFC 3550 Appendix A.3. */
static void fill_block(struct rtp_shard *shard, uint32_t i, uint64_t intended_ns,
                       struct rtcp_block *b)
{
    struct rtp_rtcp *r = &shard->rtcp[i];
    uint32_t expected = r->highest - r->first + 1;
    uint32_t now = expected - r->expected_before, received = r->received - r->received_before;
    int64_t lost = (int64_t)expected - r->received;
    uint64_t since = intended_ns > r->heard_sr_ns ? intended_ns - r->heard_sr_ns : 0;

    *b = (struct rtcp_block){
        .ssrc = r->heard_ssrc,
        .fraction_lost =
            (uint8_t)(now > received ? ((now - received) * UINT64_C(256) - 1) / now : 0),
        .cumulative_lost = (int32_t)(lost > LOST_MAX    ? LOST_MAX
                                     : lost < -LOST_MAX ? -LOST_MAX
                                                        : lost),
        .highest_sequence = rtp_extended_sequence(shard, i, r->highest),
        .jitter = (uint32_t)r->jitter_units,
        .last_sr = r->heard_sr_ns != 0 ? r->heard_sr : 0,
        .delay_since_sr = r->heard_sr_ns != 0 ? (uint32_t)((since << 16) / 1000000000) : 0,
    };
    r->expected_before = expected;
    r->received_before = r->received;
}

static uint8_t of_256(double v)
{
    return v * 256 > 255 ? 255 : (uint8_t)(v * 256);
}

static uint16_t of_ms(double v)
{
    return v > UINT16_MAX ? UINT16_MAX : (uint16_t)v;
}

/* Of what is measured and decided so far (§4.7). */
static void fill_voip(const struct rtp_shard *shard, uint32_t i, struct rtcp_voip *v)
{
    const struct rtp_state *s = shard->state;
    const struct rtp_stream *x = &shard->streams[i];
    double packet_ms = (double)s->options.ptime_ns / 1e6 / s->frame_packets;
    double buffer_ms = (double)s->options.jitter_buffer_ns / 1e6;
    struct burst_gap_metrics m;
    struct rtp_figures f = {0};

    burst_gap_read(&x->burst_gap, &m);
    rtp_figures_of(&f, x, s, shard->from_ns);
    *v = (struct rtcp_voip){
        .ssrc = shard->rtcp[i].heard_ssrc,
        .loss_rate = of_256(m.loss_rate),
        .discard_rate = of_256(m.discard_rate),
        .burst_density = of_256(m.burst_density),
        .gap_density = of_256(m.gap_density),
        .burst_ms = of_ms(m.burst_packets * packet_ms),
        .gap_ms = of_ms(m.gap_packets * packet_ms),
        .round_trip_ms = of_ms((double)shard->rtcp[i].rtt_last_ns / 1e6),
        .end_system_ms =
            of_ms(buffer_ms + (double)s->options.ptime_ns / 1e6 + s->codec->look_ahead_ms),
        .signal_level = RTCP_XR_UNAVAILABLE,
        .noise_level = RTCP_XR_UNAVAILABLE,
        .residual_echo_loss = RTCP_XR_UNAVAILABLE,
        .gmin = GMIN,
        .r_factor = isfinite(f.r) ? (uint8_t)lround(f.r) : RTCP_XR_UNAVAILABLE,
        .external_r_factor = RTCP_XR_UNAVAILABLE,
        .mos_lq = RTCP_XR_UNAVAILABLE,
        .mos_cq = isfinite(f.mos) ? (uint8_t)lround(10 * f.mos) : RTCP_XR_UNAVAILABLE,
        .config = 2 << 4, /* a jitter buffer that does not adapt */
        .jitter_nominal_ms = of_ms(buffer_ms),
        .jitter_maximum_ms = of_ms(buffer_ms),
        .jitter_absolute_ms = of_ms(buffer_ms),
    };
}

static bool write_receiver(struct rtp_shard *shard, uint32_t i, uint64_t intended_ns,
                           struct workload_packet *packet)
{
    struct rtp_rtcp *r = &shard->rtcp[i];
    uint32_t ssrc = rtp_ssrc(shard->key, shard->first_slot + i, RTP_RECEIVER);
    struct rtcp_report rr = {.type = RTCP_RR, .ssrc = ssrc, .block_count = 1};
    struct rtcp_xr xr = {.ssrc = ssrc};
    const size_t room = WORKLOAD_PACKET_MAX;
    int size = 0;

    fill_block(shard, i, intended_ns, &rr.blocks[0]);
    fill_voip(shard, i, &xr.voip);
    if (!append(&size, rtcp_encode(&rr, packet->data, room)) ||
        !append(&size, rtcp_encode_cname(ssrc, CNAME, packet->data + size, room - (size_t)size)) ||
        !append(&size, rtcp_xr_encode(&xr, packet->data + size, room - (size_t)size))) {
        return false;
    }
    if (!r->has_measured && rtp_is_measured(shard, intended_ns)) {
        r->has_measured = true;
        r->first_measured = rr.blocks[0];
    }
    r->rr_sent_ns = intended_ns;
    r->rr_ready_ns = intended_ns > r->heard_sr_ns ? intended_ns : r->heard_sr_ns;
    packet->sent_ns = &r->rr_sent_ns;
    finish(shard, i, intended_ns, packet, size);
    return true;
}

/* Intervals vary between half and one and a half of the mean (§6.3.1), so that streams do not
 * report together. */
static uint64_t interval(struct rtp_shard *shard)
{
    return (uint64_t)((0.5 + rand_double(&shard->rand)) * (double)shard->state->options.rtcp_ns);
}

/* The two ends do not report together: the receiver answers an SR that came before. */
static bool is_due(struct rtp_shard *shard, uint32_t i, enum rtp_side side, uint64_t intended_ns)
{
    uint64_t *next = &shard->rtcp[i].next_ns[side];

    if (*next == 0) {
        *next = intended_ns + interval(shard) / 2;
    }
    if (intended_ns < *next) {
        return false;
    }
    *next = intended_ns + interval(shard);
    return true;
}

int rtp_rtcp_send(struct rtp_shard *shard, uint32_t i, uint64_t intended_ns, uint32_t timestamp,
                  struct workload_packet *packets, uint32_t room)
{
    int n = 0;

    if (room < RTP_RTCP_PACKETS) {
        return 0;
    }
    if (is_due(shard, i, RTP_SENDER, intended_ns)) {
        n += write_sender(shard, i, intended_ns, timestamp, &packets[n]);
    }
    if (is_due(shard, i, RTP_RECEIVER, intended_ns) && shard->rtcp[i].hears) {
        n += write_receiver(shard, i, intended_ns, &packets[n]);
    }
    return n;
}

/* ---- reports that come in ---- */

/* The way there and back, less what the receiver waited (§6.4.1), and less what we were late to
 * send its answer ourselves. */
static void take_round_trip(struct rtp_shard *shard, uint32_t i, const struct rtcp_block *b,
                            bool is_ours, uint64_t at_ns)
{
    struct rtp_rtcp *r = &shard->rtcp[i];
    uint64_t waited = ((uint64_t)b->delay_since_sr * 1000000000) >> 16;
    uint64_t rtt;

    if (b->last_sr == 0 || b->last_sr != r->sr_time || at_ns < r->sr_sent_ns) {
        return;
    }
    rtt = at_ns - r->sr_sent_ns;
    waited += is_ours && r->rr_sent_ns > r->rr_ready_ns ? r->rr_sent_ns - r->rr_ready_ns : 0;
    rtt = rtt > waited ? rtt - waited : 0;
    if (at_ns >= shard->from_ns && at_ns < shard->to_ns) {
        r->rtt_count++;
        r->rtt_sum_ns += rtt;
        r->rtt_max_ns = rtt > r->rtt_max_ns ? rtt : r->rtt_max_ns;
    }
    r->rtt_last_ns = rtt;
}

/* Whose stream a report is about: ours, or the one the appliance made of it. */
static uint32_t reported_stream(struct rtp_shard *shard, uint32_t ssrc)
{
    enum rtp_side side;
    uint32_t i = rtp_find_stream(shard, ssrc, &side);
    return i < shard->slots && side == RTP_SENDER ? i : UINT32_MAX;
}

static void take_report(struct rtp_shard *shard, const struct rtcp_report *r, uint64_t at_ns)
{
    uint32_t from = reported_stream(shard, r->ssrc);

    if (r->type == RTCP_SR && from != UINT32_MAX) {
        shard->rtcp[from].heard_sr = middle(r->ntp_time);
        shard->rtcp[from].heard_sr_ns = at_ns;
    }
    for (unsigned k = 0; k < r->block_count; k++) {
        const struct rtcp_block *b = &r->blocks[k];
        uint32_t i = reported_stream(shard, b->ssrc);
        if (i == UINT32_MAX) {
            continue;
        }
        shard->rtcp[i].reports++;
        shard->rtcp[i].reported_lost = b->cumulative_lost;
        shard->rtcp[i].reported_jitter = b->jitter;
        take_round_trip(shard, i, b,
                        r->ssrc == rtp_ssrc(shard->key, shard->first_slot + i, RTP_RECEIVER),
                        at_ns);
    }
}

static int take_extended(struct rtp_shard *shard, const uint8_t *bytes, uint32_t size)
{
    struct rtcp_xr x;
    int taken = rtcp_xr_decode(&x, bytes, size);
    uint32_t i;

    if (taken < 0 || !x.has_voip) {
        return taken;
    }
    i = reported_stream(shard, x.voip.ssrc);
    if (i != UINT32_MAX) {
        shard->rtcp[i].voip = x.voip;
        shard->rtcp[i].voip_reports++;
    }
    return taken;
}

/* Was a report made when the other one was, or later? It tells no time of its own, but the SR
 * before it, how long ago that was, and what came till then only grow. */
static bool is_since(const struct rtcp_block *b, const struct rtcp_block *other)
{
    const int32_t sr = (int32_t)(b->last_sr - other->last_sr);

    if (b->last_sr == 0 || other->last_sr == 0) {
        return b->last_sr != 0 || (other->last_sr == 0 &&
                                   (int32_t)(b->highest_sequence - other->highest_sequence) >= 0);
    }
    if (sr == 0 && b->delay_since_sr == other->delay_since_sr) {
        return (int32_t)(b->highest_sequence - other->highest_sequence) >= 0;
    }
    return sr > 0 || (sr == 0 && b->delay_since_sr > other->delay_since_sr);
}

/* A report of ours counts by when it was due, as those that are sent; of an appliance's own ones,
 * and of what is no report, it is only known when it came. */
static bool is_of_window(struct rtp_shard *shard, const struct rtcp_report *r, uint64_t at_ns)
{
    enum rtp_side side;
    const uint32_t i = rtp_find_stream(shard, r->ssrc, &side);

    if (i < shard->slots && side == RTP_SENDER && r->type == RTCP_SR &&
        r->ntp_time >= ntp_of(shard, 0)) {
        return r->ntp_time >= ntp_of(shard, shard->from_ns);
    }
    if (i < shard->slots && side == RTP_RECEIVER && r->type == RTCP_RR &&
        shard->rtcp[i].rr_sent_ns != 0 && r->block_count > 0) {
        return shard->rtcp[i].has_measured &&
               is_since(&r->blocks[0], &shard->rtcp[i].first_measured);
    }
    return rtp_is_measured(shard, at_ns); /* or it only looks like one of ours */
}

/* The SSRC of a protected report is in the clear (RFC 3711 §3.4). */
static const uint8_t *open_report(struct rtp_shard *shard, const uint8_t *bytes, uint32_t *size,
                                  uint64_t at_ns)
{
    enum rtp_side side;
    uint32_t i = *size >= 8 ? rtp_find_stream(shard, wire_get32(bytes + 4), &side) : UINT32_MAX;
    const bool measured = rtp_is_measured(shard, at_ns);

    if (i >= shard->slots) {
        rtp_count(shard, RTP_RTCP_MALFORMED, measured);
        return NULL;
    }
    bytes = rtp_secure_receive(shard, i, SECURE_RTP_CONTROL, bytes, size);
    rtp_count(shard, RTP_NOT_AUTHENTIC, bytes == NULL && measured);
    return bytes;
}

void rtp_rtcp_receive(struct rtp_shard *shard, const uint8_t *bytes, uint32_t size, uint64_t at_ns)
{
    struct rtcp_report r = {0};
    bool measured;

    if (shard->secure != NULL && (bytes = open_report(shard, bytes, &size, at_ns)) == NULL) {
        return;
    }
    measured = rtcp_decode(&r, bytes, size) > 0 ? is_of_window(shard, &r, at_ns)
                                                : rtp_is_measured(shard, at_ns);
    rtp_count(shard, RTP_RTCP_RECEIVED, measured);
    while (size > 0) {
        int taken = rtcp_decode(&r, bytes, size);
        if (taken > 0 && (int)r.type == RTCP_XR) {
            taken = take_extended(shard, bytes, (uint32_t)taken);
        } else if (taken > 0) {
            take_report(shard, &r, at_ns);
        }
        if (taken <= 0) {
            rtp_count(shard, RTP_RTCP_MALFORMED, measured);
            return;
        }
        bytes += taken;
        size -= (uint32_t)taken;
    }
}
