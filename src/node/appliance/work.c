/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * work: every work there is, one line each, and the two that need no file of their own.
 */
#include "node/appliance/work.h"

#include "node/appliance/compute.h"

#define WORK_LIST(X)                \
    X(work_relay, "relay")          \
    X(work_transcode, "transcode")  \
    X(work_echo, "echo-cancel")     \
    X(work_tone, "tone-detect")     \
    X(work_jitter, "jitter-buffer") \
    X(work_mix, "mix")

#define DECLARE(ops, word) extern const struct work_ops ops;
WORK_LIST(DECLARE)

#define REFER(ops, word) &ops,
const struct work_ops *const work_registry[] = {WORK_LIST(REFER) NULL};

#define NAME(ops, word) word,
const char *const work_names[] = {WORK_LIST(NAME) NULL};

static int pass(void *stream, const struct work_plan *plan, struct work_io *io)
{
    (void)stream;
    (void)plan;
    io->send = io->bytes;
    io->send_size = io->size;
    return 0;
}

const struct work_ops work_relay = {.name = "relay", .packet = pass};

static void calibrate(struct work_plan *plan)
{
    plan->rounds_per_us = compute_calibrate();
    plan->rounds = (uint64_t)(plan->rounds_per_us * (double)plan->compute_ns / 1e3 + 0.5);
}

static int compute(void *stream, const struct work_plan *plan, struct work_io *io)
{
    /* The result is used, so that no compiler leaves the work out; nobody reads this counter. */
    io->counted[WORK_COUNTERS - 1] = compute_do(plan->rounds, io->bytes, io->size) == 0;
    return pass(stream, plan, io);
}

const struct work_ops work_compute = {.name = "compute", .prepare = calibrate, .packet = compute};
