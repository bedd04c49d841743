/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * compute: see compute.h. Pure but for the clock of the calibration.
 */
#include "node/appliance/compute.h"

#include "base/clock.h"

enum { TRY_ROUNDS = 200000, TRIES = 10 };

uint64_t compute_do(uint64_t rounds, const uint8_t *bytes, uint32_t size)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    uint32_t at = 0;

    for (uint64_t i = 0; i < rounds; i++) {
        h = (h ^ bytes[at]) * UINT64_C(0x100000001b3);
        h ^= h >> 29;
        at = at + 1 < size ? at + 1 : 0;
    }
    return h;
}

double compute_calibrate(void)
{
    static const uint8_t sample[160] = {1, 2, 3};
    volatile uint64_t kept = 0;
    uint64_t best_ns = UINT64_MAX;

    for (int i = 0; i < TRIES; i++) {
        uint64_t from = clock_thread_cpu_ns(), spent;
        kept += compute_do(TRY_ROUNDS, sample, sizeof(sample));
        spent = clock_thread_cpu_ns() - from;
        best_ns = spent < best_ns ? spent : best_ns;
    }
    (void)kept;
    return best_ns > 0 ? TRY_ROUNDS * 1000.0 / (double)best_ns : TRY_ROUNDS;
}
