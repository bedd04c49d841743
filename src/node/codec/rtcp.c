/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtcp: see rtcp.h. RFC 3550 §6.4. Pure.
 */
#include "node/codec/rtcp.h"

#include <errno.h>

#include "node/codec/wire.h"

enum { HEADER = 8, SENDER_INFO = 20, BLOCK = 24, LOSS_LIMIT = 1 << 23 };

static void put_block(uint8_t *at, const struct rtcp_block *b)
{
    wire_put32(at, b->ssrc);
    wire_put32(at + 4,
               (uint32_t)b->fraction_lost << 24 | ((uint32_t)b->cumulative_lost & 0xffffff));
    wire_put32(at + 8, b->highest_sequence);
    wire_put32(at + 12, b->jitter);
    wire_put32(at + 16, b->last_sr);
    wire_put32(at + 20, b->delay_since_sr);
}

int rtcp_encode(const struct rtcp_report *r, uint8_t *bytes, size_t room)
{
    size_t at = HEADER, size;

    if ((r->type != RTCP_SR && r->type != RTCP_RR) || r->block_count > RTCP_BLOCKS_MAX) {
        return -EINVAL;
    }
    size = HEADER + (r->type == RTCP_SR ? SENDER_INFO : 0u) + (size_t)BLOCK * r->block_count;
    if (room < size) {
        return -ENOBUFS;
    }
    bytes[0] = (uint8_t)(2 << 6 | r->block_count);
    bytes[1] = (uint8_t)r->type;
    wire_put16(bytes + 2, (uint16_t)(size / 4 - 1));
    wire_put32(bytes + 4, r->ssrc);
    if (r->type == RTCP_SR) {
        wire_put64(bytes + at, r->ntp_time);
        wire_put32(bytes + at + 8, r->rtp_time);
        wire_put32(bytes + at + 12, r->packets);
        wire_put32(bytes + at + 16, r->octets);
        at += SENDER_INFO;
    }
    for (unsigned i = 0; i < r->block_count; i++, at += BLOCK) {
        if (r->blocks[i].cumulative_lost >= LOSS_LIMIT ||
            r->blocks[i].cumulative_lost < -LOSS_LIMIT) {
            return -EINVAL;
        }
        put_block(bytes + at, &r->blocks[i]);
    }
    return (int)size;
}

int rtcp_encode_cname(uint32_t ssrc, const char *cname, uint8_t *bytes, size_t room)
{
    size_t length = strlen(cname);
    size_t size = (HEADER + 2 + length + 4) / 4 * 4; /* one to four zero octets end the chunk */

    if (length > UINT8_MAX || room < size) {
        return -ENOBUFS;
    }
    memset(bytes, 0, size);
    bytes[0] = 2 << 6 | 1;
    bytes[1] = RTCP_SDES;
    wire_put16(bytes + 2, (uint16_t)(size / 4 - 1));
    wire_put32(bytes + 4, ssrc);
    bytes[HEADER] = 1; /* CNAME */
    bytes[HEADER + 1] = (uint8_t)length;
    for (size_t i = 0; i < length; i++) {
        bytes[HEADER + 2 + i] = (uint8_t)cname[i];
    }
    return (int)size;
}

int rtcp_encode_bye(uint32_t ssrc, uint8_t *bytes, size_t room)
{
    if (room < HEADER) {
        return -ENOBUFS;
    }
    bytes[0] = 2 << 6 | 1;
    bytes[1] = RTCP_BYE;
    wire_put16(bytes + 2, 1);
    wire_put32(bytes + 4, ssrc);
    return HEADER;
}

static void get_block(struct rtcp_block *b, const uint8_t *at)
{
    uint32_t loss = wire_get32(at + 4);

    b->ssrc = wire_get32(at);
    b->fraction_lost = (uint8_t)(loss >> 24);
    b->cumulative_lost = (int32_t)(loss & 0xffffff);
    if (b->cumulative_lost >= LOSS_LIMIT) {
        b->cumulative_lost -= 2 * LOSS_LIMIT;
    }
    b->highest_sequence = wire_get32(at + 8);
    b->jitter = wire_get32(at + 12);
    b->last_sr = wire_get32(at + 16);
    b->delay_since_sr = wire_get32(at + 20);
}

int rtcp_decode(struct rtcp_report *ret, const uint8_t *bytes, size_t size)
{
    struct rtcp_report r = {0};
    size_t length, at = HEADER;

    if (size < 4 || bytes[0] >> 6 != 2) {
        return -EBADMSG;
    }
    length = 4u * (wire_get16(bytes + 2) + 1u);
    r.type = bytes[1];
    if (length > size) {
        return -EBADMSG;
    }
    if (r.type == RTCP_SR || r.type == RTCP_RR) {
        r.block_count = bytes[0] & 0x1f;
        if (length <
            HEADER + (r.type == RTCP_SR ? SENDER_INFO : 0u) + (size_t)BLOCK * r.block_count) {
            return -EBADMSG;
        }
        r.ssrc = wire_get32(bytes + 4);
        if (r.type == RTCP_SR) {
            r.ntp_time = wire_get64(bytes + at);
            r.rtp_time = wire_get32(bytes + at + 8);
            r.packets = wire_get32(bytes + at + 12);
            r.octets = wire_get32(bytes + at + 16);
            at += SENDER_INFO;
        }
        for (unsigned i = 0; i < r.block_count; i++, at += BLOCK) {
            get_block(&r.blocks[i], bytes + at);
        }
    }
    *ret = r;
    return (int)length;
}
