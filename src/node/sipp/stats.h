/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * stats: what SIPp counts, from the start on: calls, their causes of failure, response times with
 * their repartitions, the scenario's counters, and the events of each step. What is shown for a
 * period is the difference of two states.
 *
 * Thread rule: one writer; anybody may sipp_stats_add or sipp_stats_copy from it meanwhile and sees
 * each number whole, if not all of the same instant.
 */
#ifndef VAPERF_NODE_SIPP_STATS_H
#define VAPERF_NODE_SIPP_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "node/scenario/call.h"
#include "node/scenario/scenario.h"

/* In the order of SIPp's CSV file. */
enum sipp_count {
    SIPP_INCOMING,
    SIPP_OUTGOING,
    SIPP_SUCCESSFUL,
    SIPP_FAILED,
    SIPP_FAILED_CANNOT_SEND,
    SIPP_FAILED_MAX_RETRANS,
    SIPP_FAILED_CONNECT,
    SIPP_FAILED_CLOSED,
    SIPP_FAILED_UNEXPECTED,
    SIPP_FAILED_REJECTED,
    SIPP_FAILED_COMMAND,
    SIPP_FAILED_REGEXP_NO_MATCH,
    SIPP_FAILED_REGEXP_MATCH,
    SIPP_FAILED_REGEXP_NO_HEADER,
    SIPP_FAILED_CONGESTION,
    SIPP_FAILED_RECV_TIMEOUT,
    SIPP_FAILED_SEND_TIMEOUT,
    SIPP_FAILED_TEST_FALSE,
    SIPP_FAILED_TEST_TRUE,
    SIPP_FAILED_STRCMP_FALSE,
    SIPP_FAILED_STRCMP_TRUE,
    SIPP_OUT_OF_CALL,
    SIPP_DEAD_CALL,
    SIPP_RETRANSMISSIONS,
    SIPP_AUTO_ANSWERED,
    SIPP_WARNINGS,
    SIPP_FATAL_ERRORS,
    SIPP_WATCHDOG_MAJOR, /* a stall of the generator of more than 3 s */
    SIPP_WATCHDOG_MINOR, /* and of more than 0.5 s */
    SIPP_COUNTS
};
const char *sipp_count_name(enum sipp_count which); /* the CSV column's, "FailedTcpConnect" */

struct sipp_stats {
    const struct scenario *scenario; /* lent */
    unsigned rtds, counters, steps;
    size_t response_borders, length_borders;
    size_t value_count, square_count;
    uint64_t *values; /* counts, counters, steps x events, then of each time: number, sum, buckets
                       */
    double *squares;  /* of each time: sum of us^2 */
};

/* 0 or -ENOMEM. */
int sipp_stats_init(struct sipp_stats *s, const struct scenario *scenario);
void sipp_stats_finish(struct sipp_stats *s);

/* ---- the writer ---- */
void sipp_stats_count(struct sipp_stats *s, enum sipp_count which, uint64_t n);
void sipp_stats_ended(struct sipp_stats *s, enum call_cause cause, uint64_t length_ns);
void sipp_stats_rtd(struct sipp_stats *s, unsigned rtd, uint64_t ns);
void sipp_stats_counter(struct sipp_stats *s, unsigned counter);
void sipp_stats_event(struct sipp_stats *s, unsigned step, enum call_event event);
/* How many calls are in a pause now: the number that SIPp shows of its step. */
void sipp_stats_set_sessions(struct sipp_stats *s, unsigned step, uint64_t n);

/* ---- the readers; both of the same scenario ---- */
void sipp_stats_clear(struct sipp_stats *s);
void sipp_stats_add(struct sipp_stats *into, const struct sipp_stats *from);
void sipp_stats_subtract(struct sipp_stats *from, const struct sipp_stats *earlier);
void sipp_stats_copy(struct sipp_stats *into, const struct sipp_stats *from);

uint64_t sipp_stats_get(const struct sipp_stats *s, enum sipp_count which);
uint64_t sipp_stats_get_counter(const struct sipp_stats *s, unsigned counter);
uint64_t sipp_stats_get_event(const struct sipp_stats *s, unsigned step, enum call_event event);

/* Response time `which`, or the length of calls when it is s->rtds. */
struct sipp_times {
    uint64_t number;
    double mean_us, deviation_us; /* of the population; 0 without any */
    const unsigned *borders_ms;
    const uint64_t *buckets; /* border_count + 1 of them, lent */
    size_t border_count;
};
struct sipp_times sipp_stats_times(const struct sipp_stats *s, unsigned which);

#endif
