/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rfc2544: see rfc2544.h. Pure.
 */
#include "control/search/rfc2544.h"

#include <errno.h>
#include <math.h>

#define AT(member) offsetof(struct ladder_options, member)

const struct opt throughput_options_table[] = {
    {"to", OPT_NUMBER, NULL, "highest level, tried first", 1, 0, NULL, AT(to), OPT_REQUIRED},
    {"from", OPT_NUMBER, "0", "lowest level worth a trial", 0, 0, NULL, AT(from), 0},
    {"precision", OPT_PERCENT, "1%", "ends when the bounds are so near, in % of `to`", 0.001, 100,
     NULL, AT(precision_pct), 0},
    {"verify", OPT_FLAG, "no",
     "a level holds when one of its trials does (TST009's loss verification), not most of them", 0,
     0, NULL, AT(verify), 0},
    {"repeats", OPT_COUNT, "0",
     "trials at the level that was found, for its delays (RFC 2544 §26.2 wants 20); 0: as any", 0,
     1000, NULL, AT(repeats), 0},
    {"rungs", OPT_COUNT, "20", "levels tried at most", 1, 1000, NULL, AT(rungs), 0},
    OPT_END,
};

const struct opt loss_rate_options_table[] = {
    {"to", OPT_NUMBER, NULL, "highest level, tried first", 1, 0, NULL, AT(to), OPT_REQUIRED},
    {"step", OPT_PERCENT, "10%", "taken off for each next level, in % of `to`", 0.1, 50, NULL,
     AT(step), 0},
    {"rungs", OPT_COUNT, "20", "levels tried at most", 1, 1000, NULL, AT(rungs), 0},
    OPT_END,
};

int throughput_check(const struct ladder_options *o, struct err *e)
{
    return o->from < o->to ? 0
                           : err_set(e, -EINVAL, "throughput: from: %g does not lie below to: %g",
                                     o->from, o->to);
}

int loss_rate_check(const struct ladder_options *o, struct err *e)
{
    return o->step > 0 && o->step <= 10
               ? 0
               : err_set(e, -EINVAL, "loss-rate: step: %g%%: RFC 2544 wants steps of 10%% at most",
                         o->step);
}

/* The highest level that passed below all that did not, and the lowest that did not. */
struct bounds {
    double low, high;
    enum ladder_verdict why; /* of high */
};

static struct bounds find_bounds(const struct ladder_point *points, size_t count)
{
    struct bounds b = {0, INFINITY, LADDER_PASS};
    for (size_t i = 0; i < count; i++)
        if (points[i].verdict != LADDER_PASS && points[i].level < b.high) {
            b.high = points[i].level;
            b.why = points[i].verdict;
        }
    for (size_t i = 0; i < count; i++)
        if (points[i].verdict == LADDER_PASS && points[i].level < b.high && points[i].level > b.low)
            b.low = points[i].level;
    return b;
}

static enum ladder_end end_of(enum ladder_verdict why)
{
    return why == LADDER_FAIL ? LADDER_LIMIT : why == LADDER_VOID ? LADDER_GENERATOR : LADDER_BROKE;
}

void throughput_next(const struct ladder_options *o, const struct ladder_point *points,
                     size_t count, struct ladder_step *ret)
{
    const struct bounds b = find_bounds(points, count);
    const double floor_level = b.low > 0 ? b.low : o->from;
    *ret = (struct ladder_step){
        .end = LADDER_GOES_ON, .highest = b.low, .reached = isfinite(b.high) ? b.high : b.low};
    if (count == 0) {
        ret->level = o->to;
        return;
    }
    if (!isfinite(b.high)) { /* the highest level holds */
        ret->end = LADDER_TOP;
        return;
    }
    ret->level = round((floor_level + b.high) / 2);
    if (b.why == LADDER_BROKEN || count >= o->rungs ||
        b.high - floor_level <= o->to * o->precision_pct / 100 || ret->level <= floor_level ||
        ret->level >= b.high)
        ret->end = end_of(b.why);
}

void loss_rate_next(const struct ladder_options *o, const struct ladder_point *points, size_t count,
                    struct ladder_step *ret)
{
    double lowest_failed = 0;
    *ret = (struct ladder_step){.end = LADDER_GOES_ON};
    for (size_t i = 0; i < count; i++) {
        if (points[i].verdict == LADDER_BROKEN) {
            ret->end = LADDER_BROKE;
            ret->reached = points[i].level;
            return;
        }
        if (points[i].verdict != LADDER_PASS) {
            lowest_failed = points[i].level;
            ret->highest = 0;
        } else if (ret->highest == 0) {
            ret->highest = points[i].level;
        }
    }
    ret->reached = lowest_failed > 0 ? lowest_failed : ret->highest;
    if (count >= 2 && points[count - 1].verdict == LADDER_PASS &&
        points[count - 2].verdict == LADDER_PASS) {
        ret->end = lowest_failed > 0 ? LADDER_LIMIT : LADDER_TOP;
        return;
    }
    ret->level = round(o->to * (1 - (double)count * o->step / 100));
    if (count >= o->rungs || ret->level < 1)
        ret->end = LADDER_LIMIT;
}
