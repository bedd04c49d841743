/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * together: machines that send or receive in bulk at the same time (neighbours of types tcp and
 * udp, which go on for the whole measured time): each one's rate and share, all together, and how
 * evenly. A rate is what the receiving ends counted, over the machine's whole time. One thread.
 */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "control/analyse/analyse_private.h"
#include "stat/fairness.h"

enum { MACHINES_MAX = 64 };

const char *const way_names[WAYS] = {[WAY_OUT] = "out", [WAY_IN] = "in"};

static const struct estimate *find(const struct trial_figures *f, const char *entity,
                                   const char *metric)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->results[i].entity, entity) == 0 && strcmp(f->results[i].metric, metric) == 0)
            return &f->results[i];
    return NULL;
}

static void add(struct analysis *a, struct case_result *c, size_t nth, const char *entity,
                const char *way, const char *metric, const char *unit, double value)
{
    const struct estimate name = {
        .entity = entity, .metric = arena_printf(&a->arena, "%s_%s", way, metric), .unit = unit};
    if (isfinite(value))
        estimate_add(a, c, &name, nth, value);
}

static void derive_way(struct analysis *a, struct case_result *c, const struct trial_figures *f,
                       const char *way)
{
    const char *bytes = arena_printf(&a->arena, "%s_received_bytes", way);
    const char *entities[MACHINES_MAX];
    double rates[MACHINES_MAX];
    struct fairness x;
    size_t n = 0;
    for (size_t i = 0; i < f->count && n < MACHINES_MAX; i++) {
        const struct estimate *b = &f->results[i], *rounds = find(f, b->entity, "rounds_per_s");
        if (strcmp(b->metric, bytes) != 0 || rounds == NULL)
            continue;
        entities[n] = b->entity;
        rates[n++] = 8 * b->mean * rounds->mean;
    }
    if (n < 2 || fairness_of(rates, n, &x) < 0)
        return;
    const double values[SHARING_FIGURES] = {x.total, x.jain, x.max_min};
    for (int i = 0; i < SHARING_FIGURES; i++)
        add(a, c, f->nth, sharing_entity, way, sharing_metrics[i],
            i == SHARING_AGGREGATE ? "bits/s" : "1", values[i]);
    for (size_t i = 0; i < n; i++) {
        add(a, c, f->nth, entities[i], way, "bits_per_s", "bits/s", rates[i]);
        add(a, c, f->nth, entities[i], way, "share_pct", "%",
            x.total > 0 ? 100 * rates[i] / x.total : NAN);
    }
}

void together_derive(struct analysis *a, struct case_result *c, const struct trial_figures *f)
{
    for (int way = 0; way < WAYS; way++)
        derive_way(a, c, f, way_names[way]);
}

void together_collect(struct analysis *a, struct case_result *c)
{
    for (int way = 0; way < WAYS; way++)
        for (int i = 0; i < SHARING_FIGURES; i++)
            c->together[way][i] =
                case_estimate(c, sharing_entity,
                              arena_printf(&a->arena, "%s_%s", way_names[way], sharing_metrics[i]));
}
