/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_talk: see rtp_talk.h.
 */
#include "node/workload/rtp_talk.h"

static double length(const struct rtp_talk *t, const struct rtp_talk_plan *p, struct rand_state *r)
{
    return rand_exponential(r, (double)(t->talks ? p->talk_ns : p->pause_ns));
}

/* An exponential length has no memory: what is left of one looks like a whole one, so a stream may
 * begin in the midst of either. */
static void begin(struct rtp_talk *t, const struct rtp_talk_plan *p, struct rand_state *r)
{
    t->begun = true;
    t->talks = rand_double(r) < rtp_talk_activity(p);
    t->left_ns = length(t, p, r);
}

enum rtp_talk_now rtp_talk_tick(struct rtp_talk *t, const struct rtp_talk_plan *p,
                                struct rand_state *r)
{
    bool is_new = !t->begun;

    if (!t->begun) {
        begin(t, p, r);
    }
    while (t->left_ns <= 0) {
        t->talks = !t->talks;
        t->left_ns += length(t, p, r);
        is_new = true;
    }
    t->left_ns -= (double)p->ptime_ns;
    t->ticks++;
    if (!t->talks) {
        return RTP_TALK_SILENT;
    }
    return is_new ? RTP_TALK_FIRST : RTP_TALK_ON;
}

double rtp_talk_activity(const struct rtp_talk_plan *p)
{
    return (double)p->talk_ns / (double)(p->talk_ns + p->pause_ns);
}
