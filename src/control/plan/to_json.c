/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * to_json: a plan as it is stored with its results. Pure.
 */
#include <string.h>

#include "control/plan/plan.h"

static json_t *texts(const char *const *list)
{
    json_t *array = json_array();
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        json_array_append_new(array, json_string(list[i]));
    return array;
}

static json_t *driver_to_json(const struct plan_driver *d)
{
    return d != NULL ? json_pack("{s:s, s:O}", "type", d->type, "options", d->options)
                     : json_null();
}

static json_t *machine_to_json(const struct plan_machine *m)
{
    char pin[256];
    json_t *object = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "name", m->spec.name, "group",
                               m->group, "host", m->host, "links", texts(m->spec.links),
                               "appliance", driver_to_json(m->appliance), "neighbour",
                               driver_to_json(m->neighbour), "idle_ns", json_u64(m->idle_ns));
    if (m->bench != NULL) {
        json_object_set_new(object, "bench", driver_to_json(m->bench));
        json_object_set_new(object, "rounds", json_u64(m->rounds));
    }
    if (m->spec.vcpus > 0)
        json_object_set_new(object, "vcpus", json_u64(m->spec.vcpus));
    if (m->spec.memory_bytes > 0)
        json_object_set_new(object, "memory_bytes", json_u64(m->spec.memory_bytes));
    if (m->spec.has_pin)
        json_object_set_new(object, "pin",
                            json_string(cpu_set_format(&m->spec.pin, pin, sizeof pin)));
    if (m->spec.weight > 0)
        json_object_set_new(object, "weight", json_u64(m->spec.weight));
    if (m->spec.cap_pct > 0)
        json_object_set_new(object, "cap_pct", json_real(m->spec.cap_pct));
    if (m->spec.cap_period_ns > 0)
        json_object_set_new(object, "cap_period_ns", json_u64(m->spec.cap_period_ns));
    return object;
}

static json_t *load_to_json(const struct plan_load *l)
{
    json_t *object = json_pack("{s:o, s:s, s:s, s:s?, s:o}", "driver", driver_to_json(&l->driver),
                               "to", l->to, "network", l->network, "level_option", l->level_option,
                               "levels", texts(l->levels));
    if (l->called != NULL)
        json_object_set_new(object, "called", driver_to_json(l->called));
    return object;
}

static json_t *setup_to_json(const struct plan_setup *s)
{
    json_t *machines = json_array(), *loads = json_array();
    for (size_t i = 0; i < s->machine_count; i++)
        json_array_append_new(machines, machine_to_json(&s->machines[i]));
    for (size_t i = 0; i < s->load_count; i++)
        json_array_append_new(loads, load_to_json(&s->loads[i]));
    json_t *object =
        json_pack("{s:s, s:s, s:O?, s:o, s:o}", "name", s->name, "platform", s->platform,
                  "platform_options", s->platform_options, "machines", machines, "loads", loads);
    if (strcmp(s->generator->name, "gen") != 0)
        json_object_set_new(object, "generator", json_string(s->generator->name));
    return object;
}

static json_t *case_to_json(const struct plan_case *c)
{
    json_t *levels = json_array();
    for (size_t i = 0; i < c->setup->load_count; i++)
        json_array_append_new(levels,
                              c->levels[i] != NULL ? json_string(c->levels[i]) : json_null());
    return json_pack("{s:s, s:s, s:o}", "name", c->name, "setup", c->setup->name, "levels", levels);
}

static json_t *limits_to_json(const struct plan *p)
{
    json_t *limits = json_array();
    for (size_t i = 0; i < p->limit_count; i++) {
        const struct plan_limit *l = &p->limits[i];
        json_array_append_new(limits, json_pack("{s:s, s:s, s:f, s:s}", "metric", l->metric, "kind",
                                                l->kind == LIMIT_AT_MOST ? "at_most" : "at_least",
                                                "value", l->value, "text", l->text));
    }
    return limits;
}

static void add_lists(const struct plan *p, json_t *object)
{
    json_t *hosts = json_object(), *setups = json_array(), *cases = json_array();
    for (size_t i = 0; i < p->host_count; i++)
        json_object_set_new(hosts, p->hosts[i].name, json_string(p->hosts[i].uri));
    for (size_t i = 0; i < p->setup_count; i++)
        json_array_append_new(setups, setup_to_json(&p->setups[i]));
    for (size_t i = 0; i < p->case_count; i++)
        json_array_append_new(cases, case_to_json(&p->cases[i]));
    json_object_set_new(object, "hosts", hosts);
    json_object_set_new(object, "networks", texts(p->networks));
    json_object_set_new(object, "limits", limits_to_json(p));
    json_object_set_new(object, "figures", texts(p->figures));
    json_object_set_new(object, "setups", setups);
    json_object_set_new(object, "cases", cases);
}

json_t *plan_to_json(const struct plan *p)
{
    json_t *object = json_pack("{s:s, s:s, s:s, s:o}", "study", p->study, "title", p->title, "seed",
                               p->seed, "trials", json_u64(p->trials));
    json_object_set_new(object, "duration_ns", json_u64(p->duration_ns));
    json_object_set_new(object, "interval_ns", json_u64(p->interval_ns));
    json_object_set_new(object, "warmup_ns", json_u64(p->warmup_ns));
    json_object_set_new(object, "settle_ns", json_u64(p->settle_ns));
    json_object_set_new(object, "baseline_ns", json_u64(p->baseline_ns));
    json_object_set_new(object, "void_retries", json_u64(p->void_retries));
    if (p->clock == PLAN_CLOCK_HOST)
        json_object_set_new(
            object, "clock",
            json_pack("{s:s, s:s}", "host", p->clock_host->name, "address", p->clock_address));
    else if (p->clock != PLAN_CLOCK_AUTO)
        json_object_set_new(object, "clock",
                            json_string(p->clock == PLAN_CLOCK_LINK ? p->clock_link : "channel"));
    json_object_set_new(object, "generator",
                        p->load_options != NULL ? json_incref((json_t *)p->load_options)
                                                : json_object());
    json_object_set_new(object, "search", driver_to_json(p->search_options));
    add_lists(p, object);
    return object;
}
