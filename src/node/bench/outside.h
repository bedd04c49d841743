/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * outside: the rounds of a bench as clocks outside its machine see them: marks to a clock on a
 * link, and notes for whoever carries them to a controller. mark() is for the runner's thread;
 * everything else for its owner's, and results after the runner was stopped.
 */
#ifndef VAPERF_NODE_BENCH_OUTSIDE_H
#define VAPERF_NODE_BENCH_OUTSIDE_H

#include "base/json.h"
#include "node/bench/bench_runner.h"
#include "node/timing/marker.h"

struct outside;

struct outside_note {
    uint64_t round, machine_ns;
    uint64_t what; /* enum bench_mark */
};

/* clock: NULL for none. -ETIMEDOUT when it is silent, and others of marker_open. */
int outside_create(struct outside **ret, const struct marker_given *clock, struct err *e);
void outside_destroy(struct outside *o); /* NULL-safe; after the runner's end */

/* For bench_runner_options: mark_arg is the outside. A clock that fails in a round is kept as that
 * round's failure and ends nothing. */
int outside_mark(void *arg, enum bench_mark what, uint64_t round, struct err *e);
/* Readable when there is a note. */
int outside_note_fd(const struct outside *o);
/* False: none there. */
bool outside_next_note(struct outside *o, struct outside_note *ret);
/* {"clock": ADDRESS, "outside_ns": [..., null], "uncertainty_ns": [...], "untimed": 1, "why":
 * "..."} of the last `kept` of `rounds` rounds, "why" where any was untimed; NULL without a clock.
 * New reference. */
json_t *outside_to_json(const struct outside *o, uint64_t rounds, size_t kept);

#endif
