/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtcp_fuzz: any bytes into rtcp_decode; what it accepts lies within them and is written back
 * alike.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "node/codec/rtcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct rtcp_report r;
    uint8_t again[1024];
    int taken = rtcp_decode(&r, bytes, size);

    if (taken >= 0 && (taken < 4 || (size_t)taken > size)) {
        abort();
    }
    if (taken > 0 && (r.type == RTCP_SR || r.type == RTCP_RR)) {
        int written = rtcp_encode(&r, again, sizeof(again));
        if (written < 8 || written > taken ||
            memcmp(again + 4, bytes + 4, (size_t)written - 4) != 0) {
            abort();
        }
    }
    return 0;
}
