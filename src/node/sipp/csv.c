/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * csv: see the header.
 */
#include "node/sipp/csv.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"

/* ---- fields ---- */

void sipp_csv_time(bool is_rfc3339, uint64_t real_ns, struct buf *out)
{
    const time_t seconds = (time_t)(real_ns / NS_PER_S);
    const unsigned us = (unsigned)(real_ns % NS_PER_S / NS_PER_US);
    struct tm t;
    char day[16], clock[16], zone[8];
    localtime_r(&seconds, &t);
    strftime(day, sizeof day, "%Y-%m-%d", &t);
    strftime(clock, sizeof clock, "%H:%M:%S", &t);
    strftime(zone, sizeof zone, "%z", &t);
    if (is_rfc3339)
        buf_printf(out, "%sT%s.%06u%.3s:%s", day, clock, us, zone, zone + 3);
    else
        buf_printf(out, "%s\t%s.%06u\t%lld.%06u", day, clock, us, (long long)seconds, us);
}

void sipp_csv_duration(double us, struct buf *out)
{
    const uint64_t whole = (uint64_t)us, seconds = whole / 1000000;
    buf_printf(out, "%02llu:%02llu:%02llu:%06llu", (unsigned long long)(seconds / 3600),
               (unsigned long long)(seconds / 60 % 60), (unsigned long long)(seconds % 60),
               (unsigned long long)(whole % 1000000));
}

static void put_char(char c, struct buf *out)
{
    buf_append(out, &c, 1);
}

static void put_count(const struct sipp_csv *c, uint64_t n, struct buf *out)
{
    buf_printf(out, "%llu%c", (unsigned long long)n, c->delimiter);
}

static void put_time(const struct sipp_csv *c, uint64_t real_ns, struct buf *out)
{
    sipp_csv_time(c->is_rfc3339, real_ns, out);
    put_char(c->delimiter, out);
}

static void put_duration(const struct sipp_csv *c, double us, struct buf *out)
{
    sipp_csv_duration(us, out);
    put_char(c->delimiter, out);
}

static void put_elapsed(const struct sipp_csv *c, uint64_t ns, struct buf *out)
{
    const unsigned long long s = ns / NS_PER_S;
    buf_printf(out, "%02llu:%02llu:%02llu%c", s / 3600, s / 60 % 60, s % 60, c->delimiter);
}

static void put_rate(const struct sipp_csv *c, uint64_t calls, uint64_t ns, struct buf *out)
{
    buf_printf(out, "%.6g%c", ns > 0 ? (double)calls * 1e9 / (double)ns : 0.0, c->delimiter);
}

static uint64_t created(const struct sipp_stats *s)
{
    return sipp_stats_get(s, SIPP_INCOMING) + sipp_stats_get(s, SIPP_OUTGOING);
}

/* ---- -trace_stat ---- */

static void both(const struct sipp_csv *c, const char *name, const char *more, struct buf *out)
{
    buf_printf(out, "%s%s(P)%c%s%s(C)%c", name, more, c->delimiter, name, more, c->delimiter);
}

static void repartition_header(const struct sipp_csv *c, const char *title, const char *name,
                               const struct sipp_times *t, struct buf *out)
{
    const char d = c->delimiter;
    if (t->border_count == 0)
        return;
    buf_printf(out, "%s%s%c", title, name, d);
    for (size_t i = 0; i < t->border_count; i++)
        buf_printf(out, "%s%s_<%u%c", title, name, t->borders_ms[i], d);
    buf_printf(out, "%s%s_>=%u%c", title, name, t->borders_ms[t->border_count - 1], d);
}

void sipp_csv_stat_header(const struct sipp_csv *c, const struct sipp_stats *s, struct buf *out)
{
    static const char *const first[] = {"StartTime",      "LastResetTime",  "CurrentTime",
                                        "ElapsedTime(P)", "ElapsedTime(C)", "TargetRate",
                                        "CallRate(P)",    "CallRate(C)"};
    struct sipp_times t;
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
        buf_printf(out, "%s%c", first[i], c->delimiter);
    for (unsigned i = 0; i < SIPP_COUNTS; i++) {
        if (i == SIPP_SUCCESSFUL)
            buf_printf(out, "TotalCallCreated%cCurrentCall%c", c->delimiter, c->delimiter);
        both(c, sipp_count_name(i), "", out);
    }
    for (unsigned i = 0; i < s->rtds; i++) {
        const char *name = scenario_rtd_name(s->scenario, i);
        both(c, "ResponseTime", name, out);
        buf_printf(out, "ResponseTime%sStDev(P)%cResponseTime%sStDev(C)%c", name, c->delimiter,
                   name, c->delimiter);
    }
    both(c, "CallLength", "", out);
    both(c, "CallLengthStDev", "", out);
    for (unsigned i = 0; i < s->counters; i++)
        both(c, scenario_counter_name(s->scenario, i), "", out);
    for (unsigned i = 0; i < s->rtds; i++) {
        t = sipp_stats_times(s, i);
        repartition_header(c, "ResponseTimeRepartition", scenario_rtd_name(s->scenario, i), &t,
                           out);
    }
    t = sipp_stats_times(s, s->rtds);
    repartition_header(c, "CallLengthRepartition", "", &t, out);
    put_char('\n', out);
}

static void put_times(const struct sipp_csv *c, const struct sipp_stats *total,
                      const struct sipp_stats *period, unsigned which, struct buf *out)
{
    const struct sipp_times all = sipp_stats_times(total, which);
    const struct sipp_times some = sipp_stats_times(period, which);
    put_duration(c, some.mean_us, out);
    put_duration(c, all.mean_us, out);
    put_duration(c, some.deviation_us, out);
    put_duration(c, all.deviation_us, out);
}

static void put_repartition(const struct sipp_csv *c, const struct sipp_stats *s, unsigned which,
                            struct buf *out)
{
    const struct sipp_times t = sipp_stats_times(s, which);
    if (t.border_count == 0)
        return;
    put_char(c->delimiter, out);
    for (size_t i = 0; i <= t.border_count; i++)
        put_count(c, t.buckets[i], out);
}

void sipp_csv_stat_row(const struct sipp_csv *c, const struct sipp_moment *m,
                       const struct sipp_stats *total, const struct sipp_stats *period,
                       struct buf *out)
{
    put_time(c, m->start_ns, out);
    put_time(c, m->last_ns, out);
    put_time(c, m->now_ns, out);
    put_elapsed(c, m->now_ns - m->last_ns, out);
    put_elapsed(c, m->now_ns - m->start_ns, out);
    buf_printf(out, "%.6g%c", m->target_rate, c->delimiter);
    put_rate(c, created(period), m->now_ns - m->last_ns, out);
    put_rate(c, created(total), m->now_ns - m->start_ns, out);
    for (unsigned i = 0; i < SIPP_COUNTS; i++) {
        if (i == SIPP_SUCCESSFUL) {
            put_count(c, created(total), out);
            put_count(c, m->current_calls, out);
        }
        put_count(c, sipp_stats_get(period, i), out);
        put_count(c, sipp_stats_get(total, i), out);
    }
    for (unsigned i = 0; i <= total->rtds; i++)
        put_times(c, total, period, i, out);
    for (unsigned i = 0; i < total->counters; i++) {
        put_count(c, sipp_stats_get_counter(period, i), out);
        put_count(c, sipp_stats_get_counter(total, i), out);
    }
    for (unsigned i = 0; i <= total->rtds; i++)
        put_repartition(c, c->periodic_rtd ? period : total, i, out);
    put_char('\n', out);
}

/* ---- -trace_counts ---- */

/* The events a step has columns for: their names, ended by NULL. */
struct column {
    const char *name;
    enum call_event event;
};

static unsigned step_columns(const struct scenario_step_info *step, struct column ret[4])
{
    unsigned n = 0;
    switch (step->kind) {
    case SCENARIO_SEND:
        ret[n++] = (struct column){"Sent", CALL_SENT};
        ret[n++] = (struct column){"Retrans", CALL_RETRANS_SENT};
        if (step->has_retrans || step->has_timeout)
            ret[n++] = (struct column){"Timeout", CALL_TIMEOUT};
        break;
    case SCENARIO_RECV:
        ret[n++] = (struct column){"Recv", CALL_RECEIVED};
        ret[n++] = (struct column){"Retrans", CALL_RETRANS_RECEIVED};
        ret[n++] = (struct column){"Timeout", CALL_TIMEOUT};
        ret[n++] = (struct column){"Unexp", CALL_UNEXPECTED_MESSAGE};
        break;
    case SCENARIO_PAUSE:
    case SCENARIO_TIMEWAIT:
        ret[n++] = (struct column){"Sessions", CALL_SENT};
        ret[n++] = (struct column){"Unexp", CALL_UNEXPECTED_MESSAGE};
        break;
    case SCENARIO_SEND_CMD:
        ret[n++] = (struct column){"Sent", CALL_SENT};
        break;
    case SCENARIO_RECV_CMD:
        ret[n++] = (struct column){"Recv", CALL_RECEIVED};
        break;
    default: /* nop */
        break;
    }
    return n;
}

static const char *step_name(const struct scenario_step_info *step)
{
    if (step->kind == SCENARIO_PAUSE || step->kind == SCENARIO_TIMEWAIT)
        return "Pause";
    if (step->kind == SCENARIO_SEND_CMD)
        return "SendCmd";
    return step->kind == SCENARIO_RECV_CMD ? "RecvCmd" : step->text;
}

void sipp_csv_counts_header(const struct sipp_csv *c, const struct sipp_stats *s, struct buf *out)
{
    struct scenario_step_info step;
    struct column columns[4];
    buf_printf(out, "CurrentTime%cElapsedTime%c", c->delimiter, c->delimiter);
    for (unsigned i = 0; i < s->steps; i++) {
        scenario_get_step(s->scenario, i, &step);
        const unsigned n = step_columns(&step, columns);
        for (unsigned k = 0; k < n; k++)
            buf_printf(out, "%u_%s_%s%c", i, step_name(&step), columns[k].name, c->delimiter);
    }
    put_char('\n', out);
}

void sipp_csv_counts_row(const struct sipp_csv *c, const struct sipp_moment *m,
                         const struct sipp_stats *total, struct buf *out)
{
    struct scenario_step_info step;
    struct column columns[4];
    put_time(c, m->now_ns, out);
    put_duration(c, (double)(m->now_ns - m->start_ns) / 1e3, out);
    for (unsigned i = 0; i < total->steps; i++) {
        scenario_get_step(total->scenario, i, &step);
        const unsigned n = step_columns(&step, columns);
        for (unsigned k = 0; k < n; k++)
            put_count(c, sipp_stats_get_event(total, i, columns[k].event), out);
    }
    put_char('\n', out);
}

/* ---- -trace_error_codes ---- */

void sipp_csv_codes_row(const struct sipp_csv *c, const struct sipp_moment *m,
                        const unsigned *codes, size_t count, struct buf *out)
{
    put_time(c, m->now_ns, out);
    put_duration(c, (double)(m->now_ns - m->start_ns) / 1e3, out);
    for (size_t i = 0; i < count; i++)
        put_count(c, codes[i], out);
    put_char('\n', out);
}

/* ---- -trace_rtt ---- */

void sipp_csv_rtt_header(const struct sipp_csv *c, struct buf *out)
{
    buf_printf(out, "Date_ms%cresponse_time_ms%crtd_no\n", c->delimiter, c->delimiter);
}

void sipp_csv_rtt_row(const struct sipp_csv *c, uint64_t since_ns, uint64_t response_ns,
                      const char *rtd, struct buf *out)
{
    buf_printf(out, "%.3f%c%.6g%c%s\n", (double)since_ns / 1e6, c->delimiter,
               (double)response_ns / 1e6, c->delimiter, rtd);
}
