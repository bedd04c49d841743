/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The wrapped libraries do what they are wrapped for.
 */
#include "base/test.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rand.h"
#include "node/audio/compare.h"
#include "node/audio/echo.h"
#include "node/audio/g729.h"
#include "node/audio/mix.h"
#include "node/audio/tone.h"
#include "node/audio/wav.h"

enum { RATE = 8000, FRAME = 160 };

static double power(const int16_t *samples, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)samples[i] * samples[i];
    }
    return sum / (double)count;
}

/* The best match of two signals over shifts of up to a frame: coders delay. */
static double best_correlation(const int16_t *a, const int16_t *b, size_t count)
{
    double best = 0;

    for (size_t shift = 0; shift < FRAME; shift++) {
        double ab = 0, aa = 0, bb = 0;
        for (size_t i = 0; i + shift < count; i++) {
            ab += (double)a[i] * b[i + shift];
            aa += (double)a[i] * a[i];
            bb += (double)b[i + shift] * b[i + shift];
        }
        best = fmax(best, ab / sqrt(aa * bb + 1));
    }
    return best;
}

static void g729_keeps_a_vowel(void **state)
{
    enum { SAMPLES = RATE };
    static int16_t in[SAMPLES], out[SAMPLES];
    uint8_t bytes[SAMPLES / 8];
    struct g729 *g = g729_create();

    (void)state;
    assert_non_null(g);
    for (int i = 0; i < SAMPLES; i++) { /* a pitch of 125 Hz with the harmonics of an "a" */
        double t = i * 2 * acos(-1) * 125 / RATE;
        in[i] =
            (int16_t)(2000 * sin(t) + 3000 * sin(5 * t) + 2500 * sin(6 * t) + 1200 * sin(9 * t));
    }
    assert_int_equal(g729_encode(g, in, SAMPLES, bytes), SAMPLES / 8);
    assert_int_equal(g729_decode(g, bytes, sizeof(bytes), out), SAMPLES);
    assert_true(best_correlation(in + RATE / 2, out + RATE / 2, RATE / 4) > 0.6);
    assert_true(power(out + RATE / 2, RATE / 2) > power(in, RATE / 2) / 4);
    assert_int_equal(g729_encode(g, in, 79, bytes), -EINVAL);
    assert_int_equal(g729_encode(g, in, 0, bytes), -EINVAL);
    assert_int_equal(g729_decode(g, bytes, 11, out), -EINVAL);
    g729_destroy(g);
    g729_destroy(NULL);
}

/* Noise goes out and comes back after 10 ms at half its level: after two seconds most of it is
 * gone, and what the near end says is left. */
static void an_echo_is_cancelled(void **state)
{
    enum { FRAMES = 300, LAG = 80 };
    static int16_t played[FRAMES * FRAME], heard[FRAMES * FRAME], out[FRAMES * FRAME];
    struct echo *c = echo_create(FRAME, RATE / 8, RATE);
    const size_t tail = (size_t)250 * FRAME, left = (size_t)50 * FRAME;
    struct rand_state r;

    (void)state;
    assert_non_null(c);
    rand_init(&r, 1);
    for (int i = 0; i < FRAMES * FRAME; i++) {
        played[i] = (int16_t)((rand_double(&r) - 0.5) * 16000);
        heard[i] = (int16_t)(i >= LAG ? played[i - LAG] / 2 : 0);
    }
    for (int f = 0; f < FRAMES; f++) {
        size_t at = (size_t)f * FRAME;
        echo_cancel(c, heard + at, played + at, out + at);
    }
    assert_true(power(out + tail, left) < power(heard + tail, left) / 100);
    echo_destroy(c);
    echo_destroy(NULL);
}

static void digits_are_heard(void **state)
{
    static const char dialled[] = "147*D#0A";
    char heard[sizeof(dialled)] = "", more[4];
    int16_t tone[FRAME * 4], silence[FRAME * 4] = {0};
    struct tone *t = tone_create();
    unsigned n = 0;

    (void)state;
    assert_non_null(t);
    for (size_t i = 0; i < sizeof(dialled) - 1; i++) {
        assert_int_equal(tone_make(dialled[i], 0, tone, FRAME * 4), 0);
        n += tone_listen(t, tone, FRAME * 4, heard + n, sizeof(heard) - n);
        n += tone_listen(t, silence, FRAME * 4, heard + n, sizeof(heard) - n);
    }
    assert_int_equal(n, sizeof(dialled) - 1);
    assert_string_equal(heard, dialled);
    assert_int_equal(tone_listen(t, silence, FRAME, more, sizeof(more)), 0);
    assert_int_equal(tone_make('x', 0, tone, FRAME), -EINVAL);
    tone_destroy(t);
    tone_destroy(NULL);
}

static void sums_stay_in_range(void **state)
{
    const int16_t a[] = {1, 30000, -30000, INT16_MIN}, b[] = {2, 30000, -30000, INT16_MAX};
    int32_t sum[4] = {0};
    int16_t out[4];

    (void)state;
    mix_add(sum, a, 4);
    mix_add(sum, b, 4);
    mix_take(sum, 4, out);
    assert_int_equal(out[0], 3);
    assert_int_equal(out[1], INT16_MAX);
    assert_int_equal(out[2], INT16_MIN);
    assert_int_equal(out[3], -1);
}

static void a_file_is_read_back(void **state)
{
    char path[] = "/tmp/vaperf-wav-XXXXXX";
    int16_t samples[1000];
    struct wav w = {0};
    struct err e = {0};
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    for (int i = 0; i < 1000; i++) {
        samples[i] = (int16_t)(i * 65 - 32500);
    }
    assert_int_equal(wav_save(path, samples, 1000, RATE), 0);
    assert_int_equal(wav_load(&w, path, &e), 0);
    assert_int_equal(w.rate, RATE);
    assert_int_equal(w.count, 1000);
    assert_memory_equal(w.samples, samples, sizeof(samples));
    wav_finish(&w);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(wav_load(&w, path, &e), -ENOENT);
    assert_non_null(strstr(e.text, path));
    assert_true(wav_save("/nonexistent/x.wav", samples, 1, RATE) < 0);
}

/* A header by hand: an unknown chunk of odd length, A-law, more bytes promised than there are. */
static void other_files_are_read_or_refused(void **state)
{
    uint8_t file[] = {'R', 'I', 'F', 'F', 0,   0,   0,    0,    'W', 'A', 'V',  'E',  'o',  'd',
                      'd', ' ', 1,   0,   0,   0,   9,    0,    'f', 'm', 't',  ' ',  16,   0,
                      0,   0,   6,   0,   1,   0,   0x40, 0x1f, 0,   0,   0x40, 0x1f, 0,    0,
                      1,   0,   8,   0,   'd', 'a', 't',  'a',  100, 0,   0,    0,    0xd5, 0x55};
    struct wav w = {0};

    (void)state;
    assert_int_equal(wav_parse(&w, file, sizeof(file)), 0);
    assert_int_equal(w.count, 2);
    assert_int_equal(w.samples[0], 8);
    assert_int_equal(w.samples[1], -8);
    wav_finish(&w);
    for (size_t size = 0; size < 54; size++) {
        assert_int_equal(wav_parse(&w, file, size), -EBADMSG);
    }
    file[32] = 2; /* channels */
    assert_int_equal(wav_parse(&w, file, sizeof(file)), -ENOTSUP);
    file[32] = 1;
    file[30] = 1; /* eight bits of PCM */
    assert_int_equal(wav_parse(&w, file, sizeof(file)), -ENOTSUP);
}

static void signals_are_compared(void **state)
{
    enum { COUNT = 4000 };
    static int16_t said[COUNT], heard[COUNT];
    struct comparison c;
    struct rand_state r;

    (void)state;
    rand_init(&r, 2);
    for (int i = 0; i < COUNT; i++) {
        said[i] = (int16_t)((rand_double(&r) - 0.5) * 10000);
    }
    compare_signals(said, said, COUNT, 100, &c);
    assert_int_equal(c.lag, 0);
    assert_true(isinf(c.snr_db));
    for (int i = 0; i < COUNT; i++) { /* later, quieter, with noise a tenth as loud */
        heard[i] = (int16_t)((i >= 37 ? said[i - 37] / 2 : 0) + (rand_double(&r) - 0.5) * 500);
    }
    compare_signals(said, heard, COUNT, 100, &c);
    assert_int_equal(c.lag, 37);
    assert_true(c.snr_db > 19 && c.snr_db < 21);
    memset(heard, 0, sizeof(heard));
    compare_signals(said, heard, COUNT, 100, &c);
    assert_true(isnan(c.snr_db));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(g729_keeps_a_vowel),   cmocka_unit_test(an_echo_is_cancelled),
        cmocka_unit_test(digits_are_heard),     cmocka_unit_test(sums_stay_in_range),
        cmocka_unit_test(a_file_is_read_back),  cmocka_unit_test(other_files_are_read_or_refused),
        cmocka_unit_test(signals_are_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
