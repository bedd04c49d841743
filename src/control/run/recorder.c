/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * recorder: rows into series. The loop's thread.
 */
#include "control/run/recorder.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

#define WHOLE_PCT 99.9 /* of the measured part: less is said */

void recorder_init(struct recorder *r, struct store *s, int64_t trial)
{
    *r = (struct recorder){.store = s, .trial = trial, .delay_p99_ns = NAN, .loss_pct = NAN};
    arena_init(&r->arena);
    r->committed_ns = clock_now_ns();
}

void recorder_finish(struct recorder *r)
{
    arena_finish(&r->arena);
    r->sources = NULL;
}

/* "thread.1" of machine media becomes "media/thread.1"; "media" stays. */
static void name_entity(struct sample_column *c, const char *machine)
{
    char own[SAMPLE_NAME_MAX];
    size_t n = machine != NULL ? strlen(machine) : 0;
    if (n == 0 || (strncmp(c->entity, machine, n) == 0 && strchr("/.", c->entity[n]) != NULL))
        return; /* strchr finds the final NUL too */
    str_printf(own, sizeof own, "%s", c->entity);
    if (own[0] == '\0')
        str_printf(c->entity, sizeof c->entity, "%s", machine);
    else
        str_printf(c->entity, sizeof c->entity, "%.31s/%.31s", machine, own);
}

int recorder_add_columns(struct recorder *r, const struct recorder_source *source,
                         struct sample_column *columns, size_t count, const char *machine,
                         struct recorder_source **ret, struct err *e)
{
    int result = 0;
    struct recorder_source *s = ARENA_NEW(&r->arena, struct recorder_source);
    *s = *source;
    s->id = arena_strdup(&r->arena, source->id);
    s->count = count;
    s->series = ARENA_ARRAY(&r->arena, int64_t, count + 1);
    s->values = ARENA_ARRAY(&r->arena, double, count + 1);
    s->before = ARENA_ARRAY(&r->arena, struct recorder_point, count + 1);
    for (int part = 0; part < RECORDER_PARTS; part++)
        s->sums[part] = ARENA_ARRAY(&r->arena, struct recorder_sum, count + 1);
    for (size_t i = 0; i < count && result == 0; i++) {
        name_entity(&columns[i], machine);
        result = store_put_series(r->store, r->trial, &columns[i], &s->series[i], e);
    }
    s->columns = arena_dup(&r->arena, columns, count * sizeof *columns);
    s->next = r->sources;
    r->sources = s;
    if (ret != NULL)
        *ret = s;
    return result;
}

int recorder_add(struct recorder *r, const struct recorder_source *source, const json_t *columns,
                 const char *machine, struct err *e)
{
    struct sample_column *list = NULL;
    size_t count = 0;
    int result = sample_columns_from_json(columns, &list, &count, e);
    if (result < 0)
        return err_prefix(e, "%s: %s: ", source->node->name, source->id);
    result = recorder_add_columns(r, source, list, count, machine, NULL, e);
    free(list);
    return result;
}

static struct recorder_source *find(struct recorder *r, const struct nodelink *n, const char *id)
{
    struct recorder_source *s = r->sources;
    while (s != NULL && (s->node != n || strcmp(s->id, id) != 0))
        s = s->next;
    return s;
}

/* Of a counter between two of its rows, at an even pace. */
static double value_at(const struct recorder_point *a, const struct recorder_point *b,
                       uint64_t real_ns)
{
    return a->value + (b->value - a->value) * (double)(real_ns - a->real_ns) /
                          (double)(b->real_ns - a->real_ns);
}

/* What a counter stood at when the part began: between the rows around that, or in the first row
 * inside where none came before. False: there is no such row yet. */
static bool find_begin(const struct recorder_part *part, const struct recorder_point *before,
                       const struct recorder_point *now, struct recorder_point *ret)
{
    if (before->real_ns != 0 && before->real_ns < part->from_real_ns)
        *ret =
            (struct recorder_point){value_at(before, now, part->from_real_ns), part->from_real_ns};
    else if (before->real_ns != 0 && before->real_ns <= part->to_real_ns)
        *ret = *before;
    else if (now->real_ns <= part->to_real_ns)
        *ret = *now;
    else
        return false;
    return true;
}

/* A counter from the begin of the part to its end. */
static void span(const struct recorder_part *part, const struct recorder_point *before,
                 const struct recorder_point *now, struct recorder_sum *sum)
{
    struct recorder_point begin;
    if (now->real_ns < part->from_real_ns || sum->last_real_ns >= part->to_real_ns)
        return;
    if (sum->count == 0) {
        if (!find_begin(part, before, now, &begin))
            return;
        sum->first = begin.value;
        sum->first_real_ns = begin.real_ns;
    }
    sum->count++;
    sum->last = now->value;
    sum->last_real_ns = now->real_ns;
    if (now->real_ns > part->to_real_ns) {
        sum->last = value_at(before, now, part->to_real_ns);
        sum->last_real_ns = part->to_real_ns;
    }
}

/* Counters of an appliance: its node looks at both ends of the part. */
static void span_counters(const struct recorder_part *part, const struct recorder_source *s,
                          struct recorder_sum *sums, uint64_t real_ns)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct recorder_point now = {s->values[i], real_ns};
        if (part->from_real_ns != 0 && isfinite(now.value) &&
            s->columns[i].kind == SAMPLE_COUNTER && s->before[i].real_ns < real_ns)
            span(part, &s->before[i], &now, &sums[i]);
    }
}

/* Of a probe, whose rows do not meet the part's ends. A gauge speaks of the interval that ends with
 * it: it counts when that lies in the part, with a tenth of tolerance for timers that fire late. */
static void add_up(const struct recorder_part *part, const struct recorder_source *s,
                   struct recorder_sum *sums, uint64_t real_ns)
{
    const uint64_t slack = s->interval_ns / 10;
    if (part->from_real_ns == 0 || real_ns + slack < part->from_real_ns ||
        real_ns > part->to_real_ns + slack)
        return;
    const bool whole = real_ns + slack >= part->from_real_ns + s->interval_ns;
    for (size_t i = 0; i < s->count; i++) {
        struct recorder_sum *sum = &sums[i];
        const bool counter = s->columns[i].kind == SAMPLE_COUNTER;
        if (!isfinite(s->values[i]) || (!counter && !whole))
            continue;
        if (sum->count++ == 0) {
            sum->first = s->values[i];
            sum->first_real_ns = real_ns;
        }
        sum->last = s->values[i];
        sum->last_real_ns = real_ns;
        sum->sum += s->values[i];
    }
}

static double value_of(const struct recorder_source *s, const char *metric)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->columns[i].metric, metric) == 0)
            return s->values[i];
    return NAN;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static void look_at_load(struct recorder *r, const struct recorder_source *s)
{
    double delay = value_of(s, "delay_p99_ns"), sent = value_of(s, "sent");
    if (isfinite(delay))
        r->delay_p99_ns = delay;
    for (size_t i = 0; i < s->count && sent > 0; i++)
        if (ends_with(s->columns[i].metric, "_lost") && isfinite(s->values[i]))
            r->loss_pct = 100 * s->values[i] / sent;
}

static int put_row(struct recorder *r, struct recorder_source *s, uint64_t real_ns, struct err *e)
{
    int result = 0;
    for (size_t i = 0; i < s->count && result == 0; i++)
        result = store_put_sample(r->store, s->series[i], real_ns, s->values[i], e);
    if (result < 0)
        return result;
    s->last_real_ns = real_ns;
    for (int part = 0; part < RECORDER_PARTS; part++)
        (s->kind == RECORDER_APPLIANCE ? span_counters : add_up)(&r->parts[part], s, s->sums[part],
                                                                 real_ns);
    for (size_t i = 0; i < s->count; i++)
        if (isfinite(s->values[i]))
            s->before[i] = (struct recorder_point){s->values[i], real_ns};
    if (s->kind == RECORDER_LOAD)
        look_at_load(r, s);
    if (clock_now_ns() - r->committed_ns < NS_PER_S)
        return 0;
    r->committed_ns = clock_now_ns();
    return store_commit(r->store, e);
}

static int record(struct recorder *r, const struct nodelink *n, const json_t *params, struct err *e)
{
    const char *id = json_str_or(params, "source", "");
    struct recorder_source *s = find(r, n, id);
    uint64_t at_ns;
    if (s == NULL)
        return 0; /* of something that is being closed */
    int result = sample_row_from_json(params, &id, &at_ns, s->values, s->count, e);
    return result == 0 ? put_row(r, s, nodelink_real_ns(n, at_ns), e) : result;
}

void recorder_take(struct recorder *r, const struct nodelink *n, const json_t *params)
{
    struct err e = {0};
    if (r->failed.code == 0 && record(r, n, params, &e) < 0)
        r->failed = e;
}

void recorder_row(struct recorder *r, struct recorder_source *s, uint64_t real_ns)
{
    struct err e = {0};
    if (r->failed.code == 0 && put_row(r, s, real_ns, &e) < 0)
        r->failed = e;
}

double recorder_appliance_sum(const struct recorder *r, const char *id, const char *metric)
{
    double sum = (double)NAN;
    for (const struct recorder_source *s = r->sources; s != NULL; s = s->next) {
        if (s->kind != RECORDER_APPLIANCE || strcmp(s->id, id) != 0 || s->last_real_ns == 0)
            continue;
        for (size_t i = 0; i < s->count; i++)
            if (strcmp(s->columns[i].metric, metric) == 0)
                sum = (isnan(sum) ? 0 : sum) + s->values[i];
    }
    return sum;
}

/* Growth over a part. A probe's rows do not meet its ends, so what was seen inside it is scaled to
 * all of it; an appliance's counters count things: whole ones, and never more than were seen. */
static double growth(const struct recorder_part *part, const struct recorder_source *s,
                     const struct recorder_sum *sum)
{
    const double seen_ns = (double)(sum->last_real_ns - sum->first_real_ns);
    const double all_ns = (double)(part->to_real_ns - part->from_real_ns);
    const double grown = sum->last - sum->first;
    return s->kind == RECORDER_PROBE ? grown * all_ns / seen_ns : round(grown);
}

/* How much of the measured part an appliance's counters speak of, where rows at its ends are
 * missing: their growth is of that time alone. */
static int put_span(struct recorder *r, const struct recorder_source *s, struct err *e)
{
    const struct recorder_part *part = &r->parts[RECORDER_MEASURED];
    uint64_t least_ns = part->to_real_ns - part->from_real_ns;
    const double all_ns = (double)least_ns;
    for (size_t i = 0; i < s->count; i++) {
        const struct recorder_sum *sum = &s->sums[RECORDER_MEASURED][i];
        const uint64_t seen_ns = sum->last_real_ns - sum->first_real_ns;
        if (seen_ns > 0 && seen_ns < least_ns)
            least_ns = seen_ns;
    }
    const double pct = 100 * (double)least_ns / all_ns;
    return pct < WHOLE_PCT
               ? store_put_result(r->store, r->trial, s->id, "counted_time_pct", "%", pct, e)
               : 0;
}

static int put_source(struct recorder *r, const struct recorder_source *s, int part, struct err *e)
{
    char entity[SAMPLE_NAME_MAX + 16];
    int result = 0;
    for (size_t i = 0; i < s->count && result == 0; i++) {
        const struct sample_column *c = &s->columns[i];
        const struct recorder_sum *sum = &s->sums[part][i];
        str_printf(entity, sizeof entity, "%s%s", part == RECORDER_BASELINE ? "baseline/" : "",
                   c->entity);
        if (c->kind == SAMPLE_COUNTER && sum->last_real_ns > sum->first_real_ns)
            result = store_put_result(r->store, r->trial, entity, c->metric, c->unit,
                                      growth(&r->parts[part], s, sum), e);
        else if (c->kind == SAMPLE_GAUGE && sum->count >= 1 && s->kind == RECORDER_PROBE)
            result = store_put_result(r->store, r->trial, entity, c->metric, c->unit,
                                      sum->sum / (double)sum->count, e);
    }
    return result;
}

int recorder_put_results(struct recorder *r, struct err *e)
{
    int result = 0;
    for (const struct recorder_source *s = r->sources; s != NULL && result == 0; s = s->next) {
        if (s->kind != RECORDER_LOAD)
            result = put_source(r, s, RECORDER_MEASURED, e);
        if (s->kind == RECORDER_APPLIANCE && result == 0)
            result = put_span(r, s, e);
        if (s->kind == RECORDER_PROBE && result == 0)
            result = put_source(r, s, RECORDER_BASELINE, e);
    }
    return result;
}
