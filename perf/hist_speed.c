/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * hist_speed: nanoseconds of thread CPU that one hist_record costs, over values spread like delays
 * (precomputed, so that making them is not measured). Prints one JSON line. One thread.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/hist.h"
#include "base/rand.h"

enum { VALUES = 1 << 16, ROUNDS = 400 };

int main(void)
{
    static uint64_t values[VALUES];
    struct hist *h = hist_create();
    struct rand_state r;
    uint64_t from, spent;

    if (h == NULL) {
        return 3;
    }
    rand_init(&r, 1);
    for (size_t i = 0; i < VALUES; i++) {
        values[i] = (uint64_t)rand_exponential(&r, 300000.0);
    }
    from = clock_thread_cpu_ns();
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < VALUES; i++) {
            hist_record(h, values[i]);
        }
    }
    spent = clock_thread_cpu_ns() - from;
    printf("{\"records\": %llu, \"ns\": %.3f}\n", (unsigned long long)h->total,
           (double)spent / VALUES / ROUNDS);
    hist_destroy(h);
    return 0;
}
