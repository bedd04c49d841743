/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * wav_fuzz: any bytes into wav_parse; what it accepts has no more samples than bytes.
 */
#include <stdlib.h>

#include "node/audio/wav.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct wav w = {0};

    if (wav_parse(&w, bytes, size) == 0) {
        long sum = 0;
        for (size_t i = 0; i < w.count; i++) { /* each of them is there */
            sum += w.samples[i];
        }
        if (w.count > size || w.rate == 0 || sum > (long)size * INT16_MAX) {
            abort();
        }
        wav_finish(&w);
    }
    return 0;
}
