/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * stats: see the header. Flat arrays, so that adding and taking the difference know no names. Each
 * number is written with a relaxed atomic store, by one thread.
 */
#include "node/sipp/stats.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static const char *const count_names[] = {
    [SIPP_INCOMING] = "IncomingCall",
    [SIPP_OUTGOING] = "OutgoingCall",
    [SIPP_SUCCESSFUL] = "SuccessfulCall",
    [SIPP_FAILED] = "FailedCall",
    [SIPP_FAILED_CANNOT_SEND] = "FailedCannotSendMessage",
    [SIPP_FAILED_MAX_RETRANS] = "FailedMaxUDPRetrans",
    [SIPP_FAILED_CONNECT] = "FailedTcpConnect",
    [SIPP_FAILED_CLOSED] = "FailedTcpClosed",
    [SIPP_FAILED_UNEXPECTED] = "FailedUnexpectedMessage",
    [SIPP_FAILED_REJECTED] = "FailedCallRejected",
    [SIPP_FAILED_COMMAND] = "FailedCmdNotSent",
    [SIPP_FAILED_REGEXP_NO_MATCH] = "FailedRegexpDoesntMatch",
    [SIPP_FAILED_REGEXP_MATCH] = "FailedRegexpShouldntMatch",
    [SIPP_FAILED_REGEXP_NO_HEADER] = "FailedRegexpHdrNotFound",
    [SIPP_FAILED_CONGESTION] = "FailedOutboundCongestion",
    [SIPP_FAILED_RECV_TIMEOUT] = "FailedTimeoutOnRecv",
    [SIPP_FAILED_SEND_TIMEOUT] = "FailedTimeoutOnSend",
    [SIPP_FAILED_TEST_FALSE] = "FailedTestDoesntMatch",
    [SIPP_FAILED_TEST_TRUE] = "FailedTestShouldntMatch",
    [SIPP_FAILED_STRCMP_FALSE] = "FailedStrcmpDoesntMatch",
    [SIPP_FAILED_STRCMP_TRUE] = "FailedStrcmpShouldntMatch",
    [SIPP_OUT_OF_CALL] = "OutOfCallMsgs",
    [SIPP_DEAD_CALL] = "DeadCallMsgs",
    [SIPP_RETRANSMISSIONS] = "Retransmissions",
    [SIPP_AUTO_ANSWERED] = "AutoAnswered",
    [SIPP_WARNINGS] = "Warnings",
    [SIPP_FATAL_ERRORS] = "FatalErrors",
    [SIPP_WATCHDOG_MAJOR] = "WatchdogMajor",
    [SIPP_WATCHDOG_MINOR] = "WatchdogMinor",
};

/* SIPP_FAILED stands for causes that have no column of their own. */
static const enum sipp_count cause_counts[CALL_CAUSE_COUNT] = {
    [CALL_GOOD] = SIPP_SUCCESSFUL,
    [CALL_CANNOT_SEND] = SIPP_FAILED_CANNOT_SEND,
    [CALL_MAX_RETRANS] = SIPP_FAILED_MAX_RETRANS,
    [CALL_CONNECT_FAILED] = SIPP_FAILED_CONNECT,
    [CALL_CONNECTION_CLOSED] = SIPP_FAILED_CLOSED,
    [CALL_UNEXPECTED] = SIPP_FAILED_UNEXPECTED,
    [CALL_REJECTED] = SIPP_FAILED_REJECTED,
    [CALL_COMMAND_NOT_SENT] = SIPP_FAILED_COMMAND,
    [CALL_REGEXP_NO_MATCH] = SIPP_FAILED_REGEXP_NO_MATCH,
    [CALL_REGEXP_MATCH] = SIPP_FAILED_REGEXP_MATCH,
    [CALL_REGEXP_NO_HEADER] = SIPP_FAILED_REGEXP_NO_HEADER,
    [CALL_CONGESTION] = SIPP_FAILED_CONGESTION,
    [CALL_RECV_TIMEOUT] = SIPP_FAILED_RECV_TIMEOUT,
    [CALL_SEND_TIMEOUT] = SIPP_FAILED_SEND_TIMEOUT,
    [CALL_TEST_FALSE] = SIPP_FAILED_TEST_FALSE,
    [CALL_TEST_TRUE] = SIPP_FAILED_TEST_TRUE,
    [CALL_STRCMP_FALSE] = SIPP_FAILED_STRCMP_FALSE,
    [CALL_STRCMP_TRUE] = SIPP_FAILED_STRCMP_TRUE,
    [CALL_STOPPED] = SIPP_FAILED,
    [CALL_ACTION_ERROR] = SIPP_FAILED,
    [CALL_UNANSWERED] = SIPP_FAILED,
};

const char *sipp_count_name(enum sipp_count which)
{
    return count_names[which];
}

/* ---- places ---- */

static size_t counter_at(const struct sipp_stats *s, unsigned counter)
{
    (void)s;
    return SIPP_COUNTS + counter;
}

static size_t event_at(const struct sipp_stats *s, unsigned step, enum call_event event)
{
    return SIPP_COUNTS + s->counters + (size_t)step * CALL_EVENT_COUNT + event;
}

/* Of a time: its number, its sum in us, then its buckets. */
static size_t time_at(const struct sipp_stats *s, unsigned which)
{
    return event_at(s, s->steps, 0) + which * (s->response_borders + 3);
}

static void add_to(uint64_t *place, uint64_t n)
{
    __atomic_store_n(place, *place + n, __ATOMIC_RELAXED);
}

/* ---- life ---- */

int sipp_stats_init(struct sipp_stats *s, const struct scenario *scenario)
{
    const unsigned *borders;
    memset(s, 0, sizeof *s);
    s->scenario = scenario;
    s->steps = scenario_step_count(scenario);
    while (scenario_rtd_name(scenario, s->rtds) != NULL)
        s->rtds++;
    while (scenario_counter_name(scenario, s->counters) != NULL)
        s->counters++;
    s->response_borders = scenario_response_borders(scenario, &borders);
    s->length_borders = scenario_length_borders(scenario, &borders);
    s->value_count = time_at(s, s->rtds) + s->length_borders + 3;
    s->square_count = s->rtds + 1;
    s->values = calloc(s->value_count, sizeof *s->values);
    s->squares = calloc(s->square_count, sizeof *s->squares);
    if (s->values == NULL || s->squares == NULL) {
        sipp_stats_finish(s);
        return -ENOMEM;
    }
    return 0;
}

void sipp_stats_finish(struct sipp_stats *s)
{
    free(s->values);
    free(s->squares);
    memset(s, 0, sizeof *s);
}

/* ---- writing ---- */

void sipp_stats_count(struct sipp_stats *s, enum sipp_count which, uint64_t n)
{
    add_to(&s->values[which], n);
}

static void record(struct sipp_stats *s, unsigned which, uint64_t ns, const unsigned *borders_ms,
                   size_t border_count)
{
    uint64_t *v = &s->values[time_at(s, which)];
    const uint64_t us = ns / NS_PER_US;
    double square = s->squares[which] + (double)us * (double)us;
    size_t i = 0;
    while (i < border_count && ns >= borders_ms[i] * NS_PER_MS)
        i++;
    add_to(&v[0], 1);
    add_to(&v[1], us);
    add_to(&v[2 + i], 1);
    __atomic_store(&s->squares[which], &square, __ATOMIC_RELAXED);
}

void sipp_stats_ended(struct sipp_stats *s, enum call_cause cause, uint64_t length_ns)
{
    const unsigned *borders;
    const size_t count = scenario_length_borders(s->scenario, &borders);
    add_to(&s->values[cause_counts[cause]], 1);
    if (cause_counts[cause] != SIPP_SUCCESSFUL && cause_counts[cause] != SIPP_FAILED)
        add_to(&s->values[SIPP_FAILED], 1);
    record(s, s->rtds, length_ns, borders, count);
}

void sipp_stats_rtd(struct sipp_stats *s, unsigned rtd, uint64_t ns)
{
    const unsigned *borders;
    const size_t count = scenario_response_borders(s->scenario, &borders);
    record(s, rtd, ns, borders, count);
}

void sipp_stats_counter(struct sipp_stats *s, unsigned counter)
{
    add_to(&s->values[counter_at(s, counter)], 1);
}

void sipp_stats_event(struct sipp_stats *s, unsigned step, enum call_event event)
{
    if (step < s->steps)
        add_to(&s->values[event_at(s, step, event)], 1);
    if (event == CALL_RETRANS_SENT)
        add_to(&s->values[SIPP_RETRANSMISSIONS], 1);
    else if (event == CALL_AUTO_ANSWERED)
        add_to(&s->values[SIPP_AUTO_ANSWERED], 1);
}

void sipp_stats_set_sessions(struct sipp_stats *s, unsigned step, uint64_t n)
{
    __atomic_store_n(&s->values[event_at(s, step, CALL_SENT)], n, __ATOMIC_RELAXED);
}

/* ---- reading ---- */

void sipp_stats_clear(struct sipp_stats *s)
{
    memset(s->values, 0, s->value_count * sizeof *s->values);
    for (size_t i = 0; i < s->square_count; i++)
        s->squares[i] = 0;
}

void sipp_stats_add(struct sipp_stats *into, const struct sipp_stats *from)
{
    double square;
    for (size_t i = 0; i < into->value_count; i++)
        into->values[i] += __atomic_load_n(&from->values[i], __ATOMIC_RELAXED);
    for (size_t i = 0; i < into->square_count; i++) {
        __atomic_load(&from->squares[i], &square, __ATOMIC_RELAXED);
        into->squares[i] += square;
    }
}

void sipp_stats_subtract(struct sipp_stats *from, const struct sipp_stats *earlier)
{
    for (size_t i = 0; i < from->value_count; i++)
        from->values[i] -= earlier->values[i];
    for (size_t i = 0; i < from->square_count; i++)
        from->squares[i] -= earlier->squares[i];
}

void sipp_stats_copy(struct sipp_stats *into, const struct sipp_stats *from)
{
    sipp_stats_clear(into);
    sipp_stats_add(into, from);
}

uint64_t sipp_stats_get(const struct sipp_stats *s, enum sipp_count which)
{
    return s->values[which];
}

uint64_t sipp_stats_get_counter(const struct sipp_stats *s, unsigned counter)
{
    return s->values[counter_at(s, counter)];
}

uint64_t sipp_stats_get_event(const struct sipp_stats *s, unsigned step, enum call_event event)
{
    return s->values[event_at(s, step, event)];
}

struct sipp_times sipp_stats_times(const struct sipp_stats *s, unsigned which)
{
    const uint64_t *v = &s->values[time_at(s, which)];
    struct sipp_times t = {.number = v[0], .buckets = v + 2};
    t.border_count = which < s->rtds ? scenario_response_borders(s->scenario, &t.borders_ms)
                                     : scenario_length_borders(s->scenario, &t.borders_ms);
    if (t.number > 0) {
        const double n = (double)t.number;
        t.mean_us = (double)v[1] / n;
        const double variance = s->squares[which] / n - t.mean_us * t.mean_us;
        t.deviation_us = variance > 0 ? sqrt(variance) : 0;
    }
    return t;
}
