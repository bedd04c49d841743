/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * screen: see the header. Lines are at most 80 columns wide.
 */
#include "node/sipp/screen.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"

static const char rule[] =
    "-------------------------+---------------------------+--------------------------\n";

static void title(const char *name, struct buf *out)
{
    static const char dashes[] = "------------------------------------------";
    const int left = (54 - (int)strlen(name)) / 2, right = 54 - (int)strlen(name) - left;
    buf_printf(out, "%.*s %s %.*s [1-9]: Change Screen --\n", left, dashes, name, right, dashes);
}

static void ending(const struct sipp_view *v, struct buf *out)
{
    const int length = (int)strlen(v->message), left = (78 - length) / 2;
    for (int i = 0; i < left; i++)
        buf_append_str(out, "-");
    buf_printf(out, " %s ", v->message);
    for (int i = left + length + 2; i < 80; i++)
        buf_append_str(out, "-");
    buf_append_str(out, "\n");
}

/* ---- 1: the scenario ---- */

static unsigned long long events(const struct sipp_stats *s, unsigned step, enum call_event event)
{
    return (unsigned long long)sipp_stats_get_event(s, step, event);
}

static void arrow(const struct scenario_step_info *step, const char *what, bool from_left,
                  const char *rtd, struct buf *out)
{
    buf_printf(out, "  %10s %s  %-8.8s", step->display != NULL ? step->display : what,
               from_left ? "---------->" : "<----------", rtd);
}

/* "B-RTD1" where a response time begins, "E-RTD1" where it ends. */
static const char *rtd_words(const struct sipp_stats *s, const struct scenario_step_info *step,
                             char *buffer, size_t size)
{
    const int rtd = step->rtd >= 0 ? step->rtd : step->start_rtd;
    if (rtd < 0)
        return "";
    str_printf(buffer, size, "%c-RTD%s", step->rtd >= 0 ? 'E' : 'B',
               scenario_rtd_name(s->scenario, (unsigned)rtd));
    return buffer;
}

static void show_pause(const struct sipp_stats *s, unsigned i,
                       const struct scenario_step_info *step, uint64_t default_ns, struct buf *out)
{
    const uint64_t ns = step->pause_ns > 0 ? step->pause_ns : default_ns;
    buf_printf(out, "  %10s [%7llums]          %-10llu%-10s%-10s%llu\n",
               step->display != NULL ? step->display : "Pause",
               (unsigned long long)(ns / NS_PER_MS), events(s, i, CALL_SENT), "", "",
               events(s, i, CALL_UNEXPECTED_MESSAGE));
}

static void show_step(const struct sipp_stats *s, unsigned i, const struct sipp_view *v,
                      struct buf *out)
{
    const bool is_server = scenario_role(s->scenario) == SCENARIO_SERVER;
    struct scenario_step_info step;
    char rtd[32];
    scenario_get_step(s->scenario, i, &step);
    if (v->hides && step.is_hidden)
        return;
    switch (step.kind) {
    case SCENARIO_SEND:
    case SCENARIO_SEND_CMD:
        arrow(&step, step.kind == SCENARIO_SEND ? step.text : "[sendCmd]", !is_server,
              rtd_words(s, &step, rtd, sizeof rtd), out);
        buf_printf(out, "%-10llu%-10llu", events(s, i, CALL_SENT), events(s, i, CALL_RETRANS_SENT));
        if (step.has_retrans || step.has_timeout)
            buf_printf(out, "%-10llu", events(s, i, CALL_TIMEOUT));
        buf_append_str(out, "\n");
        break;
    case SCENARIO_RECV:
    case SCENARIO_RECV_CMD:
        arrow(&step, step.kind == SCENARIO_RECV ? step.text : "[recvCmd]", is_server,
              rtd_words(s, &step, rtd, sizeof rtd), out);
        buf_printf(out, "%-10llu%-10llu%-10llu%llu\n", events(s, i, CALL_RECEIVED),
                   events(s, i, CALL_RETRANS_RECEIVED), events(s, i, CALL_TIMEOUT),
                   events(s, i, CALL_UNEXPECTED_MESSAGE));
        break;
    case SCENARIO_NOP:
        if (step.display != NULL)
            buf_printf(out, "  %s\n", step.display);
        break;
    default:
        show_pause(s, i, &step, v->pause_ns, out);
    }
}

static void scenario_screen(const struct sipp_view *v, const struct sipp_stats *s, struct buf *out)
{
    const uint64_t total = sipp_stats_get(s, SIPP_INCOMING) + sipp_stats_get(s, SIPP_OUTGOING);
    const double elapsed = (double)(v->moment.now_ns - v->moment.start_ns) / 1e9;
    title("Scenario Screen", out);
    if (scenario_role(s->scenario) == SCENARIO_CLIENT) {
        buf_append_str(out, "  Call rate (length)   Port   Total-time  Total-calls  Remote-host\n");
        buf_printf(out, "%6.1f(%llu ms)/%.3fs  %5u  %9.2f s  %11llu  %s\n", v->rate,
                   (unsigned long long)(v->pause_ns / NS_PER_MS), v->rate_period_s, v->local_port,
                   elapsed, (unsigned long long)total, v->remote);
    } else {
        buf_append_str(out, "  Port   Total-time  Total-calls\n");
        buf_printf(out, "  %-5u %9.2f s  %11llu\n", v->local_port, elapsed,
                   (unsigned long long)total);
    }
    buf_printf(out, "\n  %llu calls (limit %llu)                      Peak was %llu calls\n",
               (unsigned long long)v->moment.current_calls, (unsigned long long)v->call_limit,
               (unsigned long long)v->peak_calls);
    buf_printf(out,
               "  %llu dead call msg (discarded)             %llu out-of-call msg (discarded)\n",
               (unsigned long long)sipp_stats_get(s, SIPP_DEAD_CALL),
               (unsigned long long)sipp_stats_get(s, SIPP_OUT_OF_CALL));
    buf_printf(out, "  %llu open sockets\n\n", (unsigned long long)v->sockets);
    buf_append_str(
        out, "                                 Messages  Retrans   Timeout   Unexpected-Msg\n");
    for (unsigned i = 0; i < s->steps; i++)
        show_step(s, i, v, out);
    buf_append_str(out, "\n");
    ending(v, out);
}

/* ---- 2: statistics ---- */

static void counts(const char *name, uint64_t period, uint64_t total, struct buf *out)
{
    buf_printf(out, "  %-22.22s | %8llu                  | %8llu\n", name,
               (unsigned long long)period, (unsigned long long)total);
}

static void durations(const char *name, double period_us, double total_us, struct buf *out)
{
    buf_printf(out, "  %-22.22s | ", name);
    sipp_csv_duration(period_us, out);
    buf_append_str(out, "           | ");
    sipp_csv_duration(total_us, out);
    buf_append_str(out, "\n");
}

static double rate_of(const struct sipp_stats *s, uint64_t ns)
{
    const uint64_t calls = sipp_stats_get(s, SIPP_INCOMING) + sipp_stats_get(s, SIPP_OUTGOING);
    return ns > 0 ? (double)calls * 1e9 / (double)ns : 0;
}

static void times(const struct sipp_view *v, struct buf *out)
{
    static const char *const names[] = {"Start Time", "Last Reset Time", "Current Time"};
    const uint64_t at[] = {v->moment.start_ns, v->moment.last_ns, v->moment.now_ns};
    for (size_t i = 0; i < 3; i++) {
        buf_printf(out, "  %-22s | ", names[i]);
        sipp_csv_time(false, at[i], out);
        buf_append_str(out, "\n");
    }
}

static void statistics_screen(const struct sipp_view *v, const struct sipp_stats *total,
                              const struct sipp_stats *period, struct buf *out)
{
    const uint64_t period_ns = v->moment.now_ns - v->moment.last_ns;
    const uint64_t total_ns = v->moment.now_ns - v->moment.start_ns;
    char name[40];
    title("Statistics Screen", out);
    times(v, out);
    buf_printf(out, "%s  Counter Name           | Periodic value            | Cumulative value\n%s",
               rule, rule);
    durations("Elapsed Time", (double)period_ns / 1e3, (double)total_ns / 1e3, out);
    buf_printf(out, "  Call Rate              | %8.3f cps              | %8.3f cps\n%s",
               rate_of(period, period_ns), rate_of(total, total_ns), rule);
    counts("Incoming calls created", sipp_stats_get(period, SIPP_INCOMING),
           sipp_stats_get(total, SIPP_INCOMING), out);
    counts("Outgoing calls created", sipp_stats_get(period, SIPP_OUTGOING),
           sipp_stats_get(total, SIPP_OUTGOING), out);
    buf_printf(out, "  Current Calls          | %8llu                  |\n%s",
               (unsigned long long)v->moment.current_calls, rule);
    counts("Successful call", sipp_stats_get(period, SIPP_SUCCESSFUL),
           sipp_stats_get(total, SIPP_SUCCESSFUL), out);
    counts("Failed call", sipp_stats_get(period, SIPP_FAILED), sipp_stats_get(total, SIPP_FAILED),
           out);
    for (unsigned i = SIPP_FAILED + 1; i < SIPP_COUNTS; i++) /* only what there is */
        if (sipp_stats_get(total, i) > 0)
            counts(sipp_count_name(i), sipp_stats_get(period, i), sipp_stats_get(total, i), out);
    buf_append_str(out, rule);
    for (unsigned i = 0; i < total->counters; i++)
        counts(scenario_counter_name(total->scenario, i), sipp_stats_get_counter(period, i),
               sipp_stats_get_counter(total, i), out);
    for (unsigned i = 0; i <= total->rtds; i++) {
        str_printf(name, sizeof name, "%s%s", i < total->rtds ? "Response Time " : "Call Length",
                   i < total->rtds ? scenario_rtd_name(total->scenario, i) : "");
        durations(name, sipp_stats_times(period, i).mean_us, sipp_stats_times(total, i).mean_us,
                  out);
    }
    ending(v, out);
}

/* ---- 3: repartitions ---- */

static void repartition(const char *name, const struct sipp_times *t, struct buf *out)
{
    unsigned from = 0;
    if (t->border_count == 0)
        return;
    buf_printf(out, "  %s\n", name);
    for (size_t i = 0; i < t->border_count; i++) {
        buf_printf(out, "    %10u ms <= n < %10u ms : %10llu\n", from, t->borders_ms[i],
                   (unsigned long long)t->buckets[i]);
        from = t->borders_ms[i];
    }
    buf_printf(out, "    %14s n >= %10u ms : %10llu\n", "", from,
               (unsigned long long)t->buckets[t->border_count]);
}

static void repartition_screen(const struct sipp_view *v, const struct sipp_stats *total,
                               struct buf *out)
{
    char name[80];
    title("Repartition Screen", out);
    for (unsigned i = 0; i <= total->rtds; i++) {
        const struct sipp_times t = sipp_stats_times(total, i);
        if (i < total->rtds)
            str_printf(name, sizeof name, "Response Time Repartition %.40s",
                       scenario_rtd_name(total->scenario, i));
        repartition(i < total->rtds ? name : "Call Length Repartition", &t, out);
    }
    ending(v, out);
}

void sipp_screen(unsigned number, const struct sipp_view *v, const struct sipp_stats *total,
                 const struct sipp_stats *period, struct buf *out)
{
    if (number == SIPP_SCREEN_STATISTICS)
        statistics_screen(v, total, period, out);
    else if (number == SIPP_SCREEN_REPARTITION)
        repartition_screen(v, total, out);
    else
        scenario_screen(v, total, out);
}
