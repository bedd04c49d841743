/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sdp: session descriptions (RFC 8866) and the answer to an offer (RFC 3264). Texts are lent from
 * the caller's bytes. Pure, allocates nothing, any thread.
 */
#ifndef VAPERF_NODE_CODEC_SDP_H
#define VAPERF_NODE_CODEC_SDP_H

#include <stddef.h>

#include "node/codec/sip_names.h"

/* Media, formats and keys beyond these are left out, and counted in `dropped`. */
enum { SDP_MEDIA_MAX = 8, SDP_FORMATS_MAX = 24, SDP_CRYPTO_MAX = 4 };

enum sdp_direction { SDP_UNSAID, SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };

struct sdp_address {
    struct sip_text text; /* size 0: none */
    bool is_ipv6;
};

struct sdp_format {
    uint8_t payload_type;
    struct sip_text name; /* "PCMU"; of the static types it is known without a=rtpmap */
    uint32_t clock_hz;    /* 0: not known */
    uint16_t channels;    /* 1 when not said */
    struct sip_text fmtp; /* size 0: none */
};

struct sdp_crypto { /* RFC 4568 §4 */
    uint32_t tag;
    struct sip_text suite, key_params, session_params;
};

struct sdp_media {
    struct sip_text type, protocol; /* "audio", "RTP/AVP" */
    uint16_t port;                  /* 0: refused */
    uint16_t port_count;            /* 1 when not said */
    struct sdp_address connection;  /* its own, or the session's */
    struct sdp_format formats[SDP_FORMATS_MAX];
    size_t format_count;
    struct sip_text format_text;  /* as in m=, also where it is not RTP */
    enum sdp_direction direction; /* its own, or the session's */
    uint32_t ptime_ms;            /* 0: not said */
    uint16_t rtcp_port;           /* 0: the one after `port` (RFC 3605) */
    struct sdp_address rtcp;      /* its own; size 0: that of `connection` */
    bool rtcp_mux;                /* RFC 5761 */
    struct sdp_crypto crypto[SDP_CRYPTO_MAX];
    size_t crypto_count;
};

struct sdp {
    struct sip_text user, session_id, session_version, name; /* o=, s= */
    struct sdp_address origin, connection;
    enum sdp_direction direction;
    struct sdp_media media[SDP_MEDIA_MAX];
    size_t media_count;
    uint32_t dropped; /* lines or formats beyond what fits, or twice */
};

/* -EBADMSG: no session description (v=0 comes first, o= and s= are there, a line is <letter>=...).
 */
int sdp_parse(struct sdp *ret, const char *bytes, size_t size);
/* The size written, -ENOBUFS. Not NUL-ended. */
int sdp_write(const struct sdp *d, char *bytes, size_t room);

/* What an answerer has for one kind of medium. */
struct sdp_ability {
    struct sip_text type;
    const struct sdp_format *formats; /* those it speaks; names and clocks decide */
    size_t format_count;
    uint16_t port;                /* of the answer */
    enum sdp_direction direction; /* what it is willing to do */
    bool rtcp_mux;
};

/* RFC 3264 §6: one m= for each of the offer, in its order; refused with port 0 where no ability
 * fits. Payload types and their order are the offer's. `ret` has origin and names of `own`, whose
 * media are not looked at. Crypto is the caller's. Returns how many media are accepted. */
int sdp_answer(struct sdp *ret, const struct sdp *offer, const struct sdp *own,
               const struct sdp_ability *abilities, size_t ability_count);

#endif
