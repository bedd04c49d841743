/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_figures: what a stream's state says in figures, with the E-model's rating. Pure, allocates
 * nothing; the stream's own thread, or any after it ended.
 */
#ifndef VAPERF_NODE_WORKLOAD_RTP_FIGURES_H
#define VAPERF_NODE_WORKLOAD_RTP_FIGURES_H

#include "node/workload/rtp.h"
#include "stat/rtp_quality.h"

/* Figures of one stream or, summed, of all. NAN: nothing is known. */
struct rtp_figures {
    uint32_t stream;
    double loss_pct, discard_pct, jitter_us, jitter_max_us, pdv_p99_us, delay_mean_us;
    double heard_loss_pct; /* while it had not stopped */
    double burst_mean, burst_r, r, mos;
    uint64_t longest_burst;
    bool stopped;
    double stopped_after_s;                                      /* into the measured part */
    double burst_density_pct, gap_density_pct, burst_ms, gap_ms; /* RFC 3611 §4.7.2 */
    double rtt_us, reported_jitter_us;                           /* of RTCP */
};

/* What the workload's streams say. */
struct rtp_voice rtp_voice_of(const struct rtp_state *s);
/* Loss, bursts and rating; the rest of the figures is left as it is. */
void rtp_rate_totals(struct rtp_figures *f, const struct rtp_totals *t, const struct rtp_state *s);
/* from_ns: where the measured part begins. */
/* What the RTCP reports of a stream said. */
void rtp_figures_of_reports(struct rtp_figures *f, const struct rtp_rtcp *r,
                            const struct rtp_state *s);
void rtp_figures_of(struct rtp_figures *f, const struct rtp_stream *x, const struct rtp_state *s,
                    uint64_t from_ns);

#endif
