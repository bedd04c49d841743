/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_calibrate: vaperf calibrate [PLAN]: what the generator carries without the appliance. The run
 * room does it; this is its words and its table. One thread; signals only say when to end.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "control/cli/command.h"
#include "control/cli/interrupt.h"
#include "control/cli/run_view.h"
#include "control/image/image.h"
#include "control/run/run.h"

struct calibrate_words {
    const char *host, *setup, *file, *node;
    double factor;
    uint64_t duration_ns;
    bool json, quiet;
};

#define AT(member) offsetof(struct calibrate_words, member)
static const struct opt options[] = {
    {"host", OPT_STRING, NULL, "the generator's host, instead of the plan's", 0, 0, NULL, AT(host),
     0},
    {"setup", OPT_STRING, NULL, "the setup whose loads are taken; else the first", 0, 0, NULL,
     AT(setup), 0},
    {"factor", OPT_NUMBER, "1.5", "each level over the one before", 1.01, 100, NULL, AT(factor), 0},
    {"duration", OPT_DURATION, "3s", "of each level", 1e8, 1e13, NULL, AT(duration_ns), 0},
    {"output", OPT_STRING, NULL, "keep what was measured in this result file (also -o)", 0, 0, NULL,
     AT(file), 0},
    {"node", OPT_STRING, NULL, "the vaperf-node to use (else the one beside vaperf)", 0, 0, NULL,
     AT(node), 0},
    {"json", OPT_FLAG, NULL, "one JSON object instead of a table", 0, 0, NULL, AT(json), 0},
    {"quiet", OPT_FLAG, NULL, "only what was found", 0, 0, NULL, AT(quiet), 0},
    OPT_END,
};

/* The line that a study needs, below the table that every run ends with. */
static int show(const struct run *r, const struct calibrate_words *w, struct err *e)
{
    const json_t *found = run_calibration(r);
    if (w->json) {
        json_dumpf(found, stdout, JSON_INDENT(2));
        putchar('\n');
        return 0;
    }
    int result = run_view_table(run_file(r), e);
    printf("the generator on %s (%s) alone: %s\n", json_str_or(found, "host", "?"),
           json_str_or(found, "hostname", "?"), json_str_or(found, "text", "?"));
    return result;
}

/* 0 when a level was carried: the end of the ladder, by loss or by the generator, is the result.
 * The lowest one can have been lost, or have asked too much of the generator. */
static int judge(const struct run *r, const struct run_outcome *o, struct err *e)
{
    const json_t *found = run_calibration(r);
    if (o->stopped)
        return EXIT_INTERRUPTED;
    if (found == NULL)
        return err_set(e, -EIO, "calibrate: nothing was found");
    const char *end = json_str_or(found, "end", "");
    if (strcmp(end, "broken") == 0)
        return EXIT_ENVIRONMENT;
    if (json_number_or(found, "highest", 0) > 0)
        return EXIT_GOOD;
    return strcmp(end, "generator") == 0 ? EXIT_VOID : EXIT_LIMITS;
}

static int carry_out(const struct run_job *job, const struct calibrate_words *w, struct err *e)
{
    struct run_view view;
    struct run *run = NULL;
    run_view_init(&view, w->quiet || w->json);
    const struct run_listener listener = run_view_listener(&view);
    int r = run_open(&run, job, &listener, e);
    if (r == 0) {
        struct run_outcome outcome;
        interrupt_watch(run);
        r = run_study(run, &outcome, e);
        interrupt_watch(NULL);
        run_view_clear(&view);
        if (r == 0 && run_calibration(run) != NULL)
            r = show(run, w, e);
        if (r == 0)
            r = judge(run, &outcome, e);
    }
    run_close(run);
    return r;
}

/* A result file of its own, unless one is wanted. */
static int with_file(struct run_job *job, const struct calibrate_words *w, struct err *e)
{
    char dir[] = "/tmp/vaperf-calibrate-XXXXXX", file[64];
    if (w->file != NULL)
        return carry_out(job, w, e);
    if (mkdtemp(dir) == NULL)
        return err_set(e, -errno, "%s: %s", dir, strerror(errno));
    str_printf(file, sizeof file, "%s/calibration.vaperf", dir);
    job->file = file;
    int r = carry_out(job, w, e);
    unlink(file);
    rmdir(dir);
    return r;
}

static int run_calibrate(const struct command *c, int argc, char *argv[], struct err *e)
{
    struct calibrate_words w;
    struct arena a;
    arena_init(&a);
    opt_defaults(options, &w, sizeof w);
    int words = command_parse(c, argc, argv, &w, &a, e);
    if (words > 1)
        words = err_set(e, -EINVAL, "calibrate: one plan at a time");
    if (words < 0) {
        if (words != -ECANCELED)
            fprintf(stderr, "vaperf: %s\n", e->text);
        arena_finish(&a);
        return words == -ECANCELED ? words : EXIT_USAGE;
    }
    const char *setups[] = {w.setup, NULL};
    const struct run_calibrate how = {.host = w.host, .factor = w.factor};
    struct run_job job = {.plan_path = words == 1 ? argv[0] : NULL,
                          .file = w.file,
                          .node_path = w.node,
                          .setups = setups,
                          .duration_ns = w.duration_ns,
                          .calibration_file = run_view_calibration_file(&a),
                          .calibrate = &how};
    int r = with_file(&job, &w, e);
    arena_finish(&a);
    return r;
}

static const struct command_example examples[] = {
    {"calibrate plan.yaml", "what its generator carries of the plan's loads, before the study"},
    {"calibrate --host ssh://root@gen.lab", "RTP streams of a host that will be a generator"},
    {NULL, NULL},
};

/* What every tool calls it. */
static const struct command_short shorts[] = {{"-o", "--output"}, {NULL, NULL}};

const struct command cmd_calibrate = {
    .name = "calibrate",
    .words = "[PLAN] [options]",
    .summary = "measure the generator without the appliance",
    .about =
        "Raises the loads of PLAN (or RTP streams) from their lowest level, against a reflector "
        "on\n"
        "the generator's own host that sends every packet back, until a packet is lost, a limit "
        "of\n"
        "PLAN is broken or the generator is void. Calls are answered by sip-uas there: as the\n"
        "load's `called` says, or plainly. Whole frames of flow loads are forwarded by the kernel\n"
        "there, by one route or a bridge in a network namespace. Loads that speak with the\n"
        "appliance itself cannot be calibrated: users who register, passwords. What was carried\n"
        "is kept for that host, kernel and CPU; vaperf run then says when a plan asks for more, "
        "or\n"
        "for loads that were never calibrated. The other end takes its share of the\n"
        "host: the generator alone may carry more. Exit code 1: the lowest level broke a limit.",
    .options = options,
    .examples = examples,
    .shorts = shorts,
    .run = run_calibrate,
};
