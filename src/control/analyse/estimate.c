/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * estimate: one figure over the trials of a case, and how sure it is. Pure; one thread.
 */
#include "control/analyse/analyse_private.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum { GROW = 64 };

static struct estimate *find(struct case_result *c, const char *entity, const char *metric)
{
    for (size_t i = 0; i < c->estimate_count; i++)
        if (strcmp(c->estimates[i].metric, metric) == 0 &&
            strcmp(c->estimates[i].entity, entity) == 0)
            return &c->estimates[i];
    return NULL;
}

const struct estimate *case_estimate(const struct case_result *c, const char *entity,
                                     const char *metric)
{
    return find((struct case_result *)(uintptr_t)c, entity, metric);
}

/* A row of items that has room for a power of two of them doubles when it is full. */
static bool is_full(size_t count)
{
    return count >= GROW && (count & (count - 1)) == 0;
}

static struct estimate *append(struct analysis *a, struct case_result *c,
                               const struct estimate *name)
{
    if (c->estimate_count == 0) {
        c->estimates = ARENA_ARRAY(&a->arena, struct estimate, GROW);
    } else if (is_full(c->estimate_count)) {
        struct estimate *more = ARENA_ARRAY(&a->arena, struct estimate, 2 * c->estimate_count);
        memcpy(more, c->estimates, c->estimate_count * sizeof *more);
        c->estimates = more;
    }
    struct estimate *x = &c->estimates[c->estimate_count++];
    *x = (struct estimate){.entity = arena_strdup(&a->arena, name->entity),
                           .metric = arena_strdup(&a->arena, name->metric),
                           .unit = arena_strdup(&a->arena, name->unit)};
    x->values = ARENA_ARRAY(&a->arena, double, c->counts.valid + 1);
    x->by_trial = ARENA_ARRAY(&a->arena, double, c->counts.valid + 1);
    for (size_t i = 0; i < c->counts.valid; i++)
        x->by_trial[i] = NAN;
    return x;
}

void estimate_add(struct analysis *a, struct case_result *c, const struct estimate *name,
                  size_t nth, double value)
{
    struct estimate *x = find(c, name->entity, name->metric);
    if (x == NULL)
        x = append(a, c, name);
    if (nth < c->counts.valid && isfinite(value) && !isfinite(x->by_trial[nth])) {
        x->by_trial[nth] = value;
        x->values[x->n++] = value;
    }
}

static struct span span_of(int result, const struct interval *i)
{
    return result == 0 ? (struct span){i->low, i->high} : SPAN_NONE;
}

static int finish(struct estimate *x, struct err *e)
{
    static const struct interval_bootstrap median = {50, 0.95, 1};
    struct description d;
    struct interval i = {0};
    int r = x->n > 0 ? describe_values(&d, x->values, x->n) : -EINVAL;
    if (r == -ENOMEM)
        return err_set(e, r, "out of memory");
    x->student = x->study_b = x->bootstrap = SPAN_NONE;
    x->mean = x->sd = x->median = x->min = x->max = NAN;
    if (r < 0)
        return 0;
    x->mean = d.mean;
    x->sd = d.sample_sd;
    x->median = d.box.median;
    x->min = d.box.min;
    x->max = d.box.max;
    x->student = span_of(interval_student(&i, x->values, x->n, 0.95), &i);
    x->study_b = span_of(x->n > 1 ? interval_normal(&i, x->values, x->n) : -EINVAL, &i);
    if (x->n < 2)
        return 0;
    if (x->min == x->max) { /* every draw is the same */
        x->bootstrap = (struct span){x->min, x->max};
        return 0;
    }
    r = interval_bootstrap(&i, x->values, x->n, &median);
    x->bootstrap = span_of(r, &i);
    return r == -ENOMEM ? err_set(e, r, "out of memory") : 0;
}

int estimate_finish(struct case_result *c, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < c->estimate_count && r == 0; i++)
        r = finish(&c->estimates[i], e);
    return r;
}
