/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Benches and their runner. pi is held against Chudnovsky's series, computed here in whole numbers.
 */
#include "base/test.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gmp.h>

#include "base/arena.h"
#include "base/clock.h"
#include "io/addr.h"
#include "node/bench/bench_runner.h"
#include "node/bench/far.h"
#include "node/bench/pi.h"

struct split {
    mpz_t p, q, t;
};

/* Binary splitting of Chudnovsky's series over [from, to). */
static void chudnovsky(struct split *r, unsigned long from, unsigned long to)
{
    struct split left, right;

    mpz_inits(r->p, r->q, r->t, NULL);
    if (to - from == 1) {
        if (from == 0) {
            mpz_set_ui(r->p, 1);
            mpz_set_ui(r->q, 1);
        } else {
            mpz_set_ui(r->p, 6 * from - 5);
            mpz_mul_ui(r->p, r->p, 2 * from - 1);
            mpz_mul_ui(r->p, r->p, 6 * from - 1);
            mpz_set_ui(r->q, from);
            mpz_pow_ui(r->q, r->q, 3);
            mpz_mul_ui(r->q, r->q, 10939058860032000UL);
        }
        mpz_set_ui(r->t, 545140134);
        mpz_mul_ui(r->t, r->t, from);
        mpz_add_ui(r->t, r->t, 13591409);
        mpz_mul(r->t, r->t, r->p);
        if (from % 2 == 1) {
            mpz_neg(r->t, r->t);
        }
        return;
    }
    chudnovsky(&left, from, (from + to) / 2);
    chudnovsky(&right, (from + to) / 2, to);
    mpz_mul(r->t, left.t, right.q);
    mpz_addmul(r->t, left.p, right.t);
    mpz_mul(r->p, left.p, right.p);
    mpz_mul(r->q, left.q, right.q);
    mpz_clears(left.p, left.q, left.t, right.p, right.q, right.t, NULL);
}

/* The first digits of pi, "3141..."; free() them. */
static char *series_digits(unsigned long digits)
{
    struct split s;
    mpz_t scale, value;
    char *text;

    chudnovsky(&s, 0, digits / 14 + 2);
    mpz_inits(scale, value, NULL);
    mpz_ui_pow_ui(scale, 10, 2 * (digits + 10));
    mpz_mul_ui(scale, scale, 10005);
    mpz_sqrt(value, scale);
    mpz_mul_ui(value, value, 426880);
    mpz_mul(value, value, s.q);
    mpz_tdiv_q(value, value, s.t);
    text = mpz_get_str(NULL, 10, value);
    text[digits] = '\0';
    mpz_clears(scale, value, s.p, s.q, s.t, NULL);
    return text;
}

static void known_hashes_come_from_another_method(void **state)
{
    static const struct {
        uint64_t digits, hash;
    } known[] = {PI_KNOWN_HASHES};
    uint64_t most = getenv("VAPERF_PI_ALL") != NULL ? UINT64_MAX : 1 << 18;

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].digits <= most) {
            char *digits = series_digits(known[i].digits);
            uint64_t hash = pi_hash(digits, known[i].digits);
            if (hash != known[i].hash) {
                print_message("%llu digits: %016llx\n", (unsigned long long)known[i].digits,
                              (unsigned long long)hash);
            }
            assert_memory_equal(digits, "3141592653589793238462643383279502884197", 40);
            assert_true(hash == known[i].hash);
            free(digits);
        }
    }
}

/* Runs some rounds of a bench with one option set. */
static int run_job(const char *name, const char *option, const char *value, uint64_t rounds,
                   struct bench_result *ret)
{
    const struct bench_ops *ops = bench_find(name);
    const struct bench_runner_options o = {.rounds = rounds};
    struct bench_runner *r;
    struct pollfd p = {.events = POLLIN};
    struct arena a;
    struct err e = {0};
    json_t *figures = NULL;
    uint64_t options[8];
    int result;

    assert_non_null(ops);
    assert_true(ops->options_size <= sizeof(options));
    arena_init(&a);
    opt_defaults(ops->options, options, ops->options_size);
    assert_int_equal(opt_parse(opt_find(ops->options, option), value, options, &a, &e), 0);
    assert_int_equal(bench_runner_start(&r, ops, options, &o, &e), 0);
    p.fd = bench_runner_done_fd(r);
    assert_int_equal(poll(&p, 1, 30000), 1);
    result = bench_runner_stop(r, ret, &figures, &e);
    ret->round_wall_ns = ret->round_cpu_ns = NULL;
    json_decref(figures);
    bench_runner_destroy(r);
    arena_finish(&a);
    return result;
}

static void jobs_do_their_rounds_and_are_verified(void **state)
{
    static const struct {
        const char *name, *option, *value;
    } jobs[] = {{"pi", "digits", "2^12"},
                {"pi", "digits", "5000"},
                {"masr", "size", "4M"},
                {"masr", "size", "4097"},
                {"null", "count", "10"}};

    (void)state;
    for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
        struct bench_result result;
        assert_int_equal(run_job(jobs[i].name, jobs[i].option, jobs[i].value, 3, &result), 0);
        assert_int_equal(result.rounds, 3);
        assert_int_equal(result.kept, 3);
        assert_true(result.verified);
        assert_true(result.wall_ns > 0 && result.elapsed_ns >= result.wall_ns);
    }
}

static void a_neighbour_is_broken_off_in_its_round(void **state)
{
    const struct bench_ops *ops = bench_find("pi");
    const struct bench_runner_options o = {.rounds = 0, .idle_ns = 1000};
    struct bench_runner *r;
    struct bench_result result;
    struct err e = {0};
    uint64_t digits = 10000000; /* many seconds */

    (void)state;
    assert_int_equal(bench_runner_start(&r, ops, &digits, &o, &e), 0);
    assert_int_equal(bench_runner_stop(r, &result, NULL, &e), 0);
    assert_int_equal(result.rounds, 0);
    assert_false(result.verified);
    bench_runner_destroy(r);
}

static int wrong_verify(void *state, struct err *e)
{
    (void)state;
    return err_set(e, -EBADMSG, "not what it should be");
}

static void wrong_work_is_an_error(void **state)
{
    struct bench_ops ops = *bench_find("null");
    const struct bench_runner_options o = {.rounds = 1};
    struct bench_runner *r;
    struct bench_result result;
    struct err e = {0};
    uint64_t count = 10;

    (void)state;
    ops.verify = wrong_verify;
    assert_int_equal(bench_runner_start(&r, &ops, &count, &o, &e), 0);
    while (!bench_runner_is_done(r)) {
    }
    assert_int_equal(bench_runner_stop(r, &result, NULL, &e), -EBADMSG);
    assert_false(result.verified);
    bench_runner_destroy(r);
}

/* So that the defaults, which are for measuring, do not fill a test. */
static const struct small {
    const char *name, *option, *value;
} small[] = {
    {"pi", "digits", "2^10"},
    {"masr", "size", "1M"},
    {"zfg", "size", "2M"},
    {"zfg", "other", "1M"},
    {"files", "count", "10"},
    {"files", "size", "64K"},
    {"files", "operations", "50"},
    {"dirty", "size", "1M"},
    {"dirty", "duration", "5ms"},
    {"timer", "count", "5"},
    {"syscall", "count", "100"},
    {"switch", "count", "100"},
    {"command", "command", "echo 7 apples"},
    {"command", "parser", "regex"},
    {"command", "pattern", "apples=([0-9]+) apples"},
    {"tcp", "size", "1M"},
    {"udp", "size", "1M"},
    {"pingpong", "count", "20"},
};

static char far_text[ADDR_TEXT_MAX];

static void open_far(struct far **ret)
{
    struct sockaddr_storage a;
    assert_int_equal(far_open(ret, "127.0.0.1", NULL), 0);
    far_get_address(*ret, &a);
    (void)addr_format(&a, far_text, sizeof far_text);
}

static void set(const struct bench_ops *ops, void *options, const char *name, const char *value)
{
    struct err e = {0};
    const struct opt *o = opt_find(ops->options, name);
    assert_non_null(o);
    assert_int_equal(opt_parse(o, value, options, NULL, &e), 0);
}

static void make_small(const struct bench_ops *ops, void *options)
{
    if (opt_find(ops->options, "peer") != NULL) {
        assert_int_equal(ops->check(options, NULL), -EINVAL); /* nobody is said to be there */
        set(ops, options, "peer", far_text);
    }
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        if (strcmp(small[i].name, ops->name) == 0) {
            set(ops, options, small[i].option, small[i].value);
        }
    }
}

static void every_bench_keeps_the_contract(void **state)
{
    struct far *far;

    (void)state;
    open_far(&far);
    for (size_t i = 0; bench_registry[i] != NULL; i++) {
        const struct bench_ops *ops = bench_registry[i];
        atomic_bool stop = true, go = false;
        uint64_t options[32], own[4096];
        struct err e = {0};

        assert_ptr_equal(bench_find(ops->name), ops);
        assert_true(ops->state_size <= sizeof(own) && ops->options_size <= sizeof(options));
        opt_defaults(ops->options, options, ops->options_size);
        make_small(ops, options);
        for (int round = 0; round < 2; round++) {
            memset(own, 0, sizeof(own));
            assert_int_equal(ops->check != NULL ? ops->check(options, &e) : 0, 0);
            assert_int_equal(ops->prepare(own, options, &e), 0);
            for (unsigned n = 0; n < 2; n++) { /* stopped at once, or done; then whole */
                const atomic_bool *when = n == 0 ? &stop : &go;
                int r = ops->arrange != NULL ? ops->arrange(own, n, when, &e) : 0;
                r = r == 0 ? ops->run(own, n, when, &e) : r;
                assert_true(r == 0 || (n == 0 && r == -ECANCELED));
            }
            assert_int_equal(ops->verify(own, &e), 0);
            json_decref(ops->figures != NULL ? ops->figures(own) : NULL);
            if (ops->cleanup != NULL) {
                ops->cleanup(own);
            }
        }
    }
    assert_null(bench_find("no such bench"));
    far_close(far);
}

/* Both ends count the same, whichever way; a far end that goes away is said to be gone. */
static void both_ends_measure(void **state)
{
    static const char *const names[] = {"tcp", "udp"};
    static const char *const ways[] = {"send", "receive", "both"};
    struct far *far;

    (void)state;
    open_far(&far);
    for (size_t i = 0; i < 6; i++) {
        const struct bench_ops *ops = bench_find(names[i / 3]);
        uint64_t options[32], own[4096] = {0};
        atomic_bool go = false;
        struct err e = {0};
        opt_defaults(ops->options, options, ops->options_size);
        set(ops, options, "peer", far_text);
        set(ops, options, "size", "1472000");
        set(ops, options, "direction", ways[i % 3]);
        if (i >= 3) {
            set(ops, options, "rate", "400e6");
        }
        assert_int_equal(ops->prepare(own, options, &e), 0);
        for (unsigned round = 0; round < 2; round++) {
            assert_int_equal(ops->run(own, round, &go, &e), 0);
        }
        json_t *f = ops->figures(own);
        assert_true((json_object_get(f, "out_received_bits_per_s") != NULL) == (i % 3 != 1));
        assert_true((json_object_get(f, "in_received_bits_per_s") != NULL) == (i % 3 != 0));
        if (i == 3) {
            assert_true(json_number_or(f, "out_sent_packets", 0) == 1000);
            assert_true(json_number_or(f, "out_received_packets", 0) <= 1000);
        }
        json_decref(f);
        assert_int_equal(ops->verify(own, &e), 0);
        if (i == 5) {
            far_close(far);
            assert_true(ops->run(own, 2, &go, &e) < 0);
            assert_non_null(strstr(e.text, "has gone"));
            assert_int_equal(ops->run(own, 3, &go, &e), -ECONNREFUSED);
            assert_non_null(strstr(e.text, "nobody listens"));
        }
        ops->cleanup(own);
    }
}

static void *stop_soon(void *arg)
{
    (void)clock_sleep_until(clock_now_ns() + NS_PER_MS);
    atomic_store((atomic_bool *)arg, true);
    return NULL;
}

/* As a neighbour's last round is: what it did before is verified all the same. */
static void a_round_broken_off_leaves_the_one_before(void **state)
{
    struct far *far;

    (void)state;
    open_far(&far);
    for (int i = 0; i < 2; i++) {
        const struct bench_ops *ops = bench_find(i == 0 ? "tcp" : "udp");
        uint64_t options[32], own[4096] = {0};
        atomic_bool stop = false;
        struct err e = {0};
        int r = 0;
        opt_defaults(ops->options, options, ops->options_size);
        set(ops, options, "peer", far_text);
        set(ops, options, "size", "64M");
        assert_int_equal(ops->prepare(own, options, &e), 0);
        assert_int_equal(ops->run(own, 0, &stop, &e), 0);
        for (unsigned n = 1; n < 100 && r == 0; n++) {
            pthread_t other;
            atomic_store(&stop, false);
            assert_int_equal(pthread_create(&other, NULL, stop_soon, &stop), 0);
            r = ops->run(own, n, &stop, &e);
            (void)pthread_join(other, NULL);
        }
        assert_int_equal(r, -ECANCELED);
        if (ops->verify(own, &e) < 0) {
            fail_msg("%s", e.text);
        }
        ops->cleanup(own);
    }
    far_close(far);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_hashes_come_from_another_method),
        cmocka_unit_test(jobs_do_their_rounds_and_are_verified),
        cmocka_unit_test(a_neighbour_is_broken_off_in_its_round),
        cmocka_unit_test(wrong_work_is_an_error),
        cmocka_unit_test(every_bench_keeps_the_contract),
        cmocka_unit_test(both_ends_measure),
        cmocka_unit_test(a_round_broken_off_leaves_the_one_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
