/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * g711: the A-law and u-law of ITU-T G.711, octets to linear samples and back. Linear samples are
 * 16 bits, full scale: the 13 (A) or 14 (u) bits of the Recommendation, shifted up. Pure, any
 * thread.
 */
#ifndef VAPERF_NODE_CODEC_G711_H
#define VAPERF_NODE_CODEC_G711_H

#include <stddef.h>
#include <stdint.h>

enum g711_law { G711_ULAW = 0, G711_ALAW = 8 }; /* their RTP payload types, RFC 3551 Table 4 */

int16_t g711_octet_to_sample(enum g711_law law, uint8_t octet);
uint8_t g711_sample_to_octet(enum g711_law law, int16_t sample);
void g711_to_samples(enum g711_law law, const uint8_t *octets, size_t count, int16_t *ret);
void g711_to_octets(enum g711_law law, const int16_t *samples, size_t count, uint8_t *ret);

#endif
