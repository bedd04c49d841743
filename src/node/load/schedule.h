/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * schedule: intended times that no protocol code can bend. Pure: offsets in ns from the start of
 * the load, made ahead of time from options and a seed alone. One thread per schedule.
 */
#ifndef VAPERF_NODE_LOAD_SCHEDULE_H
#define VAPERF_NODE_LOAD_SCHEDULE_H

#include <stdint.h>

#include "base/err.h"
#include "base/rand.h"

enum schedule_profile {
    PROFILE_CONSTANT, /* evenly spaced */
    PROFILE_POISSON,  /* exponential gaps */
    PROFILE_RAMP,     /* from ramp_from to ramp_to percent of the load over ramp_time */
    PROFILE_STEPS,    /* each percentage of `steps` for step_time, then again */
    PROFILE_ONOFF,    /* on_time at full load, off_time silent */
    PROFILE_TRACE     /* times read from a file, one a line */
};

struct schedule_options {
    int profile;
    double ramp_from_pct, ramp_to_pct;
    uint64_t ramp_time_ns;
    const char *steps; /* "50,100,150" */
    uint64_t step_time_ns;
    uint64_t on_time_ns, off_time_ns;
    const char *trace; /* path */
};

enum { SCHEDULE_STEPS_MAX = 64 };

/* How much of the load is wanted at a time, 0..; parsed once, shared by all shards. */
struct schedule_level {
    struct schedule_options options;
    double steps[SCHEDULE_STEPS_MAX]; /* factors */
    uint32_t step_count;
    uint64_t *trace; /* ascending offsets */
    uint64_t trace_count;
};

/* Reads `steps` and the trace file. -EINVAL with what would be right. */
int schedule_level_init(struct schedule_level *l, const struct schedule_options *o, struct err *e);
void schedule_level_finish(struct schedule_level *l);
/* The factor at an offset; ret_until: where it may change next (UINT64_MAX: never). */
double schedule_level_at(const struct schedule_level *l, uint64_t offset_ns, uint64_t *ret_until);

struct schedule {
    const struct schedule_level *level;
    uint32_t first_slot, slots; /* of this shard */
    uint64_t period_ns;         /* 0: an open arrival process */
    uint64_t *phases;           /* periodic: ascending offsets in the period, with their slots */
    uint32_t *phase_slots;
    uint32_t at;          /* periodic: index into phases; open: next slot */
    uint64_t cycle_ns;    /* periodic: start of the present period */
    double rate_per_s;    /* open: of this shard */
    double now_s;         /* open */
    uint32_t total_slots; /* of all shards, for levels */
    uint64_t trace_at, trace_step;
    struct rand_state rand;
};

struct schedule_shape {
    uint32_t first_slot, slots, total_slots;
    uint64_t period_ns, phase_grid_ns; /* period 0: open */
    int phase;                         /* 0 even, 1 random, 2 together (enum in workload.h) */
    double rate_per_s;                 /* open: of all shards */
    uint32_t shard, shards;
    uint64_t seed;
};

/* -ENOMEM. Phases belong to a slot and the seed, not to how slots are dealt to shards; even ones
 * depend on whether there are several. */
int schedule_init(struct schedule *s, const struct schedule_level *level,
                  const struct schedule_shape *shape);
void schedule_finish(struct schedule *s);
/* The next intended offset, never before the last one, and its slot. UINT64_MAX: no more. */
uint64_t schedule_next(struct schedule *s, uint32_t *ret_slot);

#endif
