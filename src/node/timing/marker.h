/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * marker: the machine's side of outside timing: sends an echo request when a round starts and one
 * when it ends; the clock's answers say when it had them. The start is not waited for, so the
 * duration is the clock's own, off by at most the difference of two ways there and by what sending
 * took. One thread at a time.
 */
#ifndef VAPERF_NODE_TIMING_MARKER_H
#define VAPERF_NODE_TIMING_MARKER_H

#include "node/timing/mark.h"

struct marker;

struct marker_given {
    const char *address; /* of the clock */
    struct mark_ticket ticket;
    const char *job;     /* "media" */
    uint64_t timeout_ns; /* an answer that takes longer is late; 0: 1 s */
};

struct marker_round { /* one round as the clock saw it */
    uint64_t outside_ns;
    /* Half of the longer round trip of the two marks, and what sending the start took. */
    uint64_t uncertainty_ns;
};

struct marker_offset {
    int64_t offset_ns; /* clock - machine, CLOCK_MONOTONIC of both */
    uint64_t round_trip_ns;
};

/* Asks the clock a few times before anything is timed: -ETIMEDOUT when it is silent, with words. */
int marker_open(struct marker **ret, const struct marker_given *g, struct err *e);
void marker_close(struct marker *m); /* NULL-safe */

/* From the tightest of the questions of marker_open, or of `rounds` new ones. */
void marker_get_offset(const struct marker *m, struct marker_offset *ret);
int marker_ask(struct marker *m, int rounds, struct marker_offset *ret, struct err *e);

int marker_start(struct marker *m, uint32_t round, struct err *e);
int marker_end(struct marker *m, uint32_t round, struct err *e);
/* After the end: waits for both answers. -ETIMEDOUT when one does not come in time. */
int marker_take(struct marker *m, struct marker_round *ret, struct err *e);
/* Answers and echoes that were none of this clock's. */
uint64_t marker_forged(const struct marker *m);

#endif
