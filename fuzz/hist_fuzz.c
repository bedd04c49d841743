/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * hist_fuzz: any bytes into hist_decode. What it accepts must be a sound histogram whose encoding
 * is those very bytes.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hist.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define REQUIRE(condition) \
    do {                   \
        if (!(condition))  \
            abort();       \
    } while (0)

static struct hist hist;

static void check_sound(void)
{
    uint64_t counted = 0;
    for (unsigned i = 0; i < HIST_BUCKETS; i++)
        counted += hist.count[i];
    REQUIRE(counted == hist.total);
    uint64_t before = 0;
    for (double pct = 0; pct <= 100; pct += 12.5) {
        uint64_t value = hist_percentile(&hist, pct);
        REQUIRE(value >= before && value <= hist.max);
        before = value;
    }
    REQUIRE(hist_count_below(&hist, UINT64_MAX) == hist.total);
}

static void try_bytes(const uint8_t *bytes, size_t size)
{
    if (hist_decode(&hist, bytes, size) < 0)
        return;
    check_sound();
    struct buf again;
    buf_init(&again);
    REQUIRE(hist_encode(&hist, &again) == 0);
    REQUIRE(again.size == size && memcmp(again.data, bytes, size) == 0);
    buf_finish(&again);
}

/* As they are, and with a right head and check sum, which chance would hardly find. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const uint8_t head[] = {'V', 'H', 1, HIST_SUB_BITS, HIST_MAX_BITS};
    try_bytes(bytes, size);
    struct buf sealed;
    buf_init(&sealed);
    buf_append(&sealed, head, sizeof head);
    buf_append(&sealed, bytes, size);
    uint32_t seal = hist_seal(sealed.data, sealed.size);
    for (int i = 0; i < 4; i++) {
        uint8_t byte = (uint8_t)(seal >> (8 * i));
        buf_append(&sealed, &byte, 1);
    }
    if (!buf_failed(&sealed))
        try_bytes((const uint8_t *)sealed.data, sealed.size);
    buf_finish(&sealed);
    return 0;
}
