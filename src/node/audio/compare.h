/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * compare: how near a signal that was heard is to the one that was said: a simple distance, no
 * model of hearing. Pure, any thread.
 */
#ifndef VAPERF_NODE_AUDIO_COMPARE_H
#define VAPERF_NODE_AUDIO_COMPARE_H

#include <stddef.h>
#include <stdint.h>

/* At the lag, and after the gain, at which they fit best. */
struct comparison {
    unsigned lag;       /* samples the heard one is behind */
    double correlation; /* 0..1; NAN: one of them is silent */
    double snr_db;      /* said to difference; INFINITY: alike; NAN: silent */
};

void compare_signals(const int16_t *said, const int16_t *heard, size_t count, unsigned lag_max,
                     struct comparison *ret);

#endif
