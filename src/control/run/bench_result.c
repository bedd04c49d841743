/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench_result: a bench's rounds by three clocks, of which the best that heard it counts: the clock
 * on a link, the control channel's, the machine's own. Pure but for the storing. One thread.
 */
#include <string.h>

#include "base/str.h"
#include "control/run/benches.h"
#include "control/run/figures.h"

enum source { BY_CLOCK, BY_CHANNEL, BY_MACHINE, SOURCES };
static const char *const source_names[] = {"clock", "control channel", "machine"};

static uint64_t value_at(const json_t *array, size_t i)
{
    const json_t *value = json_array_get(array, i);
    return json_is_integer(value) && json_integer_value(value) > 0
               ? (uint64_t)json_integer_value(value)
               : 0;
}

static void name_sources(json_t *result, const size_t by[SOURCES])
{
    char text[96] = "";
    size_t n = 0;
    for (int s = 0; s < SOURCES; s++)
        if (by[s] > 0)
            n += str_printf(text + n, sizeof text - n, "%s%s", n > 0 ? " and " : "",
                            source_names[s]);
    json_object_set_new(result, "timed_by", json_string(text));
}

static void settle_job(struct trial_bench *b)
{
    const json_t *seen = json_object_get(b->result, "outside");
    const json_t *rounds = json_object_get(b->result, "round_ns");
    json_t *outside = json_array(), *uncertainty = json_array();
    size_t by[SOURCES] = {0};
    for (size_t i = 0; i < json_array_size(rounds); i++) {
        uint64_t ns = value_at(json_object_get(seen, "outside_ns"), i);
        uint64_t sure = value_at(json_object_get(seen, "uncertainty_ns"), i);
        enum source s = BY_CLOCK;
        if (ns == 0) {
            s = b->channel_ns[i] != 0 ? BY_CHANNEL : BY_MACHINE;
            ns = s == BY_CHANNEL ? b->channel_ns[i] : value_at(rounds, i);
            sure = s == BY_CHANNEL ? b->channel_round_ns / 2 : 0;
        }
        by[s]++;
        json_array_append_new(outside, json_u64(ns));
        json_array_append_new(uncertainty, s == BY_MACHINE ? json_null() : json_u64(sure));
    }
    name_sources(b->result, by);
    json_object_set_new(b->result, "outside_ns", outside);
    json_object_set_new(b->result, "uncertainty_ns", uncertainty);
}

/* A neighbour is not marked round by round, so that timing does not disturb it: from its start to
 * its stop over its rounds, which is uncertain by the round that was broken off. */
static void settle_neighbour(struct trial_bench *b)
{
    const uint64_t rounds = json_u64_or(b->result, "rounds", 0);
    const uint64_t elapsed = json_u64_or(b->result, "elapsed_outside_ns", 0);
    if (rounds > 0 && elapsed > 0)
        json_object_set_new(b->result, "rounds_per_s",
                            json_real((double)rounds * 1e9 / (double)elapsed));
    json_object_set_new(b->result, "timed_by", json_string(source_names[BY_CHANNEL]));
}

/* Of each figure, the mean of its rounds. */
static json_t *mean_figures(const json_t *rounds)
{
    json_t *sums = json_object(), *one, *value;
    const char *name;
    size_t i;
    void *next;
    json_array_foreach(rounds, i, one)
    {
        json_object_foreach(one, name, value)
        {
            if (json_is_number(value))
                json_object_set_new(
                    sums, name,
                    json_real(json_number_or(sums, name, 0) + json_number_value(value)));
        }
    }
    json_object_foreach_safe(sums, next, name, value)
    {
        json_object_set_new(sums, name,
                            json_real(json_real_value(value) / (double)json_array_size(rounds)));
    }
    return sums;
}

void bench_result_settle(struct trial_bench *b)
{
    if (b->is_neighbour)
        settle_neighbour(b);
    else
        settle_job(b);
    json_object_set_new(b->result, "type", json_string(b->driver->type));
    json_object_set_new(b->result, "role", json_string(b->is_neighbour ? "neighbour" : "job"));
    json_object_set(b->result, "options", (json_t *)(uintptr_t)b->driver->options);
    json_object_set_new(b->result, "no_clock", json_string(b->no_clock));
    json_object_set_new(b->result, "means",
                        mean_figures(json_object_get(b->result, "round_figures")));
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static const char *unit_of(const char *metric)
{
    if (ends_with(metric, "bytes_per_s"))
        return "bytes/s";
    if (ends_with(metric, "_per_s"))
        return "1/s";
    if (ends_with(metric, "_s"))
        return "s";
    return figures_unit(metric);
}

static double mean_s(const json_t *ns)
{
    double sum = 0;
    for (size_t i = 0; i < json_array_size(ns); i++)
        sum += (double)value_at(ns, i);
    return sum / 1e9 / (double)json_array_size(ns);
}

static double largest(const json_t *values)
{
    double most = 0;
    for (size_t i = 0; i < json_array_size(values); i++)
        if ((double)value_at(values, i) > most)
            most = (double)value_at(values, i);
    return most;
}

static void add_times(const struct trial_bench *b, json_t *figures)
{
    const json_t *inside = json_object_get(b->result, "round_ns");
    const json_t *outside = json_object_get(b->result, "outside_ns");
    if (json_array_size(inside) == 0)
        return;
    json_object_set_new(figures, "guest_s", json_real(mean_s(inside)));
    json_object_set_new(figures, "cpu_s", json_real(mean_s(json_object_get(b->result, "cpu_ns"))));
    if (b->is_neighbour) {
        json_object_set(figures, "rounds_per_s", json_object_get(b->result, "rounds_per_s"));
        return;
    }
    const double s = mean_s(outside);
    json_object_set_new(figures, "outside_s", json_real(s));
    if (s > 0)
        json_object_set_new(figures, "distortion", json_real(mean_s(inside) / s));
    json_object_set_new(figures, "uncertainty_us",
                        json_real(largest(json_object_get(b->result, "uncertainty_ns")) / 1e3));
}

int bench_result_store(const struct trial_bench *b, struct store *s, int64_t trial, struct err *e)
{
    json_t *figures = json_copy(json_object_get(b->result, "means"));
    const char *name;
    json_t *value;
    int r = 0;
    add_times(b, figures);
    json_object_foreach(figures, name, value)
    {
        if (r == 0 && json_is_number(value))
            r = store_put_result(s, trial, b->entity, name, unit_of(name), json_number_value(value),
                                 e);
    }
    json_decref(figures);
    return r;
}
