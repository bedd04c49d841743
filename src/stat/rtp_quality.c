/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_quality: see rtp_quality.h.
 */
#include "stat/rtp_quality.h"

#include <math.h>
#include <stddef.h>

#include "stat/emodel.h"

#define STOPPED_AFTER_NS UINT64_C(1000000000)

static void rate(struct rtp_quality *q, const struct rtp_voice *v)
{
    const struct emodel_codec *codec = v->emodel != NULL ? emodel_codec_find(v->emodel) : NULL;
    struct emodel_params p;
    double ta_ms = (double)v->ptime_ns / 1e6 + v->look_ahead_ms + q->delay_mean_us / 1e3 +
                   (double)v->jitter_buffer_ns / 1e6;

    q->r = q->mos = NAN;
    if (codec == NULL || isnan(q->delay_mean_us)) {
        return;
    }
    emodel_defaults(&p);
    emodel_set_delay(&p, ta_ms);
    p.ppl_pct = fmin(100.0, q->heard_loss_pct + q->discard_pct);
    p.burst_r = isnan(q->burst_r) ? 1.0 : fmax(1.0, q->burst_r);
    if (emodel_set_codec(&p, codec) == 0) {
        q->r = emodel_r(&p);
        q->mos = emodel_mos(q->r);
    }
}

void rtp_quality_of(struct rtp_quality *ret, const struct rtp_totals *t, const struct rtp_voice *v)
{
    struct rtp_quality *q = ret;

    q->loss_pct = t->sent > 0 ? 100.0 * (double)t->lost / (double)t->sent : NAN;
    q->heard_loss_pct = t->sent > t->after_stop ? 100.0 * (double)(t->lost - t->after_stop) /
                                                      (double)(t->sent - t->after_stop)
                                                : NAN;
    q->discard_pct = t->sent > 0 ? 100.0 * (double)t->discarded / (double)t->sent : NAN;
    q->delay_mean_us = t->received > 0 ? (double)t->delay_sum_ns / (double)t->received / 1e3 : NAN;
    q->burst_mean = t->bursts > 0 ? (double)(t->lost - t->after_stop) / (double)t->bursts : NAN;
    q->burst_r = t->bursts > 0 && t->lost < t->sent
                     ? emodel_burst_ratio(q->burst_mean, q->heard_loss_pct)
                     : NAN;
    q->longest_burst = t->longest;
    rate(q, v);
}

bool rtp_has_stopped(const struct rtp_stream *x, const struct rtp_voice *v)
{
    return x->run * v->ptime_ns / v->packets_per_ptime >= STOPPED_AFTER_NS;
}

struct rtp_totals rtp_totals_of(const struct rtp_stream *x, const struct rtp_voice *v)
{
    bool stopped = rtp_has_stopped(x, v);

    return (struct rtp_totals){.sent = x->sent,
                               .received = x->received,
                               .lost = x->lost,
                               .bursts = x->bursts - stopped,
                               .discarded = x->discarded,
                               .delay_sum_ns = x->delay_sum_ns,
                               .longest = !stopped && x->run > x->longest_burst ? x->run
                                                                                : x->longest_burst,
                               .after_stop = stopped ? x->run : 0};
}

void rtp_totals_add(struct rtp_totals *to, const struct rtp_totals *t)
{
    to->sent += t->sent;
    to->received += t->received;
    to->lost += t->lost;
    to->bursts += t->bursts;
    to->discarded += t->discarded;
    to->delay_sum_ns += t->delay_sum_ns;
    to->longest = t->longest > to->longest ? t->longest : to->longest;
    to->after_stop += t->after_stop;
}
