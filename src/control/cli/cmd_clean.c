/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_clean: vaperf clean: removes what killed runs left: processes, machines, networks, control
 * groups, records. One thread.
 */
#include <errno.h>

#include "control/cli/command.h"
#include "control/platform/platform.h"

struct clean_words {
    bool dry_run, unrecorded;
    const char *host;
};

static const struct opt options[] = {
    {"dry-run", OPT_FLAG, NULL, "only tell what would be removed", 0, 0, NULL,
     offsetof(struct clean_words, dry_run), 0},
    {"unrecorded", OPT_FLAG, NULL,
     "also what carries a mark of vaperf's on this host, but is in no record and no living run's",
     0, 0, NULL, offsetof(struct clean_words, unrecorded), 0},
    {"host", OPT_STRING, NULL, "only this host: local, or ssh://[user@]host[:port]", 0, 0, NULL,
     offsetof(struct clean_words, host), 0},
    OPT_END,
};

static void tell(void *arg, const char *what)
{
    const struct clean_words *w = arg;
    printf("%s %s\n", w->dry_run ? "would remove" : "removed", what);
}

static void report(void *arg, const char *what)
{
    (void)arg;
    fprintf(stderr, "vaperf: %s is in no record and no living run's\n", what);
}

/* Removes them, or says that they are there. Returns how many there are. */
static int handle_strays(struct clean_words *w, struct err *e)
{
    return w->unrecorded ? platform_sweep_strays(w->dry_run, tell, w, e)
                         : platform_sweep_strays(true, report, NULL, e);
}

static int sweep(struct clean_words *w, struct err *e)
{
    const struct host host = {.name = w->host, .uri = w->host};
    return w->host == NULL ? platform_sweep(w->dry_run, tell, w, e)
                           : platform_sweep_host(&host, w->dry_run, tell, w, e);
}

static int clean(struct clean_words *w, struct err *e)
{
    const int recorded = sweep(w, e);
    int strays = 0;
    if (recorded >= 0 && w->host == NULL)
        strays = handle_strays(w, e);
    if (recorded < 0 || strays < 0)
        return recorded < 0 ? recorded : strays;
    if (recorded == 0 && (strays == 0 || !w->unrecorded))
        puts("nothing is left of killed runs");
    if (strays > 0 && !w->unrecorded)
        fputs("vaperf: vaperf clean --unrecorded removes that\n", stderr);
    return EXIT_GOOD;
}

static int run_clean(const struct command *c, int argc, char *argv[], struct err *e)
{
    struct clean_words w;
    struct arena a;
    arena_init(&a);
    int r = command_parse_options(c, argc, argv, &w, sizeof w, &a, e);
    if (r == 0)
        r = host_check_uri(w.host, e);
    if (r == 0 && w.unrecorded && w.host != NULL)
        r = err_set(e, -EINVAL, "--unrecorded: only of this host; run it on %s itself", w.host);
    if (r == 0)
        r = clean(&w, e);
    arena_finish(&a);
    return r;
}

const struct command cmd_clean = {
    .name = "clean",
    .words = "[--host URI] [--dry-run] [--unrecorded]",
    .summary = "remove what killed runs left behind",
    .about =
        "Finds what runs of this machine made whose vaperf is dead: processes, containers,\n"
        "network namespaces, bridges, control groups, and the records of those runs; also on "
        "other\n"
        "hosts that such a run was on. A record stays until its hosts could be asked. Runs that\n"
        "are alive, and things of others, are not touched. What has a name of ours on this host,\n"
        "but is in no record (removed by hand, or of a folder that is gone) and no living run's,\n"
        "is only told of; with --unrecorded it is removed.",
    .options = options,
    .run = run_clean,
};
