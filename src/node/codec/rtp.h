/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp: the RTP header (RFC 3550 §5.1), bytes to struct and back. Pure, allocates nothing, any
 * thread.
 */
#ifndef VAPERF_NODE_CODEC_RTP_H
#define VAPERF_NODE_CODEC_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RTP_VERSION = 2, RTP_HEADER_SIZE = 12, RTP_CSRC_MAX = 15 };

struct rtp_header {
    bool padding, extension, marker;
    uint8_t csrc_count, payload_type;
    uint16_t sequence;
    uint32_t timestamp, ssrc;
    uint32_t csrc[RTP_CSRC_MAX];
    uint16_t extension_profile, extension_words; /* §5.3.1; 0 without extension */
};

struct rtp_packet {
    struct rtp_header header;
    const uint8_t *payload; /* lent: into the packet's bytes */
    size_t payload_size;    /* without padding */
};

/* Writes header and CSRCs (no extension). Returns the bytes written, -ENOBUFS. */
int rtp_encode_header(const struct rtp_header *h, uint8_t *bytes, size_t room);
/* Is it RTCP on the port of RTP (RFC 5761 §4: packet types 192 to 223)? */
bool rtp_is_rtcp(const uint8_t *bytes, size_t size);
/* -EBADMSG when it is no RTP packet (version, lengths, padding). */
int rtp_decode(struct rtp_packet *ret, const uint8_t *bytes, size_t size);

#endif
