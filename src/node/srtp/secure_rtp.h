/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * secure_rtp: SRTP and SRTCP of one stream, both directions, all SSRCs of it under one master key.
 * One thread at a time.
 */
#ifndef VAPERF_NODE_SRTP_SECURE_RTP_H
#define VAPERF_NODE_SRTP_SECURE_RTP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* RFC 4568 §6.2, RFC 7714 §14.2. */
enum secure_rtp_suite {
    SECURE_RTP_NONE,
    AES_CM_128_HMAC_SHA1_80,
    AES_CM_128_HMAC_SHA1_32,
    AEAD_AES_128_GCM
};

/* Master key and salt together; the most a packet grows by. */
enum { SECURE_RTP_KEY_MAX = 30, SECURE_RTP_TRAILER_MAX = 32 };

enum secure_rtp_kind { SECURE_RTP_MEDIA, SECURE_RTP_CONTROL };

struct secure_rtp;

/* 0, or -ENOTSUP with the reason. */
int secure_rtp_supported(struct err *e);
/* Octets of master key and salt of a suite. */
size_t secure_rtp_key_size(enum secure_rtp_suite suite);
/* NULL: no memory, or the library does not know the suite. */
struct secure_rtp *secure_rtp_create(enum secure_rtp_suite suite, const uint8_t *key);
/* In place; *size grows by up to SECURE_RTP_TRAILER_MAX, for which there must be room. -EBADMSG. */
int secure_rtp_protect(struct secure_rtp *s, enum secure_rtp_kind kind, uint8_t *packet,
                       uint32_t *size);
/* In place; *size shrinks. -EBADMSG: not authentic; -EEXIST: it came before, and is left as it is;
 * -ESTALE: too old to tell. */
int secure_rtp_open(struct secure_rtp *s, enum secure_rtp_kind kind, uint8_t *packet,
                    uint32_t *size);
void secure_rtp_destroy(struct secure_rtp *s); /* NULL-safe */

#endif
