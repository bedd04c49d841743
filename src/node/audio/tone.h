/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tone: DTMF digits (ITU-T Q.23) heard in a signal of 8,000 samples a second, and made. A listener
 * is of one stream. One thread at a time.
 */
#ifndef VAPERF_NODE_AUDIO_TONE_H
#define VAPERF_NODE_AUDIO_TONE_H

#include <stddef.h>
#include <stdint.h>

struct tone;
struct tone *tone_create(void); /* NULL: no memory */
/* How many digits began to be heard with these samples; up to `room` of them, as "0-9*#A-D", in
 * ret. */
unsigned tone_listen(struct tone *t, const int16_t *samples, size_t count, char *ret, size_t room);
void tone_destroy(struct tone *t); /* NULL-safe */

/* Samples of a digit's two tones from sample `at` on. -EINVAL: no digit. Pure. */
int tone_make(char digit, size_t at, int16_t *ret, size_t count);

#endif
