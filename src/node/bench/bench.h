/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench: the contract of a job with a start and an end inside a machine. Repeated, with idle
 * gaps, it is a neighbour; run for some rounds and timed it is a job. The runner (bench_runner.h)
 * repeats, times, and stops; a bench only does a round.
 *
 * check → prepare → (arrange → run)* → verify → cleanup. One thread, the runner's; `stop` is polled
 * by long rounds. After a failed prepare there is nothing to clean up.
 */
#ifndef VAPERF_NODE_BENCH_BENCH_H
#define VAPERF_NODE_BENCH_BENCH_H

#include <stdatomic.h>

#include "base/err.h"
#include "base/json.h"
#include "base/opt.h"

struct bench_ops {
    const char *name;
    const char *summary;
    const struct opt *options;
    size_t options_size;
    size_t state_size;
    int (*supported)(struct err *e); /* optional */
    /* What the table of options cannot say. Optional. */
    int (*check)(const void *options, struct err *e);
    /* Does it find here what it will use: memory, a folder with room, a program? Touches nothing;
     * prepare asks the same. -ENOMEM, -ENOSPC, -ENOENT, ... with what would be right. Optional. */
    int (*room)(const void *options, struct err *e);
    int (*prepare)(void *state, const void *options, struct err *e);
    /* What has to be done before a round and is no part of it: not timed. Optional. As run. */
    int (*arrange)(void *state, unsigned round, const atomic_bool *stop, struct err *e);
    /* One round. -ECANCELED when stopped in the middle: that round does not count. */
    int (*run)(void *state, unsigned round, const atomic_bool *stop, struct err *e);
    /* The work was really done (digits' hash, sums): -EBADMSG with what was found. */
    int (*verify)(void *state, struct err *e);
    /* Own figures of the last round, {"write_bytes_per_s": ...}: numbers alone, with the unit in
     * the name. Optional. */
    json_t *(*figures)(void *state);
    void (*cleanup)(void *state); /* optional */
};

extern const struct bench_ops *const bench_registry[]; /* NULL-ended */
const struct bench_ops *bench_find(const char *name);

#endif
