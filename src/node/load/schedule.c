/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * schedule: see schedule.h. Pure but for reading the trace file once. One thread per schedule.
 */
#include "node/load/schedule.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15) /* 2^64 times the fraction of the golden ratio */
#define BRONZE UINT64_C(0x4d82b446159f360f) /* of the bronze ratio, (3 + sqrt 13) / 2 */

enum { TRACE_MAX = 10000000 };

static int parse_steps(struct schedule_level *l, struct err *e)
{
    const char *at = l->options.steps != NULL ? l->options.steps : "";

    while (*at != '\0') {
        char word[32];
        size_t size = strcspn(at, ",");
        double pct;
        if (size == 0 || size >= sizeof(word) || l->step_count == SCHEDULE_STEPS_MAX) {
            return err_set(e, -EINVAL,
                           "steps: at most %d percentages with commas between, e.g. 50,100",
                           SCHEDULE_STEPS_MAX);
        }
        memcpy(word, at, size);
        word[size] = '\0';
        if (str_parse_percent(word, &pct) < 0 || pct < 0) {
            return err_set(e, -EINVAL, "steps: '%s' is not a percentage (e.g. 50,100,150)", word);
        }
        l->steps[l->step_count++] = pct / 100.0;
        at += size + (at[size] == ',');
    }
    return l->step_count > 0 ? 0
                             : err_set(e, -EINVAL, "profile steps needs steps, e.g. 50,100,150");
}

static int add_trace(struct schedule_level *l, uint64_t *capacity, uint64_t offset_ns)
{
    if (l->trace_count == *capacity) {
        uint64_t more = *capacity == 0 ? 1024 : *capacity * 2;
        uint64_t *bigger = realloc(l->trace, more * sizeof(*bigger));
        if (bigger == NULL) {
            return -ENOMEM;
        }
        l->trace = bigger;
        *capacity = more;
    }
    l->trace[l->trace_count++] = offset_ns;
    return 0;
}

static int read_trace_lines(struct schedule_level *l, FILE *f, struct err *e)
{
    uint64_t capacity = 0;
    char line[128];

    for (int number = 1; fgets(line, sizeof(line), f) != NULL; number++) {
        uint64_t at, last = l->trace_count == 0 ? 0 : l->trace[l->trace_count - 1];
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] == '\0' || line[0] == '#') {
            continue;
        }
        if (str_parse_duration(line, &at) < 0 || at < last || l->trace_count == TRACE_MAX) {
            err_set(e, -EINVAL,
                    "'%s' is no time after the one before (e.g. 1.5s); at most %d lines", line,
                    TRACE_MAX);
            return err_at(e, l->options.trace, number, 1);
        }
        if (add_trace(l, &capacity, at) < 0) {
            return err_set(e, -ENOMEM, "no memory for the trace");
        }
    }
    return l->trace_count > 0 ? 0
                              : err_set(e, -EINVAL, "trace %s holds no times", l->options.trace);
}

static int read_trace(struct schedule_level *l, struct err *e)
{
    FILE *f;
    int result;

    if (l->options.trace == NULL || l->options.trace[0] == '\0') {
        return err_set(e, -EINVAL, "profile trace needs trace, a file with a time on each line");
    }
    f = fopen(l->options.trace, "re");
    if (f == NULL) {
        return err_set(e, -EINVAL, "trace %s: %s", l->options.trace, strerror(errno));
    }
    result = read_trace_lines(l, f, e);
    fclose(f);
    return result;
}

int schedule_level_init(struct schedule_level *l, const struct schedule_options *o, struct err *e)
{
    int result = 0;

    memset(l, 0, sizeof(*l));
    l->options = *o;
    if (o->profile == PROFILE_STEPS) {
        result = o->step_time_ns > 0
                     ? parse_steps(l, e)
                     : err_set(e, -EINVAL, "profile steps needs a step_time above 0");
    } else if (o->profile == PROFILE_TRACE) {
        result = read_trace(l, e);
    } else if (o->profile == PROFILE_RAMP && o->ramp_time_ns == 0) {
        result = err_set(e, -EINVAL, "profile ramp needs a ramp_time above 0");
    } else if (o->profile == PROFILE_ONOFF && (o->on_time_ns == 0 || o->off_time_ns == 0)) {
        result = err_set(e, -EINVAL, "profile onoff needs an on_time and an off_time above 0");
    }
    if (result < 0) {
        schedule_level_finish(l);
    }
    return result;
}

void schedule_level_finish(struct schedule_level *l)
{
    free(l->trace);
    l->trace = NULL;
}

double schedule_level_at(const struct schedule_level *l, uint64_t offset_ns, uint64_t *ret_until)
{
    const struct schedule_options *o = &l->options;
    uint64_t cycle, in;

    *ret_until = UINT64_MAX;
    switch (o->profile) {
    case PROFILE_RAMP:
        if (offset_ns >= o->ramp_time_ns) {
            return o->ramp_to_pct / 100.0;
        }
        *ret_until = offset_ns + 10 * NS_PER_MS; /* followed in steps of 10 ms */
        return (o->ramp_from_pct +
                (o->ramp_to_pct - o->ramp_from_pct) * (double)offset_ns / (double)o->ramp_time_ns) /
               100.0;
    case PROFILE_STEPS:
        *ret_until = (offset_ns / o->step_time_ns + 1) * o->step_time_ns;
        return l->steps[offset_ns / o->step_time_ns % l->step_count];
    case PROFILE_ONOFF:
        cycle = o->on_time_ns + o->off_time_ns;
        in = offset_ns % cycle;
        *ret_until = offset_ns - in + (in < o->on_time_ns ? o->on_time_ns : cycle);
        return in < o->on_time_ns ? 1.0 : 0.0;
    default:
        return 1.0;
    }
}

struct phase {
    uint64_t offset_ns;
    uint32_t slot;
};

static int by_offset(const void *a, const void *b)
{
    const struct phase *x = a, *y = b;
    if (x->offset_ns != y->offset_ns) {
        return x->offset_ns < y->offset_ns ? -1 : 1;
    }
    return x->slot < y->slot ? -1 : x->slot > y->slot;
}

/* One phase for all of a grid's cell, at another place in each cell: in step with the kernel's
 * ticks, a load would be seen always or never by what looks at ticks, such as /proc/stat. Multiples
 * of the bronze ratio fill ticks of 1, 4 and 10 ms evenly; those of the golden one do not. */
static uint64_t join_phases(uint64_t offset, uint64_t grid, uint64_t period)
{
    uint64_t cell = offset / grid;
    uint64_t place = (uint64_t)((__uint128_t)grid * (cell * BRONZE) >> 64);
    uint64_t joined = cell * grid + place;
    return joined < period ? joined : cell * grid;
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Each place once, and the slots of any shard, which are neighbours, all over the period: in steps
 * of the golden section. One after the other, each of several shards would send all of its packets
 * in its own part of the period, at the rate of all shards together. */
static uint32_t even_place(uint32_t slot, uint32_t total)
{
    uint32_t step = (uint32_t)((__uint128_t)total * GOLDEN >> 64) + 1;

    while (common_divisor(step, total) != 1) {
        step++;
    }
    return (uint32_t)((uint64_t)slot * step % total);
}

static uint64_t phase_of(const struct schedule_shape *shape, uint32_t slot)
{
    struct rand_state r;
    uint64_t offset;

    if (shape->phase == 2) {
        return 0;
    }
    if (shape->phase == 1) {
        rand_init(&r, shape->seed ^ (GOLDEN * (slot + 1)));
        offset = rand_below(&r, shape->period_ns);
    } else {
        uint32_t place = shape->shards > 1 ? even_place(slot, shape->total_slots) : slot;
        offset = (uint64_t)((__uint128_t)shape->period_ns * place / shape->total_slots);
    }
    return shape->phase_grid_ns > 1 ? join_phases(offset, shape->phase_grid_ns, shape->period_ns)
                                    : offset;
}

static int make_phases(struct schedule *s, const struct schedule_shape *shape)
{
    struct phase *all = calloc(s->slots + 1, sizeof(*all));

    s->phases = calloc(s->slots + 1, sizeof(*s->phases));
    s->phase_slots = calloc(s->slots + 1, sizeof(*s->phase_slots));
    if (all == NULL || s->phases == NULL || s->phase_slots == NULL) {
        free(all);
        schedule_finish(s);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < s->slots; i++) {
        all[i] = (struct phase){phase_of(shape, s->first_slot + i), s->first_slot + i};
    }
    qsort(all, s->slots, sizeof(*all), by_offset);
    for (uint32_t i = 0; i < s->slots; i++) {
        s->phases[i] = all[i].offset_ns;
        s->phase_slots[i] = all[i].slot;
    }
    free(all);
    return 0;
}

int schedule_init(struct schedule *s, const struct schedule_level *level,
                  const struct schedule_shape *shape)
{
    memset(s, 0, sizeof(*s));
    s->level = level;
    s->first_slot = shape->first_slot;
    s->slots = shape->slots;
    s->total_slots = shape->total_slots;
    s->period_ns = shape->period_ns;
    s->rate_per_s = shape->rate_per_s / (shape->shards > 0 ? shape->shards : 1);
    s->trace_at = shape->shard;
    s->trace_step = shape->shards > 0 ? shape->shards : 1;
    rand_init(&s->rand, shape->seed + shape->shard);
    /* Shards of an open process share the arrivals evenly, each offset by its share of a gap. */
    if (s->period_ns == 0 && s->rate_per_s > 0 && level->options.profile != PROFILE_POISSON) {
        s->now_s = (double)shape->shard / shape->rate_per_s - 1.0 / s->rate_per_s;
    }
    return s->period_ns > 0 ? make_phases(s, shape) : 0;
}

void schedule_finish(struct schedule *s)
{
    free(s->phases);
    free(s->phase_slots);
    s->phases = NULL;
    s->phase_slots = NULL;
}

static uint64_t next_periodic(struct schedule *s, uint32_t *ret_slot)
{
    for (uint64_t tries = 0; s->slots > 0; tries++) {
        uint64_t offset = s->cycle_ns + s->phases[s->at], until;
        uint32_t slot = s->phase_slots[s->at];
        double factor = schedule_level_at(s->level, offset, &until);

        if (++s->at == s->slots) {
            s->at = 0;
            s->cycle_ns += s->period_ns;
        }
        if ((double)slot < factor * (double)s->total_slots) {
            *ret_slot = slot;
            return offset;
        }
        if (tries > s->slots && factor <= 0 && until == UINT64_MAX) {
            break; /* silent for ever */
        }
    }
    return UINT64_MAX;
}

static uint64_t next_open(struct schedule *s, uint32_t *ret_slot)
{
    double need =
        s->level->options.profile == PROFILE_POISSON ? rand_exponential(&s->rand, 1.0) : 1.0;

    /* `need` is measured in mean gaps: a changing level is integrated piece by piece. */
    for (;;) {
        uint64_t at_ns = s->now_s > 0 ? (uint64_t)(s->now_s * 1e9) : 0, until;
        double rate = s->rate_per_s * schedule_level_at(s->level, at_ns, &until);
        double piece = until == UINT64_MAX ? INFINITY : ((double)until - s->now_s * 1e9) / 1e9;
        if (rate <= 0 && until == UINT64_MAX) {
            return UINT64_MAX;
        }
        if (rate > 0 && need / rate <= piece) {
            s->now_s += need / rate;
            break;
        }
        need -= rate * piece;
        s->now_s = (double)until / 1e9;
    }
    *ret_slot = s->first_slot + s->at;
    s->at = s->at + 1 >= s->slots ? 0 : s->at + 1;
    return s->now_s > 0 ? (uint64_t)llround(s->now_s * 1e9) : 0;
}

static uint64_t next_traced(struct schedule *s, uint32_t *ret_slot)
{
    uint64_t offset;
    if (s->trace_at >= s->level->trace_count) {
        return UINT64_MAX;
    }
    offset = s->level->trace[s->trace_at];
    s->trace_at += s->trace_step;
    *ret_slot = s->first_slot + s->at;
    s->at = s->at + 1 >= s->slots ? 0 : s->at + 1;
    return offset;
}

uint64_t schedule_next(struct schedule *s, uint32_t *ret_slot)
{
    if (s->level->options.profile == PROFILE_TRACE) {
        return next_traced(s, ret_slot);
    }
    return s->period_ns > 0 ? next_periodic(s, ret_slot) : next_open(s, ret_slot);
}
