/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * burst_gap: bursts and gaps of a packet stream as RFC 3611 §4.7.2 has them: a burst begins and
 * ends with a packet that is missing (lost, or discarded by the play-out) and holds no Gmin packets
 * in a row that are there; the rest is gaps. Packets are noted in their order. Pure, any thread.
 */
#ifndef VAPERF_STAT_BURST_GAP_H
#define VAPERF_STAT_BURST_GAP_H

#include <stdint.h>

enum { BURST_GAP_GMIN = 16 /* the recommended value */ };

enum burst_gap_packet { PACKET_RECEIVED, PACKET_LOST, PACKET_DISCARDED };

/* All zero: nothing yet. */
struct burst_gap {
    uint32_t packets, lost, discarded;
    uint32_t there;           /* in a row up to now */
    uint32_t length, missing; /* of the burst that may go on; missing 0: none */
    uint32_t bursts, in_bursts, missing_in_bursts; /* of those that ended */
};

/* Densities are ratios of 0..1; all 0 where there is nothing of the kind. */
struct burst_gap_metrics {
    double loss_rate, discard_rate, burst_density, gap_density;
    double burst_packets; /* mean length of a burst */
    double gap_packets;   /* of the gaps together, for each burst: as in the example of §4.7.2 */
    uint32_t bursts;
};

void burst_gap_note(struct burst_gap *b, enum burst_gap_packet packet);
/* As if Gmin packets came after the last (§4.7.2). */
void burst_gap_read(const struct burst_gap *b, struct burst_gap_metrics *ret);

#endif
