/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_probe: samples of one or several probes, without a controller. One thread.
 */
#include "node/cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "node/cli/args.h"
#include "node/cli/output.h"
#include "node/cli/report.h"
#include "node/cli/series.h"
#include "node/cli/signals.h"
#include "node/probe/sampler.h"

struct own_options {
    uint64_t duration_ns;
    struct output_options output;
};

static const struct opt own_options[] = {
    {"duration", OPT_DURATION, "0", "how long it samples; 0: until SIGINT or SIGTERM", 0, 0, NULL,
     offsetof(struct own_options, duration_ns), 0},
    OUTPUT_OPTIONS(struct own_options, output),
    OPT_END,
};

struct sampling {
    const struct own_options *own;
    struct sampler *sampler;
    struct sample_column *columns;
    double *values;
    size_t count;
    struct series series;
    struct signals signals;
};

static void take_row(struct sampling *s)
{
    const struct output_options *o = &s->own->output;
    const uint64_t now = clock_now_ns();
    sampler_row(s->sampler, now, s->values, s->count);
    series_add(&s->series, now, s->values);
    output_row(o, "probe", now, s->values, s->count);
    if (!o->json_lines && !o->json && !o->quiet && s->series.rows > 1) {
        series_print_now(&s->series, stderr);
        fputc('\n', stderr);
    }
}

static void sample_until_end(struct sampling *s)
{
    const uint64_t now = clock_now_ns();
    const uint64_t end = signals_until(now, s->own->duration_ns);
    uint64_t next = now;
    do {
        take_row(s);
        next += s->own->output.interval_ns;
    } while (!signals_wait(&s->signals, next < end ? next : end, -1) && clock_now_ns() < end);
    take_row(s);
}

static void print_result(const struct sampling *s)
{
    struct sampler_cost cost;
    sampler_cost(s->sampler, &cost);
    json_t *own =
        json_pack("{s:o, s:f, s:f, s:o}", "samples", json_u64(cost.samples), "cost_us_mean",
                  (double)cost.wall_ns / 1e3 / (double)cost.samples, "cost_us_max",
                  (double)cost.wall_max_ns / 1e3, "cpu_pct", json_figure(cost.cpu_pct));
    json_t *all = json_pack("{s:o, s:O}", "series", series_to_json(&s->series), "probe", own);
    if (!output_result(&s->own->output, all)) {
        series_print_table(&s->series, stdout);
        fputs("\nsampling itself\n", stdout);
        report_print_values(stdout, own);
        json_decref(all);
    }
    json_decref(own);
}

static int prepare_rows(struct sampling *s, struct err *e)
{
    s->count = sampler_columns(s->sampler, NULL, 0);
    s->columns = calloc(s->count + 1, sizeof *s->columns);
    s->values = calloc(s->count + 1, sizeof *s->values);
    if (s->columns == NULL || s->values == NULL)
        return err_set(e, -ENOMEM, "no memory for columns");
    sampler_columns(s->sampler, s->columns, s->count);
    int r = series_init(&s->series, s->columns, s->count);
    if (r < 0)
        return err_set(e, r, "no memory for columns");
    output_columns(&s->own->output, s->columns, s->count);
    return 0;
}

/* `TYPE [options] TYPE [options] ...`: the command's own options may stand behind any type. */
static int add_probes(const struct command *c, struct sampling *s, int argc, char *argv[],
                      struct arena *a, struct err *e)
{
    struct args_part parts[] = {{own_options, sizeof(struct own_options), NULL}, {NULL, 0, NULL}};
    int at = 0;
    do {
        struct driver d;
        int r = args_take_type(c, argc - at, argv + at, &d, e);
        if (r < 0)
            return r;
        parts[1] = (struct args_part){d.options, d.options_size, NULL};
        int used = args_parse_some(parts, 2, argc - at - 1, argv + at + 1, a, e);
        if (used < 0)
            return used;
        r = sampler_add(s->sampler, probe_find(d.name), parts[1].options, NULL, e);
        if (r < 0)
            return err_prefix(e, "probe %s: ", d.name);
        at += 1 + used;
    } while (at < argc);
    s->own = parts[0].options;
    return 0;
}

static int run(const struct command *c, int argc, char *argv[], struct err *e)
{
    struct sampling s = {0};
    struct arena a;
    int r = sampler_create(&s.sampler, e);
    if (r < 0)
        return r;
    arena_init(&a);
    if ((r = add_probes(c, &s, argc, argv, &a, e)) >= 0 && (r = prepare_rows(&s, e)) >= 0 &&
        (r = signals_open(&s.signals, e)) >= 0) {
        sample_until_end(&s);
        print_result(&s);
        signals_close(&s.signals);
        r = EXIT_GOOD;
    }
    series_finish(&s.series);
    free(s.columns);
    free(s.values);
    sampler_destroy(s.sampler);
    arena_finish(&a);
    return r;
}

static const struct command_example examples[] = {
    {"probe host --interval 1s", "this host's CPUs, every second until it is ended"},
    {"probe process --pids 1234 netdev --interface eth0 --duration 10s --json",
     "a process and an interface for ten seconds"},
    {NULL, NULL},
};

const struct command cmd_probe = {
    .name = "probe",
    .words = "TYPE [options] [TYPE [options]]...",
    .summary = "samples CPUs, processes, control groups, interfaces",
    .about = "The options of a type stand behind it. What sampling itself costs is measured and "
             "shown.",
    .driver_kind = DRIVER_PROBE,
    .options = own_options,
    .examples = examples,
    .run = run,
};
