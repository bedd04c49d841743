/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pace: see the header.
 */
#include "node/sipp/pace.h"

#include "base/clock.h"

uint64_t sipp_pace_next_ns(const struct sipp_pace *p)
{
    if (p->is_paused || p->calls <= 0)
        return UINT64_MAX;
    const uint64_t number = p->shards > 1 ? p->begun * p->shards + p->shard + 1 : p->begun + 1;
    const double after = (double)number * (double)p->period_ns / p->calls;
    return after < 9e18 - (double)p->from_ns ? p->from_ns + (uint64_t)after : UINT64_MAX;
}

void sipp_pace_begin(struct sipp_pace *p)
{
    p->begun++;
}

void sipp_pace_hold(struct sipp_pace *p, uint64_t now_ns)
{
    p->from_ns = now_ns;
    p->begun = 0;
}

void sipp_pace_set(struct sipp_pace *p, double calls, uint64_t now_ns)
{
    p->calls = calls > 0 ? calls : 0;
    sipp_pace_hold(p, now_ns);
}

void sipp_pace_pause(struct sipp_pace *p, uint64_t now_ns)
{
    p->is_paused = !p->is_paused;
    sipp_pace_hold(p, now_ns);
}

uint64_t sipp_pace_limit(const struct sipp_pace *p, uint64_t call_ns)
{
    const double length = (double)(call_ns > NS_PER_S ? call_ns : NS_PER_S);
    const double limit = 3 * p->calls * length / (double)p->period_ns;
    if (limit < 1)
        return 1;
    return limit < 1e9 ? (uint64_t)limit : 1000000000;
}
