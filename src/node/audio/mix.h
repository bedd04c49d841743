/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mix: sums of signals that stay within 16 bits: what a conference bridge does. Pure, any thread.
 */
#ifndef VAPERF_NODE_AUDIO_MIX_H
#define VAPERF_NODE_AUDIO_MIX_H

#include <stddef.h>
#include <stdint.h>

/* Adds a signal to a sum. 65,536 of them fit. */
static inline void mix_add(int32_t *sum, const int16_t *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sum[i] += samples[i];
    }
}

/* The sum within 16 bits: what is louder is cut off. */
static inline void mix_take(const int32_t *sum, size_t count, int16_t *ret)
{
    for (size_t i = 0; i < count; i++) {
        int32_t v = sum[i];
        ret[i] = (int16_t)(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
    }
}

#endif
