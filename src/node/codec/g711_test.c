/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <math.h>
#include <stdlib.h>

#include "node/codec/g711.h"

static const enum g711_law laws[] = {G711_ULAW, G711_ALAW};

/* The ends of the scale and the values about zero, from Tables 1 and 2 of G.711. */
static void known_octets(void **state)
{
    static const struct {
        enum g711_law law;
        uint8_t octet;
        int sample;
    } known[] = {
        {G711_ALAW, 0xd5, 8},         {G711_ALAW, 0x55, -8},        {G711_ALAW, 0xaa, 4032 * 8},
        {G711_ALAW, 0x2a, -4032 * 8}, {G711_ALAW, 0xd4, 24},        {G711_ULAW, 0xff, 0},
        {G711_ULAW, 0x80, 8031 * 4},  {G711_ULAW, 0x00, -8031 * 4}, {G711_ULAW, 0xfe, 8},
        {G711_ULAW, 0x7e, -8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        assert_int_equal(g711_octet_to_sample(known[i].law, known[i].octet), known[i].sample);
        assert_int_equal(g711_sample_to_octet(known[i].law, (int16_t)known[i].sample),
                         known[i].octet);
    }
    assert_int_equal(g711_sample_to_octet(G711_ALAW, INT16_MAX), 0xaa);
    assert_int_equal(g711_sample_to_octet(G711_ALAW, INT16_MIN), 0x2a);
    assert_int_equal(g711_sample_to_octet(G711_ULAW, INT16_MAX), 0x80);
    assert_int_equal(g711_sample_to_octet(G711_ULAW, INT16_MIN), 0x00);
}

/* Tables 5 and 6 of G.711: eight octets that are one kilohertz at 0 dBm0, where full scale is
 * 3.14 dBm0 (A) and 3.17 dBm0 (u): clause 3. */
static void the_digital_milliwatt_is_one(void **state)
{
    static const uint8_t sequences[2][8] = {{0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e},
                                            {0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4}};
    static const double full_dbm0[2] = {3.17, 3.14}, full_scale[2] = {8159 * 4, 4096 * 8};

    (void)state;
    for (int law = 0; law < 2; law++) {
        double power = 0, level;
        for (int i = 0; i < 8; i++) {
            double v = g711_octet_to_sample(laws[law], sequences[law][i]);
            double sine =
                full_scale[law] * pow(10, -full_dbm0[law] / 20) * sin((i + 0.5) * acos(-1) / 4);
            power += v * v / 8;
            assert_true(fabs(fabs(v) - fabs(sine)) < 0.04 * full_scale[law]);
        }
        level = 10 * log10(2 * power / full_scale[law] / full_scale[law]) + full_dbm0[law];
        assert_true(fabs(level) < 0.05);
    }
}

static void every_octet_comes_back(void **state)
{
    (void)state;
    for (int law = 0; law < 2; law++) {
        for (int octet = 0; octet < 256; octet++) {
            int16_t sample = g711_octet_to_sample(laws[law], (uint8_t)octet);
            /* u-law has two zeros; the positive one is sent. */
            int expected = laws[law] == G711_ULAW && octet == 0x7f ? 0xff : octet;
            assert_int_equal(g711_sample_to_octet(laws[law], sample), expected);
        }
    }
}

/* Over all samples: the way there and back never falls where the sample rises, and errs by no more
 * than half a step: a sixteenth of the value over 2, or the smallest step. */
static void all_samples_are_quantized_well(void **state)
{
    (void)state;
    for (int law = 0; law < 2; law++) {
        int before = INT16_MIN;
        for (int sample = INT16_MIN; sample <= INT16_MAX; sample++) {
            int back =
                g711_octet_to_sample(laws[law], g711_sample_to_octet(laws[law], (int16_t)sample));
            int bound = abs(sample) / 32 + 16;
            assert_true(back >= before);
            assert_true(abs(back - sample) <= (abs(sample) > 32000 ? 800 : bound));
            before = back;
        }
    }
}

static void many_are_as_one(void **state)
{
    uint8_t octets[256], again[256];
    int16_t samples[256];

    (void)state;
    for (int i = 0; i < 256; i++) {
        octets[i] = (uint8_t)i;
    }
    g711_to_samples(G711_ALAW, octets, 256, samples);
    g711_to_octets(G711_ALAW, samples, 256, again);
    assert_memory_equal(octets, again, 256);
    assert_int_equal(samples[7], g711_octet_to_sample(G711_ALAW, 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_octets),           cmocka_unit_test(the_digital_milliwatt_is_one),
        cmocka_unit_test(every_octet_comes_back), cmocka_unit_test(all_samples_are_quantized_well),
        cmocka_unit_test(many_are_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
