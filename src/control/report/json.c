/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * json: the model as JSON, the form for programs and for the page's charts. Keys are described in
 * doc/manual/report.md and stay. Pure.
 */
#include <string.h>

#include "base/str.h"
#include "control/report/report_private.h"

static void set(json_t *o, const char *key, double value)
{
    json_object_set_new(o, key, json_figure(value));
}

static void set_text(json_t *o, const char *key, const char *text)
{
    json_object_set_new(o, key, text != NULL ? json_string(text) : json_null());
}

static void set_copy(json_t *o, const char *key, const json_t *value)
{
    json_object_set(o, key, value != NULL ? (json_t *)(uintptr_t)value : json_null());
}

static json_t *span(struct span s)
{
    if (!isfinite(s.low) || !isfinite(s.high))
        return json_null();
    return json_pack("[f, f]", s.low, s.high);
}

static json_t *numbers(const double *values, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, json_figure(values[i]));
    return array;
}

static json_t *estimate(const struct estimate *x)
{
    if (x == NULL || x->n == 0)
        return json_null();
    json_t *o = json_object();
    set_text(o, "unit", x->unit);
    json_object_set_new(o, "n", json_u64(x->n));
    set(o, "mean", x->mean);
    set(o, "sd", x->sd);
    set(o, "median", x->median);
    set(o, "min", x->min);
    set(o, "max", x->max);
    json_object_set_new(o, "student", span(x->student));
    json_object_set_new(o, "study_b", span(x->study_b));
    json_object_set_new(o, "bootstrap", span(x->bootstrap));
    json_object_set_new(o, "values", numbers(x->values, x->n));
    return o;
}

static json_t *box(const struct box *b)
{
    json_t *o = json_object();
    set(o, "min", b->min);
    set(o, "whisker_low", b->whisker_low);
    set(o, "q1", b->q1);
    set(o, "median", b->median);
    set(o, "q3", b->q3);
    set(o, "whisker_high", b->whisker_high);
    set(o, "max", b->max);
    json_object_set_new(o, "outside_low", json_u64(b->outside_low));
    json_object_set_new(o, "outside_high", json_u64(b->outside_high));
    return o;
}

static json_t *delay(const struct delay *d)
{
    static const char *const names[POINTS] = {"p50", "p95", "p99"};
    json_t *o = json_object(), *sure = json_object(), *trials = json_object();
    set_text(o, "unit", "ns");
    json_object_set_new(o, "count", json_u64(d->box.n));
    if (d->box.n > 0) {
        json_object_set_new(o, "box", box(&d->box));
        set(o, "mean", d->box.mean);
        set(o, "p5", d->p5);
        set(o, "p50", d->box.median);
        set(o, "p90", d->p90);
        set(o, "p95", d->p95);
        set(o, "p99", d->p99);
        set(o, "p99.9", d->p999);
        set(o, "max", d->box.max);
    }
    for (int i = 0; i < POINTS; i++) {
        json_object_set_new(sure, names[i], span(d->sure[i]));
        json_object_set_new(trials, names[i], estimate(d->trial[i]));
    }
    json_object_set_new(o, "sure", sure);
    json_object_set_new(o, "trials", trials);
    return o;
}

static json_t *loss(const struct loss *l)
{
    if (!l->known)
        return json_null();
    json_t *o = json_object();
    json_object_set_new(o, "sent", json_u64(l->sent));
    json_object_set_new(o, "lost", json_u64(l->lost));
    set(o, "pct", l->pct);
    json_object_set_new(o, "sure", span(l->sure));
    set_text(o, "method", l->lost == 0 ? "rule of three" : "Wilson");
    return o;
}

static json_t *loads(const struct case_result *c)
{
    json_t *all = json_object();
    for (size_t i = 0; i < c->load_count; i++) {
        const struct load_result *l = &c->loads[i];
        json_t *o = json_object();
        set_text(o, "to", l->to);
        for (int k = 0; k < DELAYS; k++)
            json_object_set_new(o, delay_names[k], delay(&l->delays[k]));
        json_object_set_new(o, "loss", loss(&l->loss));
        json_object_set_new(o, "loss_pct", estimate(l->loss_pct));
        json_object_set_new(o, "jitter_us", estimate(l->jitter_us));
        json_object_set_new(o, "mos", estimate(l->mos));
        json_object_set_new(o, "r_factor", estimate(l->r_factor));
        json_object_set_new(all, l->entity, o);
    }
    return all;
}

static json_t *rates(const struct case_result *c)
{
    json_t *all = json_object();
    for (size_t i = 0; i < c->rate_count; i++) {
        json_t *o = json_object();
        for (int k = 0; k < RATE_FIGURES; k++)
            json_object_set_new(o, rate_names[k], estimate(c->rates[i].figures[k]));
        json_object_set_new(all, c->rates[i].entity, o);
    }
    return all;
}

static json_t *fairness(const struct case_result *c)
{
    json_t *o = json_object();
    for (int k = 0; k < SHARING_FIGURES; k++)
        json_object_set_new(o, sharing_metrics[k], estimate(c->sharing[k]));
    return o;
}

/* {"out": {"aggregate_per_s": ...}}; null: fewer than two machines send, or receive. */
static json_t *together(const struct case_result *c)
{
    json_t *o = json_object();
    for (int way = 0; way < WAYS; way++) {
        json_t *one = json_object();
        for (int k = 0; k < SHARING_FIGURES; k++)
            json_object_set_new(one, sharing_metrics[k], estimate(c->together[way][k]));
        json_object_set_new(o, way_names[way],
                            c->together[way][0] != NULL ? json_incref(one) : json_null());
        json_decref(one);
    }
    return o;
}

static json_t *machines(const struct case_result *c)
{
    json_t *all = json_object();
    for (size_t i = 0; i < c->machine_count; i++) {
        const struct machine_result *m = &c->machines[i];
        json_t *one = json_object();
        for (int k = 0; k < MACHINE_FIGURES; k++)
            if (k <= MACHINE_THROTTLED || m->figures[k] != NULL)
                json_object_set_new(one, machine_metrics[k], estimate(m->figures[k]));
        json_object_set_new(all, m->name, one);
    }
    return all;
}

static json_t *cpus(const struct case_result *c)
{
    json_t *all = json_object();
    for (size_t i = 0; i < c->cpu_count; i++) {
        const struct cpu_result *cpu = &c->cpus[i];
        json_t *o = json_object();
        json_object_set_new(o, "busy_pct", estimate(cpu->busy_pct));
        for (size_t m = 0; m < CPU_MODES; m++)
            json_object_set_new(o, cpu_modes[m], estimate(cpu->modes[m]));
        if (cpu->baseline_pct != NULL)
            json_object_set_new(o, "baseline_busy_pct", estimate(cpu->baseline_pct));
        json_object_set_new(all, cpu->name, o);
    }
    return all;
}

static json_t *metrics(const struct case_result *c)
{
    json_t *all = json_object();
    for (size_t i = 0; i < c->estimate_count; i++) {
        const struct estimate *x = &c->estimates[i];
        json_t *entity = json_object_get(all, x->entity);
        if (entity == NULL) {
            entity = json_object();
            json_object_set_new(all, x->entity, entity);
        }
        json_object_set_new(entity, x->metric, estimate(x));
    }
    return all;
}

static json_t *bench_span(struct bench_span x)
{
    return span((struct span){x.low, x.high});
}

static json_t *benches(const struct case_result *c)
{
    json_t *all = json_object();
    for (size_t i = 0; i < c->bench_count; i++) {
        const struct bench_result *b = &c->benches[i];
        json_t *o = json_object();
        set_text(o, "type", b->type);
        set_text(o, "role", b->is_neighbour ? "neighbour" : "job");
        set_text(o, "timed_by", b->timed_by);
        set_text(o, "no_clock", b->no_clock);
        set(o, "round_s", b->mean_s);
        json_object_set_new(o, "sure", bench_span(b->sure));
        json_object_set_new(o, "n", json_u64(b->n));
        set_text(o, "over", b->of_rounds ? "rounds" : "trials");
        if (b->baseline != NULL) {
            set_text(o, "baseline", b->baseline);
            set(o, "slowdown", b->slowdown);
            json_object_set_new(o, "slowdown_sure", bench_span(b->slowdown_sure));
        }
        json_object_set_new(all, b->machine, o);
    }
    return all;
}

static json_t *counts(const struct trial_counts *n)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "valid", json_u64(n->valid), "passed",
                     json_u64(n->passed), "void", json_u64(n->voided), "failed",
                     json_u64(n->failed), "interrupted", json_u64(n->interrupted));
}

static json_t *cases(const struct analysis *a)
{
    json_t *all = json_array();
    for (size_t i = 0; i < a->case_count; i++) {
        const struct case_result *c = &a->cases[i];
        json_t *o = json_object();
        set_text(o, "name", c->name);
        set_text(o, "setup", c->setup);
        set_text(o, "level", c->level);
        set_copy(o, "levels", c->levels);
        set_copy(o, "settings", c->settings);
        set_text(o, "verdict", c->verdict);
        json_object_set_new(o, "trials", counts(&c->counts));
        json_object_set_new(o, "loads", loads(c));
        json_object_set_new(o, "rates", rates(c));
        json_object_set_new(o, "fairness", fairness(c));
        json_object_set_new(o, "machines_together", together(c));
        json_object_set_new(o, "machines", machines(c));
        json_object_set_new(o, "cpus", cpus(c));
        if (c->bench_count > 0)
            json_object_set_new(o, "benches", benches(c));
        json_object_set_new(o, "metrics", metrics(c));
        json_array_append_new(all, o);
    }
    return all;
}

static json_t *trials(const struct analysis *a)
{
    json_t *all = json_array();
    for (size_t i = 0; i < a->trial_count; i++) {
        const struct trial_view *t = &a->trials[i];
        json_t *o = json_object();
        set_text(o, "case", a->cases[t->case_index].name);
        json_object_set_new(o, "number", json_u64(t->number));
        json_object_set_new(o, "attempt", json_u64(t->attempt));
        set_text(o, "state", trial_state_name(t->state));
        set_text(o, "verdict", t->verdict);
        set_text(o, "reason", t->reason);
        json_object_set_new(o, "measure_from_ns", json_u64(t->from_real_ns));
        json_object_set_new(o, "measure_to_ns", json_u64(t->to_real_ns));
        json_array_append_new(all, o);
    }
    return all;
}

static json_t *findings(const struct analysis *a)
{
    json_t *all = json_array();
    for (size_t i = 0; i < a->finding_count; i++) {
        const struct finding *f = &a->findings[i];
        json_t *o = json_object();
        set_text(o, "kind", finding_kind_name(f->kind));
        set_text(o, "case", f->case_name);
        set_text(o, "text", f->text);
        if (f->metric != NULL) {
            set_text(o, "baseline", f->baseline);
            set_text(o, "entity", f->entity);
            set_text(o, "metric", f->metric);
            set(o, "value", f->value);
            set(o, "baseline_value", f->base_value);
            set(o, "welch_p", f->welch.p);
            set(o, "mann_whitney_p", f->ranks.p);
            if (isfinite(f->welch.p)) {
                set(o, "difference_low", f->welch.difference_low);
                set(o, "difference_high", f->welch.difference_high);
                set(o, "hedges_g", f->welch.hedges_g);
            }
            if (isfinite(f->ranks.p))
                set(o, "cliffs_delta", f->ranks.cliffs_delta);
        }
        json_array_append_new(all, o);
    }
    return all;
}

static json_t *study(const struct analysis *a)
{
    json_t *o = json_object();
    set_text(o, "name", a->study.name);
    set_text(o, "title", a->study.title);
    set_text(o, "seed", a->study.seed);
    set_text(o, "version", a->study.version);
    set_text(o, "plan_path", a->study.plan_path);
    set_text(o, "plan_text", a->study.plan_text);
    json_object_set_new(o, "started_ns", json_u64(a->study.started_real_ns));
    json_object_set_new(o, "ended_ns", json_u64(a->study.ended_real_ns));
    json_object_set_new(o, "trials", counts(&a->counts));
    return o;
}

static json_t *series(const struct analysis *a)
{
    json_t *all = json_array();
    for (size_t i = 0; i < a->series_count; i++) {
        const struct trial_series *t = &a->series[i];
        const struct trial_view *v = &a->trials[t->trial_index];
        json_t *lines = json_array();
        for (const struct line_series *s = t->first; s != NULL; s = s->next)
            json_array_append_new(lines, json_pack("{s:s, s:s, s:s, s:o, s:o}", "panel", s->panel,
                                                   "name", s->name, "unit", s->unit, "t_s",
                                                   numbers(s->t_s, s->count), "values",
                                                   numbers(s->values, s->count)));
        json_array_append_new(all, json_pack("{s:s, s:o, s:o, s:b, s:o}", "case",
                                             a->cases[v->case_index].name, "number",
                                             json_u64(v->number), "attempt", json_u64(v->attempt),
                                             "thinned", t->thinned, "lines", lines));
    }
    return all;
}

json_t *report_to_json(const struct analysis *a, unsigned flags)
{
    json_t *o = json_object();
    if (o == NULL)
        return NULL;
    json_object_set_new(o, "vaperf_report", json_u64(1));
    json_object_set_new(o, "study", study(a));
    json_object_set_new(o, "cases", cases(a));
    json_object_set_new(o, "trials", trials(a));
    json_object_set_new(o, "findings", findings(a));
    set_copy(o, "facts", a->study.facts);
    set_copy(o, "plan", a->study.plan);
    if (flags & REPORT_JSON_SERIES)
        json_object_set_new(o, "series", series(a));
    return o;
}
