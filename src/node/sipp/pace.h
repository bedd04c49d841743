/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pace: when calls begin in SIPp's mode. So many a period, evenly, the first one interval after the
 * start; what a full table, a pause or a change of the rate kept from beginning is not made up for.
 * Pure; times are ns of any one clock.
 */
#ifndef VAPERF_NODE_SIPP_PACE_H
#define VAPERF_NODE_SIPP_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct sipp_pace {
    double calls;           /* a period, as -r says */
    uint64_t period_ns;     /* -rp */
    uint64_t from_ns;       /* counted from here */
    uint64_t begun;         /* since then */
    unsigned shard, shards; /* each of so many begins one in turn; 0 shards: alone */
    bool is_paused;
};

/* When the next call is due; UINT64_MAX: never (paused, or rate 0). */
uint64_t sipp_pace_next_ns(const struct sipp_pace *p);
void sipp_pace_begin(struct sipp_pace *p); /* the call that was due began */
/* These count anew from now. */
void sipp_pace_set(struct sipp_pace *p, double calls, uint64_t now_ns); /* below 0: 0 */
void sipp_pace_hold(struct sipp_pace *p, uint64_t now_ns);  /* the call that is due finds no room */
void sipp_pace_pause(struct sipp_pace *p, uint64_t now_ns); /* or goes on */

/* SIPp's own limit of calls at a time: three times what the rate and the length of a call, at
 * least one second, make of it; at least 1. */
uint64_t sipp_pace_limit(const struct sipp_pace *p, uint64_t call_ns);

#endif
