/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtcp_xr: see rtcp_xr.h. RFC 3611 §2, §3, §4.7. Pure.
 */
#include "node/codec/rtcp_xr.h"

#include <errno.h>

#include "node/codec/wire.h"

enum { HEADER = 8, BLOCK_HEADER = 4, VOIP = 7, VOIP_SIZE = 36 /* with its header */ };

static void put_voip(const struct rtcp_voip *v, uint8_t *at)
{
    const uint8_t levels[] = {v->signal_level, v->noise_level, v->residual_echo_loss,
                              v->gmin,         v->r_factor,    v->external_r_factor,
                              v->mos_lq,       v->mos_cq,      v->config,
                              v->reserved};

    at[0] = VOIP;
    at[1] = 0;
    wire_put16(at + 2, VOIP_SIZE / 4 - 1);
    wire_put32(at + 4, v->ssrc);
    at[8] = v->loss_rate;
    at[9] = v->discard_rate;
    at[10] = v->burst_density;
    at[11] = v->gap_density;
    wire_put16(at + 12, v->burst_ms);
    wire_put16(at + 14, v->gap_ms);
    wire_put16(at + 16, v->round_trip_ms);
    wire_put16(at + 18, v->end_system_ms);
    memcpy(at + 20, levels, sizeof(levels));
    wire_put16(at + 30, v->jitter_nominal_ms);
    wire_put16(at + 32, v->jitter_maximum_ms);
    wire_put16(at + 34, v->jitter_absolute_ms);
}

static void get_voip(struct rtcp_voip *v, const uint8_t *at)
{
    *v = (struct rtcp_voip){
        .ssrc = wire_get32(at + 4),
        .loss_rate = at[8],
        .discard_rate = at[9],
        .burst_density = at[10],
        .gap_density = at[11],
        .burst_ms = wire_get16(at + 12),
        .gap_ms = wire_get16(at + 14),
        .round_trip_ms = wire_get16(at + 16),
        .end_system_ms = wire_get16(at + 18),
        .signal_level = at[20],
        .noise_level = at[21],
        .residual_echo_loss = at[22],
        .gmin = at[23],
        .r_factor = at[24],
        .external_r_factor = at[25],
        .mos_lq = at[26],
        .mos_cq = at[27],
        .config = at[28],
        .reserved = at[29],
        .jitter_nominal_ms = wire_get16(at + 30),
        .jitter_maximum_ms = wire_get16(at + 32),
        .jitter_absolute_ms = wire_get16(at + 34),
    };
}

int rtcp_xr_encode(const struct rtcp_xr *x, uint8_t *bytes, size_t room)
{
    if (room < HEADER + VOIP_SIZE) {
        return -ENOBUFS;
    }
    bytes[0] = 2 << 6;
    bytes[1] = RTCP_XR;
    wire_put16(bytes + 2, (HEADER + VOIP_SIZE) / 4 - 1);
    wire_put32(bytes + 4, x->ssrc);
    put_voip(&x->voip, bytes + HEADER);
    return HEADER + VOIP_SIZE;
}

int rtcp_xr_decode(struct rtcp_xr *ret, const uint8_t *bytes, size_t size)
{
    struct rtcp_xr x = {0};
    size_t length, block;

    if (size < HEADER || bytes[0] >> 6 != 2 || bytes[1] != RTCP_XR) {
        return -EBADMSG;
    }
    length = 4u * (wire_get16(bytes + 2) + 1u);
    if (length > size || length < HEADER) {
        return -EBADMSG;
    }
    x.ssrc = wire_get32(bytes + 4);
    for (size_t at = HEADER; at < length; at += block) {
        block = 4u * (wire_get16(bytes + at + 2) + 1u);
        if (block > length - at || (bytes[at] == VOIP && block != VOIP_SIZE)) {
            return -EBADMSG;
        }
        if (bytes[at] == VOIP && !x.has_voip) {
            get_voip(&x.voip, bytes + at);
            x.has_voip = true;
        }
    }
    *ret = x;
    return (int)length;
}
