/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sharing: loads of one kind that ran at the same time, each by its own machine: what came through
 * together, and how evenly. A trial gives one value; over trials it is an estimate like any other.
 * One thread.
 */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "control/analyse/analyse_private.h"
#include "stat/fairness.h"

enum { LOADS_MAX = 64 };
static const char rate_end[] = "_received_per_s";

const char *const sharing_entity = "fairness";
const char *const sharing_metrics[SHARING_FIGURES] = {"aggregate_per_s", "jain", "max_min"};

const char *const rate_names[RATE_FIGURES] = {
    [RATE_OFFERED] = "offered_per_s",     [RATE_ACHIEVED] = "achieved_per_s",
    [RATE_RECEIVED] = "received_per_s",   [RATE_RECEIVED_BITS] = "received_bits_per_s",
    [RATE_VARIATION] = "pdv_p99_us",      [RATE_REORDERED] = "reordered_pct",
    [RATE_DUPLICATES] = "duplicates_pct", [RATE_SHARE] = "share_pct",
};

/* "flow" of flow_received_per_s; 0: no rate. */
static size_t type_length(const char *metric)
{
    const size_t n = strlen(metric), end = sizeof rate_end - 1;
    return n > end && strcmp(metric + n - end, rate_end) == 0 ? n - end : 0;
}

static void add(struct analysis *a, struct case_result *c, size_t nth, const char *entity,
                const char *metric, const char *unit, double value)
{
    const struct estimate name = {.entity = entity, .metric = metric, .unit = unit};
    if (isfinite(value))
        estimate_add(a, c, &name, nth, value);
}

static void derive_type(struct analysis *a, struct case_result *c, const struct trial_figures *f,
                        const char *metric)
{
    const char *type = arena_printf(&a->arena, "%.*s", (int)type_length(metric), metric);
    const char *entities[LOADS_MAX];
    double rates[LOADS_MAX];
    struct fairness x;
    size_t n = 0;
    for (size_t i = 0; i < f->count && n < LOADS_MAX; i++)
        if (strcmp(f->results[i].metric, metric) == 0) {
            entities[n] = f->results[i].entity;
            rates[n++] = f->results[i].mean;
        }
    if (n < 2 || fairness_of(rates, n, &x) < 0)
        return;
    const double values[SHARING_FIGURES] = {x.total, x.jain, x.max_min};
    for (int i = 0; i < SHARING_FIGURES; i++)
        add(a, c, f->nth, sharing_entity,
            arena_printf(&a->arena, "%s_%s", type, sharing_metrics[i]),
            i == SHARING_AGGREGATE ? "1/s" : "1", values[i]);
    for (size_t i = 0; i < n; i++)
        add(a, c, f->nth, entities[i], "share_pct", "%",
            x.total > 0 ? 100 * rates[i] / x.total : NAN);
}

void sharing_derive(struct analysis *a, struct case_result *c, const struct trial_figures *f)
{
    for (size_t i = 0; i < f->count; i++) {
        bool first = type_length(f->results[i].metric) > 0;
        for (size_t k = 0; k < i && first; k++)
            first = strcmp(f->results[k].metric, f->results[i].metric) != 0;
        if (first)
            derive_type(a, c, f, f->results[i].metric);
    }
}

static void collect_rates(struct analysis *a, struct case_result *c, const struct load_result *l)
{
    struct rate_result *r = &c->rates[c->rate_count];
    /* "flow" of "flow" and of "flow.2". */
    const int length = (int)strcspn(l->entity, ".");
    *r = (struct rate_result){.entity = l->entity, .loss_pct = l->loss_pct};
    for (int i = 0; i < RATE_FIGURES; i++) {
        const char *metric =
            i == RATE_SHARE ? rate_names[i]
                            : arena_printf(&a->arena, "%.*s_%s", length, l->entity, rate_names[i]);
        r->figures[i] = case_estimate(c, l->entity, metric);
    }
    if (r->figures[RATE_RECEIVED] == NULL)
        return;
    c->rate_count++;
    for (int i = 0; i < SHARING_FIGURES; i++)
        if (c->sharing[i] == NULL)
            c->sharing[i] = case_estimate(
                c, sharing_entity,
                arena_printf(&a->arena, "%.*s_%s", length, l->entity, sharing_metrics[i]));
}

void sharing_collect(struct analysis *a, struct case_result *c)
{
    c->rates = ARENA_ARRAY(&a->arena, struct rate_result, c->load_count + 1);
    for (size_t i = 0; i < c->load_count; i++)
        collect_rates(a, c, &c->loads[i]);
}
