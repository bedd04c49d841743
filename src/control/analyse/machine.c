/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * machine: what machines and physical CPUs did: counters of probes as shares of the measured time.
 * One thread.
 */
#include "control/analyse/analyse_private.h"

#include <math.h>
#include <string.h>

/* Waiting for a disk is no work; guest time is contained in user time. */
const char *const cpu_modes[CPU_MODES] = {"user_pct", "nice_pct",    "system_pct",
                                          "irq_pct",  "softirq_pct", "steal_pct"};

static const struct {
    const char *metric, *derived;
    const char *kinds[3]; /* where it is looked for, best first: behind "machine/" */
} shares[] = {
    {"cpu_ns", "cpu_pct", {"cgroup", "process", ""}},
    {"run_queue_wait_ns", "wait_pct", {"process", "cgroup", ""}},
    {"throttled_ns", "throttled_pct", {"cgroup", "process", ""}},
};

static const struct estimate *find(const struct estimate *results, size_t count, const char *entity,
                                   const char *metric)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(results[i].metric, metric) == 0 && strcmp(results[i].entity, entity) == 0)
            return &results[i];
    return NULL;
}

const char *const machine_metrics[MACHINE_FIGURES] = {
    "cpu_pct",          "wait_pct",    "throttled_pct",         "guest_cpu_pct",
    "vmm_overhead_pct", "exits_per_s", "clock_drift_bound_ppm", "baseline_cpu_pct"};

/* Sum of a metric over the entities PREFIX0, PREFIX1, ... of a trial; NAN without any. */
static double sum_over(const struct trial_figures *f, const char *prefix, const char *metric)
{
    const size_t n = strlen(prefix);
    double sum = NAN;
    for (size_t i = 0; i < f->count; i++) {
        const struct estimate *x = &f->results[i];
        const char *number = x->entity + n;
        if (strcmp(x->metric, metric) == 0 && strncmp(x->entity, prefix, n) == 0 &&
            number[0] != '\0' && strspn(number, "0123456789") == strlen(number))
            sum = isfinite(sum) ? sum + x->mean : x->mean;
    }
    return sum;
}

/* A guest's own view, and the VMM's. */
static void derive_guest(struct analysis *a, struct case_result *c, const struct trial_figures *f,
                         const char *machine, double cpu_pct)
{
    const struct trial_view *t = f->trial;
    const double span_s = (double)(t->to_real_ns - t->from_real_ns) / 1e9;
    const double guest = sum_over(f, arena_printf(&a->arena, "%s/guest/cpu", machine), "busy_pct");
    const double exits = sum_over(f, arena_printf(&a->arena, "%s/vmm/vcpu.", machine), "exits");
    const struct {
        enum machine_figure figure;
        const char *unit;
        double value;
    } derived[] = {
        {MACHINE_GUEST_CPU, "%", guest},
        {MACHINE_OVERHEAD, "%", cpu_pct - guest},
        {MACHINE_EXITS, "1/s", exits / span_s},
    };
    for (size_t i = 0; i < sizeof derived / sizeof *derived; i++) {
        const struct estimate name = {.entity = machine,
                                      .metric = machine_metrics[derived[i].figure],
                                      .unit = derived[i].unit};
        if (isfinite(derived[i].value))
            estimate_add(a, c, &name, f->nth, derived[i].value);
    }
}

static const char *const baseline = "baseline/";

/* What a machine used while there was no load. */
static void derive_baseline(struct analysis *a, struct case_result *c,
                            const struct trial_figures *f, const char *machine)
{
    static const char *const kinds[] = {"/cgroup", "/process", ""};
    const double span_ns = (double)json_u64_or(f->trial->report, "baseline_ns", 0);
    const struct estimate name = {
        .entity = machine, .metric = machine_metrics[MACHINE_BASELINE], .unit = "%"};
    const struct estimate *x = NULL;
    for (size_t k = 0; k < 3 && x == NULL && span_ns > 0; k++)
        x = find(f->results, f->count,
                 arena_printf(&a->arena, "%s%s%s", baseline, machine, kinds[k]), "cpu_ns");
    if (x != NULL)
        estimate_add(a, c, &name, f->nth, 100 * x->mean / span_ns);
}

void machine_derive(struct analysis *a, struct case_result *c, const struct trial_figures *f)
{
    const struct trial_view *t = f->trial;
    const char *machine;
    json_t *facts;
    const double span_ns =
        t->to_real_ns > t->from_real_ns ? (double)(t->to_real_ns - t->from_real_ns) : NAN;
    json_object_foreach(json_object_get(t->report, "machines"), machine, facts)
    {
        double cpu_pct = NAN;
        for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
            const struct estimate *x = NULL;
            for (size_t k = 0; k < 3 && x == NULL; k++) {
                const char *kind = shares[i].kinds[k];
                x = find(f->results, f->count,
                         kind[0] == '\0' ? machine
                                         : arena_printf(&a->arena, "%s/%s", machine, kind),
                         shares[i].metric);
            }
            const struct estimate name = {
                .entity = machine, .metric = shares[i].derived, .unit = "%"};
            if (x == NULL || !isfinite(span_ns))
                continue;
            estimate_add(a, c, &name, f->nth, 100 * x->mean / span_ns);
            if (i == 0)
                cpu_pct = 100 * x->mean / span_ns;
        }
        derive_baseline(a, c, f, machine);
        if (isfinite(span_ns))
            derive_guest(a, c, f, machine, cpu_pct);
    }
}

/* "cpu0", or "sut/cpu0"; a guest's own "media/guest/cpu0" is no physical one. */
static bool is_cpu(const struct estimate *x)
{
    const char *last = strrchr(x->entity, '/');
    last = last != NULL ? last + 1 : x->entity;
    return strcmp(x->metric, "busy_pct") == 0 && strstr(x->entity, "/guest/") == NULL &&
           strncmp(x->entity, baseline, strlen(baseline)) != 0 && strncmp(last, "cpu", 3) == 0 &&
           last[3] != '\0' && strspn(last + 3, "0123456789") == strlen(last + 3);
}

static void collect_cpus(struct analysis *a, struct case_result *c)
{
    size_t count = 0;
    for (size_t i = 0; i < c->estimate_count; i++)
        count += is_cpu(&c->estimates[i]);
    c->cpus = ARENA_ARRAY(&a->arena, struct cpu_result, count + 1);
    for (size_t i = 0; i < c->estimate_count; i++) {
        const struct estimate *x = &c->estimates[i];
        if (!is_cpu(x))
            continue;
        struct cpu_result *cpu = &c->cpus[c->cpu_count++];
        cpu->name = x->entity;
        cpu->busy_pct = x;
        cpu->baseline_pct =
            case_estimate(c, arena_printf(&a->arena, "%s%s", baseline, x->entity), "busy_pct");
        for (size_t m = 0; m < CPU_MODES; m++)
            cpu->modes[m] = case_estimate(c, x->entity, cpu_modes[m]);
    }
}

static bool has_machine(const struct case_result *c, const char *name)
{
    for (size_t i = 0; i < c->machine_count; i++)
        if (strcmp(c->machines[i].name, name) == 0)
            return true;
    return false;
}

static void collect_machines(struct case_result *c, const json_t *machines)
{
    const char *name;
    json_t *facts;
    json_object_foreach((json_t *)(uintptr_t)machines, name, facts)
    {
        struct machine_result *m = &c->machines[c->machine_count];
        if (has_machine(c, name))
            continue;
        m->name = name;
        for (int k = 0; k < MACHINE_FIGURES; k++)
            m->figures[k] = case_estimate(c, name, machine_metrics[k]);
        c->machine_count++;
    }
}

void machine_collect(struct analysis *a, struct case_result *c)
{
    const size_t index = (size_t)(c - a->cases);
    size_t room = 0;
    collect_cpus(a, c);
    for (size_t i = 0; i < a->trial_count; i++)
        if (a->trials[i].case_index == index)
            room += json_object_size(json_object_get(a->trials[i].report, "machines"));
    c->machines = ARENA_ARRAY(&a->arena, struct machine_result, room + 1);
    for (size_t i = 0; i < a->trial_count; i++)
        if (a->trials[i].case_index == index && a->trials[i].state == TRIAL_DONE)
            collect_machines(c, json_object_get(a->trials[i].report, "machines"));
}
