/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ladder: rung after rung until one does not hold. Pure.
 */
#include "control/search/ladder.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "control/search/rfc2544.h"

#define AT(member) offsetof(struct ladder_options, member)

const struct opt ladder_options_table[] = {
    {"from", OPT_NUMBER, NULL, "first level; without it the plan's own levels are the rungs", 0, 0,
     NULL, AT(from), 0},
    {"to", OPT_NUMBER, NULL, "last level; without it only `rungs` bounds the search", 0, 0, NULL,
     AT(to), 0},
    {"step", OPT_NUMBER, NULL, "added for the next level", 0, 0, NULL, AT(step), 0},
    {"factor", OPT_NUMBER, NULL, "multiplied for the next level", 0, 0, NULL, AT(factor), 0},
    {"rungs", OPT_COUNT, "20", "levels tried at most", 1, 1000, NULL, AT(rungs), 0},
    OPT_END,
};

const char *const ladder_way_names[LADDER_WAYS] = {"ladder", "throughput", "loss-rate"};

const struct opt *ladder_way_options(enum ladder_way way)
{
    static const struct opt *const tables[LADDER_WAYS] = {
        ladder_options_table, throughput_options_table, loss_rate_options_table};
    return tables[way];
}

int ladder_find_way(const char *name, enum ladder_way *ret)
{
    for (int i = 0; i < LADDER_WAYS; i++)
        if (strcmp(ladder_way_names[i], name) == 0) {
            *ret = (enum ladder_way)i;
            return 0;
        }
    return -EINVAL;
}

int ladder_check(const struct ladder *l, struct err *e)
{
    const struct ladder_options *o = &l->options;
    if (l->way != LADDER_UP)
        return l->way == LADDER_THROUGHPUT ? throughput_check(o, e) : loss_rate_check(o, e);
    if (o->from == 0 && (o->to != 0 || o->step != 0 || o->factor != 0))
        return err_set(e, -EINVAL, "ladder: from: is missing: the first level, such as from: 100");
    if (o->from != 0) {
        if ((o->step > 0) == (o->factor > 0))
            return err_set(e, -EINVAL,
                           "ladder: either step: or factor: says the next level, such "
                           "as step: 100");
        if (o->from < 0 || o->step < 0 || o->factor < 0 || (o->factor > 0 && o->factor <= 1))
            return err_set(e, -EINVAL, "ladder: levels must rise: factor: above 1, step: above 0");
        if (o->to != 0 && o->to < o->from)
            return err_set(e, -EINVAL, "ladder: to: %g lies below from: %g", o->to, o->from);
        return 0;
    }
    if (l->level_count == 0)
        return err_set(e, -EINVAL,
                       "ladder: there is no level to raise: no load of the plan varies");
    for (size_t i = 1; i < l->level_count; i++)
        if (l->levels[i] <= l->levels[i - 1])
            return err_set(e, -EINVAL, "ladder: levels must rise: %g comes after %g", l->levels[i],
                           l->levels[i - 1]);
    return 0;
}

/* Whole levels; a small factor still rises. */
static double rung(const struct ladder *l, size_t i)
{
    const struct ladder_options *o = &l->options;
    double level = o->from;
    if (o->from == 0)
        return i < l->level_count ? l->levels[i] : 0;
    for (size_t k = 0; k < i; k++) {
        const double next = o->step > 0 ? level + o->step : round(level * o->factor);
        level = next > level ? next : level + 1;
    }
    return o->to == 0 || level <= o->to ? level : 0;
}

void ladder_next(const struct ladder *l, const struct ladder_point *points, size_t count,
                 struct ladder_step *ret)
{
    static const enum ladder_end ends[] = {LADDER_GOES_ON, LADDER_LIMIT, LADDER_GENERATOR,
                                           LADDER_BROKE};
    if (l->way == LADDER_THROUGHPUT) {
        throughput_next(&l->options, points, count, ret);
        return;
    }
    if (l->way == LADDER_LOSS_RATE) {
        loss_rate_next(&l->options, points, count, ret);
        return;
    }
    *ret = (struct ladder_step){.end = LADDER_GOES_ON};
    for (size_t i = 0; i < count; i++) {
        ret->reached = points[i].level;
        ret->end = ends[points[i].verdict];
        if (ret->end != LADDER_GOES_ON)
            return;
        ret->highest = points[i].level;
    }
    ret->level = count < l->options.rungs ? rung(l, count) : 0;
    if (ret->level == 0)
        ret->end = LADDER_TOP;
}

enum ladder_verdict ladder_judge(const struct ladder *l, size_t kept, size_t broke,
                                 size_t void_trials)
{
    if (kept + broke == 0)
        return void_trials > 0 ? LADDER_VOID : LADDER_BROKEN;
    return kept > (l->options.verify ? 0 : broke) ? LADDER_PASS : LADDER_FAIL;
}

const char *ladder_say(const struct ladder_step *s, char *buffer, size_t size)
{
    char result[96] = "no level kept the limits";
    if (s->highest > 0)
        str_printf(result, sizeof result, "%g is the highest level that kept the limits",
                   s->highest);
    switch (s->end) {
    case LADDER_LIMIT:
        str_printf(buffer, size, "%s; %g broke them", result, s->reached);
        break;
    case LADDER_GENERATOR:
        str_printf(buffer, size, "%s; at %g the generator was the limit, so nothing is known above",
                   result, s->reached);
        break;
    case LADDER_TOP:
        str_printf(buffer, size, "%s; no higher level was tried", result);
        break;
    case LADDER_BROKE:
        str_printf(buffer, size, "%s; %g could not be measured", result, s->reached);
        break;
    case LADDER_GOES_ON:
        str_printf(buffer, size, "%s so far", result);
        break;
    }
    return buffer;
}
