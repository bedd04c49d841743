/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp: see rtp.h. RFC 3550 §5.1, §5.3.1. Pure.
 */
#include "node/codec/rtp.h"

#include <errno.h>

#include "node/codec/wire.h"

int rtp_encode_header(const struct rtp_header *h, uint8_t *bytes, size_t room)
{
    size_t size = RTP_HEADER_SIZE + 4u * h->csrc_count;

    if (h->csrc_count > RTP_CSRC_MAX || room < size) {
        return -ENOBUFS;
    }
    bytes[0] = (uint8_t)(RTP_VERSION << 6 | (h->padding ? 0x20 : 0) | h->csrc_count);
    bytes[1] = (uint8_t)((h->marker ? 0x80 : 0) | (h->payload_type & 0x7f));
    wire_put16(bytes + 2, h->sequence);
    wire_put32(bytes + 4, h->timestamp);
    wire_put32(bytes + 8, h->ssrc);
    for (unsigned i = 0; i < h->csrc_count; i++) {
        wire_put32(bytes + RTP_HEADER_SIZE + 4 * i, h->csrc[i]);
    }
    return (int)size;
}

bool rtp_is_rtcp(const uint8_t *bytes, size_t size)
{
    return size >= 2 && bytes[0] >> 6 == RTP_VERSION && bytes[1] >= 192 && bytes[1] <= 223;
}

static int skip_extension(struct rtp_header *h, const uint8_t *bytes, size_t size, size_t *at)
{
    if (size - *at < 4) {
        return -EBADMSG;
    }
    h->extension_profile = wire_get16(bytes + *at);
    h->extension_words = wire_get16(bytes + *at + 2);
    *at += 4;
    if (size - *at < 4u * h->extension_words) {
        return -EBADMSG;
    }
    *at += 4u * h->extension_words;
    return 0;
}

int rtp_decode(struct rtp_packet *ret, const uint8_t *bytes, size_t size)
{
    struct rtp_header h = {0};
    size_t at = RTP_HEADER_SIZE, padding = 0;

    if (size < RTP_HEADER_SIZE || bytes[0] >> 6 != RTP_VERSION) {
        return -EBADMSG;
    }
    h.padding = (bytes[0] & 0x20) != 0;
    h.extension = (bytes[0] & 0x10) != 0;
    h.csrc_count = bytes[0] & 0x0f;
    h.marker = (bytes[1] & 0x80) != 0;
    h.payload_type = bytes[1] & 0x7f;
    h.sequence = wire_get16(bytes + 2);
    h.timestamp = wire_get32(bytes + 4);
    h.ssrc = wire_get32(bytes + 8);
    if (size - at < 4u * h.csrc_count) {
        return -EBADMSG;
    }
    for (unsigned i = 0; i < h.csrc_count; i++, at += 4) {
        h.csrc[i] = wire_get32(bytes + at);
    }
    if (h.extension && skip_extension(&h, bytes, size, &at) < 0) {
        return -EBADMSG;
    }
    if (h.padding) {
        padding = bytes[size - 1];
        if (padding == 0 || padding > size - at) {
            return -EBADMSG;
        }
    }
    *ret = (struct rtp_packet){h, bytes + at, size - at - padding};
    return 0;
}
