/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * watching: what is seen of a trial's machines beside its traffic: probes of each host's node, a
 * guest's own view of itself through the node in it, what the VMM says (slower, so every tenth
 * interval), and how a guest's clock ran. The loop's thread.
 */
#include "control/run/trial_private.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

enum { CALL_S = 30, VMM_EVERY = 10, VMM_COLUMNS_MAX = 1024 };

static const uint64_t call_ns = CALL_S * NS_PER_S;

/* ---- probes of nodes ---- */

/* Does the node know the probe, and can it run here? */
static bool has_probe(const struct trial *t, const char *type)
{
    const json_t *all = json_object_get(json_object_get(t->run->describe, "drivers"), "probe");
    size_t i;
    json_t *d;
    json_array_foreach(all, i, d)
    {
        if (strcmp(json_str_or(d, "name", ""), type) == 0)
            return json_bool_or(d, "supported", true);
    }
    return false;
}

/* id: of these probes on that node. probes: taken. */
static int start_probes(struct trial *t, struct nodelink *n, const char *id, json_t *probes,
                        const char *prefix, struct err *e)
{
    const uint64_t interval_ns = run_interval_ns(t->given.plan);
    const struct recorder_source source = {
        .node = n, .id = id, .kind = RECORDER_PROBE, .interval_ns = interval_ns};
    json_t *answer = NULL, *columns;
    int r = 0;
    if (json_array_size(probes) > 0) {
        r = nodelink_call(n, "probe.start",
                          json_pack("{s:s, s:o, s:O}", "id", id, "interval_ns",
                                    json_u64(interval_ns), "probes", probes),
                          call_ns, &answer, e);
        if (r == 0)
            r = json_need_array(answer, "columns", &columns, e);
        if (r == 0)
            r = recorder_add(&t->recorder, &source, columns, prefix, e);
    }
    json_decref(answer);
    json_decref(probes);
    return r;
}

static int stop_probes(struct trial *t, struct nodelink *n, const char *name, json_t *all,
                       struct err *e)
{
    int r = 0;
    for (const struct recorder_source *s = t->recorder.sources; s != NULL && r == 0; s = s->next) {
        json_t *answer = NULL;
        char named[96];
        if (s->node != n || s->kind != RECORDER_PROBE)
            continue;
        r = nodelink_call(n, "probe.stop", json_pack("{s:s}", "id", s->id), call_ns, &answer, e);
        const bool is_plain = strcmp(s->id, "probe") == 0;
        str_printf(named, sizeof named, "%s%s%s", name, is_plain ? "" : " ", is_plain ? "" : s->id);
        if (r == 0)
            json_object_set_new(all, named, answer);
    }
    return r;
}

static json_t *host_probe(const struct trial *t)
{
    return has_probe(t, "host") ? json_pack("[{s:s, s:{}}]", "type", "host", "options")
                                : json_array();
}

static int watch_host(struct trial *t, struct site_host *h, struct err *e)
{
    json_t *probes = host_probe(t);
    for (size_t i = 0; i < t->site.machine_count; i++) {
        const struct site_machine *m = &t->site.machines[i];
        if (m->host != h)
            continue;
        json_t *targets = t->site.ops->targets(m->machine), *target;
        size_t k;
        json_array_foreach(targets, k, target)
        {
            if (has_probe(t, json_str_or(target, "type", "")))
                json_array_append(probes, target);
        }
        json_decref(targets);
    }
    return start_probes(t, &h->node, "probe", probes, NULL, e);
}

/* What the guest believes: "media/guest/cpu0" beside the host's "media/cgroup". */
static int watch_inside(struct trial *t, struct site_machine *m, struct err *e)
{
    char prefix[SAMPLE_NAME_MAX];
    str_printf(prefix, sizeof prefix, "%.40s/guest", m->plan->spec.name);
    return start_probes(t, &m->node, "probe", host_probe(t), prefix, e);
}

/* What an appliance that is not ours counts by itself: "rtpengine/scrape". */
static int watch_scraped(struct trial *t, struct site_machine *m, struct err *e)
{
    const struct plan_driver *a = m->plan->appliance;
    const char *command = a != NULL ? json_str_or(a->options, "scrape", NULL) : NULL;
    char id[64];
    if (command == NULL)
        return 0;
    str_printf(id, sizeof id, "scrape.%.40s", m->plan->spec.name);
    return start_probes(t, traffic_appliance_node(m), id,
                        json_pack("[{s:s, s:s, s:{s:s}}]", "type", "scrape", "entity",
                                  m->plan->spec.name, "options", "command", command),
                        NULL, e);
}

/* ---- what the VMM says ---- */

/* What has gone is nothing of one machine or of this view. */
static int fail_view(const struct site_machine *m, int r, struct err *e)
{
    return r == -EPIPE ? r : err_prefix(e, "machine %s: VMM view: ", m->plan->spec.name);
}

static int watch_vmm(struct trial *t, struct site_machine *m, struct trial_vmm *v, struct err *e)
{
    const uint64_t interval_ns = VMM_EVERY * run_interval_ns(t->given.plan);
    const struct recorder_source source = {
        .id = m->plan->spec.name, .kind = RECORDER_PROBE, .interval_ns = interval_ns};
    struct sample_column *columns = calloc(VMM_COLUMNS_MAX, sizeof *columns);
    if (columns == NULL)
        return err_set(e, -ENOMEM, "VMM view: out of memory");
    int n = t->site.ops->vmm_columns(m->machine, columns, VMM_COLUMNS_MAX, e);
    if (n > 0) {
        const size_t count = n < VMM_COLUMNS_MAX ? (size_t)n : VMM_COLUMNS_MAX;
        v->machine = m;
        v->columns = arena_dup(&t->arena, columns, count * sizeof *columns);
        n = recorder_add_columns(&t->recorder, &source, columns, count, m->plan->spec.name,
                                 &v->source, e);
    }
    free(columns);
    return n < 0 ? fail_view(m, n, e) : 0;
}

static int look(struct trial *t, struct trial_vmm *v, struct err *e)
{
    const uint64_t before_ns = clock_now_ns(), real_ns = clock_real_ns();
    int r = t->site.ops->vmm_sample(v->machine->machine, v->columns, v->source->count,
                                    v->source->values, e);
    if (r < 0)
        return fail_view(v->machine, r, e);
    v->calls++;
    v->cost_ns += clock_now_ns() - before_ns;
    recorder_row(&t->recorder, v->source, real_ns);
    return 0;
}

/* From the start of the measured part to its end, both included, so that growth has two ends. */
static void plan_next_look(struct trial *t)
{
    const uint64_t now = clock_now_ns(), to = t->measure_to_ns;
    const uint64_t half = (to - t->measure_from_ns) / 2;
    const uint64_t tenth = VMM_EVERY * run_interval_ns(t->given.plan);
    const uint64_t next = t->vmm_next_ns + (tenth < half ? tenth : half);
    if (t->vmm_next_ns >= to)
        t->vmm_next_ns = UINT64_MAX;
    else
        t->vmm_next_ns = next > now ? (next < to ? next : to) : now;
}

int watching_tick(struct trial *t, uint64_t *ret_next_ns, struct err *e)
{
    int r = 0;
    *ret_next_ns = UINT64_MAX;
    if (t->vmm_count == 0 || t->measure_from_ns == 0)
        return 0;
    if (t->vmm_next_ns == 0)
        t->vmm_next_ns = t->measure_from_ns;
    if (clock_now_ns() >= t->vmm_next_ns) {
        for (size_t i = 0; i < t->vmm_count && r == 0; i++)
            r = look(t, &t->vmm[i], e);
        plan_next_look(t);
    }
    *ret_next_ns = t->vmm_next_ns;
    return r;
}

static void report_vmm(struct trial *t)
{
    json_t *all = json_object();
    for (size_t i = 0; i < t->vmm_count; i++) {
        const struct trial_vmm *v = &t->vmm[i];
        const double us = v->calls > 0 ? (double)v->cost_ns / 1e3 / (double)v->calls : NAN;
        const char *missing = t->site.ops->vmm_missing(v->machine->machine);
        json_t *one = json_pack("{s:o}", "readings", json_u64(v->calls));
        if (missing != NULL)
            json_object_set_new(one, "missing", json_string(missing));
        if (isfinite(us))
            json_object_set_new(one, "us_per_reading", json_real(us));
        json_object_set_new(all, v->machine->plan->spec.name, one);
    }
    if (t->vmm_count > 0)
        json_object_set_new(t->report, "vmm", all);
    else
        json_decref(all);
}

/* ---- clocks of others ---- */

/* Read again at the end: what it gained or lost since the start, to half the round trips. How far
 * off it can be at most, in *ret_bound_ppm: what is left of a drift that is smaller than its doubt.
 */
static int read_clock(struct nodelink *n, const char *name, json_t *all, double *ret_bound_ppm,
                      struct err *e)
{
    const struct nodelink before = *n;
    int r = nodelink_sync(n, e);
    if (r < 0)
        return r;
    const double passed_ns = (double)(n->clock_read_ns - before.clock_read_ns);
    const double gained_ns = (double)(before.mono_offset_ns - n->mono_offset_ns);
    const double unsure_ns = (double)(before.clock_round_ns + n->clock_round_ns) / 2;
    n->mono_offset_ns = before.mono_offset_ns; /* rows under way keep to one offset */
    const double drift_ppm = gained_ns / passed_ns * 1e6, unsure_ppm = unsure_ns / passed_ns * 1e6;
    json_object_set_new(all, name,
                        json_pack("{s:f, s:f, s:f, s:I}", "seconds", passed_ns / 1e9, "drift_ppm",
                                  drift_ppm, "uncertainty_ppm", unsure_ppm, "realtime_offset_ns",
                                  (json_int_t)n->real_offset_ns));
    *ret_bound_ppm = fabs(drift_ppm) + unsure_ppm;
    return 0;
}

static int read_guest_clocks(struct trial *t, struct err *e)
{
    json_t *all = json_object();
    double bound_ppm = 0;
    int r = 0;
    for (size_t i = 0; i < t->site.machine_count && r == 0; i++) {
        struct site_machine *m = &t->site.machines[i];
        const char *name = m->plan->spec.name;
        if (!t->site.ops->own_kernel || m->node.peer == NULL)
            continue;
        r = read_clock(&m->node, name, all, &bound_ppm, e);
        if (r == 0)
            r = store_put_result(t->run->store, t->id, name, "clock_drift_bound_ppm", "ppm",
                                 bound_ppm, e);
    }
    if (json_object_size(all) > 0)
        json_object_set(t->report, "guest_clocks", all);
    json_decref(all);
    return r;
}

/* Of hosts that are not this one, whose rows stand beside ours. */
static int read_host_clocks(struct trial *t, struct err *e)
{
    json_t *all = json_object();
    double bound_ppm = 0;
    int r = 0;
    for (size_t i = 0; i < t->site.host_count && r == 0; i++)
        if (!host_is_local(t->site.hosts[i].host) && t->site.hosts[i].node.peer != NULL)
            r = read_clock(&t->site.hosts[i].node, t->site.hosts[i].host->name, all, &bound_ppm, e);
    if (r == 0 && !host_is_local(t->site.gen_host) && t->site.generator.peer != NULL)
        r = read_clock(&t->site.generator, t->site.generator.name, all, &bound_ppm, e);
    if (json_object_size(all) > 0)
        json_object_set(t->report, "host_clocks", all);
    json_decref(all);
    return r;
}

/* ---- all of it ---- */

int watching_start(struct trial *t, struct err *e)
{
    const struct platform_ops *ops = t->site.ops;
    int r = 0;
    for (size_t i = 0; i < t->site.host_count && r == 0; i++)
        r = watch_host(t, &t->site.hosts[i], e);
    t->vmm = ARENA_ARRAY(&t->arena, struct trial_vmm, t->site.machine_count + 1);
    for (size_t i = 0; i < t->site.machine_count && r == 0; i++) {
        struct site_machine *m = &t->site.machines[i];
        if (ops->own_kernel && m->node.peer != NULL)
            r = watch_inside(t, m, e);
        if (r == 0)
            r = watch_scraped(t, m, e);
        if (r == 0 && ops->vmm_columns != NULL) {
            r = watch_vmm(t, m, &t->vmm[t->vmm_count], e);
            t->vmm_count += t->vmm[t->vmm_count].source != NULL;
        }
    }
    return r;
}

int watching_stop(struct trial *t, struct err *e)
{
    json_t *probe = json_object();
    char named[64];
    int r = 0;
    for (size_t i = 0; i < t->site.host_count && r == 0; i++)
        r = stop_probes(t, &t->site.hosts[i].node, t->site.hosts[i].host->name, probe, e);
    for (size_t i = 0; i < t->site.machine_count && r == 0; i++) {
        struct site_machine *m = &t->site.machines[i];
        str_printf(named, sizeof named, "in %s", m->plan->spec.name);
        r = stop_probes(t, &m->node, named, probe, e);
    }
    json_object_set_new(t->report, "probe", probe);
    if (r == 0)
        r = read_guest_clocks(t, e);
    if (r == 0)
        r = read_host_clocks(t, e);
    report_vmm(t);
    return r;
}
