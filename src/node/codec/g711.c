/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * g711: see g711.h. An octet is a sign, a segment of three bits and a step of four in it (Tables 1
 * and 2 of the Recommendation); every second bit of an A-law octet is inverted, all bits of a u-law
 * one. Pure.
 */
#include "node/codec/g711.h"

enum {
    SIGN = 0x80,
    STEP_BITS = 4,
    STEP_MASK = 0x0f,
    SEGMENT_MASK = 0x07,
    ALAW_INVERTED = 0x55,
    ULAW_INVERTED = 0xff,
    ULAW_BIAS = 33, /* of 14-bit magnitudes: makes segments powers of two */
    ULAW_MAX = 8191 /* with the bias: the upper end of segment 8 */
};

static int highest_bit(unsigned v)
{
    return 31 - __builtin_clz(v);
}

static int alaw_magnitude(unsigned octet)
{
    unsigned segment = octet >> STEP_BITS & SEGMENT_MASK, step = octet & STEP_MASK;
    /* 12 bits and half a step, so that the value lies in the middle of its interval. */
    unsigned twice = segment == 0 ? 2 * step + 1 : (2 * step + 33) << (segment - 1);
    return (int)twice << 3;
}

static int ulaw_magnitude(unsigned octet)
{
    unsigned segment = octet >> STEP_BITS & SEGMENT_MASK, step = octet & STEP_MASK;
    return (int)(((2 * step + ULAW_BIAS) << segment) - ULAW_BIAS) << 2;
}

int16_t g711_octet_to_sample(enum g711_law law, uint8_t octet)
{
    unsigned bits = octet ^ (law == G711_ALAW ? ALAW_INVERTED : ULAW_INVERTED);
    /* A set sign bit is positive; for u-law that was before the inversion. */
    int is_positive = law == G711_ALAW ? (bits & SIGN) != 0 : (bits & SIGN) == 0;
    int magnitude = law == G711_ALAW ? alaw_magnitude(bits) : ulaw_magnitude(bits);
    return (int16_t)(is_positive ? magnitude : -magnitude);
}

static uint8_t encode_alaw(int16_t sample)
{
    /* 12 bits of magnitude; a negative value's intervals mirror the positive ones' (Table 1). */
    unsigned magnitude = (unsigned)(sample < 0 ? ~sample : sample) >> 4;
    unsigned segment =
        magnitude < 32 ? magnitude >> STEP_BITS : (unsigned)highest_bit(magnitude) - 3;
    unsigned step = magnitude >> (segment > 1 ? segment - 1 : 0) & STEP_MASK;
    unsigned bits = (sample < 0 ? 0u : (unsigned)SIGN) | segment << STEP_BITS | step;
    return (uint8_t)(bits ^ ALAW_INVERTED);
}

static uint8_t encode_ulaw(int16_t sample)
{
    unsigned magnitude = ((unsigned)(sample < 0 ? ~sample : sample) >> 2) + ULAW_BIAS;
    unsigned segment, bits;

    magnitude = magnitude > ULAW_MAX ? ULAW_MAX : magnitude;
    segment = (unsigned)highest_bit(magnitude) - 5;
    bits = segment << STEP_BITS | (magnitude >> (segment + 1) & STEP_MASK);
    return (uint8_t)((bits | (sample < 0 ? (unsigned)SIGN : 0u)) ^ ULAW_INVERTED);
}

uint8_t g711_sample_to_octet(enum g711_law law, int16_t sample)
{
    return law == G711_ALAW ? encode_alaw(sample) : encode_ulaw(sample);
}

void g711_to_samples(enum g711_law law, const uint8_t *octets, size_t count, int16_t *ret)
{
    for (size_t i = 0; i < count; i++) {
        ret[i] = g711_octet_to_sample(law, octets[i]);
    }
}

void g711_to_octets(enum g711_law law, const int16_t *samples, size_t count, uint8_t *ret)
{
    for (size_t i = 0; i < count; i++) {
        ret[i] = g711_sample_to_octet(law, samples[i]);
    }
}
