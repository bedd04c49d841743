/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * protection: SRTP of one medium of a call (RFC 3711), with the keys that the two session
 * descriptions name in a=crypto (RFC 4568): each end protects what it sends with a key of its own
 * description. One thread. Allocates when a description of RTP/SAVP is first seen, and when keys
 * are agreed.
 */
#ifndef VAPERF_NODE_CALLMEDIA_PROTECTION_H
#define VAPERF_NODE_CALLMEDIA_PROTECTION_H

#include <stdbool.h>

#include "base/rand.h"
#include "node/codec/sdp.h"
#include "node/srtp/secure_rtp.h"

enum protection_side { PROTECTION_OWN, PROTECTION_PEER, PROTECTION_SIDES };
enum { PROTECTION_KEY_TEXT_MAX = 48 /* 30 octets in base64, and a NUL */ };

struct protection;

/* A medium of a description: what one side says of its keys. *p is made where it says RTP/SAVP and
 * there is none. 0; -ENOKEY: both sides have spoken, or the peer has, and no key is agreed: nothing
 * may be sent or heard; -ENOMEM. Keys that stay the same keep their state. */
int protection_note(struct protection **p, enum protection_side side, const struct sdp_media *m);
void protection_destroy(struct protection *p); /* NULL-safe */

/* Is the medium to be protected? NULL: no. */
bool protection_is_on(const struct protection *p);
/* In place, as secure_rtp_protect and secure_rtp_open; -ENOKEY: no key is agreed. */
int protection_protect(struct protection *p, enum secure_rtp_kind kind, uint8_t *packet,
                       uint32_t *size);
int protection_open(struct protection *p, enum secure_rtp_kind kind, uint8_t *packet,
                    uint32_t *size);

/* What stands for a word of a scenario, "cryptotag1audio" and its kin; `random` makes the key, and
 * makes it again from the same state. The length; -ENOTSUP: this suite is not done; -EINVAL. */
int protection_word(const char *word, struct rand_state random, char *text, size_t size);

#endif
