/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * analyse: reads a result file into the model, case by case. One thread.
 */
#include "control/analyse/analyse_private.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct analysis *a;
    struct store *store;
    size_t room;
    struct estimate *results; /* of the trial that is read; mean is its value */
    size_t result_count, result_room;
};

const char *trial_state_name(enum trial_state state)
{
    static const char *const names[] = {"running", "valid", "void", "failed", "interrupted"};
    return (size_t)state < sizeof names / sizeof *names ? names[state] : "unknown";
}

static const char *text(struct analysis *a, const char *t)
{
    return arena_strdup(&a->arena, t != NULL ? t : "");
}

static int count_case(void *arg, const struct store_case *c)
{
    (void)c;
    ((struct reader *)arg)->room++;
    return 0;
}

static int count_trial(void *arg, const struct store_trial *t)
{
    (void)t;
    ((struct reader *)arg)->room++;
    return 0;
}

/* {"rtp": {"option": "streams", "value": "400"}}: "rtp 400 streams"; also without the load's name,
 * as {"streams": "400"}, and in lists. */
static const char *say_level(struct analysis *a, const json_t *levels, const char *key)
{
    const char *all = "", *name;
    json_t *value;
    size_t i;
    if (json_is_string(levels) || json_is_number(levels)) {
        const char *v = json_is_string(levels)
                            ? json_string_value(levels)
                            : arena_printf(&a->arena, "%g", json_number_value(levels));
        return key[0] != '\0' ? arena_printf(&a->arena, "%s %s", v, key) : text(a, v);
    }
    if (json_object_get(levels, "option") != NULL && json_object_get(levels, "value") != NULL)
        return say_level(a, json_object_get(levels, "value"), json_str_or(levels, "option", ""));
    json_array_foreach(levels, i, value)
    {
        all = arena_printf(&a->arena, "%s%s%s", all, i > 0 ? ", " : "", say_level(a, value, key));
    }
    json_object_foreach((json_t *)(uintptr_t)levels, name, value)
    {
        const char *one = json_is_object(value)
                              ? arena_printf(&a->arena, "%s %s", name, say_level(a, value, ""))
                              : say_level(a, value, name);
        all = arena_printf(&a->arena, "%s%s%s", all, all[0] != '\0' ? ", " : "", one);
    }
    return all;
}

static int read_case(void *arg, const struct store_case *c)
{
    struct reader *r = arg;
    struct analysis *a = r->a;
    a->cases[a->case_count++] = (struct case_result){
        .id = c->id,
        .name = text(a, c->name),
        .setup = text(a, c->setup),
        .level = say_level(a, c->levels, ""),
        .levels = json_incref((json_t *)(uintptr_t)c->levels),
        .settings = json_incref((json_t *)(uintptr_t)c->settings),
    };
    return 0;
}

static int read_trial(void *arg, const struct store_trial *t)
{
    struct reader *r = arg;
    struct analysis *a = r->a;
    struct trial_view *v = &a->trials[a->trial_count++];
    *v = (struct trial_view){
        .id = t->id,
        .case_index = a->case_count,
        .number = t->number,
        .attempt = t->attempt,
        .state = t->state,
        .started_real_ns = t->started_real_ns,
        .from_real_ns = t->measure_from_real_ns,
        .to_real_ns = t->measure_to_real_ns,
        .ended_real_ns = t->ended_real_ns,
        .verdict = text(a, t->verdict),
        .reason = text(a, t->reason),
        .report = json_incref((json_t *)(uintptr_t)t->report),
    };
    for (size_t i = 0; i < a->case_count; i++)
        if (a->cases[i].id == t->case_id)
            v->case_index = i;
    return v->case_index < a->case_count ? 0 : -EBADMSG;
}

static int keep_result(void *arg, const char *entity, const char *metric, const char *unit,
                       double value)
{
    struct reader *r = arg;
    if (r->result_count == r->result_room) {
        size_t room = r->result_room > 0 ? 2 * r->result_room : 256;
        struct estimate *more = realloc(r->results, room * sizeof *more);
        if (more == NULL)
            return -ENOMEM;
        r->results = more;
        r->result_room = room;
    }
    struct analysis *a = r->a;
    r->results[r->result_count++] = (struct estimate){
        .entity = text(a, entity), .metric = text(a, metric), .unit = text(a, unit), .mean = value};
    return 0;
}

static void count_state(struct trial_counts *n, const struct trial_view *t)
{
    n->valid += t->state == TRIAL_DONE;
    n->passed += t->state == TRIAL_DONE && strcmp(t->verdict, "pass") == 0;
    n->voided += t->state == TRIAL_VOID;
    n->failed += t->state == TRIAL_FAILED;
    n->interrupted += t->state == TRIAL_INTERRUPTED || t->state == TRIAL_RUNNING;
}

static const char *judge(const struct trial_counts *n)
{
    if (n->valid > 0)
        return n->passed == n->valid ? "pass" : "fail";
    return n->voided > 0 ? "void" : n->failed > 0 ? "failed" : "not measured";
}

size_t case_valid_trials(const struct analysis *a, size_t case_index, const struct trial_view **ret,
                         size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i < a->trial_count && n < room; i++)
        if (a->trials[i].case_index == case_index && a->trials[i].state == TRIAL_DONE)
            ret[n++] = &a->trials[i];
    return n;
}

static int read_figures(struct reader *r, struct case_result *c, struct err *e)
{
    struct analysis *a = r->a;
    const size_t index = (size_t)(c - a->cases);
    size_t nth = 0;
    for (size_t i = 0; i < a->trial_count; i++) {
        const struct trial_view *t = &a->trials[i];
        if (t->case_index != index || t->state != TRIAL_DONE)
            continue;
        r->result_count = 0;
        int result = store_each_result(r->store, t->id, keep_result, r, e);
        if (result == -ENOMEM)
            return err_set(e, result, "out of memory");
        if (result < 0)
            return result;
        for (size_t k = 0; k < r->result_count; k++)
            estimate_add(a, c, &r->results[k], nth, r->results[k].mean);
        const struct trial_figures figures = {t, nth++, r->results, r->result_count};
        machine_derive(a, c, &figures);
        sharing_derive(a, c, &figures);
        together_derive(a, c, &figures);
    }
    return estimate_finish(c, e);
}

static int read_cases(struct reader *r, struct err *e)
{
    struct analysis *a = r->a;
    for (size_t i = 0; i < a->trial_count; i++) {
        count_state(&a->cases[a->trials[i].case_index].counts, &a->trials[i]);
        count_state(&a->counts, &a->trials[i]);
    }
    for (size_t i = 0; i < a->case_count; i++) {
        struct case_result *c = &a->cases[i];
        c->verdict = judge(&c->counts);
        int result = read_figures(r, c, e);
        if (result == 0)
            result = delay_analyse(a, r->store, c, e);
        if (result < 0)
            return result;
        machine_collect(a, c);
        sharing_collect(a, c);
        together_collect(a, c);
    }
    return 0;
}

/* A case's place in the plan; cases are stored in the order in which they were measured. */
static size_t plan_place(const struct analysis *a, const struct case_result *c)
{
    const json_t *cases = json_object_get(a->study.plan, "cases"), *x;
    for (size_t i = 0; i < json_array_size(cases); i++) {
        x = json_array_get(cases, i);
        const char *name = json_is_string(x) ? json_string_value(x) : json_str_or(x, "name", "");
        if (strcmp(name, c->name) == 0)
            return i;
    }
    return SIZE_MAX;
}

static void sort_cases(struct analysis *a)
{
    for (size_t i = 1; i < a->case_count; i++) {
        const struct case_result c = a->cases[i];
        size_t k = i;
        for (; k > 0 && plan_place(a, &a->cases[k - 1]) > plan_place(a, &c); k--)
            a->cases[k] = a->cases[k - 1];
        a->cases[k] = c;
    }
}

static int read_all(struct reader *r, struct err *e)
{
    struct analysis *a = r->a;
    int result = store_get_study(r->store, &a->arena, &a->study, e);
    if (result < 0) {
        a->study = (struct store_study){0};
        return result;
    }
    json_incref((json_t *)(uintptr_t)a->study.plan);
    json_incref((json_t *)(uintptr_t)a->study.facts);
    if ((result = store_each_case(r->store, count_case, r, e)) < 0)
        return result;
    a->cases = ARENA_ARRAY(&a->arena, struct case_result, r->room + 1);
    if ((result = store_each_case(r->store, read_case, r, e)) < 0)
        return result;
    sort_cases(a);
    r->room = 0;
    if ((result = store_each_trial(r->store, count_trial, r, e)) < 0)
        return result;
    a->trials = ARENA_ARRAY(&a->arena, struct trial_view, r->room + 1);
    result = store_each_trial(r->store, read_trial, r, e);
    if (result == -EBADMSG)
        return err_set(e, result, "damaged: a trial belongs to no case");
    return result < 0 ? result : read_cases(r, e);
}

int analyse(struct analysis **ret, struct store *s, struct err *e)
{
    struct analysis *a = calloc(1, sizeof *a);
    if (a == NULL)
        return err_set(e, -ENOMEM, "out of memory");
    arena_init(&a->arena);
    struct reader r = {.a = a, .store = s};
    int result = read_all(&r, e);
    if (result == 0)
        bench_analyse(a);
    if (result == 0)
        result = findings_make(a, e);
    if (result == 0)
        result = series_read(a, s, e);
    free(r.results);
    if (result == 0)
        *ret = a;
    else
        analysis_destroy(a);
    return result;
}

void analysis_destroy(struct analysis *a)
{
    if (a == NULL)
        return;
    for (size_t i = 0; i < a->case_count; i++) {
        json_decref(a->cases[i].levels);
        json_decref(a->cases[i].settings);
    }
    for (size_t i = 0; i < a->trial_count; i++)
        json_decref(a->trials[i].report);
    json_decref((json_t *)(uintptr_t)a->study.plan);
    json_decref((json_t *)(uintptr_t)a->study.facts);
    arena_finish(&a->arena);
    free(a);
}
