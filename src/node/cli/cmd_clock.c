/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_clock: the time-measuring machine without a controller, or a question to one. One thread.
 */
#include "node/cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "node/cli/args.h"
#include "node/cli/output.h"
#include "node/cli/report.h"
#include "node/cli/signals.h"
#include "node/cli/waiting.h"
#include "node/timing/marker.h"
#include "node/timing/timekeeper.h"

enum { QUESTIONS = 20 };

struct own_options {
    const char *bind, *ask, *ticket;
    uint64_t duration_ns;
    struct output_options output;
};

static const struct opt own_options[] = {
    {"bind", OPT_STRING, NULL, "be the clock at this address of a link", 0, 0, NULL,
     offsetof(struct own_options, bind), 0},
    {"ask", OPT_STRING, NULL, "ask the clock at this address for the offset of its time", 0, 0,
     NULL, offsetof(struct own_options, ask), 0},
    {"ticket", OPT_STRING, NULL, "session and key; a clock without one draws one and says it", 0, 0,
     NULL, offsetof(struct own_options, ticket), 0},
    {"duration", OPT_DURATION, "0", "how long it serves; 0: until SIGINT or SIGTERM", 0, 0, NULL,
     offsetof(struct own_options, duration_ns), 0},
    OUTPUT_OPTIONS(struct own_options, output),
    OPT_END,
};

static void on_timed(void *arg, const char *from, uint64_t job, uint32_t round, uint64_t ns)
{
    const struct own_options *o = arg;
    if (o->output.json_lines)
        printf(
            "{\"timed\": {\"from\": \"%s\", \"job\": \"%016llx\", \"round\": %u, \"ns\": %llu}}\n",
            from, (unsigned long long)job, round, (unsigned long long)ns);
    else if (!o->output.json)
        printf("%s job %016llx round %u: %.6f s\n", from, (unsigned long long)job, round,
               (double)ns / 1e9);
    fflush(stdout);
}

static void print_counts(const struct own_options *o, const struct timekeeper *k)
{
    struct timekeeper_counts n;
    timekeeper_get_counts(k, &n);
    json_t *all = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "clock", o->bind, "queries",
                            json_u64(n.queries), "starts", json_u64(n.starts), "ends",
                            json_u64(n.ends), "forged", json_u64(n.forged), "unmatched",
                            json_u64(n.unmatched), "unanswered", json_u64(n.unanswered));
    report_result(&o->output, all);
}

static int serve(const struct own_options *o, const struct mark_ticket *ticket, struct err *e)
{
    const struct timekeeper_listener l = {on_timed, (void *)(uintptr_t)o};
    const uint64_t until = signals_until(clock_now_ns(), o->duration_ns);
    char text[MARK_TICKET_MAX];
    struct timekeeper *k;
    struct signals s;
    int r = signals_open(&s, e);
    if (r < 0)
        return r;
    r = timekeeper_open(&k, o->bind, ticket, &l, e);
    if (r == 0) {
        mark_format_ticket(ticket, text);
        log_info("clock at %s, ticket %s", o->bind, text);
        while (!signals_wait(&s, until, timekeeper_fd(k)) && clock_now_ns() < until)
            timekeeper_serve(k);
        print_counts(o, k);
        timekeeper_close(k);
    }
    signals_close(&s);
    return r;
}

static int ask(const struct own_options *o, const struct mark_ticket *ticket, struct err *e)
{
    const struct marker_given g = {.address = o->ask, .ticket = *ticket, .job = "clock --ask"};
    struct marker_offset x;
    struct waiting waiting;
    struct marker *m;
    waiting_begin(&waiting, &o->output, "asking the clock at", o->ask);
    int r = marker_open(&m, &g, e);
    if (r >= 0) {
        r = marker_ask(m, QUESTIONS, &x, e);
        marker_close(m);
    }
    waiting_end(&waiting);
    if (r < 0)
        return r;
    json_t *all = json_pack("{s:s, s:I, s:o}", "clock", o->ask, "offset_ns",
                            (json_int_t)x.offset_ns, "round_trip_ns", json_u64(x.round_trip_ns));
    report_result(&o->output, all);
    return EXIT_GOOD;
}

static int run_clock(const void *options, struct err *e)
{
    const struct own_options *o = options;
    struct mark_ticket ticket;
    if ((o->bind == NULL) == (o->ask == NULL))
        return err_set(e, -EINVAL, "clock: either --bind ADDRESS, to be one, or --ask ADDRESS");
    if (o->ticket != NULL && mark_parse_ticket(&ticket, o->ticket) < 0)
        return err_set(e, -EINVAL,
                       "--ticket: it has 16 and 32 hexadecimal digits with a dot between");
    if (o->ticket == NULL && o->ask != NULL)
        return err_set(e, -EINVAL, "--ticket: what the clock said when it began is needed");
    if (o->ticket == NULL) {
        int r = mark_draw(&ticket);
        if (r < 0)
            return err_set(e, r, "no random numbers for a key: %s", strerror(-r));
    }
    return o->ask != NULL ? ask(o, &ticket, e) : serve(o, &ticket, e);
}

static int run(const struct command *c, int argc, char *argv[], struct err *e)
{
    return args_run(c, sizeof(struct own_options), run_clock, argc, argv, e);
}

static const struct command_example examples[] = {
    {"clock --bind 10.0.0.1", "times the jobs of machines on the link with that address"},
    {"clock --ask 10.0.0.1 --ticket 0123456789abcdef.00112233445566778899aabbccddeeff",
     "how far that clock is from ours"},
    {NULL, NULL},
};

const struct command cmd_clock = {
    .name = "clock",
    .words = "--bind ADDRESS | --ask ADDRESS [options]",
    .summary = "times jobs in other machines, whose own clocks are not trusted",
    .about =
        "A machine marks the start and the end of a round with ICMP echo requests; when the kernel "
        "had\nthem here is what counts. Marks with a wrong tag are counted and ignored.",
    .driver_kind = -1,
    .options = own_options,
    .examples = examples,
    .run = run,
};
