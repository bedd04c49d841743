/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * trial: one attempt from making its machines to removing them, and what became of it in the store.
 * The loop's thread.
 */
#include "control/run/trial_private.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "control/run/benches.h"
#include "control/run/called.h"

static const uint64_t tick_ns = 200 * NS_PER_MS;

static uint64_t left_ns(const struct trial *t)
{
    const struct run *r = t->run;
    const struct plan *p = r->plan;
    const uint64_t now = clock_now_ns();
    uint64_t trial = t->measure_to_ns > now ? t->measure_to_ns - now
                     : t->phase <= RUN_PREPARE
                         ? p->settle_ns + p->baseline_ns + p->warmup_ns + p->duration_ns
                         : 0;
    if (p->duration_ns == 0)
        trial = 0; /* a bench takes as long as it takes */
    if (r->total == 0)
        return trial;
    /* Trials that were finished tell better than the plan how long one takes. */
    const uint64_t each =
        r->done > 0 ? (now - r->started_ns) / (r->done + 1)
                    : p->settle_ns + p->baseline_ns + p->warmup_ns + p->duration_ns + NS_PER_S;
    const uint64_t least = p->baseline_ns + p->warmup_ns + p->duration_ns;
    const size_t after = r->total > r->done ? r->total - r->done - 1 : 0;
    return trial + after * (each > least ? each : least);
}

void trial_tell(struct trial *t)
{
    const struct run *r = t->run;
    if (r->listener.progress == NULL)
        return;
    const uint64_t now = clock_now_ns();
    if (t->phase == RUN_WARMUP && t->measure_from_ns != 0 && now >= t->measure_from_ns)
        t->phase = RUN_MEASURE;
    if (t->phase == RUN_MEASURE && now >= t->measure_to_ns)
        t->phase = RUN_DRAIN;
    const struct run_progress p = {.case_name = t->c->name,
                                   .number = t->number,
                                   .trials = r->plan->trials,
                                   .attempt = t->attempt,
                                   .done = r->done,
                                   .total = r->total,
                                   .phase = t->phase,
                                   .doing = t->doing[0] != '\0' ? t->doing : NULL,
                                   .doing_done = t->doing_done,
                                   .doing_wanted = t->doing_wanted,
                                   .delay_p99_ns = t->recorder.delay_p99_ns,
                                   .loss_pct = t->recorder.loss_pct,
                                   .left_ns = left_ns(t)};
    r->listener.progress(r->listener.arg, &p);
}

/* A failure of the store is the study's, not the trial's. */
static int keep_failure(struct trial *t, int r, const struct err *why, struct err *e)
{
    if (r >= 0)
        return r;
    if (t->recorder.failed.code == 0)
        t->recorder.failed = *why;
    if (e != NULL)
        *e = *why;
    return r;
}

int trial_event(struct trial *t, uint64_t real_ns, struct err *e, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct err own = {0};
    return keep_failure(t, store_put_event(t->run->store, t->id, real_ns, text, &own), &own, e);
}

int trial_commit(struct trial *t, struct err *e)
{
    struct err own = {0};
    return keep_failure(t, store_commit(t->run->store, &own), &own, e);
}

/* A node whose process has ended says how; the words of rpc only say that it is gone. */
static int fail_lost(struct trial *t, const struct nodelink *n, struct err *e)
{
    char how[64], console[ERR_TEXT_MAX / 2];
    nodelink_say_end(n, how, sizeof how);
    site_say_console(&t->site, n, console, sizeof console);
    return err_set(e, -EPIPE, "%s was lost during the trial: %s%s", n->name,
                   how[0] != '\0' ? how : n->why.text, console);
}

int trial_check(struct trial *t, struct err *e)
{
    const struct nodelink *lost = site_find_lost(&t->site);
    if (run_is_stopped(t->run))
        return err_set(e, -ECANCELED, "interrupted");
    if (t->recorder.failed.code != 0) {
        if (e != NULL)
            *e = t->recorder.failed;
        return t->recorder.failed.code;
    }
    int r = site_check_alive(&t->site, e); /* first: it explains a node that is lost */
    if (r < 0)
        return r;
    if (lost != NULL)
        return fail_lost(t, lost, e);
    if (t->broken.code != 0) {
        if (e != NULL)
            *e = t->broken;
        return t->broken.code;
    }
    return 0;
}

int trial_wait(struct trial *t, uint64_t until_ns, bool (*over)(const struct trial *t),
               struct err *e)
{
    for (;;) {
        uint64_t next = until_ns;
        int r = trial_check(t, e);
        if (r == 0)
            r = watching_tick(t, &next, e);
        const uint64_t now = clock_now_ns();
        if (r < 0 || now >= until_ns || (over != NULL && over(t)))
            return r;
        trial_tell(t);
        next = now + tick_ns < next ? now + tick_ns : next;
        r = loop_turn(t->run->loop, next < until_ns ? next : until_ns);
        if (r < 0 && r != -EINTR)
            return err_set(e, r, "event loop: %s", strerror(-r));
    }
}

/* A log's text is longer than an event's words. */
static void keep_log(struct trial *t, const char *who, const char *text)
{
    struct err why = {0};
    struct buf line;
    buf_init(&line);
    buf_printf(&line, "%s: %s", who, text);
    keep_failure(t, store_put_event(t->run->store, t->id, clock_real_ns(), buf_str(&line), &why),
                 &why, NULL);
    buf_finish(&line);
}

static void end_load(struct trial *t, const char *id)
{
    for (size_t i = 0; i < t->load_count; i++)
        if (strcmp(t->loads[i].id, id) == 0)
            t->loads[i].done = true;
}

/* Who tells how far it is, is at work: its answer may take longer. */
static void take_progress(struct trial *t, struct nodelink *n, const json_t *params)
{
    str_printf(t->doing, sizeof t->doing, "%s", json_str_or(params, "what", ""));
    t->doing_done = json_u64_or(params, "done", 0);
    t->doing_wanted = json_u64_or(params, "wanted", 0);
    rpc_prolong(n->peer, TRIAL_ANSWER_NS);
    trial_tell(t);
}

static void on_notice(void *arg, struct nodelink *n, const char *method, const json_t *params)
{
    struct trial *t = arg;
    if (strcmp(method, "sample") == 0)
        recorder_take(&t->recorder, n, params);
    else if (strcmp(method, "load.progress") == 0)
        take_progress(t, n, params);
    else if (strcmp(method, "load.done") == 0)
        end_load(t, json_str_or(params, "id", ""));
    else if (str_starts(method, "bench."))
        benches_notice(t, n, method, params);
    else if (strcmp(method, "appliance.failed") == 0 && t->phase != RUN_DRAIN)
        err_set(&t->broken, -EIO, "%s %s: %s", n == &t->site.generator ? "load" : "machine",
                json_str_or(params, "id", "?"),
                json_str_or(params, "error", "its appliance gave no reason"));
    else if (strcmp(method, "log") == 0)
        keep_log(t, n->name, json_str_or(params, "text", ""));
}

static int name_loads(struct trial *t, struct err *e)
{
    const struct plan_setup *s = t->c->setup;
    t->loads = ARENA_ARRAY(&t->arena, struct trial_load, s->load_count + 1);
    for (size_t i = 0; i < s->load_count; i++) {
        struct trial_load *l = &t->loads[i];
        size_t same = 0;
        *l = (struct trial_load){.plan = &s->loads[i], .level = t->c->levels[i]};
        for (size_t k = 0; k < i; k++)
            same += strcmp(s->loads[k].driver.type, l->plan->driver.type) == 0;
        l->entity = same == 0 ? l->plan->driver.type
                              : arena_printf(&t->arena, "%s.%zu", l->plan->driver.type, same + 1);
        l->id = arena_printf(&t->arena, "load.%s", l->entity);
        l->machine = site_find(&t->site, l->plan->to);
        t->load_count = i + 1;
        if (l->machine == NULL || l->machine->plan->appliance == NULL)
            return err_set(e, -EINVAL, "load %s: machine %s has no appliance", l->entity,
                           l->plan->to);
    }
    return 0;
}

/* How far its clocks are from ours, and how sure that is: half the way there and back. */
static void note_clock(void *arg, struct nodelink *n)
{
    json_object_set_new(
        arg, n->name,
        json_pack("{s:I, s:I, s:o, s:o}", "offset_ns", (json_int_t)n->mono_offset_ns,
                  "realtime_offset_ns", (json_int_t)n->real_offset_ns, "uncertainty_ns",
                  json_u64(n->clock_round_ns / 2), "round_trip_ns", json_u64(n->clock_round_ns)));
}

/* Which setting became what: part of the conditions. */
static json_t *machine_facts(const struct site *s, const struct site_machine *m)
{
    static const char *const states[] = {"applied", "unsupported", "default"};
    struct setting_check checks[MACHINE_CHECKS_MAX];
    json_t *settings = json_object();
    int n = s->ops->check(m->host->platform, &m->plan->spec, checks, MACHINE_CHECKS_MAX);
    for (int i = 0; i < n && i < MACHINE_CHECKS_MAX; i++)
        json_object_set_new(
            settings, checks[i].setting,
            json_pack("{s:s, s:s}", "state", states[checks[i].state], "text", checks[i].text));
    const char *address = s->ops->address(m->machine, NULL);
    return json_pack("{s:s, s:s, s:o}", "host", m->host->host->name, "address",
                     address != NULL ? address : "", "settings", settings);
}

static void note_conditions(struct trial *t)
{
    json_t *clocks = json_object(), *machines = json_object();
    site_each_node(&t->site, note_clock, clocks);
    for (size_t i = 0; i < t->site.machine_count; i++)
        json_object_set_new(machines, t->site.machines[i].plan->spec.name,
                            machine_facts(&t->site, &t->site.machines[i]));
    json_object_set_new(t->report, "clock", clocks);
    json_object_set_new(t->report, "machines", machines);
    json_object_set_new(t->report, "interval_ns", json_u64(run_interval_ns(t->given.plan)));
    json_object_set_new(t->report, "baseline_ns", json_u64(t->given.plan->baseline_ns));
}

static int carry_out(struct trial *t, struct err *e)
{
    int r = site_init(&t->site, &t->given, e);
    t->run->site = &t->site;
    if (r == 0)
        r = name_loads(t, e);
    if (r == 0)
        benches_name(t);
    if (r == 0)
        r = site_open(&t->site, e);
    if (r == 0)
        r = site_build(&t->site, &t->given, e);
    if (r == 0) {
        note_conditions(t);
        r = trial_check(t, e);
    }
    if (r == 0)
        r = traffic_prepare(t, e);
    if (r == 0)
        r = traffic_measure(t, e);
    if (r == 0)
        r = traffic_collect(t, e);
    return r;
}

static int store_loads(struct trial *t, struct err *e)
{
    json_t *loads = json_array();
    int r = 0;
    for (size_t i = 0; i < t->load_count && r == 0; i++) {
        struct trial_load *l = &t->loads[i];
        r = figures_store(&l->figures, t->run->store, t->id, e);
        json_object_del(l->report, "histograms"); /* stored by themselves */
        json_object_set_new(l->report, "entity", json_string(l->entity));
        json_object_set_new(l->report, "to", json_string(l->plan->to));
        if (l->level != NULL)
            json_object_set_new(l->report, "level", json_string(l->level));
        json_array_append(loads, l->report);
    }
    json_object_set_new(t->report, "loads", loads);
    if (r == 0)
        r = benches_store(t, e);
    return r < 0 ? r : recorder_put_results(&t->recorder, e);
}

/* True when the generator was the limit; why: its reasons. */
static bool is_void(const struct trial *t, struct buf *why)
{
    for (size_t i = 0; i < t->load_count; i++) {
        const struct trial_load *l = &t->loads[i];
        size_t k;
        json_t *reason;
        json_array_foreach(json_object_get(l->report, "void"), k, reason)
        {
            buf_printf(why, "%s%s: %s", why->size > 0 ? "; " : "", l->entity,
                       json_string_value(reason));
        }
        if (json_is_true(json_object_get(l->report, "cut_short")))
            buf_printf(why, "%s%s: the load was cut short", why->size > 0 ? "; " : "", l->entity);
        (void)called_says_void(t, l, why);
    }
    return why->size > 0;
}

static int judge(struct trial *t, struct store_trial *st, struct buf *why, struct err *e)
{
    struct figures *all = ARENA_ARRAY(&t->arena, struct figures, t->load_count + 1);
    if (is_void(t, why)) {
        st->state = TRIAL_VOID;
        st->verdict = "void";
        return 0;
    }
    for (size_t i = 0; i < t->load_count; i++)
        all[i] = t->loads[i].figures;
    /* Limits speak of loads. */
    int r = t->load_count > 0 ? figures_check(all, t->load_count, t->run->plan, why, e) : 1;
    if (r < 0)
        return r;
    st->state = TRIAL_DONE;
    st->verdict = r == 0 ? "fail" : "pass";
    return 0;
}

/* Whether an error belongs to the trial, or to the file that everything depends on. */
static bool is_fatal(const struct trial *t, const struct err *e)
{
    return e->code < 0 && e->code == t->recorder.failed.code &&
           strcmp(e->text, t->recorder.failed.text) == 0;
}

static int finish_trial(struct trial *t, int carried, struct trial_result *ret, struct err *e)
{
    struct store *s = t->run->store;
    struct buf why;
    struct store_trial st = {.id = t->id,
                             .case_id = 0,
                             .number = t->number,
                             .attempt = t->attempt,
                             .case_name = t->c->name,
                             .setup = t->c->setup->name,
                             .verdict = "",
                             .report = t->report,
                             .measure_from_real_ns =
                                 t->recorder.parts[RECORDER_MEASURED].from_real_ns,
                             .measure_to_real_ns = t->recorder.parts[RECORDER_MEASURED].to_real_ns};
    buf_init(&why);
    int r = 0;
    if (carried == 0 && (r = store_loads(t, e)) == 0)
        carried = judge(t, &st, &why, e);
    if (r == 0 && carried < 0) {
        const bool stopped = carried == -ECANCELED && run_is_stopped(t->run);
        st.state = stopped ? TRIAL_INTERRUPTED : TRIAL_FAILED;
        st.verdict = stopped ? "" : "failed";
        buf_clear(&why);
        if (!stopped) /* the state says it */
            buf_append_str(&why, e->text);
    }
    st.reason = buf_str(&why);
    st.ended_real_ns = clock_real_ns();
    if (r == 0)
        r = store_end_trial(s, &st, e);
    if (r == 0) {
        *ret = (struct trial_result){st.state, strcmp(st.verdict, "fail") == 0};
        if (st.state == TRIAL_FAILED)
            t->run->failure = *e;
        if (t->run->listener.trial != NULL)
            t->run->listener.trial(t->run->listener.arg, &st);
    }
    buf_finish(&why);
    return r;
}

static void free_trial(struct trial *t)
{
    for (size_t i = 0; i < t->load_count; i++) {
        figures_finish(&t->loads[i].figures);
        json_decref(t->loads[i].report);
    }
    benches_finish(t);
    json_decref(t->report);
    site_finish(&t->site);
    recorder_finish(&t->recorder);
    arena_finish(&t->arena);
}

int trial_run(struct run *run, struct run_case *c, uint64_t number, struct trial_result *ret,
              struct err *e)
{
    struct trial t = {.run = run, .c = c->plan, .number = number};
    struct trial_record *record = &c->trials[number - 1];
    struct err why = {0};
    t.attempt = record->attempts + 1;
    int r = store_begin_trial(run->store, c->id, number, t.attempt, clock_real_ns(), &t.id, e);
    if (r < 0)
        return r;
    record->attempts++;
    arena_init(&t.arena);
    recorder_init(&t.recorder, run->store, t.id);
    t.report = json_object();
    t.given = run_given(run, c->plan->setup);
    t.given.notice = on_notice;
    t.given.arg = &t;
    trial_tell(&t);
    int carried = carry_out(&t, &why);
    t.phase = RUN_CLEAN;
    trial_tell(&t);
    site_remove(&t.site);
    run->site = NULL;
    if (carried < 0 && is_fatal(&t, &why))
        r = carried;
    else
        r = finish_trial(&t, carried, ret, &why);
    if (r < 0 && e != NULL)
        *e = why;
    free_trial(&t);
    return r;
}
