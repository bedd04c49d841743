/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_run: vaperf run PLAN: carries a study out. One thread; signals only say when to end.
 */
#include <errno.h>
#include <string.h>

#include "control/cli/command.h"
#include "control/cli/interrupt.h"
#include "control/cli/run_view.h"
#include "control/run/run.h"

enum { SETUPS_MAX = 64 };

struct run_words {
    const char *file, *resume, *setup, *node;
    uint64_t trials, duration_ns;
    bool dry_run, quiet;
};

#define AT(member) offsetof(struct run_words, member)
static const struct opt options[] = {
    {"output", OPT_STRING, NULL, "result file (also -o; else the study's name + .vaperf)", 0, 0,
     NULL, AT(file), 0},
    {"resume", OPT_STRING, NULL,
     "the result file of the run of this plan that goes on; in place of --output", 0, 0, NULL,
     AT(resume), 0},
    {"setup", OPT_STRING, NULL, "only this setup; may be given several times", 0, 0, NULL,
     AT(setup), 0},
    {"trials", OPT_COUNT, NULL, "of each case, instead of the plan's", 1, 1000, NULL, AT(trials),
     0},
    {"duration", OPT_DURATION, NULL, "of a trial's measured part, instead of the plan's", 1e8, 1e15,
     NULL, AT(duration_ns), 0},
    {"dry-run", OPT_FLAG, NULL, "check everything, show the cases, measure nothing", 0, 0, NULL,
     AT(dry_run), 0},
    {"node", OPT_STRING, NULL, "the vaperf-node to use (else the one beside vaperf)", 0, 0, NULL,
     AT(node), 0},
    {"quiet", OPT_FLAG, NULL, "only the table at the end", 0, 0, NULL, AT(quiet), 0},
    OPT_END,
};

/* "run PLAN --resume -o FILE": nothing is named that could go on. */
static int check_resume(int argc, char *argv[], struct err *e)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--resume") == 0 && (i + 1 == argc || argv[i + 1][0] == '-'))
            return err_set(e, -EINVAL,
                           "run: --resume takes the result file of the run that goes on: vaperf "
                           "run PLAN --resume FILE");
    return 0;
}

/* Takes every --setup NAME out of argv's way. */
static int take_repeated(int *argc, char *argv[], const char **setups, struct err *e)
{
    int kept = 0, count = 0;
    for (int i = 0; i < *argc; i++) {
        const char *value = NULL;
        if (strncmp(argv[i], "--setup=", 8) == 0)
            value = argv[i] + 8;
        else if (strcmp(argv[i], "--setup") == 0 && i + 1 < *argc)
            value = argv[++i];
        if (value == NULL)
            argv[kept++] = argv[i];
        else if (count == SETUPS_MAX)
            return err_set(e, -EINVAL, "--setup: at most %d", SETUPS_MAX);
        else
            setups[count++] = value;
    }
    *argc = kept;
    return 0;
}

static int show_result(struct run *r, struct run_view *v, const struct run_outcome *o)
{
    struct err e = {0};
    run_view_clear(v);
    if (run_view_table(run_file(r), &e) < 0) {
        fprintf(stderr, "vaperf: %s\n", e.text);
        return EXIT_ENVIRONMENT;
    }
    printf("results: %s\n", run_file(r));
    if (o->stopped)
        fprintf(stderr, "interrupted: go on with --resume %s\n", run_file(r));
    return (int)run_exit_code(o);
}

static int carry_out(struct run *r, struct run_view *v, struct err *e)
{
    struct run_outcome outcome;
    interrupt_watch(r);
    int result = run_study(r, &outcome, e);
    int code = result < 0 && outcome.valid + outcome.void_trials + outcome.failed == 0
                   ? EXIT_ENVIRONMENT
                   : show_result(r, v, &outcome);
    interrupt_watch(NULL);
    run_view_clear(v);
    return result < 0 ? result : code;
}

static int check_words(const struct run_words *w, int words, struct err *e)
{
    if (words == 0)
        return err_set(e, -EINVAL, "run: which plan? vaperf run PLAN%s",
                       w->resume != NULL ? " --resume FILE" : "");
    if (words > 1)
        return err_set(e, -EINVAL, "run: one plan at a time");
    if (w->resume != NULL && w->file != NULL)
        return err_set(e, -EINVAL,
                       "run: --resume names the result file that goes on (%s): leave --output out",
                       w->resume);
    return 0;
}

static int run_run(const struct command *c, int argc, char *argv[], struct err *e)
{
    const char *setups[SETUPS_MAX + 1] = {NULL};
    struct run_words w;
    struct arena a;
    arena_init(&a);
    opt_defaults(options, &w, sizeof w);
    int r = check_resume(argc, argv, e);
    if (r == 0)
        r = take_repeated(&argc, argv, setups, e);
    int words = r < 0 ? r : command_parse(c, argc, argv, &w, &a, e);
    r = words < 0 ? words : check_words(&w, words, e);
    if (r < 0) {
        arena_finish(&a);
        if (r == -ECANCELED)
            return r;
        fprintf(stderr, "vaperf: %s\n", e->text);
        return EXIT_USAGE;
    }
    struct run_view view;
    run_view_init(&view, w.quiet);
    const struct run_listener listener = run_view_listener(&view);
    const struct run_job job = {.plan_path = argv[0],
                                .file = w.resume != NULL ? w.resume : w.file,
                                .resume = w.resume != NULL,
                                .node_path = w.node,
                                .calibration_file = run_view_calibration_file(&a),
                                .setups = setups,
                                .trials = w.trials,
                                .duration_ns = w.duration_ns};
    struct run *run = NULL;
    r = run_open(&run, &job, &listener, e);
    if (r == 0 && w.dry_run)
        plan_print(run_plan(run), stdout);
    else if (r == 0)
        r = carry_out(run, &view, e);
    run_close(run);
    arena_finish(&a);
    return r;
}

static const struct command_example examples[] = {
    {"run studies/telephony-mixed-small.yaml", "measures it into telephony-mixed-small.vaperf"},
    {"run plan.yaml --resume plan.vaperf", "goes on where a run was ended"},
    {"run plan.yaml --setup native --setup capped --trials 1 --duration 5s -o try.vaperf",
     "a short try of two setups"},
    {NULL, NULL},
};

/* What every tool calls it. */
static const struct command_short shorts[] = {{"-o", "--output"}, {NULL, NULL}};

const struct command cmd_run = {
    .name = "run",
    .words = "PLAN [-o FILE | --resume FILE] [options]",
    .summary = "carry a study out",
    .about =
        "Checks what can be known beforehand, then measures every trial of every case of PLAN in\n"
        "seeded, interleaved order. Results are in the file as they arrive. What was made is\n"
        "removed at the end, also after Ctrl-C: the first one keeps what was measured and cleans\n"
        "up, a second one cleans up at once. Trials that say nothing about the appliance because\n"
        "the generator was the limit are void, and measured again.",
    .options = options,
    .examples = examples,
    .shorts = shorts,
    .run = run_run,
};
