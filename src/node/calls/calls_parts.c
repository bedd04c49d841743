/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * calls_parts: the scenarios of a shard: which one begins, which one answers, and where each is
 * counted. The shard's thread; life belongs to the owner's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node/calls/calls_private.h"

void parts_take(struct calls *c)
{
    const struct calls_options *o = &c->o;
    const struct calls_part alone = {.scenario = o->scenario, .objective_ns = o->objective_ns};
    const struct calls_part *from = o->parts != NULL ? o->parts : &alone;
    double weights = 0;

    c->part_count = o->parts != NULL ? o->part_count : 1;
    for (uint32_t i = 0; i < c->part_count; i++) {
        struct part *p = &c->parts[i];
        size_t size = (scenario_call_size(from[i].scenario) + 15) & ~(size_t)15;

        p->o = from[i];
        weights += p->o.use == CALLS_MIXED ? p->o.weight : 0;
        p->until = weights;
        c->limits[i] = (struct figures_limits){p->o.objective_ns, o->threshold_ns};
        c->machine_size = size > c->machine_size ? size : c->machine_size;
    }
}

int parts_open(struct calls *c)
{
    for (uint32_t i = 0; i < c->part_count; i++) {
        struct part *p = &c->parts[i];

        if (figures_init(&p->whole, p->o.scenario) < 0) {
            return -ENOMEM;
        }
        if (c->o.levels.count == 0) {
            continue;
        }
        p->levels = calloc(c->o.levels.count, sizeof(*p->levels));
        if (p->levels == NULL || figures_init(&p->transient, NULL) < 0) {
            return -ENOMEM;
        }
        for (uint32_t k = 0; k < c->o.levels.count; k++) {
            if (figures_init(&p->levels[k], NULL) < 0) {
                return -ENOMEM;
            }
        }
    }
    return 0;
}

void parts_close(struct calls *c)
{
    for (uint32_t i = 0; i < c->part_count; i++) {
        struct part *p = &c->parts[i];

        figures_finish(&p->whole);
        figures_finish(&p->transient);
        for (uint32_t k = 0; p->levels != NULL && k < c->o.levels.count; k++) {
            figures_finish(&p->levels[k]);
        }
        free(p->levels);
        p->levels = NULL;
    }
}

uint32_t parts_choose(struct calls *c)
{
    double at;

    if (c->part_count == 1) {
        return 0;
    }
    at = rand_double(&c->rand) * c->parts[c->part_count - 1].until;
    for (uint32_t i = 0; i < c->part_count; i++) {
        if (c->parts[i].o.use == CALLS_MIXED && at < c->parts[i].until) {
            return i;
        }
    }
    return 0;
}

bool parts_has_answers(const struct calls *c)
{
    for (uint32_t i = 0; i < c->part_count; i++) {
        if (c->parts[i].o.use == CALLS_ANSWERS || c->parts[i].o.use == CALLS_STRAYS) {
            return true;
        }
    }
    return false;
}

static bool is_request(const char *bytes, size_t size)
{
    return size > 8 && memcmp(bytes, "SIP/", 4) != 0 && memcmp(bytes, "ACK ", 4) != 0;
}

/* Who answers calls and waits for just this comes first, then who is for strays and does, then who
 * answers at all. */
int parts_find_answer(const struct calls *c, const char *bytes, size_t size)
{
    int answers = scenario_role(c->o.scenario) == SCENARIO_SERVER ? 0 : -1, strays = -1;
    const char *space = memchr(bytes, ' ', size);
    size_t method = space != NULL ? (size_t)(space - bytes) : 0;

    if (!is_request(bytes, size) || (c->part_count == 1 && answers < 0)) {
        return -1;
    }
    for (uint32_t i = 0; i < c->part_count && c->part_count > 1; i++) {
        const struct part *p = &c->parts[i];

        if (p->o.use == CALLS_STRAYS) {
            strays = scenario_begins_with(p->o.scenario, bytes, method) ? (int)i : strays;
        } else if (p->o.use == CALLS_ANSWERS || (i == 0 && answers == 0)) {
            answers = answers < 0 ? (int)i : answers;
            if (scenario_begins_with(p->o.scenario, bytes, method)) {
                return (int)i;
            }
        }
    }
    return strays >= 0 ? strays : answers;
}

struct calls_figures *parts_figures_at(struct calls *c, uint32_t part, uint64_t intended_ns)
{
    const struct calls_levels *l = &c->o.levels;
    struct part *p = &c->parts[part];
    uint64_t offset;

    if (intended_ns < c->from_ns || intended_ns >= c->to_ns) {
        return NULL;
    }
    if (l->count == 0 || p->o.use == CALLS_BEFOREHAND || intended_ns < c->levels_from_ns) {
        return &p->whole;
    }
    offset = intended_ns - c->levels_from_ns;
    return offset % l->level_ns < l->transient_ns ? &p->transient
                                                  : &p->levels[offset / l->level_ns % l->count];
}

uint32_t calls_levels(const struct calls *c)
{
    return c->o.levels.count;
}

struct calls_figures *calls_get_part_figures(struct calls *c, uint32_t part, uint32_t level)
{
    struct part *p = &c->parts[part];

    if (part >= c->part_count || level > c->o.levels.count + (c->o.levels.count > 0 ? 1u : 0u)) {
        return NULL;
    }
    return level == 0                  ? &p->whole
           : level > c->o.levels.count ? &p->transient
                                       : &p->levels[level - 1];
}

void calls_count_waiting(const struct calls *c, uint64_t *ret, unsigned steps)
{
    memset(ret, 0, steps * sizeof(*ret));
    for (uint32_t i = 0; i < c->roster.fresh; i++) {
        if (c->records[i].is_filed && c->records[i].part == 0) {
            unsigned step = call_get_step(calls_machine((struct calls *)(uintptr_t)c, i));
            if (step < steps) {
                ret[step]++;
            }
        }
    }
}
