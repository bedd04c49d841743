/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_bench: a timed job, or a neighbour until it is ended, without a controller. The main thread
 * waits; the bench has a thread of its own.
 */
#include "node/cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "node/bench/bench_runner.h"
#include "node/bench/outside.h"
#include "node/cli/args.h"
#include "node/cli/output.h"
#include "node/cli/progress.h"
#include "node/cli/report.h"
#include "node/cli/signals.h"
#include "node/cli/waiting.h"
#include "stat/describe.h"

struct own_options {
    uint64_t rounds, idle_ns;
    const char *clock, *ticket;
    struct output_options output;
};

static const struct opt own_options[] = {
    {"rounds", OPT_COUNT, "1", "how often it is done; 0: until SIGINT or SIGTERM", 0, 1e12, NULL,
     offsetof(struct own_options, rounds), 0},
    {"idle", OPT_DURATION, "0", "pause between rounds", 0, 0, NULL,
     offsetof(struct own_options, idle_ns), 0},
    {"clock", OPT_STRING, NULL, "address of a clock (vaperf-node clock) that times the rounds", 0,
     0, NULL, offsetof(struct own_options, clock), 0},
    {"ticket", OPT_STRING, NULL, "what that clock said when it began", 0, 0, NULL,
     offsetof(struct own_options, ticket), 0},
    OUTPUT_OPTIONS(struct own_options, output),
    OPT_END,
};

/* True when it was ended by a signal. */
static bool follow(const struct bench_runner *r, const struct own_options *o, struct signals *s)
{
    struct progress p;
    const uint64_t start = clock_now_ns();
    uint64_t next = start + o->output.interval_ns;
    bool interrupted = false;

    progress_init(&p, o->output.quiet);
    while (!interrupted && !bench_runner_is_done(r)) {
        interrupted = signals_wait(s, next, bench_runner_done_fd(r));
        if (clock_now_ns() < next)
            continue;
        progress_show(&p, "%.0f s, %llu rounds done", (double)(clock_now_ns() - start) / 1e9,
                      (unsigned long long)bench_runner_rounds(r));
        next += o->output.interval_ns;
    }
    progress_end(&p);
    return interrupted && o->rounds > 0;
}

/* {mean, median, min, max} in seconds; nothing when no round was whole. */
static void add_times(json_t *o, const char *name, const uint64_t *ns, size_t count)
{
    struct description d;
    double *seconds = calloc(count + 1, sizeof *seconds);
    if (seconds == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        seconds[i] = (double)ns[i] / 1e9;
    if (describe_values(&d, seconds, count) >= 0)
        json_object_set_new(o, name,
                            json_pack("{s:f, s:f, s:f, s:f}", "mean", d.mean, "median",
                                      d.box.median, "min", d.box.min, "max", d.box.max));
    free(seconds);
}

static json_t *result_to_json(const char *name, const struct bench_result *r, json_t *figures)
{
    json_t *o = json_pack("{s:s, s:o, s:b, s:f}", "bench", name, "rounds", json_u64(r->rounds),
                          "verified", r->verified, "elapsed_s", (double)r->elapsed_ns / 1e9);
    add_times(o, "round_s", r->round_wall_ns, r->kept);
    add_times(o, "cpu_s", r->round_cpu_ns, r->kept);
    if (figures != NULL)
        json_object_set_new(o, "last_round", figures);
    return o;
}

/* How the machine's own clock went: its time of the rounds that the clock outside timed, by the
 * outside time of the same. */
static void add_distortion(json_t *all, uint64_t own_ns, uint64_t outside_ns)
{
    if (outside_ns > 0)
        json_object_set_new(all, "distortion", json_real((double)own_ns / (double)outside_ns));
}

static void add_outside(json_t *all, const struct outside *o, const struct bench_result *r)
{
    json_t *seen = o != NULL ? outside_to_json(o, r->rounds, r->kept) : NULL;
    uint64_t ns[BENCH_ROUNDS_KEPT], own_ns = 0, outside_ns = 0;
    size_t i, count = 0;
    json_t *value;
    if (seen == NULL)
        return;
    json_array_foreach(json_object_get(seen, "outside_ns"), i, value)
    {
        if (!json_is_integer(value))
            continue;
        ns[count] = (uint64_t)json_integer_value(value);
        outside_ns += ns[count++];
        own_ns += r->round_wall_ns[i];
    }
    add_times(all, "outside_s", ns, count);
    add_distortion(all, own_ns, outside_ns);
    json_object_set_new(all, "outside", seen);
}

static int finish(struct bench_runner *runner, const char *name, const struct own_options *o,
                  const struct outside *outside, struct err *e)
{
    struct bench_result result;
    json_t *figures = NULL;
    int r = bench_runner_stop(runner, &result, &figures, e);
    if (r < 0)
        return r;
    json_t *all = result_to_json(name, &result, figures);
    add_outside(all, outside, &result);
    report_result(&o->output, all);
    return EXIT_GOOD;
}

static int open_outside(struct outside **ret, const char *name, const struct own_options *o,
                        struct err *e)
{
    struct marker_given g = {.address = o->clock, .job = name};
    if (o->clock == NULL && o->ticket != NULL)
        return err_set(e, -EINVAL,
                       "--ticket: of which clock? --clock is its address (e.g. 10.0.0.1)");
    if (o->clock == NULL)
        return 0;
    if (o->ticket == NULL || mark_parse_ticket(&g.ticket, o->ticket) < 0)
        return err_set(e, -EINVAL,
                       "--ticket: what the clock said when it began is needed, 16 and 32 digits "
                       "with a dot between");
    struct waiting waiting;
    waiting_begin(&waiting, &o->output, "asking the clock at", o->clock);
    const int r = outside_create(ret, &g, e);
    waiting_end(&waiting);
    return r;
}

static int run_bench(const struct driver *d, const struct own_options *o, const void *options,
                     struct err *e)
{
    struct bench_runner_options how = {.rounds = o->rounds, .idle_ns = o->idle_ns};
    struct outside *outside = NULL;
    struct bench_runner *runner;
    struct signals signals;
    struct waiting waiting;
    int r = signals_open(&signals, e);
    if (r < 0)
        return r;
    r = open_outside(&outside, d->name, o, e);
    how.mark = outside != NULL ? outside_mark : NULL;
    how.mark_arg = outside;
    if (r >= 0) {
        waiting_begin(&waiting, &o->output, "preparing bench", d->name);
        r = bench_runner_start(&runner, bench_find(d->name), options, &how, e);
        waiting_end(&waiting);
    }
    if (r >= 0) {
        const bool interrupted = follow(runner, o, &signals);
        r = finish(runner, d->name, o, outside, e);
        r = r == EXIT_GOOD && interrupted ? EXIT_INTERRUPTED : r;
        bench_runner_destroy(runner);
    }
    outside_destroy(outside);
    signals_close(&signals);
    return r;
}

static int run(const struct command *c, int argc, char *argv[], struct err *e)
{
    struct driver d;
    struct arena a;
    int r = args_take_type(c, argc, argv, &d, e);
    if (r < 0)
        return r;
    struct args_part parts[] = {{own_options, sizeof(struct own_options), NULL},
                                {d.options, d.options_size, NULL}};
    arena_init(&a);
    r = args_parse(parts, 2, argc - 1, argv + 1, &a, e);
    if (r >= 0)
        r = run_bench(&d, parts[0].options, parts[1].options, e);
    arena_finish(&a);
    return r;
}

static const struct command_example examples[] = {
    {"bench pi --digits 2^20 --rounds 3", "three times a million digits, timed and verified"},
    {"bench masr --size 1G", "set and read a GiB of memory"},
    {"bench pi --rounds 0 --idle 5ms", "a neighbour, until it is ended"},
    {NULL, NULL},
};

const struct command cmd_bench = {
    .name = "bench",
    .words = "TYPE [options]",
    .summary = "does a timed job, or competes for resources until it is ended",
    .about =
        "The work is verified: a wrong result is an error, not a time. A round that was broken "
        "off does\nnot count.",
    .driver_kind = DRIVER_BENCH,
    .options = own_options,
    .examples = examples,
    .run = run,
};
