/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_talk: silence suppression: a stream sends during talk spurts and is silent between them, both
 * of exponential length. Timestamps go on through silence, sequence numbers do not (RFC 3550 §5.1,
 * RFC 3551 §4.1). Pure but for the random numbers. One thread, the shard's.
 */
#ifndef VAPERF_NODE_WORKLOAD_RTP_TALK_H
#define VAPERF_NODE_WORKLOAD_RTP_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rand.h"

/* Means; ITU-T P.59 Table 1 has 1.004 s and 1.587 s for conversations. */
struct rtp_talk_plan {
    uint64_t talk_ns, pause_ns, ptime_ns;
};

struct rtp_talk {
    double left_ns; /* of the spurt or pause */
    uint32_t ticks; /* packet times so far, the present one included */
    bool begun, talks;
};

enum rtp_talk_now {
    RTP_TALK_SILENT,
    RTP_TALK_FIRST, /* the first packet of a spurt: has the marker */
    RTP_TALK_ON
};

/* The next packet time. */
enum rtp_talk_now rtp_talk_tick(struct rtp_talk *t, const struct rtp_talk_plan *p,
                                struct rand_state *r);
/* Share of the time that is spoken, 0..1. */
double rtp_talk_activity(const struct rtp_talk_plan *p);

#endif
