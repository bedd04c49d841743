/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * run: a study from its plan to its end: which trials, in which order, how often again. The loop's
 * thread; run_interrupt from signal handlers.
 */
#include "control/run/run_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "version.h"

enum { SAME_FAILURES_MAX = 3 };

bool run_is_stopped(const struct run *r)
{
    return atomic_load(&r->stops) > 0;
}

void run_note(const struct run *r, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;
    if (r->listener.note == NULL)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    r->listener.note(r->listener.arg, text);
}

uint64_t run_interval_ns(const struct plan *p)
{
    const uint64_t most = p->duration_ns / 4 > 50 * NS_PER_MS ? p->duration_ns / 4 : 50 * NS_PER_MS;
    return p->interval_ns < most && p->interval_ns > 0 ? p->interval_ns : most;
}

struct site_given run_given(struct run *r, const struct plan_setup *s)
{
    return (struct site_given){.plan = r->plan,
                               .setup = s,
                               .places = (const struct place *const *)(void *)r->places,
                               .loop = r->loop,
                               .stops = &r->stops};
}

static void cancel(void *arg, struct nodelink *n)
{
    (void)arg;
    rpc_cancel(n->peer);
}

/* Calls that wait are given up: the step they belong to then sees that it is to stop. */
static void on_stop(void *arg, unsigned events)
{
    struct run *r = arg;
    uint64_t count;
    (void)events;
    ssize_t done = read(r->stop_fd, &count, sizeof count);
    (void)done;
    if (r->site != NULL)
        site_each_node(r->site, cancel, NULL);
}

void run_interrupt(struct run *r)
{
    const uint64_t one = 1;
    const int error = errno;
    atomic_fetch_add(&r->stops, 1);
    ssize_t done = write(r->stop_fd, &one, sizeof one);
    (void)done;
    errno = error;
}

static int open_loop(struct run *r, struct err *e)
{
    int result = loop_create(&r->loop);
    if (result < 0)
        return err_set(e, result, "event loop: %s", strerror(-result));
    r->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->stop_fd < 0)
        return err_set(e, -errno, "eventfd: %s", strerror(errno));
    result = loop_add(r->loop, r->stop_fd, LOOP_READ, on_stop, r, &r->stop_watch);
    return result < 0 ? err_set(e, result, "event loop: %s", strerror(-result)) : 0;
}

static int check_file(struct run *r, struct err *e)
{
    if (!r->job.resume && access(r->file, F_OK) == 0)
        return err_set(e, -EINVAL,
                       "%s exists already: go on with it (--resume %s), or write elsewhere "
                       "(-o FILE), or remove it",
                       r->file, r->file);
    return r->job.resume ? store_open(&r->store, r->file, 0, e) : 0;
}

static int open_all(struct run *r, struct err *e)
{
    int result = open_loop(r, e);
    if (result == 0)
        result = job_load(r, e);
    if (result == 0)
        result = check_file(r, e);
    if (result == 0 && r->job.resume)
        result = job_check_resume(r, e);
    if (result == 0)
        result = mark_create(&r->mark, e);
    if (result == 0)
        result = places_open(r, e);
    return result < 0 ? result : preflight(r, e);
}

int run_open(struct run **ret, const struct run_job *job, const struct run_listener *l,
             struct err *e)
{
    struct run *r = calloc(1, sizeof *r);
    struct err own = {0};
    if (r == NULL)
        return err_set(e, -ENOMEM, "out of memory");
    arena_init(&r->arena);
    r->job = *job;
    if (l != NULL)
        r->listener = *l;
    r->stop_fd = -1;
    int result = open_all(r, &own);
    if (result < 0) {
        if (e != NULL)
            *e = own;
        run_close(r);
        return result;
    }
    *ret = r;
    return 0;
}

void run_close(struct run *r)
{
    if (r == NULL)
        return;
    store_close(r->store);
    if (places_close(r) == 0)
        mark_release(&r->mark);
    json_decref(r->facts);
    json_decref(r->calibration);
    json_decref(r->search_options);
    json_decref(r->partner_options);
    json_decref(r->describe);
    json_decref(r->described);
    plan_destroy(r->plan);
    loop_remove(r->stop_watch);
    loop_destroy(r->loop);
    if (r->stop_fd >= 0)
        close(r->stop_fd);
    arena_finish(&r->arena);
    free(r);
}

const struct plan *run_plan(const struct run *r)
{
    return r->plan;
}

const char *run_file(const struct run *r)
{
    return r->file;
}

const json_t *run_calibration(const struct run *r)
{
    return r->calibration;
}

static int begin_file(struct run *r, struct err *e)
{
    int result = store_open(&r->store, r->file, STORE_CREATE, e);
    if (result < 0)
        return result;
    json_t *plan = plan_to_json(r->plan);
    json_object_set_new(plan, "run",
                        json_pack("{s:o, s:o}", "duration_ns", json_u64(r->plan->duration_ns),
                                  "trials", json_u64(r->plan->trials)));
    const struct store_study study = {.name = r->plan->study,
                                      .title = r->plan->title,
                                      .seed = r->plan->seed,
                                      .plan_path = r->plan->path,
                                      .plan_text = r->plan->text,
                                      .version = VAPERF_VERSION,
                                      .plan = plan,
                                      .facts = r->facts,
                                      .started_real_ns = clock_real_ns()};
    result = store_put_study(r->store, &study, e);
    json_decref(plan);
    return result;
}

static int resume_file(struct run *r, struct err *e)
{
    int n = store_interrupt_running(r->store, e);
    if (n < 0)
        return n;
    if (n > 0)
        run_note(r, "%d trial%s left by a killed run will be measured again", n, n == 1 ? "" : "s");
    return store_put_event(r->store, 0, clock_real_ns(), "resumed", e);
}

static json_t *machine_settings(const struct plan_machine *m)
{
    const struct machine_spec *s = &m->spec;
    char text[256];
    json_t *o = json_pack("{s:s, s:s}", "group", m->group, "host", m->host);
    if (s->vcpus > 0)
        json_object_set_new(o, "vcpus", json_u64(s->vcpus));
    if (s->has_pin)
        json_object_set_new(o, "pin", json_string(cpu_set_format(&s->pin, text, sizeof text)));
    if (s->weight > 0)
        json_object_set_new(o, "weight", json_u64(s->weight));
    if (s->cap_pct > 0)
        json_object_set_new(o, "cap_pct", json_real(s->cap_pct));
    if (s->cap_period_ns > 0)
        json_object_set_new(o, "cap_period_ns", json_u64(s->cap_period_ns));
    if (s->memory_bytes > 0)
        json_object_set_new(o, "memory_bytes", json_u64(s->memory_bytes));
    if (m->appliance != NULL)
        json_object_set_new(o, "appliance", json_string(m->appliance->type));
    if (m->neighbour != NULL)
        json_object_set_new(o, "neighbour", json_string(m->neighbour->type));
    return o;
}

int run_put_case(struct run *r, const struct plan_case *pc, struct run_case *ret, struct err *e)
{
    json_t *levels = json_object(), *machines = json_object();
    const struct plan_setup *s = pc->setup;
    for (size_t i = 0; i < s->load_count; i++) {
        const struct plan_load *l = &s->loads[i];
        if (l->level_option == NULL || pc->levels[i] == NULL)
            continue;
        const char *key = json_object_get(levels, l->driver.type) == NULL
                              ? l->driver.type
                              : arena_printf(&r->arena, "%s.%zu", l->driver.type, i + 1);
        json_object_set_new(
            levels, key,
            json_pack("{s:s, s:s}", "option", l->level_option, "value", pc->levels[i]));
    }
    for (size_t i = 0; i < s->machine_count; i++)
        json_object_set_new(machines, s->machines[i].spec.name, machine_settings(&s->machines[i]));
    json_t *settings = json_pack("{s:s, s:s, s:o}", "platform", s->platform, "generator",
                                 s->generator->name, "machines", machines);
    ret->plan = pc;
    if (r->most_trials < r->plan->trials)
        r->most_trials = r->plan->trials;
    ret->trials = ARENA_ARRAY(&r->arena, struct trial_record, r->most_trials + 1);
    int result = store_put_case(r->store, pc->name, s->name, levels, settings, &ret->id, e);
    json_decref(levels);
    json_decref(settings);
    return result;
}

struct history {
    struct run *r;
    struct run_case *cases;
    size_t count;
};

static int recall_trial(void *arg, const struct store_trial *t)
{
    const struct history *h = arg;
    for (size_t i = 0; i < h->count; i++) {
        if (h->cases[i].id != t->case_id || t->number < 1 || t->number > h->r->most_trials)
            continue;
        struct trial_record *record = &h->cases[i].trials[t->number - 1];
        record->attempts = t->attempt > record->attempts ? t->attempt : record->attempts;
        record->voids += t->state == TRIAL_VOID;
        record->done =
            record->done || t->state == TRIAL_DONE || record->voids > h->r->plan->void_retries;
    }
    return 0;
}

/* Gives up when the same thing fails again and again: the rest would fail as well. */
static int count_failure(struct run *r, const struct trial_result *t, struct err *last,
                         struct err *e)
{
    if (t->state != TRIAL_FAILED) {
        if (t->state == TRIAL_DONE)
            r->same_failures = 0;
        return 0;
    }
    const bool same = r->same_failures > 0 && strcmp(last->text, r->failure.text) == 0;
    r->same_failures = same ? r->same_failures + 1 : 1;
    *last = r->failure;
    if (r->same_failures < SAME_FAILURES_MAX)
        return 0;
    if (e != NULL)
        *e = r->failure;
    err_prefix(e, "given up, as %d trials in a row failed alike: ", SAME_FAILURES_MAX);
    return -EIO;
}

int run_trial_until_valid(struct run *r, struct run_case *c, uint64_t number,
                          struct trial_result *ret, struct err *e)
{
    struct trial_record *record = &c->trials[number - 1];
    int result;
    do {
        result = trial_run(r, c, number, ret, e);
        if (result < 0)
            return result;
        record->voids += ret->state == TRIAL_VOID;
    } while (ret->state == TRIAL_VOID && record->voids <= r->plan->void_retries &&
             !run_is_stopped(r));
    r->done++;
    return count_failure(r, ret, &r->last_failure, e);
}

static size_t count_open(const struct run *r, const struct run_case *cases)
{
    size_t n = 0;
    for (size_t i = 0; i < r->plan->case_count; i++)
        for (uint64_t k = 0; cases[i].plan != NULL && k < r->plan->trials; k++)
            n += !cases[i].trials[k].done;
    return n;
}

/* The plan's order, less the trials that are done and setups not asked for. */
static int run_order(struct run *r, struct run_case *cases, struct err *e)
{
    const struct plan *p = r->plan;
    const size_t count = p->case_count * p->trials;
    size_t *order = ARENA_ARRAY(&r->arena, size_t, count + 1);
    uint64_t *seen = ARENA_ARRAY(&r->arena, uint64_t, p->case_count + 1);
    int result = 0;
    plan_order(p, order);
    r->total = count_open(r, cases);
    for (size_t i = 0; i < count && result == 0 && !run_is_stopped(r); i++) {
        struct run_case *c = &cases[order[i]];
        const uint64_t number = ++seen[order[i]];
        struct trial_result t = {TRIAL_RUNNING, false};
        if (c->plan != NULL && !c->trials[number - 1].done)
            result = run_trial_until_valid(r, c, number, &t, e);
    }
    return result;
}

int run_recall(struct run *r, struct run_case *cases, size_t count, struct err *e)
{
    struct history h = {r, cases, count};
    return store_each_trial(r->store, recall_trial, &h, e);
}

static int measure(struct run *r, struct err *e)
{
    if (r->plan->search != NULL)
        return hunt(r, e);
    const struct plan *p = r->plan;
    struct run_case *cases = ARENA_ARRAY(&r->arena, struct run_case, p->case_count + 1);
    int result = 0;
    for (size_t i = 0; i < p->case_count && result == 0; i++)
        if (run_wants(r, p->cases[i].setup))
            result = run_put_case(r, &p->cases[i], &cases[i], e);
    if (result == 0)
        result = run_recall(r, cases, p->case_count, e);
    return result < 0 ? result : run_order(r, cases, e);
}

int run_study(struct run *r, struct run_outcome *ret, struct err *e)
{
    struct err own = {0};
    *ret = (struct run_outcome){0};
    r->started_ns = clock_now_ns();
    int result = r->job.resume ? resume_file(r, &own) : begin_file(r, &own);
    if (result == 0)
        result = measure(r, &own);
    if (result == 0 && !run_is_stopped(r))
        result = store_end_study(r->store, clock_real_ns(), &own);
    if (r->store != NULL)
        outcome_count(r, ret);
    ret->stopped = run_is_stopped(r);
    ret->hunted = r->plan->search != NULL;
    if (result < 0 && e != NULL)
        *e = own;
    return result;
}
