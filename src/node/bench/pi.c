/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pi: digits of pi by the Gauss-Legendre iteration (study D's CPU bench), with MPFR. The digits of
 * the last round are compared with a hash made by another method, or, for sizes without one, with
 * MPFR's own constant.
 */
#include "node/bench/pi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <mpfr.h>

#include "node/bench/bench.h"

enum { GUARD_BITS = 64, FIRST_DIGITS = 50 };

/* FNV-1a of "3" and the digits behind the point (digits - 1 of them), made by Chudnovsky's series
 * in whole numbers (bench_test.c does it again for the small sizes). */
static const struct {
    uint64_t digits, hash;
} known[] = {PI_KNOWN_HASHES};

struct pi_options {
    uint64_t digits;
};
struct pi_state {
    uint64_t digits;
    mpfr_prec_t bits;
    mpfr_t a, b, t, p, next, work, result;
};

static const struct opt options[] = {
    {"digits", OPT_COUNT, "2^22", "decimal digits a round", 100, 1e9, NULL,
     offsetof(struct pi_options, digits), 0},
    OPT_END,
};

uint64_t pi_hash(const char *digits, size_t count)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < count; i++) {
        h = (h ^ (uint8_t)digits[i]) * UINT64_C(0x100000001b3);
    }
    return h;
}

static int prepare(void *state, const void *given, struct err *e)
{
    struct pi_state *s = state;

    (void)e;
    s->digits = ((const struct pi_options *)given)->digits;
    s->bits = (mpfr_prec_t)((double)s->digits * 3.3219280948873626) + GUARD_BITS;
    mpfr_inits2(s->bits, s->a, s->b, s->t, s->p, s->next, s->work, s->result, (mpfr_ptr)NULL);
    return 0;
}

/* One step: a' = (a+b)/2, b' = sqrt(ab), t -= p (a-a')^2, p *= 2. */
static int iterate(struct pi_state *s, const atomic_bool *stop)
{
    mpfr_add(s->next, s->a, s->b, MPFR_RNDN);
    mpfr_div_2ui(s->next, s->next, 1, MPFR_RNDN);
    mpfr_mul(s->work, s->a, s->b, MPFR_RNDN);
    if (atomic_load_explicit(stop, memory_order_relaxed)) {
        return -ECANCELED;
    }
    mpfr_sqrt(s->b, s->work, MPFR_RNDN);
    if (atomic_load_explicit(stop, memory_order_relaxed)) {
        return -ECANCELED;
    }
    mpfr_sub(s->work, s->a, s->next, MPFR_RNDN);
    mpfr_sqr(s->work, s->work, MPFR_RNDN);
    mpfr_mul(s->work, s->work, s->p, MPFR_RNDN);
    mpfr_sub(s->t, s->t, s->work, MPFR_RNDN);
    mpfr_mul_2ui(s->p, s->p, 1, MPFR_RNDN);
    mpfr_swap(s->a, s->next);
    return 0;
}

static int run(void *state, unsigned round, const atomic_bool *stop, struct err *e)
{
    struct pi_state *s = state;
    uint64_t right = 2; /* digits that are right after the next step: 3, 8, 19, 41, ... in truth */

    (void)round;
    (void)e;
    mpfr_set_ui(s->a, 1, MPFR_RNDN);
    mpfr_set_ui(s->p, 1, MPFR_RNDN);
    mpfr_set_d(s->t, 0.25, MPFR_RNDN);
    mpfr_set_d(s->b, 0.5, MPFR_RNDN);
    mpfr_sqrt(s->b, s->b, MPFR_RNDN);
    for (; right < s->digits; right *= 2) {
        if (iterate(s, stop) < 0) {
            return -ECANCELED;
        }
    }
    mpfr_add(s->work, s->a, s->b, MPFR_RNDN);
    mpfr_sqr(s->work, s->work, MPFR_RNDN);
    mpfr_div(s->work, s->work, s->t, MPFR_RNDN);
    mpfr_div_2ui(s->work, s->work, 2, MPFR_RNDN);
    mpfr_swap(s->result, s->work);
    return 0;
}

/* The digits, cut and not rounded; free() them. NULL without memory. */
static char *digits_of(mpfr_t value, uint64_t digits)
{
    mpfr_exp_t exponent;
    char *own, *text = mpfr_get_str(NULL, &exponent, 10, digits + 10, value, MPFR_RNDN);

    own = text != NULL ? strndup(text, digits) : NULL;
    mpfr_free_str(text);
    return own;
}

static bool is_right(struct pi_state *s, const char *digits, const char **ret_with)
{
    char *other;
    bool same;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].digits == s->digits) {
            *ret_with = "the known hash";
            return known[i].hash == pi_hash(digits, s->digits);
        }
    }
    *ret_with = "MPFR's constant";
    (void)mpfr_const_pi(s->work, MPFR_RNDN);
    other = digits_of(s->work, s->digits);
    same = other != NULL && strcmp(other, digits) == 0;
    free(other);
    return same;
}

static int verify(void *state, struct err *e)
{
    struct pi_state *s = state;
    const char *with = "";
    char *digits = digits_of(s->result, s->digits);
    int result = 0;

    if (digits == NULL) {
        return err_set(e, -ENOMEM, "pi: no memory for the digits");
    }
    if (!is_right(s, digits, &with)) {
        result = err_set(e, -EBADMSG, "pi: %llu digits computed (%.*s...) differ from %s",
                         (unsigned long long)s->digits, FIRST_DIGITS, digits, with);
    }
    free(digits);
    return result;
}

static void cleanup(void *state)
{
    struct pi_state *s = state;
    mpfr_clears(s->a, s->b, s->t, s->p, s->next, s->work, s->result, (mpfr_ptr)NULL);
    mpfr_free_cache();
}

extern const struct bench_ops bench_pi;
const struct bench_ops bench_pi = {
    .name = "pi",
    .summary = "digits of pi by Gauss-Legendre: computing",
    .options = options,
    .options_size = sizeof(struct pi_options),
    .state_size = sizeof(struct pi_state),
    .prepare = prepare,
    .run = run,
    .verify = verify,
    .cleanup = cleanup,
};
