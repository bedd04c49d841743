/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * benches: the timed jobs and neighbours of a trial: clocks opened for them, started, heard,
 * collected, stored. For trial.c and traffic.c alone. The loop's thread.
 */
#ifndef VAPERF_CONTROL_RUN_BENCHES_H
#define VAPERF_CONTROL_RUN_BENCHES_H

#include "control/run/trial_private.h"

enum { BENCHES_ID_MAX = 64 };

struct trial_bench {
    struct site_machine *machine;
    const struct plan_driver *driver;
    bool is_neighbour;       /* else a job */
    char id[BENCHES_ID_MAX]; /* in the machine's node: "bench.media" */
    const char *entity;      /* "media/pi" */
    bool started, done;
    json_t *options;           /* the plan's, with the peer that was opened for it */
    uint64_t since_ns;         /* CLOCK_MONOTONIC here */
    uint64_t mark_ns;          /* of its present round's start, as heard here; 0: none */
    uint64_t *channel_ns;      /* its rounds by the control channel; 0: not heard */
    uint64_t channel_round_ns; /* the longest of some round trips over that channel */
    char no_clock[256];        /* why no clock on a link times it; "": one does */
    json_t *result;            /* of the node, then with what was made of it */
};

struct trial_clock {              /* on the generator's host, or on the plan's for it */
    const struct site_host *host; /* whose machines it times, on the link; NULL: all */
    const char *link;
    const char *id, *address, *ticket; /* ticket NULL: it could not be opened */
    char why[192];
};

/* Names what the setup has; makes nothing. */
void benches_name(struct trial *t);
void benches_finish(struct trial *t);
int benches_start_neighbours(struct trial *t, struct err *e);
int benches_start_jobs(struct trial *t, struct err *e);
bool benches_has_jobs(const struct trial *t);
bool benches_jobs_done(const struct trial *t);
/* The longest that the jobs may take. */
uint64_t benches_within_ns(const struct trial *t);
/* bench.done and bench.mark. A neighbour that ends, and a job that fails, breaks the trial. */
void benches_notice(struct trial *t, const struct nodelink *n, const char *method,
                    const json_t *params);
/* Results of all into the trial's report, neighbours stopped, clocks closed. */
int benches_collect(struct trial *t, struct err *e);
/* Result figures into the store. */
int benches_store(struct trial *t, struct err *e);

/* bench_result.c: what a node said of a bench, with the control channel's times beside it, made
 * {"outside_ns": [...], "uncertainty_ns": [...], "timed_by": "clock", ...}. */
void bench_result_settle(struct trial_bench *b);
int bench_result_store(const struct trial_bench *b, struct store *s, int64_t trial, struct err *e);

#endif
