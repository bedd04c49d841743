/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_figures: see rtp_figures.h.
 */
#include "node/workload/rtp_figures.h"

#include <math.h>

struct rtp_voice rtp_voice_of(const struct rtp_state *s)
{
    return (struct rtp_voice){.emodel = s->codec->emodel,
                              .look_ahead_ms = s->codec->look_ahead_ms,
                              .ptime_ns = s->options.ptime_ns,
                              .jitter_buffer_ns = s->options.jitter_buffer_ns,
                              .packets_per_ptime = s->frame_packets};
}

void rtp_rate_totals(struct rtp_figures *f, const struct rtp_totals *t, const struct rtp_state *s)
{
    struct rtp_voice v = rtp_voice_of(s);
    struct rtp_quality q;

    rtp_quality_of(&q, t, &v);
    f->loss_pct = q.loss_pct;
    f->heard_loss_pct = q.heard_loss_pct;
    f->discard_pct = q.discard_pct;
    f->delay_mean_us = q.delay_mean_us;
    f->burst_mean = q.burst_mean;
    f->burst_r = q.burst_r;
    f->longest_burst = q.longest_burst;
    f->r = q.r;
    f->mos = q.mos;
}

static void of_bursts(struct rtp_figures *f, const struct burst_gap *b, const struct rtp_state *s)
{
    double packet_ms = (double)s->options.ptime_ns / 1e6 / s->frame_packets;
    struct burst_gap_metrics m;

    burst_gap_read(b, &m);
    f->burst_density_pct = m.bursts > 0 ? 100 * m.burst_density : NAN;
    f->burst_ms = m.bursts > 0 ? m.burst_packets * packet_ms : NAN;
    f->gap_density_pct = b->packets > 0 ? 100 * m.gap_density : NAN;
    f->gap_ms = b->packets > 0 ? m.gap_packets * packet_ms : NAN;
}

void rtp_figures_of_reports(struct rtp_figures *f, const struct rtp_rtcp *r,
                            const struct rtp_state *s)
{
    f->rtt_us =
        r != NULL && r->rtt_count > 0 ? (double)r->rtt_sum_ns / (double)r->rtt_count / 1e3 : NAN;
    f->reported_jitter_us =
        r != NULL && r->reports > 0 ? (double)r->reported_jitter * 1e6 / s->codec->clock_hz : NAN;
}

void rtp_figures_of(struct rtp_figures *f, const struct rtp_stream *x, const struct rtp_state *s,
                    uint64_t from_ns)
{
    double unit_us = 1e6 / s->codec->clock_hz;
    struct rtp_voice v = rtp_voice_of(s);
    struct rtp_totals t = rtp_totals_of(x, &v);

    rtp_rate_totals(f, &t, s);
    f->jitter_us = x->received > 1 ? x->jitter_units * unit_us : NAN;
    f->jitter_max_us = x->received > 1 ? x->jitter_max_units * unit_us : NAN;
    f->pdv_p99_us =
        x->received > 0 ? (double)(rtp_stream_delay_ns(x, 99) - x->delay_min_ns) / 1e3 : NAN;
    f->stopped = rtp_has_stopped(x, &v);
    of_bursts(f, f->stopped ? &x->before_run : &x->burst_gap, s);
    f->stopped_after_s = NAN;
    if (f->stopped) {
        f->stopped_after_s =
            x->last_arrival_ns > from_ns ? (double)(x->last_arrival_ns - from_ns) / 1e9 : 0.0;
    }
}
