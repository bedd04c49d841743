/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * echo: takes out of a microphone's signal what the loudspeaker beside it played. The state is of
 * one stream and learns its echo path. One thread at a time.
 */
#ifndef VAPERF_NODE_AUDIO_ECHO_H
#define VAPERF_NODE_AUDIO_ECHO_H

#include <stddef.h>
#include <stdint.h>

struct echo;
/* frame: samples of each call, tail: samples of the longest echo, rate: samples a second. NULL: no
 * memory. */
struct echo *echo_create(unsigned frame, unsigned tail, unsigned rate);
/* One frame. `played` is what the other side of the line heard at that time; ret may not overlap.
 */
void echo_cancel(struct echo *c, const int16_t *microphone, const int16_t *played, int16_t *ret);
void echo_destroy(struct echo *c); /* NULL-safe */

#endif
