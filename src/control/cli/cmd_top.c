/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_top: vaperf top: the profile of a hypervisor's guests. What is read and shown is the room
 * top's affair. One thread.
 */
#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "control/cli/command.h"
#include "control/top/top.h"

struct top_words {
    const char *connect;
    uint64_t interval_ns, count;
    int sort;
    bool reverse, vcpus, csv, json;
};

static const struct opt options[] = {
    {"connect", OPT_STRING, "qemu:///system", "the libvirt to read", 0, 0, NULL,
     offsetof(struct top_words, connect), 0},
    {"interval", OPT_DURATION, "1s", "time between two readings", 100.0 * NS_PER_MS,
     3600.0 * NS_PER_S, NULL, offsetof(struct top_words, interval_ns), 0},
    {"count", OPT_COUNT, "0", "end after so many intervals; 0: never", 0, 0, NULL,
     offsetof(struct top_words, count), 0},
    {"sort", OPT_CHOICE, "cpu", "the largest first, names by alphabet", 0, 0, top_sort_words,
     offsetof(struct top_words, sort), 0},
    {"reverse", OPT_FLAG, NULL, "the other way round", 0, 0, NULL,
     offsetof(struct top_words, reverse), 0},
    {"vcpus", OPT_FLAG, NULL, "a row for each VCPU too", 0, 0, NULL,
     offsetof(struct top_words, vcpus), 0},
    {"csv", OPT_FLAG, NULL, "a header line, then a row per guest and interval", 0, 0, NULL,
     offsetof(struct top_words, csv), 0},
    {"json", OPT_FLAG, NULL, "one object a line for each interval", 0, 0, NULL,
     offsetof(struct top_words, json), 0},
    OPT_END,
};

static enum top_output output_of(const struct top_words *w)
{
    if (w->csv)
        return TOP_CSV;
    if (w->json)
        return TOP_JSON;
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? TOP_LIVE : TOP_TABLE;
}

static int show(const struct top_words *w, struct err *e)
{
    const struct top_options o = {.uri = w->connect,
                                  .output = output_of(w),
                                  .interval_ns = w->interval_ns,
                                  .count = w->count,
                                  .sort = (unsigned)w->sort,
                                  .order = w->reverse ? TOP_SMALLEST_FIRST : TOP_LARGEST_FIRST,
                                  .rows = w->vcpus ? TOP_GUESTS_AND_VCPUS : TOP_GUESTS};
    const int r = top_run(&o, stdout, e);
    /* Whatever libvirt calls it, a libvirt that cannot be read is no wrong word. */
    return r < 0 ? (e->code = -EIO) : r;
}

static int run_top(const struct command *c, int argc, char *argv[], struct err *e)
{
    struct top_words w;
    struct arena a;
    arena_init(&a);
    int r = command_parse_options(c, argc, argv, &w, sizeof w, &a, e);
    if (r == 0 && w.csv && w.json)
        r = err_set(e, -EINVAL, "top: either --csv or --json");
    else if (r == 0)
        r = show(&w, e);
    arena_finish(&a);
    return r;
}

static const struct command_short shorts[] = {{"-c", "--connect"}, {NULL, NULL}};

static const struct command_example examples[] = {
    {"top", "the guests of this host's libvirt, live; ? lists the keys"},
    {"top -c qemu+ssh://root@lab2/system --sort wait", "another host's: who waits for a CPU"},
    {"top --csv --vcpus --interval 5s --count 12 > minute.csv", "a minute in twelve rows a VCPU"},
    {"top --json | jq '.guests[] | {guest, cpu_pct}'", "for programs"},
    {NULL, NULL},
};

const struct command cmd_top = {
    .name = "top",
    .words = "[-c URI] [--csv | --json] [options]",
    .summary = "watch the guests of a hypervisor: CPU, waiting, network, disks, exits",
    .about = "Shows the guests of a libvirt as their host sees them, whoever started them, and\n"
             "changes nothing: the connection is read-only. Live in a terminal; elsewhere a table\n"
             "for each interval. % is of one physical CPU; what libvirt does not tell is \"-\".\n"
             "Every rate is of two readings. -c is short for --connect.",
    .options = options,
    .examples = examples,
    .shorts = shorts,
    .run = run_top,
};
