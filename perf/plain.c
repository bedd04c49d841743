/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * plain: what the benches pi and masr are held against: the same work as anybody would write it,
 * without stopping, checking or timing around it.
 *
 *   plain pi DIGITS      Gauss-Legendre with MPFR; {"seconds": CPU}
 *   plain memory BYTES   sets and reads every word, twice; {"seconds": wall, of the second time}
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mpfr.h>

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void pi(unsigned long digits)
{
    const mpfr_prec_t bits = (mpfr_prec_t)((double)digits * 3.3219280948873626) + 64;
    mpfr_t a, b, t, p, an, d;

    mpfr_inits2(bits, a, b, t, p, an, d, (mpfr_ptr)NULL);
    mpfr_set_ui(a, 1, MPFR_RNDN);
    mpfr_set_d(b, 0.5, MPFR_RNDN);
    mpfr_sqrt(b, b, MPFR_RNDN);
    mpfr_set_d(t, 0.25, MPFR_RNDN);
    mpfr_set_ui(p, 1, MPFR_RNDN);
    for (unsigned long right = 1; right < digits; right *= 2) {
        mpfr_add(an, a, b, MPFR_RNDN);
        mpfr_div_ui(an, an, 2, MPFR_RNDN);
        mpfr_mul(b, a, b, MPFR_RNDN);
        mpfr_sqrt(b, b, MPFR_RNDN);
        mpfr_sub(d, a, an, MPFR_RNDN);
        mpfr_sqr(d, d, MPFR_RNDN);
        mpfr_mul(d, d, p, MPFR_RNDN);
        mpfr_sub(t, t, d, MPFR_RNDN);
        mpfr_mul_ui(p, p, 2, MPFR_RNDN);
        mpfr_set(a, an, MPFR_RNDN);
    }
    mpfr_add(a, a, b, MPFR_RNDN);
    mpfr_sqr(a, a, MPFR_RNDN);
    mpfr_mul_ui(t, t, 4, MPFR_RNDN);
    mpfr_div(a, a, t, MPFR_RNDN);
    printf("{\"seconds\": %.6f, \"last\": %d}\n", seconds(CLOCK_PROCESS_CPUTIME_ID),
           (int)mpfr_get_ui(a, MPFR_RNDD));
    mpfr_clears(a, b, t, p, an, d, (mpfr_ptr)NULL);
}

static int memory(size_t bytes)
{
    const size_t count = bytes / sizeof(uint64_t);
    uint64_t *at = malloc(bytes), sum = 0;
    double start = 0;

    if (at == NULL) {
        return 1;
    }
    for (uint64_t pass = 0; pass < 2; pass++) {
        start = seconds(CLOCK_MONOTONIC);
        for (size_t i = 0; i < count; i++) {
            at[i] = i * UINT64_C(0x9e3779b97f4a7c15) + pass;
        }
        for (size_t i = 0; i < count; i++) {
            sum += at[i];
        }
    }
    printf("{\"seconds\": %.6f, \"sum\": %llu}\n", seconds(CLOCK_MONOTONIC) - start,
           (unsigned long long)sum);
    free(at);
    return 0;
}

int main(int argc, char *argv[])
{
    if (argc == 3 && strcmp(argv[1], "pi") == 0) {
        pi(strtoul(argv[2], NULL, 10));
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "memory") == 0) {
        return memory(strtoul(argv[2], NULL, 10));
    }
    fputs("usage: plain pi DIGITS | plain memory BYTES\n", stderr);
    return 2;
}
