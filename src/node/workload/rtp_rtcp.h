/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_rtcp: what a stream's two ends report to each other (RFC 3550 §6, RFC 3611): the sender an
 * SR, the receiver an RR with the round trip's LSR and DLSR, and VoIP metrics. Both ends are ours,
 * or the appliance's where it answers itself. Reports ride on the stream's packet times, so nothing
 * paces them but the schedule. One thread, the shard's.
 */
#ifndef VAPERF_NODE_WORKLOAD_RTP_RTCP_H
#define VAPERF_NODE_WORKLOAD_RTP_RTCP_H

#include <stdbool.h>
#include <stdint.h>

#include "node/codec/rtcp.h"
#include "node/codec/rtcp_xr.h"
#include "node/codec/rtp.h"

enum { RTP_RTCP_PACKETS = 2 /* a report of each end, when both are due */ };

struct rtp_rtcp {
    uint64_t next_ns[2]; /* of the next report of each end (enum rtp_side); 0: not begun */
    /* the sender's */
    uint32_t packets, octets;
    uint32_t sr_time; /* of the last SR, the middle 32 bits of its NTP time */
    uint64_t sr_sent_ns;
    /* the receiver's, RFC 3550 Appendix A.3 and A.8 */
    bool hears, has_transit;
    uint32_t heard_ssrc, first, highest, received, expected_before, received_before;
    double jitter_units, transit_units;
    uint32_t heard_sr;
    uint64_t heard_sr_ns;             /* 0: no SR yet */
    uint64_t rr_ready_ns, rr_sent_ns; /* of the last RR: until when its DLSR goes, when it left */
    bool has_measured;
    struct rtcp_block first_measured; /* of the first RR that is measured */
    /* what the sender learned from reports */
    uint64_t rtt_count, rtt_sum_ns, rtt_max_ns, rtt_last_ns;
    uint32_t reports;
    int32_t reported_lost;
    uint32_t reported_jitter; /* timestamp units */
    uint32_t voip_reports;
    struct rtcp_voip voip; /* the last */
};

/* An RTP packet of this stream, our number of which is given, was received. */
void rtp_rtcp_note(struct rtp_rtcp *r, const struct rtp_header *h, uint32_t number, uint64_t at_ns,
                   uint32_t clock_hz);

#endif
