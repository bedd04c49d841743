/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * calibrate: the generator without the appliance (RFC 7502 §6.1). The plan becomes one setup, whose
 * machines are a reflector, who answers calls, or a router, on the generator's own host, and one
 * ladder; what
 * the ladder finds is kept in a file beside the cache. The loop's thread.
 */
#include "control/run/run_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/str.h"
#include "control/run/calibrate_partner.h"
#include "control/search/ladder.h"
#include "version.h"

static const char default_plan[] =
    "study: calibration\nduration: 3s\nmachines: {reflector: {appliance: {type: \"null\"}}}\n"
    "setups: {reflector: {platform: \"null\"}}\nloads: [{type: rtp, to: reflector, streams: 50}]\n";

static const uint64_t warmup_ns = 500 * NS_PER_MS;

int calibrate_load(struct run *r, struct err *e)
{
    if (r->job.plan_path != NULL)
        return plan_load_file(&r->plan, r->job.plan_path, r->describe, e);
    return plan_parse(&r->plan, "calibration", default_plan, r->describe, e);
}

/* A router is between the networks of its load. */
static struct plan_machine make_machine(struct run *r, const char *name, const struct host *gen,
                                        const struct calibrate_partner *partner,
                                        const struct plan_load *l)
{
    struct plan_driver *a = ARENA_NEW(&r->arena, struct plan_driver);
    json_t *options = calibrate_partner_options(partner);
    json_array_append_new(r->partner_options, options);
    *a = (struct plan_driver){.type = partner->type, .options = options};
    struct plan_machine m = {
        .spec = {.name = name}, .group = name, .host = gen->name, .appliance = a};
    m.spec.links[0] = partner->mode != NULL ? l->network : r->plan->networks[0];
    m.spec.links[1] = partner->mode != NULL ? l->back : NULL;
    return m;
}

/* A router needs interfaces: pairs of this host alone, never the one that the hosts are cabled by.
 */
static void use_namespaces(struct run *r, struct plan_setup *s)
{
    if (s->platform_options != NULL)
        return;
    json_t *options = json_pack("{s:s}", "network", "own");
    json_array_append_new(r->partner_options, options);
    s->platform = "native";
    s->platform_options = options;
    r->plan->hosts[0].interface = NULL;
}

/* A reflector for all loads that need no more, and a server for each other load. */
static int make_partners(struct run *r, const struct plan_setup *from, struct plan_setup *s,
                         struct plan_load *loads, struct err *e)
{
    struct plan_machine *machines = ARENA_ARRAY(&r->arena, struct plan_machine, s->load_count + 1);
    const char *reflector = NULL;
    for (size_t i = 0; i < s->load_count; i++) {
        struct calibrate_partner partner;
        const int result = calibrate_partner_find(&partner, r->plan, from, &from->loads[i], e);
        if (result < 0)
            return result;
        const char *name = partner.is_reflector    ? "reflector"
                           : partner.mode != NULL  ? arena_printf(&r->arena, "router%zu", i + 1)
                           : s->machine_count == 0 ? "called"
                                                   : arena_printf(&r->arena, "called%zu", i + 1);
        if (partner.mode != NULL) {
            use_namespaces(r, s);
            loads[i].network = from->loads[i].network;
        }
        if (!partner.is_reflector)
            loads[i].called = NULL;
        if (!partner.is_reflector || reflector == NULL)
            machines[s->machine_count++] =
                make_machine(r, name, from->generator, &partner, &from->loads[i]);
        reflector = partner.is_reflector ? name : reflector;
        loads[i].to = name;
    }
    s->machines = machines;
    return 0;
}

static int make_setup(struct run *r, const struct plan_setup *from, const struct plan_setup **ret,
                      struct err *e)
{
    struct plan_setup *s = ARENA_NEW(&r->arena, struct plan_setup);
    struct plan_load *loads = ARENA_ARRAY(&r->arena, struct plan_load, from->load_count + 1);
    for (size_t i = 0; i < from->load_count; i++) {
        loads[i] = from->loads[i];
        loads[i].network = r->plan->networks[0];
    }
    *s = (struct plan_setup){.name = "alone",
                             .platform = "null",
                             .generator = from->generator,
                             .loads = loads,
                             .load_count = from->load_count,
                             .place = from->place};
    *ret = s;
    return make_partners(r, from, s, loads, e);
}

/* The first wanted setup that can be calibrated; else why the first wanted one cannot. */
static int find_setup(const struct run *r, const struct plan_setup **ret, struct err *e)
{
    struct err first = {0};
    bool is_of_loads = false;
    for (size_t i = 0; i < r->plan->setup_count; i++) {
        struct err why = {0};
        if (!run_wants(r, &r->plan->setups[i]))
            continue;
        if (calibrate_partner_check(r->plan, &r->plan->setups[i], &why) == 0) {
            *ret = &r->plan->setups[i];
            return 0;
        }
        if (first.code == 0 || (!is_of_loads && r->plan->setups[i].load_count > 0))
            first = why;
        is_of_loads = is_of_loads || r->plan->setups[i].load_count > 0;
    }
    if (first.code == 0)
        return err_set(e, -EINVAL, "%s: there is no setup to calibrate", r->plan->path);
    if (e != NULL)
        *e = first;
    return first.code;
}

/* The least of the setup's levels: the first rung. */
static const struct plan_case *least_case(const struct plan *p, const struct plan_setup *s)
{
    const size_t lead = hunt_leading_load(s);
    const struct plan_case *least = NULL;
    for (size_t i = 0; i < p->case_count; i++)
        if (p->cases[i].setup == s && (least == NULL || hunt_level_of(p->cases[i].levels[lead]) <
                                                            hunt_level_of(least->levels[lead])))
            least = &p->cases[i];
    return least;
}

static bool has_load(const struct plan_setup *s, bool of_calls)
{
    for (size_t i = 0; i < s->load_count; i++)
        if ((strcmp(s->loads[i].driver.type, "sip") == 0) == of_calls)
            return true;
    return false;
}

/* The plan's own, but on a path without an appliance no packet may be lost and no call fail. */
static void tighten_limits(struct run *r, const struct plan_setup *s)
{
    static const struct plan_limit none[] = {
        {.metric = "loss", .kind = LIMIT_AT_MOST, .text = "0%"},
        {.metric = "failed", .kind = LIMIT_AT_MOST, .text = "0"},
    };
    struct plan *p = r->plan;
    struct plan_limit *all = ARENA_ARRAY(&r->arena, struct plan_limit, p->limit_count + 2);
    const bool wanted[] = {has_load(s, false), has_load(s, true)};
    size_t n = 0;
    for (size_t i = 0; i < 2; i++)
        if (wanted[i])
            all[n++] = none[i];
    for (size_t i = 0; i < p->limit_count; i++) {
        const char *metric = p->limits[i].metric;
        const bool replaced = (wanted[0] && strcmp(metric, none[0].metric) == 0) ||
                              (wanted[1] && strcmp(metric, none[1].metric) == 0);
        if (!replaced)
            all[n++] = p->limits[i];
    }
    p->limits = all;
    p->limit_count = n;
}

/* Calls of some seconds are as many as they will be only when the first ones end: such a plan's
 * warm-up is its own. */
static bool has_lasting_calls(const struct plan_setup *s)
{
    for (size_t i = 0; i < s->load_count; i++)
        if (json_object_get(s->loads[i].driver.options, "hold") != NULL ||
            json_object_get(s->loads[i].driver.options, "pause") != NULL)
            return true;
    return false;
}

static void rewrite(struct run *r, const struct plan_setup *s, const struct plan_case *least)
{
    struct plan *p = r->plan;
    struct plan_case *c = ARENA_NEW(&r->arena, struct plan_case);
    struct plan_driver *search = ARENA_NEW(&r->arena, struct plan_driver);
    const double level = hunt_level_of(least->levels[hunt_leading_load(s)]);
    c->setup = s;
    c->levels = least->levels;
    c->name = arena_printf(&r->arena, "alone/%.0f", level);
    r->search_options = json_pack("{s:o, s:o}", "from", json_sprintf("%.0f", level), "factor",
                                  json_sprintf("%g", r->job.calibrate->factor));
    *search = (struct plan_driver){.type = "ladder", .options = r->search_options};
    p->search = search->type;
    p->search_options = search;
    tighten_limits(r, s);
    p->setups = s;
    p->cases = c;
    p->setup_count = p->case_count = 1;
    p->trials = 1;
    p->void_retries = 1;
    p->settle_ns = p->baseline_ns = 0;
    if (!has_lasting_calls(s))
        p->warmup_ns = warmup_ns;
}

int calibrate_rewrite(struct run *r, struct err *e)
{
    const struct plan_setup *from = NULL, *alone = NULL;
    const int found = find_setup(r, &from, e);
    if (from == NULL)
        return found;
    const struct plan_case *least = least_case(r->plan, from);
    struct host *gen = &r->plan->hosts[from->generator - r->plan->hosts];
    if (least == NULL || hunt_level_of(least->levels[hunt_leading_load(from)]) <= 0)
        return err_set(e, -EINVAL, "%s: its loads have no level that can be raised", r->plan->path);
    if (r->job.calibrate->host != NULL) {
        gen->uri = r->job.calibrate->host;
        int result = host_check_uri(gen->uri, e);
        if (result < 0)
            return result;
    }
    /* No other host of the plan has a part in it. */
    gen->name = "gen";
    r->plan->hosts = gen;
    r->plan->host_count = 1;
    r->partner_options = json_array();
    r->calibrated = from;
    const int made = make_setup(r, from, &alone, e);
    if (made < 0)
        return made;
    rewrite(r, alone, least);
    r->job.setups = NULL;
    return 0;
}

char *calibrate_signature(const struct plan *p, const struct plan_setup *s, json_t **ret_what)
{
    json_t *loads = json_array();
    for (size_t i = 0; i < s->load_count; i++) {
        const struct plan_load *l = &s->loads[i];
        json_t *o = l->driver.options != NULL ? json_deep_copy(l->driver.options) : json_object();
        if (l->level_option != NULL)
            json_object_del(o, l->level_option);
        json_t *load = json_pack("{s:s, s:o, s:s?}", "type", l->driver.type, "options", o, "level",
                                 l->level_option);
        struct calibrate_partner partner;
        if (calibrate_partner_find(&partner, p, s, l, NULL) == 0 && !partner.is_reflector)
            json_object_set_new(load, "answered_by",
                                json_pack("{s:s, s:o}", "type", partner.type, "options",
                                          calibrate_partner_options(&partner)));
        json_array_append_new(loads, load);
    }
    json_t *generator = p->load_options != NULL ? json_deep_copy(p->load_options) : json_object();
    json_t *what = json_pack("{s:o, s:o}", "loads", loads, "generator", generator);
    char *text = json_dumps(what, JSON_COMPACT | JSON_SORT_KEYS);
    if (ret_what != NULL)
        *ret_what = what;
    else
        json_decref(what);
    return text;
}

const json_t *calibrate_host_facts(const struct run *r, const struct host *h)
{
    return json_object_get(json_object_get(r->facts, "hosts"), h->name);
}

static json_t *make_entry(struct run *r, const struct plan_setup *s, const struct ladder_step *step)
{
    static const char *const ends[] = {"goes on", "loss", "generator", "top", "broken"};
    const json_t *facts = calibrate_host_facts(r, s->generator);
    const struct plan_load *lead = &s->loads[hunt_leading_load(s)];
    char text[200];
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:s, s:s, s:o}", "host",
                     s->generator->uri, "hostname", json_str_or(facts, "hostname", ""), "kernel",
                     json_str_or(facts, "kernel", ""), "cpu_model",
                     json_str_or(facts, "cpu_model", ""), "load", lead->driver.type, "option",
                     lead->level_option, "highest", step->highest, "reached", step->reached, "end",
                     ends[step->end], "text", ladder_say(step, text, sizeof text),
                     "measured_real_ns", json_u64(clock_real_ns()));
}

int calibrate_keep(struct run *r, const struct plan_setup *s, const struct ladder_step *step,
                   struct err *e)
{
    json_t *what = NULL, *entry = make_entry(r, s, step);
    char *key = calibrate_signature(r->plan, r->calibrated, &what);
    json_t *all = json_load_file(r->job.calibration_file, 0, NULL);
    if (!json_is_object(all)) {
        json_decref(all);
        all = json_object();
    }
    json_object_set_new(entry, "what", what);
    json_object_set_new(entry, "version", json_string(VAPERF_VERSION));
    json_t *host = json_object_get(all, s->generator->uri);
    if (!json_is_object(host)) {
        host = json_object();
        json_object_set_new(all, s->generator->uri, host);
    }
    json_object_set(host, key, entry);
    const char *slash = strrchr(r->job.calibration_file, '/');
    mkdir(arena_strndup(&r->arena, r->job.calibration_file,
                        (size_t)(slash - r->job.calibration_file)),
          0755);
    char *made = arena_printf(&r->arena, "%s.new", r->job.calibration_file);
    int result =
        json_dump_file(all, made, JSON_INDENT(2)) < 0 || rename(made, r->job.calibration_file) < 0
            ? err_set(e, -EIO, "%s cannot be written", r->job.calibration_file)
            : 0;
    json_decref(r->calibration);
    r->calibration = entry;
    json_decref(all);
    free(key);
    return result;
}
