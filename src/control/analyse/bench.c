/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench: see bench.h. Figures come from the stored results; single rounds and words from the
 * trials' reports. One thread.
 */
#include "control/analyse/bench.h"

#include <math.h>
#include <string.h>

#include "control/analyse/analyse_private.h"

enum { TRIALS_ENOUGH = 3 }; /* with fewer, an interval over trials says next to nothing */

static size_t count_valid(const struct analysis *a, const struct case_result *c)
{
    size_t n = 0;
    for (size_t i = 0; i < a->trial_count; i++)
        n += &a->cases[a->trials[i].case_index] == c && a->trials[i].state == TRIAL_DONE;
    return n;
}

static const struct trial_view *first_valid(const struct analysis *a, const struct case_result *c)
{
    for (size_t i = 0; i < a->trial_count; i++)
        if (&a->cases[a->trials[i].case_index] == c && a->trials[i].state == TRIAL_DONE)
            return &a->trials[i];
    return NULL;
}

/* Seconds a round of a neighbour, by its rate, gaps included. */
static void take_rates(struct analysis *a, struct bench_result *b)
{
    double *values = ARENA_ARRAY(&a->arena, double, b->rounds_per_s->n + 1);
    for (size_t i = 0; i < b->rounds_per_s->n; i++)
        if (b->rounds_per_s->values[i] > 0)
            values[b->n++] = 1 / b->rounds_per_s->values[i];
    b->values = values;
}

/* All rounds of all valid trials. */
static void take_rounds(struct analysis *a, const struct case_result *c, struct bench_result *b)
{
    double *values = NULL;
    for (int pass = 0; pass < 2; pass++) { /* counts, then takes */
        b->n = 0;
        for (size_t i = 0; i < a->trial_count; i++) {
            const json_t *all = json_object_get(a->trials[i].report, "benches"), *ns;
            ns = json_object_get(json_object_get(all, b->machine), "outside_ns");
            if (&a->cases[a->trials[i].case_index] != c || a->trials[i].state != TRIAL_DONE)
                continue;
            for (size_t k = 0; k < json_array_size(ns); k++) {
                const json_int_t one = json_integer_value(json_array_get(ns, k));
                if (one > 0 && values != NULL)
                    values[b->n] = (double)one / 1e9;
                b->n += one > 0;
            }
        }
        if (values == NULL)
            values = ARENA_ARRAY(&a->arena, double, b->n + 1);
    }
    b->values = values;
    b->of_rounds = true;
}

static void describe_times(struct bench_result *b)
{
    struct interval sure;
    b->mean_s = NAN;
    b->sure = (struct bench_span){NAN, NAN};
    if (b->n > 0 && interval_student(&sure, b->values, b->n, 0.95) == 0) {
        b->mean_s = sure.centre;
        b->sure = (struct bench_span){sure.low, sure.high};
    } else if (b->n > 0) {
        b->mean_s = b->values[0];
    }
}

static void read_bench(struct analysis *a, struct case_result *c, const char *machine,
                       const json_t *one, size_t valid)
{
    struct bench_result *b = &c->benches[c->bench_count++];
    *b = (struct bench_result){.machine = machine,
                               .type = json_str_or(one, "type", ""),
                               .timed_by = json_str_or(one, "timed_by", ""),
                               .no_clock = json_str_or(one, "no_clock", ""),
                               .options = json_object_get(one, "options"),
                               .is_neighbour =
                                   strcmp(json_str_or(one, "role", ""), "neighbour") == 0,
                               .slowdown = NAN,
                               .slowdown_sure = {NAN, NAN}};
    const char *entity = arena_printf(&a->arena, "%s/%s", machine, b->type);
    b->outside_s = case_estimate(c, entity, "outside_s");
    b->guest_s = case_estimate(c, entity, "guest_s");
    b->distortion = case_estimate(c, entity, "distortion");
    b->uncertainty_us = case_estimate(c, entity, "uncertainty_us");
    b->cpu_s = case_estimate(c, entity, "cpu_s");
    b->rounds_per_s = case_estimate(c, entity, "rounds_per_s");
    if (b->is_neighbour && b->rounds_per_s != NULL) {
        take_rates(a, b);
    } else if (valid >= TRIALS_ENOUGH && b->outside_s != NULL) {
        b->values = b->outside_s->values;
        b->n = b->outside_s->n;
    } else {
        take_rounds(a, c, b);
    }
    describe_times(b);
}

static void read_case(struct analysis *a, struct case_result *c)
{
    const struct trial_view *t = first_valid(a, c);
    const json_t *all = t != NULL ? json_object_get(t->report, "benches") : NULL;
    const char *machine;
    json_t *one;
    c->benches = ARENA_ARRAY(&a->arena, struct bench_result, json_object_size(all) + 1);
    json_object_foreach((json_t *)(uintptr_t)all, machine, one)
    {
        read_bench(a, c, machine, one, count_valid(a, c));
    }
}

static bool is_native(const struct analysis *a, const struct case_result *c)
{
    const json_t *setups = json_object_get(a->study.plan, "setups"), *s;
    size_t i;
    json_array_foreach(setups, i, s)
    {
        if (strcmp(json_str_or(s, "name", ""), c->setup) == 0)
            return strcmp(json_str_or(s, "platform", ""), "native") == 0;
    }
    return false;
}

/* Every option of the one is the other's. */
static bool has_options(const json_t *of, const json_t *in)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)of, name, value)
    {
        if (strcmp(name, "folder") != 0 && strcmp(name, "peer") != 0 &&
            !json_equal(value, json_object_get(in, name)))
            return false;
    }
    return true;
}

bool bench_is_same(const struct bench_result *b, const struct bench_result *other)
{
    return strcmp(b->machine, other->machine) == 0 && strcmp(b->type, other->type) == 0 &&
           has_options(b->options, other->options) && has_options(other->options, b->options);
}

static const struct bench_result *native_of(const struct analysis *a, const struct bench_result *b,
                                            const char **ret_case)
{
    for (size_t i = 0; i < a->case_count; i++) {
        const struct case_result *c = &a->cases[i];
        for (size_t k = 0; k < c->bench_count && is_native(a, c); k++) {
            const struct bench_result *n = &c->benches[k];
            if (bench_is_same(n, b)) {
                *ret_case = c->name;
                return n;
            }
        }
    }
    return NULL;
}

static double *logarithms(struct analysis *a, const struct bench_result *b, double *ret_mean)
{
    double *values = ARENA_ARRAY(&a->arena, double, b->n + 1), sum = 0;
    for (size_t i = 0; i < b->n; i++) {
        values[i] = log(b->values[i]);
        sum += values[i];
    }
    *ret_mean = b->n > 0 ? sum / (double)b->n : NAN;
    return values;
}

static void compare(struct analysis *a, struct bench_result *b)
{
    const char *baseline = NULL;
    const struct bench_result *n = native_of(a, b, &baseline);
    double mean, native_mean;
    struct welch w;
    if (n == NULL || n == b || n->n == 0 || b->n == 0)
        return;
    const double *own = logarithms(a, b, &mean), *native = logarithms(a, n, &native_mean);
    b->baseline = baseline;
    b->slowdown = exp(mean - native_mean);
    if (test_welch(&w, (struct sample){native, n->n}, (struct sample){own, b->n}) == 0)
        b->slowdown_sure = (struct bench_span){exp(w.difference_low), exp(w.difference_high)};
}

void bench_analyse(struct analysis *a)
{
    for (size_t i = 0; i < a->case_count; i++)
        read_case(a, &a->cases[i]);
    for (size_t i = 0; i < a->case_count; i++)
        for (size_t k = 0; k < a->cases[i].bench_count; k++)
            compare(a, &a->cases[i].benches[k]);
}
