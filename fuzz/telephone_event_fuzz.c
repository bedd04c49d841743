/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * telephone_event_fuzz: any bytes into telephone_event_decode; what it accepts is written back
 * alike, but for the reserved bit.
 */
#include <stdlib.h>

#include "node/codec/telephone_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uint8_t again[TELEPHONE_EVENT_SIZE];
    struct telephone_event v;

    if (telephone_event_decode(&v, bytes, size) == 0 &&
        (telephone_event_encode(&v, again, sizeof(again)) != TELEPHONE_EVENT_SIZE ||
         again[0] != bytes[0] || again[1] != (bytes[1] & 0xbf) || again[2] != bytes[2] ||
         again[3] != bytes[3])) {
        abort();
    }
    return 0;
}
