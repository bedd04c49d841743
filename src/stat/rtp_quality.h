/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_quality: what streams' states say of their quality: loss, bursts, and the E-model's rating.
 * Sums of many streams are judged as one. Pure, allocates nothing; any thread, when the stream's
 * own one is not writing.
 */
#ifndef VAPERF_STAT_RTP_QUALITY_H
#define VAPERF_STAT_RTP_QUALITY_H

#include <stdint.h>

#include "stat/rtp_stream.h"

/* How the sound is coded, cut and played. */
struct rtp_voice {
    const char *emodel; /* row of the E-model's table; NULL: no rating */
    double look_ahead_ms;
    uint64_t ptime_ns, jitter_buffer_ns;
    uint32_t packets_per_ptime; /* 1, but for frames of several */
};

/* Sums of streams that ended. after_stop: of the lost, those of streams that had stopped. They are
 * lost, but no burst, and what was heard before is judged without them. */
struct rtp_totals {
    uint64_t sent, received, lost, bursts, discarded, delay_sum_ns, longest, after_stop;
};

/* NAN: nothing is known. */
struct rtp_quality {
    double loss_pct, discard_pct, delay_mean_us;
    double heard_loss_pct; /* while it had not stopped */
    double burst_mean, burst_r, r, mos;
    uint64_t longest_burst;
};

/* The stream was silent for a second and more at its end. */
bool rtp_has_stopped(const struct rtp_stream *x, const struct rtp_voice *v);
/* Of one that is settled. One that never began is all loss, in one burst that is no burst of a
 * stream that lives. */
struct rtp_totals rtp_totals_of(const struct rtp_stream *x, const struct rtp_voice *v);
void rtp_totals_add(struct rtp_totals *to, const struct rtp_totals *t);
void rtp_quality_of(struct rtp_quality *ret, const struct rtp_totals *t, const struct rtp_voice *v);

#endif
