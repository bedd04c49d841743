/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * g729: ITU-T G.729 at 8 kbit/s: frames of 10 ms, 80 samples or 10 octets. A coder and a decoder
 * are of one stream and keep its history. One thread at a time.
 */
#ifndef VAPERF_NODE_AUDIO_G729_H
#define VAPERF_NODE_AUDIO_G729_H

#include <stddef.h>
#include <stdint.h>

enum { G729_FRAME_SAMPLES = 80, G729_FRAME_BYTES = 10 };

struct g729;
struct g729 *g729_create(void); /* NULL: no memory */
/* Octets written: count / 8, for whole frames; -EINVAL: no whole frames. */
int g729_encode(struct g729 *g, const int16_t *samples, size_t count, uint8_t *ret);
/* Samples written: size * 8; -EINVAL: no whole frames. */
int g729_decode(struct g729 *g, const uint8_t *bytes, size_t size, int16_t *ret);
void g729_destroy(struct g729 *g); /* NULL-safe */

#endif
