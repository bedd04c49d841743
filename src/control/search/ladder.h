/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ladder: the search that raises the level until the limits fail. Pure: the next level from the
 * levels measured so far. Any thread.
 *
 * Rungs: the plan's own levels, in rising order; with `from`, generated: from, then + step or
 * × factor each, up to `to`. Always bounded by `rungs`.
 */
#ifndef VAPERF_CONTROL_SEARCH_LADDER_H
#define VAPERF_CONTROL_SEARCH_LADDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/opt.h"

struct ladder_options { /* levels count: streams, calls a second */
    double from, to, step, factor;
    uint64_t rungs;       /* at most */
    double precision_pct; /* throughput */
    bool verify;          /* throughput */
    uint64_t repeats;     /* throughput: trials at the level that was found; 0: no more */
};
extern const struct opt ladder_options_table[];

/* The way of a plan's `search: {type: ...}`. */
enum ladder_way {
    LADDER_UP,         /* "ladder" */
    LADDER_THROUGHPUT, /* "throughput", rfc2544.h */
    LADDER_LOSS_RATE,  /* "loss-rate", rfc2544.h */
    LADDER_WAYS
};
extern const char *const ladder_way_names[LADDER_WAYS];
const struct opt *ladder_way_options(enum ladder_way way);
/* -EINVAL: no such way. */
int ladder_find_way(const char *name, enum ladder_way *ret);

struct ladder {
    enum ladder_way way;
    struct ladder_options options;
    const double *levels; /* of the plan; used when options.from is 0; lent */
    size_t level_count;
};

enum ladder_verdict {
    LADDER_PASS,
    LADDER_FAIL,  /* the limits were broken */
    LADDER_VOID,  /* no valid trial: the generator was the limit */
    LADDER_BROKEN /* no valid trial: they failed */
};

struct ladder_point {
    double level;
    enum ladder_verdict verdict;
};

enum ladder_end {
    LADDER_GOES_ON,
    LADDER_LIMIT,     /* a level broke the limits: the result is the appliance's capacity */
    LADDER_GENERATOR, /* a level was void: the capacity is at least the result */
    LADDER_TOP,       /* no rung is left: the capacity is at least the result */
    LADDER_BROKE      /* a level could not be measured */
};

struct ladder_step {
    enum ladder_end end;
    double level;   /* to measure next, when it goes on */
    double highest; /* that passed; 0: none */
    double reached; /* the last one measured; 0: none */
};

/* -EINVAL: steps that lead nowhere, levels that do not rise. */
int ladder_check(const struct ladder *l, struct err *e);
/* points: in the order measured. */
void ladder_next(const struct ladder *l, const struct ladder_point *points, size_t count,
                 struct ladder_step *ret);
/* The verdict on a level from its trials: more valid ones kept the limits than broke them; with
 * `verify` one that kept them is enough. */
enum ladder_verdict ladder_judge(const struct ladder *l, size_t kept, size_t broke,
                                 size_t void_trials);
/* One sentence: "400: the highest level that kept the limits (800 broke them)". */
const char *ladder_say(const struct ladder_step *s, char *buffer, size_t size);

#endif
