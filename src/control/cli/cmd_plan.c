/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_plan: vaperf plan check|show. One thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/cli/command.h"
#include "control/cli/node_describe.h"
#include "control/cli/plan_ability.h"
#include "control/plan/plan.h"
#include "control/run/run.h"

struct plan_options {
    const char *node;
    bool json, order;
};

#define AT(member) offsetof(struct plan_options, member)
static const struct opt options_table[] = {
    {"node", OPT_STRING, NULL, "the node program to ask (default: beside vaperf, else on PATH)", 0,
     0, NULL, AT(node), 0},
    {"json", OPT_FLAG, "false", "show: the expanded plan as JSON", 0, 0, NULL, AT(json), 0},
    {"order", OPT_FLAG, "false", "show: the order in which the trials run too", 0, 0, NULL,
     AT(order), 0},
    OPT_END,
};

static const struct command_example examples[] = {
    {"plan check studies/telephony-mixed-small.yaml",
     "Is it right, and can this machine do all of it?"},
    {"plan show --order mixed.yaml", "Every setup, every case, and what runs when."},
    {NULL, NULL},
};

static int print_check(const struct plan *p, const struct plan_ability *a, const char *cannot,
                       const char *worth)
{
    printf("%s: study %s: %zu setup%s, %zu case%s, %" PRIu64 " trial%s of each\n", p->path,
           p->study, p->setup_count, p->setup_count == 1 ? "" : "s", p->case_count,
           p->case_count == 1 ? "" : "s", p->trials, p->trials == 1 ? "" : "s");
    if (a->worth_count > 0)
        printf("worth reading before it runs:\n%s", worth);
    if (a->cannot_count == 0)
        puts("this machine can do all of it");
    else
        printf("this machine cannot do all of it:\n%s", cannot);
    return a->cannot_count == 0 ? EXIT_GOOD : EXIT_ENVIRONMENT;
}

static int check(const struct plan *p, const json_t *describe, const char *node, struct err *e)
{
    char *cannot = NULL, *worth = NULL;
    size_t cannot_size = 0, worth_size = 0;
    struct plan_ability a = {.cannot = open_memstream(&cannot, &cannot_size),
                             .worth = open_memstream(&worth, &worth_size)};
    int r = a.cannot == NULL || a.worth == NULL ? err_set(e, -ENOMEM, "out of memory") : 0;
    if (r == 0)
        plan_ability_check(&a, p, describe, node);
    if (a.cannot != NULL)
        fclose(a.cannot);
    if (a.worth != NULL)
        fclose(a.worth);
    if (r == 0 && a.wrong.code < 0) {
        *e = a.wrong;
        r = e->code;
    } else if (r == 0) {
        r = print_check(p, &a, cannot, worth);
    }
    free(cannot);
    free(worth);
    return r;
}

static int print_order(const struct plan *p)
{
    size_t *order = calloc(p->case_count * p->trials, sizeof *order);
    if (order == NULL)
        return -ENOMEM;
    plan_order(p, order);
    puts("order:");
    for (size_t i = 0; i < p->case_count * p->trials; i++)
        printf("  %zu %s\n", i + 1, p->cases[order[i]].name);
    free(order);
    return 0;
}

static int show(const struct plan *p, const struct plan_options *o)
{
    if (o->json) {
        json_t *all = plan_to_json(p);
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(all);
        return EXIT_GOOD;
    }
    plan_print(p, stdout);
    int r = o->order ? print_order(p) : 0;
    return r < 0 ? r : EXIT_GOOD;
}

static int read_and_do(const char *verb, const char *path, const struct plan_options *o,
                       struct err *e)
{
    const char *node = o->node != NULL ? o->node : run_node_path();
    json_t *describe = NULL;
    struct plan *p = NULL;
    int r = node_describe(node, &describe, e);
    if (r >= 0)
        r = plan_load_file(&p, path, describe, e);
    if (r >= 0)
        r = run_check_search(p, e);
    if (r >= 0)
        r = strcmp(verb, "check") == 0 ? check(p, describe, node, e) : show(p, o);
    plan_destroy(p);
    json_decref(describe);
    return r;
}

static int plan_run(const struct command *c, int argc, char *argv[], struct err *e)
{
    struct arena arena;
    struct plan_options o;
    arena_init(&arena);
    opt_defaults(options_table, &o, sizeof o);
    int r = command_parse(c, argc, argv, &o, &arena, e);
    if (r >= 0 && (r < 1 || (strcmp(argv[0], "check") != 0 && strcmp(argv[0], "show") != 0)))
        r = err_set(e, -EINVAL, "plan needs a verb: vaperf plan check PLAN, or plan show PLAN");
    else if (r >= 0 && r != 2)
        r = err_set(e, -EINVAL, "plan %s needs one plan: vaperf plan %s mixed.yaml", argv[0],
                    argv[0]);
    if (r >= 0)
        r = read_and_do(argv[0], argv[1], &o, e);
    arena_finish(&arena);
    return r;
}

const struct command cmd_plan = {
    .name = "plan",
    .words = "check|show PLAN [options]",
    .summary = "check a study's plan, or show what it comes to",
    .about = "check reads the plan, holds every option against what the node describes, reads the\n"
             "files that its loads name (SIP scenarios, injection files, media) where the loads\n"
             "will come from, and says which times are too short for calls to fit into, and what\n"
             "this machine cannot do of it and why. show prints setups with everything they\n"
             "inherit, the cases, and how long all will take. Neither makes anything.",
    .options = options_table,
    .examples = examples,
    .run = plan_run,
};
