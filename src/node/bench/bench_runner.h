/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench_runner: repeats a bench's rounds in a thread of its own, with idle gaps, and times each.
 * For ever it is a neighbour; for some rounds it is a job. Calls come from one owner thread.
 */
#ifndef VAPERF_NODE_BENCH_BENCH_RUNNER_H
#define VAPERF_NODE_BENCH_BENCH_RUNNER_H

#include <stdbool.h>

#include "node/bench/bench.h"

enum { BENCH_ROUNDS_KEPT = 4096, BENCH_FIGURES_KEPT = 256 };

struct bench_runner;

enum bench_mark { BENCH_START, BENCH_END };

struct bench_runner_options {
    uint64_t rounds;  /* 0: until stopped */
    uint64_t idle_ns; /* between rounds */
    /* Told in the bench's thread right before a round starts and right after it ended, for clocks
     * outside; NULL: nobody is. An error ends the rounds. A round that was broken off has no end.
     */
    int (*mark)(void *arg, enum bench_mark what, uint64_t round, struct err *e);
    void *mark_arg;
};

struct bench_result {
    uint64_t rounds;          /* whole ones */
    uint64_t wall_ns, cpu_ns; /* of whole rounds, without idle gaps */
    uint64_t elapsed_ns;      /* from start to end, gaps and a broken-off round included */
    size_t kept;              /* the last rounds, at most BENCH_ROUNDS_KEPT, oldest first */
    const uint64_t *round_wall_ns, *round_cpu_ns; /* lent until destroy */
    bool verified;                                /* the work was really done */
    /* Own figures of the last rounds, at most BENCH_FIGURES_KEPT, oldest first; NULL: the bench
     * has none. Lent until destroy. */
    const json_t *round_figures;
};

/* Prepares (in the caller's thread) and starts. options are lent until destroy. */
int bench_runner_start(struct bench_runner **ret, const struct bench_ops *ops, const void *options,
                       const struct bench_runner_options *o, struct err *e);
/* Readable when the rounds are done or failed; for a loop. */
int bench_runner_done_fd(const struct bench_runner *r);
bool bench_runner_is_done(const struct bench_runner *r);
uint64_t bench_runner_rounds(const struct bench_runner *r); /* so far */
/* Breaks off the present round, waits for the thread, verifies. The error is the bench's own, or
 * -EBADMSG when what it did is wrong. Once; figures (may be NULL) is a new reference. */
int bench_runner_stop(struct bench_runner *r, struct bench_result *ret, json_t **ret_figures,
                      struct err *e);
void bench_runner_destroy(struct bench_runner *r); /* NULL-safe, stops first */

#endif
