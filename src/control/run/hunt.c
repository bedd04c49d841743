/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * hunt: a plan's search: each setup climbs its own ladder, the setups taking turns trial by trial
 * so that drift favours none. Its cases are named like the plan's ("capped/400"), so that a resumed
 * search finds them again. The loop's thread.
 */
#include "control/run/run_private.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "control/search/ladder.h"

struct climb { /* of one setup */
    const struct plan_setup *setup;
    const struct plan_case *first; /* its first case: the levels others are scaled from */
    struct ladder ladder;
    struct ladder_step step;
    struct ladder_point *points;
    size_t point_count;
    struct run_case current; /* plan NULL: none */
    uint64_t next;           /* trial of the current rung, 1-based */
    uint64_t wanted;         /* trials of the current rung */
    bool repeats;            /* what was found is measured again and again */
    size_t kept, broke, voids;
};

/* The load that the levels speak of: the first that varies. */
size_t hunt_leading_load(const struct plan_setup *s)
{
    for (size_t i = 0; i < s->load_count; i++)
        if (s->loads[i].level_option != NULL)
            return i;
    return 0;
}

double hunt_level_of(const char *text)
{
    double level = 0;
    uint64_t count = 0;
    if (text != NULL && str_parse_count(text, &count) == 0)
        return (double)count;
    return text != NULL && str_parse_rate(text, &level) == 0 ? level : 0;
}

int hunt_check(const struct plan *p, const struct plan_setup *s, struct arena *a,
               struct ladder *ret, struct err *e)
{
    double *levels = ARENA_ARRAY(a, double, p->case_count + 1);
    *ret = (struct ladder){.levels = levels};
    int result = ladder_find_way(p->search, &ret->way);
    const struct opt *table = ladder_way_options(ret->way);
    opt_defaults(table, &ret->options, sizeof ret->options);
    if (result == 0)
        result = opt_from_json(table, p->search_options->options, &ret->options, a, e);
    for (size_t i = 0; i < p->case_count; i++)
        if (p->cases[i].setup == s && s->load_count > 0)
            levels[ret->level_count++] = hunt_level_of(p->cases[i].levels[hunt_leading_load(s)]);
    if (result == 0 && p->limit_count == 0)
        result = err_set(e, -EINVAL, "a search needs limits: what it raises the load up to");
    if (result == 0 && (s->load_count == 0 || s->loads[hunt_leading_load(s)].level_option == NULL))
        result =
            err_set(e, -EINVAL, "setup %s: a search needs a load whose level can vary", s->name);
    if (result == 0)
        result = ladder_check(ret, e);
    const struct plan_place *at = &p->search_options->place;
    return result < 0 ? err_at(e, p->path, at->line, at->column) : 0;
}

int run_check_search(const struct plan *p, struct err *e)
{
    struct ladder ladder;
    struct arena a;
    int result = 0;
    arena_init(&a);
    for (size_t i = 0; i < p->setup_count && p->search != NULL && result == 0; i++)
        result = hunt_check(p, &p->setups[i], &a, &ladder, e);
    arena_finish(&a);
    return result;
}

static const struct plan_case *planned_case(const struct run *r, const struct climb *c)
{
    const size_t lead = hunt_leading_load(c->setup);
    for (size_t i = 0; i < r->plan->case_count; i++) {
        const struct plan_case *pc = &r->plan->cases[i];
        if (pc->setup == c->setup && fabs(hunt_level_of(pc->levels[lead]) - c->step.level) < 1e-9)
            return pc;
    }
    return NULL;
}

/* The plan's own case of that level, or a new one with every load scaled alike. */
static const struct plan_case *make_case(struct run *r, const struct climb *c)
{
    const struct plan_case *pc = planned_case(r, c);
    if (pc != NULL)
        return pc;
    const struct plan_setup *s = c->setup;
    const double base = hunt_level_of(c->first->levels[hunt_leading_load(s)]);
    struct plan_case *made = ARENA_NEW(&r->arena, struct plan_case);
    const char **levels = ARENA_ARRAY(&r->arena, const char *, s->load_count + 1);
    for (size_t i = 0; i < s->load_count; i++) {
        const double own = hunt_level_of(c->first->levels[i]);
        levels[i] = s->loads[i].level_option == NULL || own <= 0 || base <= 0
                        ? c->first->levels[i]
                        : arena_printf(&r->arena, "%.0f", own / base * c->step.level);
    }
    made->setup = s;
    made->levels = levels;
    made->name = arena_printf(&r->arena, "%s/%.0f", s->name, c->step.level);
    return made;
}

static int recount(void *arg, const struct store_trial *t)
{
    struct climb *c = arg;
    if (t->case_id != c->current.id)
        return 0;
    c->kept += t->state == TRIAL_DONE && strcmp(t->verdict, "fail") != 0;
    c->broke += t->state == TRIAL_DONE && strcmp(t->verdict, "fail") == 0;
    c->voids += t->state == TRIAL_VOID;
    return 0;
}

static int begin_rung(struct run *r, struct climb *c, struct err *e)
{
    c->wanted = c->repeats ? c->ladder.options.repeats : r->plan->trials;
    int result = run_put_case(r, make_case(r, c), &c->current, e);
    c->next = 1;
    return result < 0 ? result : run_recall(r, &c->current, 1, e);
}

static int tell_end(struct run *r, const struct climb *c, struct err *e)
{
    char text[200], line[300];
    str_printf(line, sizeof line, "capacity of %s: %s", c->setup->name,
               ladder_say(&c->step, text, sizeof text));
    run_note(r, "%s", line);
    int result = store_put_event(r->store, 0, clock_real_ns(), line, e);
    if (result == 0 && r->job.calibrate != NULL)
        result = calibrate_keep(r, c->setup, &c->step, e);
    return result;
}

/* All trials of the rung are done: what the file holds of them is its verdict. */
static int end_rung(struct run *r, struct climb *c, struct err *e)
{
    c->current.plan = NULL;
    if (c->repeats) { /* they are figures of their case, and change no verdict */
        c->repeats = false;
        return 0;
    }
    c->kept = c->broke = c->voids = 0;
    int result = store_each_trial(r->store, recount, c, e);
    c->points[c->point_count++] =
        (struct ladder_point){c->step.level, ladder_judge(&c->ladder, c->kept, c->broke, c->voids)};
    ladder_next(&c->ladder, c->points, c->point_count, &c->step);
    if (result == 0 && c->step.end != LADDER_GOES_ON)
        result = tell_end(r, c, e);
    if (c->step.end != LADDER_GOES_ON && c->step.highest > 0 &&
        c->ladder.options.repeats > r->plan->trials) {
        c->repeats = true;
        c->step.level = c->step.highest;
    }
    return result;
}

/* One trial at most, so that setups take turns. */
static int advance(struct run *r, struct climb *c, struct err *e)
{
    struct trial_result t = {TRIAL_RUNNING, false};
    int result = c->current.plan == NULL ? begin_rung(r, c, e) : 0;
    while (result == 0 && c->next <= c->wanted && c->current.trials[c->next - 1].done)
        c->next++;
    if (result == 0 && c->next <= c->wanted)
        result = run_trial_until_valid(r, &c->current, c->next++, &t, e);
    if (result == 0 && c->next > c->wanted && !run_is_stopped(r))
        result = end_rung(r, c, e);
    return result;
}

static int begin_climb(struct run *r, const struct plan_setup *s, struct climb *ret, struct err *e)
{
    *ret = (struct climb){.setup = s};
    for (size_t i = r->plan->case_count; i-- > 0;)
        if (r->plan->cases[i].setup == s)
            ret->first = &r->plan->cases[i];
    int result = hunt_check(r->plan, s, &r->arena, &ret->ladder, e);
    if (result < 0)
        return result;
    if (ret->ladder.options.repeats > r->most_trials)
        r->most_trials = ret->ladder.options.repeats;
    ret->points = ARENA_ARRAY(&r->arena, struct ladder_point, ret->ladder.options.rungs + 1);
    ladder_next(&ret->ladder, NULL, 0, &ret->step);
    return 0;
}

int hunt(struct run *r, struct err *e)
{
    struct climb *climbs = ARENA_ARRAY(&r->arena, struct climb, r->plan->setup_count + 1);
    size_t count = 0, open;
    int result = 0;
    for (size_t i = 0; i < r->plan->setup_count && result == 0; i++)
        if (run_wants(r, &r->plan->setups[i]))
            result = begin_climb(r, &r->plan->setups[i], &climbs[count++], e);
    do {
        open = 0;
        for (size_t i = 0; i < count && result == 0 && !run_is_stopped(r); i++) {
            if (climbs[i].step.end != LADDER_GOES_ON && !climbs[i].repeats)
                continue;
            result = advance(r, &climbs[i], e);
            open++;
        }
    } while (open > 0 && result == 0);
    return result;
}
