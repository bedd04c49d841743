/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtcp: sender and receiver reports (RFC 3550 §6.4.1, §6.4.2), bytes to struct and back. Pure,
 * allocates nothing, any thread.
 */
#ifndef VAPERF_NODE_CODEC_RTCP_H
#define VAPERF_NODE_CODEC_RTCP_H

#include <stddef.h>
#include <stdint.h>

enum rtcp_type { RTCP_SR = 200, RTCP_RR = 201, RTCP_SDES = 202, RTCP_BYE = 203, RTCP_APP = 204 };
enum { RTCP_BLOCKS_MAX = 31 };

struct rtcp_block {
    uint32_t ssrc;
    uint8_t fraction_lost;     /* of 256, since the last report */
    int32_t cumulative_lost;   /* 24 bits signed: duplicates may make it negative */
    uint32_t highest_sequence; /* extended */
    uint32_t jitter;           /* timestamp units */
    uint32_t last_sr;          /* middle 32 bits of the NTP time of the last SR */
    uint32_t delay_since_sr;   /* 1/65536 s */
};

struct rtcp_report {
    enum rtcp_type type; /* RTCP_SR or RTCP_RR */
    uint32_t ssrc;
    uint64_t ntp_time;                  /* SR: 32.32 fixed point since 1900 */
    uint32_t rtp_time, packets, octets; /* SR */
    uint8_t block_count;
    struct rtcp_block blocks[RTCP_BLOCKS_MAX];
};

/* Bytes written, or -ENOBUFS, -EINVAL (type, count, a loss beyond 24 bits). */
int rtcp_encode(const struct rtcp_report *r, uint8_t *bytes, size_t room);
/* A source description with a CNAME alone (§6.5), up to 255 octets. Bytes written, or -ENOBUFS. */
int rtcp_encode_cname(uint32_t ssrc, const char *cname, uint8_t *bytes, size_t room);
/* A goodbye of one source (§6.6). Bytes written, or -ENOBUFS. */
int rtcp_encode_bye(uint32_t ssrc, uint8_t *bytes, size_t room);
/* One packet of a compound. Returns the bytes it takes (step over packets of other types with
 * ret->type set and nothing else), or -EBADMSG. */
int rtcp_decode(struct rtcp_report *ret, const uint8_t *bytes, size_t size);

#endif
