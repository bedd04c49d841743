/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Extended reports from the network: refused, or read within their bytes; what was read and is
 * written again is read as the same.
 */
#include <stdlib.h>
#include <string.h>

#include "node/codec/rtcp_xr.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uint8_t again[64];
    struct rtcp_xr x, y;
    int taken = rtcp_xr_decode(&x, bytes, size);

    if (taken >= 0 && (taken < 8 || (size_t)taken > size)) {
        abort();
    }
    if (taken > 0 && x.has_voip) {
        int written = rtcp_xr_encode(&x, again, sizeof(again));
        if (written < 0 || rtcp_xr_decode(&y, again, (size_t)written) != written ||
            y.ssrc != x.ssrc || memcmp(&x.voip, &y.voip, sizeof(x.voip)) != 0) {
            abort();
        }
    }
    return 0;
}
