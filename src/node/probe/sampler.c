/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sampler: see sampler.h. Nothing is allocated by a row.
 */
#include "node/probe/sampler.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "node/probe/columns.h"

struct opened_probe {
    const struct probe_ops *ops;
    void *state;
    size_t columns;
    char entity[SAMPLE_NAME_MAX];
};

struct sampler {
    struct opened_probe probes[SAMPLER_PROBES_MAX];
    size_t count;
    struct sampler_cost cost;
    uint64_t first_ns, last_ns, first_cpu_ns;
};

int sampler_create(struct sampler **ret, struct err *e)
{
    struct sampler *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        return err_set(e, -ENOMEM, "no memory for the probes");
    }
    *ret = s;
    return 0;
}

int sampler_add(struct sampler *s, const struct probe_ops *ops, const void *options,
                const char *entity, struct err *e)
{
    struct opened_probe *p = &s->probes[s->count];
    int result;

    if (s->count == SAMPLER_PROBES_MAX) {
        return err_set(e, -E2BIG, "at most %d probes at once", SAMPLER_PROBES_MAX);
    }
    if (ops->supported != NULL && (result = ops->supported(e)) < 0) {
        return result;
    }
    p->state = calloc(1, ops->state_size + 1);
    if (p->state == NULL) {
        return err_set(e, -ENOMEM, "no memory for probe %s", ops->name);
    }
    result = ops->open(p->state, options, e);
    if (result < 0) {
        free(p->state);
        p->state = NULL;
        (void)err_prefix(e, "probe %s: ", ops->name);
        return result;
    }
    p->ops = ops;
    p->columns = ops->columns(p->state, NULL, 0);
    str_printf(p->entity, sizeof(p->entity), "%s", entity != NULL ? entity : "");
    s->count++;
    return 0;
}

static void put_in_front(struct sample_column *c, const char *entity)
{
    char own[SAMPLE_NAME_MAX];

    if (entity[0] != '\0') {
        str_printf(own, sizeof(own), "%s", c->entity);
        str_printf(c->entity, sizeof(c->entity), "%.30s/%.32s", entity, own);
    }
}

size_t sampler_columns(const struct sampler *s, struct sample_column *ret, size_t room)
{
    size_t at = 0;

    for (size_t i = 0; i < s->count; i++) {
        const struct opened_probe *p = &s->probes[i];
        if (at + p->columns <= room) {
            (void)p->ops->columns(p->state, ret + at, p->columns);
            for (size_t c = 0; c < p->columns; c++) {
                put_in_front(&ret[at + c], p->entity);
            }
        }
        at += p->columns;
    }
    return columns_add(ret, room, at, "probe", "cost_us", "us", SAMPLE_GAUGE);
}

void sampler_row(struct sampler *s, uint64_t now_ns, double *ret_values, size_t count)
{
    uint64_t wall = clock_now_ns(), cpu = clock_thread_cpu_ns(), spent;
    size_t at = 0;

    for (size_t i = 0; i < s->count && at + s->probes[i].columns <= count; i++) {
        const struct opened_probe *p = &s->probes[i];
        for (size_t c = 0; c < p->columns; c++) {
            ret_values[at + c] = NAN;
        }
        (void)p->ops->sample(p->state, now_ns, ret_values + at, p->columns);
        at += p->columns;
    }
    spent = clock_now_ns() - wall;
    if (s->cost.samples == 0) {
        s->first_ns = wall;
        s->first_cpu_ns = clock_thread_cpu_ns() - cpu;
    }
    s->last_ns = wall;
    s->cost.samples++;
    s->cost.wall_ns += spent;
    s->cost.wall_max_ns = spent > s->cost.wall_max_ns ? spent : s->cost.wall_max_ns;
    s->cost.cpu_ns += clock_thread_cpu_ns() - cpu;
    (void)columns_put(ret_values, count, at, (double)spent / 1e3);
}

void sampler_cost(const struct sampler *s, struct sampler_cost *ret)
{
    *ret = s->cost;
    /* The first row paid for the time before it; what is spread over the time since are the others.
     */
    ret->cpu_pct = s->last_ns > s->first_ns ? 100.0 * (double)(s->cost.cpu_ns - s->first_cpu_ns) /
                                                  (double)(s->last_ns - s->first_ns)
                                            : (double)NAN;
}

void sampler_destroy(struct sampler *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < s->count; i++) {
        s->probes[i].ops->close(s->probes[i].state);
        free(s->probes[i].state);
    }
    free(s);
}
