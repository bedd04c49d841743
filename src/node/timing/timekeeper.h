/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * timekeeper: the time-measuring machine: hears the marks of any number of machines on a link,
 * notes when its kernel had each, and answers with that time. A forged mark is counted and not
 * answered. One thread, its owner's; when it is served late nothing is lost but the wait for an
 * answer, because the kernel stamps.
 */
#ifndef VAPERF_NODE_TIMING_TIMEKEEPER_H
#define VAPERF_NODE_TIMING_TIMEKEEPER_H

#include "node/timing/mark.h"

enum { TIMEKEEPER_JOBS_MAX = 1024 };

struct timekeeper;

struct timekeeper_counts {
    uint64_t queries, starts, ends; /* with the right tag */
    uint64_t forged, unmatched;     /* wrong tag; an end whose start was not heard */
    uint64_t unanswered;            /* the answer could not be sent */
    uint64_t jobs;                  /* different ones */
};

struct timekeeper_listener { /* a round that was timed */
    void (*timed)(void *arg, const char *from, uint64_t job, uint32_t round, uint64_t ns);
    void *arg;
};

/* address: of the link; jobs come with the ticket's tag. listener may be NULL. */
int timekeeper_open(struct timekeeper **ret, const char *address, const struct mark_ticket *t,
                    const struct timekeeper_listener *l, struct err *e);
void timekeeper_close(struct timekeeper *k);   /* NULL-safe */
int timekeeper_fd(const struct timekeeper *k); /* readable: serve */
void timekeeper_serve(struct timekeeper *k);
void timekeeper_get_counts(const struct timekeeper *k, struct timekeeper_counts *ret);

#endif
