/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_doctor: vaperf doctor: asks the node of a host what that host can do, and shows it. What is
 * examined is the node's affair. One thread.
 */
#include <errno.h>

#include "control/cli/command.h"
#include "control/run/run.h"

struct doctor_words {
    const char *host, *node;
    bool json;
};

static const struct opt options[] = {
    {"host", OPT_STRING, "local", "local, or ssh://[user@]host[:port]", 0, 0, NULL,
     offsetof(struct doctor_words, host), 0},
    {"node", OPT_STRING, NULL, "the node program on that host", 0, 0, NULL,
     offsetof(struct doctor_words, node), 0},
    {"json", OPT_FLAG, NULL, "one JSON object instead of a table", 0, 0, NULL,
     offsetof(struct doctor_words, json), 0},
    OPT_END,
};

static void print_table(const json_t *answer)
{
    size_t i;
    const json_t *check;
    json_array_foreach(json_object_get(answer, "checks"), i, check)
    {
        const char *remedy = json_str_or(check, "remedy", NULL);
        printf("%-14s %-8s %s\n", json_str_or(check, "name", "?"), json_str_or(check, "state", "?"),
               json_str_or(check, "found", "?"));
        if (remedy != NULL)
            printf("%-14s %-8s -> %s\n", "", "", remedy);
    }
    puts(json_bool_or(answer, "fit", false) ? "this host can measure"
                                            : "this host cannot measure: see what is bad above");
}

static int examine(const struct doctor_words *w, struct err *e)
{
    json_t *answer = NULL;
    struct host h = {.name = w->host, .uri = w->host, .node = w->node};
    int r = run_ask_node(&h, "host.doctor", &answer, e);
    if (r < 0) /* whatever it is called, a host that cannot be asked is no wrong word */
        return e->code = -EIO;
    if (w->json && json_dumpf(answer, stdout, JSON_INDENT(2)) == 0)
        putchar('\n');
    if (!w->json)
        print_table(answer);
    bool fit = json_bool_or(answer, "fit", false);
    json_decref(answer);
    return fit ? EXIT_GOOD : EXIT_ENVIRONMENT;
}

static int run_doctor(const struct command *c, int argc, char *argv[], struct err *e)
{
    struct doctor_words w;
    struct arena a;
    arena_init(&a);
    int r = command_parse_options(c, argc, argv, &w, sizeof w, &a, e);
    if (r == 0)
        r = host_check_uri(w.host, e);
    if (r == 0)
        r = examine(&w, e);
    arena_finish(&a);
    return r;
}

const struct command cmd_doctor = {
    .name = "doctor",
    .words = "[--host URI] [options]",
    .summary = "tell what a host can do for a measurement, and what would help",
    .about = "Each check is good, weak (works with less, or not on every platform), bad (nothing\n"
             "can be measured) or unknown, with what was found and its remedy. The exit code is 3\n"
             "when something is bad or the host's node does not answer.",
    .options = options,
    .run = run_doctor,
};
