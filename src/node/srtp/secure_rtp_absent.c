/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * secure_rtp_absent: what the static node has in the place of secure_rtp: the reason why not.
 */
#include <errno.h>

#include "node/srtp/secure_rtp.h"

int secure_rtp_supported(struct err *e)
{
    return err_set(e, -ENOTSUP,
                   "srtp: the static node has no libsrtp2, whose cryptography (NSS) cannot be "
                   "linked static: vaperf-node has it");
}

size_t secure_rtp_key_size(enum secure_rtp_suite suite)
{
    (void)suite;
    return 0;
}

struct secure_rtp *secure_rtp_create(enum secure_rtp_suite suite, const uint8_t *key)
{
    (void)suite;
    (void)key;
    return NULL;
}

int secure_rtp_protect(struct secure_rtp *s, enum secure_rtp_kind kind, uint8_t *packet,
                       uint32_t *size)
{
    (void)s;
    (void)kind;
    (void)packet;
    (void)size;
    return -ENOTSUP;
}

int secure_rtp_open(struct secure_rtp *s, enum secure_rtp_kind kind, uint8_t *packet,
                    uint32_t *size)
{
    (void)s;
    (void)kind;
    (void)packet;
    (void)size;
    return -ENOTSUP;
}

void secure_rtp_destroy(struct secure_rtp *s)
{
    (void)s;
}
