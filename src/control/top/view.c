/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * view: differences of counters over the time between two readings, and their order. Pure.
 */
#include "control/top/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double column_value(const struct top_column *c, const double *before, const double *now,
                           double ns)
{
    if (c->scale == 0)
        return now[c->raw];
    if (before == NULL || isnan(before[c->raw]) || isnan(now[c->raw]) ||
        now[c->raw] < before[c->raw] || ns <= 0)
        return (double)NAN;
    return (now[c->raw] - before[c->raw]) / ns * c->scale;
}

static void fill_values(double *values, const double *before, const double *now, double ns)
{
    for (size_t i = 0; i < TOP_COLUMN_COUNT; i++)
        values[i] = column_value(&top_columns[i], before, now, ns);
}

/* The same guest in its same life. */
static const struct top_guest *find_guest(const struct top_reading *r, const struct top_guest *g,
                                          size_t near)
{
    for (size_t i = 0; i < r->guest_count; i++) {
        const struct top_guest *other = &r->guests[(near + i) % r->guest_count];
        if (other->id == g->id && strcmp(other->uuid, g->uuid) == 0)
            return other;
    }
    return NULL;
}

static const double *find_vcpu(const struct top_guest *g, unsigned number)
{
    for (size_t i = 0; g != NULL && i < g->vcpu_count; i++)
        if (g->vcpus[i].number == number)
            return g->vcpus[i].raw;
    return NULL;
}

static const char *vcpu_state(double halted)
{
    if (isnan(halted))
        return NULL;
    return halted != 0 ? "halted" : "running";
}

static void fill_guest(struct top_view *v, struct top_row *row, const struct top_guest *before,
                       const struct top_guest *now, double ns)
{
    row->name = arena_strdup(&v->arena, now->name);
    row->uuid = arena_strdup(&v->arena, now->uuid);
    row->state = now->state;
    fill_values(row->values, before != NULL ? before->raw : NULL, now->raw, ns);
    struct top_row *vcpus = ARENA_ARRAY(&v->arena, struct top_row, now->vcpu_count + 1);
    for (size_t i = 0; i < now->vcpu_count; i++) {
        const struct top_vcpu *vcpu = &now->vcpus[i];
        vcpus[i] = (struct top_row){.name = row->name, .uuid = row->uuid, .is_vcpu = true};
        vcpus[i].vcpu = vcpu->number;
        vcpus[i].state = vcpu_state(vcpu->raw[TOP_RAW_HALTED]);
        fill_values(vcpus[i].values, find_vcpu(before, vcpu->number), vcpu->raw, ns);
    }
    row->vcpus = vcpus;
    row->vcpu_count = now->vcpu_count;
}

static double busy_pct(const struct virt_cpu_time *before, const struct virt_cpu_time *now)
{
    if (now->busy_ns < before->busy_ns || now->idle_ns < before->idle_ns)
        return (double)NAN;
    const double busy = (double)(now->busy_ns - before->busy_ns);
    const double all = busy + (double)(now->idle_ns - before->idle_ns);
    return all > 0 ? 100 * busy / all : (double)NAN;
}

/* CPUs may be taken offline and come back: by number. */
static void fill_cpus(struct top_view *v, const struct top_reading *before,
                      const struct top_reading *now)
{
    size_t near = 0;
    v->cpus = ARENA_ARRAY(&v->arena, struct top_cpu, now->cpu_count + 1);
    v->cpu_count = now->cpu_count;
    for (size_t i = 0; i < now->cpu_count; i++) {
        v->cpus[i] = (struct top_cpu){now->cpus[i].number, (double)NAN};
        while (near < before->cpu_count && before->cpus[near].number < now->cpus[i].number)
            near++;
        if (near < before->cpu_count && before->cpus[near].number == now->cpus[i].number)
            v->cpus[i].busy_pct = busy_pct(&before->cpus[near], &now->cpus[i]);
    }
}

void top_view_make(struct top_view *ret, const struct top_reading *before,
                   const struct top_reading *now)
{
    const double ns = (double)(now->at_ns - before->at_ns);
    memset(ret, 0, sizeof *ret);
    arena_init(&ret->arena);
    ret->real_ns = now->real_ns;
    ret->took_ns = now->took_ns;
    ret->interval_s = ns / 1e9;
    ret->own_cpu_pct = 100 * (double)(now->own_cpu_ns - before->own_cpu_ns) / ns;
    fill_cpus(ret, before, now);
    ret->guests = ARENA_ARRAY(&ret->arena, struct top_row, now->guest_count + 1);
    ret->guest_count = now->guest_count;
    for (size_t i = 0; i < now->guest_count; i++)
        fill_guest(ret, &ret->guests[i], find_guest(before, &now->guests[i], i), &now->guests[i],
                   ns);
}

void top_view_finish(struct top_view *v)
{
    arena_finish(&v->arena);
    memset(v, 0, sizeof *v);
}

struct comparison {
    unsigned sort;
    int sign;
};

static int compare_names(const struct top_row *a, const struct top_row *b)
{
    const int r = strcmp(a->name, b->name);
    return r != 0 ? r : strcmp(a->uuid, b->uuid);
}

static int compare(const void *left, const void *right, void *arg)
{
    const struct top_row *a = left, *b = right;
    const struct comparison *c = arg;
    if (c->sort == TOP_SORT_NAME)
        return c->sign * compare_names(a, b);
    const double x = a->values[c->sort - 1], y = b->values[c->sort - 1];
    if (isnan(x) || isnan(y))
        return isnan(x) != isnan(y) ? (isnan(x) ? 1 : -1) : compare_names(a, b);
    if (x != y)
        return c->sign * (x > y ? -1 : 1);
    return compare_names(a, b);
}

void top_view_sort(struct top_view *v, unsigned sort, enum top_order order)
{
    struct comparison c = {sort, order == TOP_LARGEST_FIRST ? 1 : -1};
    if (v->guest_count > 0)
        qsort_r(v->guests, v->guest_count, sizeof v->guests[0], compare, &c);
}

size_t top_view_running(const struct top_view *v)
{
    size_t n = 0;
    for (size_t i = 0; i < v->guest_count; i++)
        n += strcmp(v->guests[i].state, "running") == 0 ? 1 : 0;
    return n;
}

bool top_view_lacks(const struct top_view *v, enum top_raw raw)
{
    for (size_t column = 0; column < TOP_COLUMN_COUNT; column++)
        for (size_t i = 0; top_columns[column].raw == raw && i < v->guest_count; i++)
            if (!isnan(v->guests[i].values[column]))
                return false;
    return v->guest_count > 0;
}
