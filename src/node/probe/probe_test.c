/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Parsers over texts, and every probe against this very machine.
 */
#include "base/test.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/str.h"
#include "node/probe/parse.h"
#include "node/probe/sampler.h"
#include "node/probe/text.h"

static void parsers_read_the_kernels_texts(void **state)
{
    const char *text = "nr_periods 40\nnr_throttled 12\nthrottled_time 99\n"
                       "some avg10=0.00 avg60=0.00 avg300=0.00 total=4711\nfull total=5";
    uint64_t v[4];

    (void)state;
    assert_true(text_key(text, "nr_throttled", v));
    assert_int_equal(v[0], 12);
    assert_false(text_key(text, "nr_thrott", v));
    assert_false(text_key("", "x", v));
    assert_true(parse_pressure(text, "some", v));
    assert_int_equal(v[0], 4711);
    assert_true(parse_pressure(text, "full", v));
    assert_int_equal(v[0], 5);
    assert_false(parse_pressure("some avg10=1\nfull total=5", "some", v));
    assert_int_equal(text_numbers("cpu3 10 20\n30", v, 4), 3);
    assert_int_equal(v[0], 3);
    assert_int_equal(v[2], 20);
    assert_null(text_line("  lo: 1\neth0: 2", "wlan0:"));
    assert_int_equal(text_line(" x\n  lo: 1", "lo:")[4], '1');
}

/* Options of a probe with what it needs to run here. */
static void fill_options(const struct probe_ops *ops, void *options)
{
    static char pid[16];

    memset(options, 0, 64);
    if (ops->options != NULL) {
        opt_defaults(ops->options, options, ops->options_size);
    }
    if (strcmp(ops->name, "process") == 0) {
        str_printf(pid, sizeof(pid), "%d", (int)getpid());
        *(const char **)options = pid;
    }
    if (strcmp(ops->name, "scrape") == 0) {
        *(const char **)options = "echo calls_total 1";
    }
}

static void every_probe_keeps_the_contract(void **state)
{
    static struct sample_column columns[8192];
    static double values[8192];

    (void)state;
    for (size_t i = 0; probe_registry[i] != NULL; i++) {
        const struct probe_ops *ops = probe_registry[i];
        uint64_t options[8];
        struct err e = {0};
        void *own = calloc(1, ops->state_size + 1);

        assert_ptr_equal(probe_find(ops->name), ops);
        if (ops->supported != NULL && ops->supported(&e) < 0) {
            assert_true(e.text[0] != '\0');
            free(own);
            continue;
        }
        fill_options(ops, options);
        for (int round = 0; round < 2; round++) {
            size_t count, known = 0;
            assert_int_equal(ops->open(own, options, &e), 0);
            count = ops->columns(own, columns, 8192);
            assert_in_range(count, 1, 8192);
            assert_true(ops->columns(own, NULL, 0) == count);
            assert_int_equal(ops->sample(own, clock_now_ns(), values, count), 0);
            for (size_t c = 0; c < count; c++) {
                assert_true(columns[c].entity[0] != '\0' && columns[c].unit[0] != '\0');
                known += isnan(values[c]) ? 0 : 1;
            }
            assert_true(known > 0);
            ops->close(own);
        }
        free(own);
    }
    assert_null(probe_find("no such probe"));
}

/* A probe's options with its target, which always comes first. */
union given {
    const char *target;
    uint64_t room[32];
};

static const void *give(union given *g, const char *probe, const char *target)
{
    const struct probe_ops *ops = probe_find(probe);

    assert_true(ops->options_size <= sizeof(*g));
    opt_defaults(ops->options, g, ops->options_size);
    g->target = target;
    return g;
}

static void targets_that_are_not_there_are_said(void **state)
{
    static const struct {
        const char *probe, *target, *text;
    } wrong[] = {{"process", "999999999", "999999999"},
                 {"process", "12x", "12x"},
                 {"process", "", "process"},
                 {"netdev", "nosuch0", "nosuch0"},
                 {"cgroup", "/no/such/group", "/no/such/group"},
                 {"cgroup", "/../x", "/../x"}};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        union given options;
        struct sampler *s;
        struct err e = {0};
        assert_int_equal(sampler_create(&s, &e), 0);
        assert_true(sampler_add(s, probe_find(wrong[i].probe),
                                give(&options, wrong[i].probe, wrong[i].target), NULL, &e) < 0);
        assert_non_null(strstr(e.text, wrong[i].text));
        sampler_destroy(s);
    }
}

static atomic_bool stop;

static void *be_busy(void *arg)
{
    cpu_pin(arg);
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
    }
    return NULL;
}

static double value_of(const struct sample_column *columns, const double *values, size_t count,
                       const char *entity, const char *metric)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(columns[i].entity, entity) == 0 && strcmp(columns[i].metric, metric) == 0) {
            return values[i];
        }
    }
    return NAN;
}

/* Two busy threads on one CPU: together they run for about the time that passes, and wait about
 * as long. */
static void two_threads_on_one_cpu_wait_for_each_other(void **state)
{
    static struct sample_column columns[4096];
    static double first[4096], last[4096];
    struct cpu_set allowed, one = {{0}};
    pthread_t threads[2];
    struct sampler_cost cost;
    struct sampler *s;
    struct err e = {0};
    char pid[16];
    union given options;
    size_t count;
    double ran, waited;

    (void)state;
    assert_int_equal(cpu_set_allowed(&allowed), 0);
    cpu_set_add(&one, (unsigned)cpu_set_nth(&allowed, 0));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, be_busy, &one), 0);
    }
    str_printf(pid, sizeof(pid), "%d", (int)getpid());
    assert_int_equal(sampler_create(&s, &e), 0);
    assert_int_equal(
        sampler_add(s, probe_find("process"), give(&options, "process", pid), "media", &e), 0);
    count = sampler_columns(s, columns, 4096);
    sampler_row(s, clock_now_ns(), first, count);
    assert_int_equal(clock_sleep_until(clock_now_ns() + 600 * NS_PER_MS), 0);
    sampler_row(s, clock_now_ns(), last, count);
    atomic_store(&stop, true);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    ran = value_of(columns, last, count, "media/process", "cpu_ns") -
          value_of(columns, first, count, "media/process", "cpu_ns");
    waited = value_of(columns, last, count, "media/process", "run_queue_wait_ns") -
             value_of(columns, first, count, "media/process", "run_queue_wait_ns");
    assert_true(ran > 0);
    assert_true(waited > 0.3 * ran);
    assert_true(value_of(columns, last, count, "probe", "cost_us") > 0);
    sampler_cost(s, &cost);
    assert_int_equal(cost.samples, 2);
    assert_true(cost.cpu_pct > 0 && cost.cpu_pct < 50);
    sampler_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsers_read_the_kernels_texts),
        cmocka_unit_test(every_probe_keeps_the_contract),
        cmocka_unit_test(targets_that_are_not_there_are_said),
        cmocka_unit_test(two_threads_on_one_cpu_wait_for_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
