/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_sip_figures: rows of the CSV files, and screens, of what cmd_sip_notes counted. The thread of
 * the run.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/addr.h"
#include "node/cli/cmd_sip.h"

enum { LAST_SCREEN = SIPP_SCREEN_REPARTITION };

static void write_text(struct sip_run *r, enum sipp_trace_kind kind, const struct buf *text)
{
    sipp_traces_text(&r->notes.traces, kind, buf_str(text), text->size, true);
}

/* ---- life ---- */

static void write_headers(struct sip_run *r)
{
    struct sip_notes *n = &r->notes;
    struct buf text;
    buf_init(&text);
    if (sipp_traces_is_on(&n->traces, SIPP_TRACE_STAT)) {
        sipp_csv_stat_header(&n->csv, &n->total, &text);
        write_text(r, SIPP_TRACE_STAT, &text);
    }
    buf_clear(&text);
    if (sipp_traces_is_on(&n->traces, SIPP_TRACE_COUNTS)) {
        sipp_csv_counts_header(&n->csv, &n->total, &text);
        write_text(r, SIPP_TRACE_COUNTS, &text);
    }
    buf_clear(&text);
    if (sipp_traces_is_on(&n->traces, SIPP_TRACE_RTT)) {
        sipp_csv_rtt_header(&n->csv, &text);
        write_text(r, SIPP_TRACE_RTT, &text);
    }
    buf_finish(&text);
}

int cmd_sip_notes_open(struct sip_run *r, struct err *e)
{
    const struct sipp_options *o = &r->options;
    struct sip_notes *n = &r->notes;
    const char *name = o->scenario_file != NULL ? o->scenario_file
                       : o->builtin != NULL     ? o->builtin
                                                : "uac";
    buf_init(&n->rtt);
    n->waiting = ARENA_ARRAY(&r->arena, uint64_t, scenario_step_count(r->scenario) + 1);
    n->csv = (struct sipp_csv){o->stat_delimiter, o->is_rfc3339, o->periodic_rtd};
    n->start_ns = clock_now_ns();
    n->start_real_ns = n->row_real_ns = n->screen_real_ns = clock_real_ns();
    sipp_traces_init(&n->traces, o, name, (uint32_t)getpid());
    if (sipp_stats_init(&n->total, r->scenario) < 0 || sipp_stats_init(&n->own, r->scenario) < 0 ||
        sipp_stats_init(&n->before, r->scenario) < 0 || sipp_stats_init(&n->row, r->scenario) < 0 ||
        sipp_stats_init(&n->screen, r->scenario) < 0 ||
        sipp_stats_init(&n->period, r->scenario) < 0 ||
        (o->trace[SIPP_TRACE_CALLDEBUG].is_on &&
         sipp_calldebug_init(&n->calldebug, o->is_rfc3339) < 0))
        return err_set(e, -ENOMEM, "no memory for figures");
    int result = sipp_traces_open(&n->traces, e);
    if (result == 0)
        write_headers(r);
    return result;
}

int cmd_sip_notes_close(struct sip_run *r, struct err *e)
{
    struct sip_notes *n = &r->notes;
    int result = 0;
    if (n->total.scenario != NULL && r->is_open) {
        cmd_sip_notes_row(r);
        if (sipp_traces_is_on(&n->traces, SIPP_TRACE_SCREEN))
            cmd_sip_notes_dump(r);
    }
    if (n->rtt.size > 0)
        write_text(r, SIPP_TRACE_RTT, &n->rtt);
    if (n->csv.delimiter != '\0')
        result = sipp_traces_finish(&n->traces, e);
    buf_finish(&n->rtt);
    sipp_calldebug_finish(&n->calldebug);
    sipp_stats_finish(&n->total);
    sipp_stats_finish(&n->own);
    sipp_stats_finish(&n->before);
    sipp_stats_finish(&n->row);
    sipp_stats_finish(&n->screen);
    sipp_stats_finish(&n->period);
    return result;
}

/* ---- figures ---- */

static void take_sessions(struct sip_run *r)
{
    const unsigned steps = scenario_step_count(r->scenario);
    struct scenario_step_info step;
    cmd_sip_shards_count_waiting(r, r->notes.waiting, steps);
    for (unsigned i = 0; i < steps; i++) {
        scenario_get_step(r->scenario, i, &step);
        if (step.kind == SCENARIO_PAUSE || step.kind == SCENARIO_TIMEWAIT)
            sipp_stats_set_sessions(&r->notes.total, i, r->notes.waiting[i]);
    }
}

/* What the engine counts for itself. */
static void add_engine(const struct sip_run *r, struct calls *c, struct sipp_stats *into)
{
    static const struct {
        enum sipp_count to;
        enum calls_count from;
    } all[] = {{SIPP_INCOMING, CALLS_BEGUN}, /* of a server: by a message or a twin's command */
               {SIPP_OUT_OF_CALL, CALLS_OUT_OF_CALL},
               {SIPP_DEAD_CALL, CALLS_DEAD_CALL}};
    const struct calls_figures *f = calls_get_figures(c);
    const size_t first = scenario_role(r->scenario) == SCENARIO_SERVER ? 0 : 1;
    if (r->receiver != NULL) /* the second part: a client's calls that came */
        sipp_stats_count(into, SIPP_INCOMING,
                         atomic_load_explicit(&calls_get_part_figures(c, 1, 0)->count[CALLS_BEGUN],
                                              memory_order_relaxed));
    for (size_t i = first; i < sizeof all / sizeof all[0]; i++)
        sipp_stats_count(into, all[i].to,
                         atomic_load_explicit(&f->count[all[i].from], memory_order_relaxed));
}

static void sum_all(const struct sip_run *r, struct sipp_stats *ret)
{
    sipp_stats_copy(ret, &r->notes.own);
    for (uint32_t i = 0; i < r->shard_count; i++) {
        sipp_stats_add(ret, &r->shards[i].stats);
        add_engine(r, r->shards[i].calls, ret);
    }
}

void cmd_sip_notes_sum(struct sip_run *r)
{
    sum_all(r, &r->notes.total);
    sipp_stats_subtract(&r->notes.total, &r->notes.before);
}

static void take_counts(struct sip_run *r)
{
    cmd_sip_notes_sum(r);
    take_sessions(r);
}

static struct sipp_moment moment_of(const struct sip_run *r, uint64_t last_real_ns)
{
    return (struct sipp_moment){.start_ns = r->notes.start_real_ns,
                                .last_ns = last_real_ns,
                                .now_ns = clock_real_ns(),
                                .target_rate =
                                    r->options.users > 0 ? r->options.users : r->pace.calls,
                                .current_calls = cmd_sip_shards_running(r)};
}

void cmd_sip_notes_row(struct sip_run *r)
{
    struct sip_notes *n = &r->notes;
    struct buf text;
    take_counts(r);
    const struct sipp_moment m = moment_of(r, n->row_real_ns);
    buf_init(&text);
    if (sipp_traces_is_on(&n->traces, SIPP_TRACE_STAT)) {
        sipp_stats_copy(&n->period, &n->total);
        sipp_stats_subtract(&n->period, &n->row);
        sipp_csv_stat_row(&n->csv, &m, &n->total, &n->period, &text);
        write_text(r, SIPP_TRACE_STAT, &text);
    }
    buf_clear(&text);
    if (sipp_traces_is_on(&n->traces, SIPP_TRACE_COUNTS)) {
        sipp_csv_counts_row(&n->csv, &m, &n->total, &text);
        write_text(r, SIPP_TRACE_COUNTS, &text);
    }
    buf_clear(&text);
    if (sipp_traces_is_on(&n->traces, SIPP_TRACE_ERROR_CODES)) {
        pthread_mutex_lock(&r->lock);
        sipp_csv_codes_row(&n->csv, &m, n->codes, n->code_count, &text);
        n->code_count = 0;
        pthread_mutex_unlock(&r->lock);
        write_text(r, SIPP_TRACE_ERROR_CODES, &text);
    }
    buf_finish(&text);
    sipp_stats_copy(&n->row, &n->total);
    n->row_real_ns = m.now_ns;
}

void cmd_sip_notes_reset(struct sip_run *r)
{
    struct sip_notes *n = &r->notes;
    sum_all(r, &n->before);
    sipp_stats_clear(&n->row);
    sipp_stats_clear(&n->screen);
    n->start_ns = clock_now_ns();
    n->start_real_ns = n->row_real_ns = n->screen_real_ns = clock_real_ns();
}

/* ---- screens ---- */

static uint64_t open_sockets(const struct sip_run *r)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < r->shard_count && r->options.transport != SIPP_UDP; i++)
        n += atomic_load(&r->shards[i].connects) + atomic_load(&r->shards[i].accepts) -
             atomic_load(&r->shards[i].closes);
    if (r->options.transport != SIPP_UDP)
        return n;
    return r->options.sockets == SIPP_PER_CALL ? r->peak : r->shard_count;
}

static const char *state_words(const struct sip_run *r)
{
    if (r->is_over)
        return "Test Terminated";
    if (atomic_load(&((struct sip_run *)(uintptr_t)r)->ending) != SIP_GOES_ON)
        return "Waiting for active calls to end. Press [q] again to force exit";
    if (r->notes.said[0] != '\0')
        return r->notes.said;
    if (r->pace.is_paused)
        return "Traffic Paused - Press [p] again to resume";
    return scenario_role(r->scenario) == SCENARIO_CLIENT
               ? "[+|-|*|/]: Adjust rate ---- [q]: Soft exit ---- [p]: Pause traffic"
               : "Sipp Server Mode";
}

void cmd_sip_notes_show(struct sip_run *r, unsigned screen, struct buf *out)
{
    struct sip_notes *n = &r->notes;
    char words[80];
    take_counts(r);
    pthread_mutex_lock(&r->lock);
    str_printf(words, sizeof words, "%.70s", state_words(r));
    pthread_mutex_unlock(&r->lock);
    words[strcspn(words, "\r\n")] = '\0';
    struct sipp_view v = {.moment = moment_of(r, n->screen_real_ns),
                          .remote = r->remote_text,
                          .local_port = addr_port(calls_local(r->shards[0].calls)),
                          .rate = r->pace.calls,
                          .rate_period_s = (double)r->pace.period_ns / 1e9,
                          .pause_ns = r->options.scenario.pause_ns,
                          .call_limit = r->limit,
                          .peak_calls = r->peak,
                          .sockets = open_sockets(r),
                          .message = words,
                          .hides = r->terminal.hides};
    sipp_stats_copy(&n->period, &n->total);
    sipp_stats_subtract(&n->period, &n->screen);
    sipp_screen(screen, &v, &n->total, &n->period, out);
}

void cmd_sip_notes_dump(struct sip_run *r)
{
    struct buf text;
    buf_init(&text);
    for (unsigned i = 1; i <= LAST_SCREEN; i++)
        cmd_sip_notes_show(r, i, &text);
    write_text(r, SIPP_TRACE_SCREEN, &text);
    buf_finish(&text);
}

void cmd_sip_notes_shown(struct sip_run *r)
{
    sipp_stats_copy(&r->notes.screen, &r->notes.total);
    r->notes.screen_real_ns = clock_real_ns();
}
