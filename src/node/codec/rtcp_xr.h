/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtcp_xr: extended reports (RFC 3611) with the VoIP metrics block (§4.7), bytes to struct and
 * back. Blocks of other types are stepped over. Pure, allocates nothing, any thread.
 */
#ifndef VAPERF_NODE_CODEC_RTCP_XR_H
#define VAPERF_NODE_CODEC_RTCP_XR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RTCP_XR = 207, RTCP_XR_UNAVAILABLE = 127 /* of levels, R and MOS */ };

/* Fields as on the wire: rates of 256, milliseconds, MOS times ten. */
struct rtcp_voip {
    uint32_t ssrc; /* of the stream that is reported */
    uint8_t loss_rate, discard_rate, burst_density, gap_density;
    uint16_t burst_ms, gap_ms, round_trip_ms, end_system_ms;
    uint8_t signal_level, noise_level, residual_echo_loss, gmin; /* levels are signed */
    uint8_t r_factor, external_r_factor, mos_lq, mos_cq;
    uint8_t config, reserved; /* reserved: 0 */
    uint16_t jitter_nominal_ms, jitter_maximum_ms, jitter_absolute_ms;
};

struct rtcp_xr {
    uint32_t ssrc; /* of the reporter */
    bool has_voip;
    struct rtcp_voip voip; /* the first such block */
};

/* A packet with one VoIP metrics block. Bytes written, -ENOBUFS. */
int rtcp_xr_encode(const struct rtcp_xr *x, uint8_t *bytes, size_t room);
/* Bytes taken, or -EBADMSG: no extended report, or a length that cannot be. */
int rtcp_xr_decode(struct rtcp_xr *ret, const uint8_t *bytes, size_t size);

#endif
