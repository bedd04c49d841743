/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * burst_gap: see burst_gap.h. Pure.
 */
#include "stat/burst_gap.h"

/* What looked like a burst has ended; one missing packet alone is part of a gap. */
static void end_burst(struct burst_gap *b)
{
    if (b->missing > 1) {
        b->bursts++;
        b->in_bursts += b->length;
        b->missing_in_bursts += b->missing;
    }
    b->length = b->missing = 0;
}

void burst_gap_note(struct burst_gap *b, enum burst_gap_packet packet)
{
    b->packets++;
    b->lost += packet == PACKET_LOST;
    b->discarded += packet == PACKET_DISCARDED;
    if (packet == PACKET_RECEIVED) {
        b->there++;
        return;
    }
    if (b->there >= BURST_GAP_GMIN) {
        end_burst(b);
    }
    b->length += b->missing > 0 ? b->there + 1 : 1;
    b->missing++;
    b->there = 0;
}

static double ratio(uint32_t part, uint32_t whole)
{
    return whole > 0 ? (double)part / whole : 0.0;
}

void burst_gap_read(const struct burst_gap *b, struct burst_gap_metrics *ret)
{
    struct burst_gap all = *b;
    uint32_t in_gaps, missing_in_gaps;

    end_burst(&all);
    in_gaps = all.packets - all.in_bursts;
    missing_in_gaps = all.lost + all.discarded - all.missing_in_bursts;
    *ret = (struct burst_gap_metrics){
        .loss_rate = ratio(all.lost, all.packets),
        .discard_rate = ratio(all.discarded, all.packets),
        .burst_density = ratio(all.missing_in_bursts, all.in_bursts),
        .gap_density = ratio(missing_in_gaps, in_gaps),
        .burst_packets = ratio(all.in_bursts, all.bursts),
        .gap_packets = all.bursts > 0 ? ratio(in_gaps, all.bursts) : in_gaps,
        .bursts = all.bursts,
    };
}
