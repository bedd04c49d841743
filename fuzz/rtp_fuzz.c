/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_fuzz: any bytes into rtp_decode; what it accepts lies within them and is written back alike.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "node/codec/rtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct rtp_packet p;
    uint8_t again[RTP_HEADER_SIZE + 4 * RTP_CSRC_MAX];

    if (rtp_decode(&p, bytes, size) == 0) {
        int written = rtp_encode_header(&p.header, again, sizeof(again));
        /* The extension bit is the only one that is not written back. */
        if (p.payload < bytes || p.payload + p.payload_size > bytes + size || written < 12 ||
            again[0] != (bytes[0] & ~0x10) ||
            memcmp(again + 1, bytes + 1, (size_t)written - 1) != 0) {
            abort();
        }
    }
    return 0;
}
