/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * series: what happened when in a trial, on one time axis: counters made rates or shares. One
 * thread.
 */
#include "control/analyse/analyse_private.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "stat/fairness.h"

enum { SERIES_MAX = 512, POINTS_MAX = 600, RATES_MAX = 64 };

struct raw { /* as stored */
    int64_t id;
    struct sample_column column;
    double *t_s, *values;
    size_t count, room;
};

struct trial_reader {
    struct raw all[SERIES_MAX];
    size_t count;
    uint64_t from_real_ns;
    double end_s, interval_s; /* of the measured part; how often samples come, 0: not known */
    struct raw *now;
    const json_t *benches; /* of the trial's report */
};

static int keep_series(void *arg, int64_t id, const struct sample_column *c)
{
    struct trial_reader *r = arg;
    if (r->count < SERIES_MAX)
        r->all[r->count++] = (struct raw){.id = id, .column = *c};
    return 0;
}

/* In the measured part, and of a whole interval: the last row of a source that is stopped speaks of
 * a few ms. */
static bool belongs(const struct trial_reader *r, double t_s)
{
    const struct raw *x = r->now;
    const double slack = 0.1 * r->interval_s;
    if (t_s < -slack || t_s > r->end_s + slack)
        return false;
    return x->count == 0 || t_s - x->t_s[x->count - 1] >= 0.5 * r->interval_s;
}

static int keep_sample(void *arg, uint64_t real_ns, double value)
{
    struct trial_reader *r = arg;
    struct raw *x = r->now;
    if (x->count == x->room) {
        size_t room = x->room > 0 ? 2 * x->room : 64;
        double *t = realloc(x->t_s, room * sizeof *t);
        if (t != NULL)
            x->t_s = t;
        double *v = realloc(x->values, room * sizeof *v);
        if (v != NULL)
            x->values = v;
        if (t == NULL || v == NULL)
            return -ENOMEM;
        x->room = room;
    }
    const double t_s = ((double)real_ns - (double)r->from_real_ns) / 1e9;
    if (!belongs(r, t_s))
        return 0;
    x->t_s[x->count] = t_s;
    x->values[x->count++] = value;
    return 0;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is_cpu(const char *entity)
{
    const char *last = strrchr(entity, '/');
    last = last != NULL ? last + 1 : entity;
    return strncmp(last, "cpu", 3) == 0 && last[3] != '\0' &&
           strspn(last + 3, "0123456789") == strlen(last + 3);
}

static const struct { /* of loads that make calls */
    const char *metric, *panel, *name;
} call_lines[] = {
    {"sip_calls", "calls", " begun"},
    {"sip_sessions_established", "calls", " established"},
    {"sip_failed", "calls", " failed"},
    {"sip_retransmissions_sent", "retransmissions", ""},
};
enum { CALL_LINES = sizeof call_lines / sizeof *call_lines };

static int find_call_line(const struct sample_column *c)
{
    for (int i = 0; i < CALL_LINES; i++)
        if (str_starts(c->entity, "load.") && strcmp(c->metric, call_lines[i].metric) == 0)
            return i;
    return -1;
}

/* What a machine sent, as its host counts it: "one/vpa1b2c3v0". */
static bool is_sent(const struct sample_column *c)
{
    const char *slash = strchr(c->entity, '/');
    return slash != NULL && str_starts(slash + 1, "vp") && c->kind == SAMPLE_COUNTER &&
           strcmp(c->metric, "rx_bytes") == 0;
}

/* Which panel a column belongs to; NULL: none. Threads are too many to be read. */
static const char *panel_of(const struct sample_column *c)
{
    if (strcmp(c->metric, "delay_p99_ns") == 0 ||
        strcmp(c->metric, "delay_from_intended_p99_ns") == 0)
        return "delay";
    if (c->kind == SAMPLE_COUNTER && strcmp(c->metric, "flow_received") == 0)
        return "rate";
    if (c->kind == SAMPLE_COUNTER && ends_with(c->metric, "_lost"))
        return "loss";
    if (is_sent(c))
        return "sent";
    if (strcmp(c->metric, "busy_pct") == 0 && is_cpu(c->entity))
        return "cpu";
    if (strcmp(c->metric, "run_queue_wait_ns") == 0 && strstr(c->entity, "thread") == NULL)
        return "wait";
    if (strcmp(c->metric, "throttled_ns") == 0)
        return "wait";
    return find_call_line(c) >= 0 ? call_lines[find_call_line(c)].panel : NULL;
}

static void thin(struct line_series *s, bool *ret_thinned)
{
    if (s->count <= POINTS_MAX)
        return;
    const size_t step = (s->count + POINTS_MAX - 1) / POINTS_MAX;
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i += step) {
        size_t largest = i;
        for (size_t k = i; k < i + step && k < s->count; k++)
            if (s->values[k] > s->values[largest])
                largest = k;
        s->t_s[kept] = s->t_s[largest];
        s->values[kept++] = s->values[largest];
    }
    s->count = kept;
    *ret_thinned = true;
}

/* Counted a second, else as a share. */
static bool is_per_second(const char *panel)
{
    return strcmp(panel, "rate") == 0 || strcmp(panel, "calls") == 0 ||
           strcmp(panel, "retransmissions") == 0 || strcmp(panel, "sent") == 0;
}

/* Growth of a counter: a second, or as a share in %: ns of a second, or losses of what was sent
 * meanwhile. */
static void rate(struct line_series *s, const struct raw *x, const struct raw *sent)
{
    const bool per_second = is_per_second(s->panel);
    for (size_t i = 1; i < x->count; i++) {
        double whole = (x->t_s[i] - x->t_s[i - 1]) * (per_second ? 100 : 1e9);
        if (sent != NULL)
            whole = i < sent->count ? sent->values[i] - sent->values[i - 1] : 0;
        if (whole <= 0 || x->values[i] < x->values[i - 1])
            continue;
        s->t_s[s->count] = x->t_s[i];
        s->values[s->count++] = 100 * (x->values[i] - x->values[i - 1]) / whole;
    }
}

static const struct raw *find_sent(const struct trial_reader *r, const struct raw *lost)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->all[i].column.entity, lost->column.entity) == 0 &&
            strcmp(r->all[i].column.metric, "sent") == 0)
            return &r->all[i];
    return NULL;
}

static const char *name_of(struct analysis *a, const struct sample_column *c, const char *panel)
{
    const char *kind = "";
    if (strcmp(panel, "wait") == 0)
        kind = strcmp(c->metric, "throttled_ns") == 0 ? " throttled" : " waiting";
    if (find_call_line(c) >= 0)
        kind = call_lines[find_call_line(c)].name;
    const char *entity = str_starts(c->entity, "load.") ? c->entity + strlen("load.") : c->entity;
    size_t n = strlen(entity);
    if (ends_with(entity, "/process"))
        n -= strlen("/process");
    else if (ends_with(entity, "/cgroup"))
        n -= strlen("/cgroup");
    else if (strcmp(panel, "sent") == 0)
        n = strcspn(entity, "/");
    return arena_printf(&a->arena, "%.*s%s", (int)n, entity, kind);
}

static bool is_zero(const struct line_series *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->values[i] != 0)
            return false;
    return true;
}

static void append_line(struct trial_series *t, struct line_series *s)
{
    struct line_series **last = &t->first;
    while (*last != NULL)
        last = &(*last)->next;
    *last = s;
}

static void add_line(struct analysis *a, struct trial_series *t, const struct trial_reader *r,
                     const struct raw *x)
{
    const char *panel = panel_of(&x->column);
    const bool gauge = x->column.kind == SAMPLE_GAUGE;
    const struct raw *sent = strcmp(panel, "loss") == 0 ? find_sent(r, x) : NULL;
    if (strcmp(panel, "loss") == 0 && sent == NULL)
        return;
    struct line_series *s = ARENA_NEW(&a->arena, struct line_series);
    s->panel = panel;
    s->name = name_of(a, &x->column, panel);
    s->unit = strcmp(panel, "delay") == 0 ? "ns" : is_per_second(panel) ? "1/s" : "%";
    s->t_s = ARENA_ARRAY(&a->arena, double, x->count + 1);
    s->values = ARENA_ARRAY(&a->arena, double, x->count + 1);
    if (gauge) {
        memcpy(s->t_s, x->t_s, x->count * sizeof *s->t_s);
        memcpy(s->values, x->values, x->count * sizeof *s->values);
        s->count = x->count;
    } else {
        rate(s, x, sent);
    }
    for (size_t i = 0; i < s->count && strcmp(panel, "sent") == 0; i++)
        s->values[i] *= 8; /* bits */
    if (strcmp(x->column.metric, "throttled_ns") == 0 && is_zero(s))
        return; /* a machine without a cap */
    thin(s, &t->thinned);
    append_line(t, s);
}

/* How evenly the loads of a trial, or its machines that send, shared, sample by sample. They are
 * read together. Returns how many there are. */
static size_t add_fairness(struct analysis *a, struct trial_series *t, const char *panel)
{
    const struct line_series *rates[RATES_MAX];
    double now[RATES_MAX];
    size_t n = 0, count = SIZE_MAX;
    for (const struct line_series *s = t->first; s != NULL && n < RATES_MAX; s = s->next)
        if (strcmp(s->panel, panel) == 0) {
            count = s->count < count ? s->count : count;
            rates[n++] = s;
        }
    if (n < 2 || count == 0)
        return n;
    struct line_series *out = ARENA_NEW(&a->arena, struct line_series);
    *out = (struct line_series){.panel = "fairness", .name = "Jain index", .unit = "1"};
    out->t_s = ARENA_ARRAY(&a->arena, double, count);
    out->values = ARENA_ARRAY(&a->arena, double, count);
    for (size_t i = 0; i < count; i++) {
        struct fairness f;
        for (size_t k = 0; k < n; k++)
            now[k] = rates[k]->values[i];
        if (fairness_of(now, n, &f) < 0 || !isfinite(f.jain))
            continue;
        out->t_s[out->count] = rates[0]->t_s[i];
        out->values[out->count++] = f.jain;
    }
    append_line(t, out);
    return n;
}

/* Does the machine of an interface do bulk transfers? */
static bool is_of_sender(const struct trial_reader *r, const char *entity)
{
    char machine[SAMPLE_NAME_MAX];
    str_printf(machine, sizeof machine, "%.*s", (int)strcspn(entity, "/"), entity);
    const char *type = json_str_or(json_object_get(r->benches, machine), "type", "");
    return strcmp(type, "udp") == 0 || strcmp(type, "tcp") == 0;
}

static bool is_wanted(const struct trial_reader *r, const struct raw *x)
{
    if (is_sent(&x->column) && !is_of_sender(r, x->column.entity))
        return false;
    return panel_of(&x->column) != NULL || strcmp(x->column.metric, "sent") == 0;
}

static int read_trial(struct analysis *a, struct store *s, struct trial_reader *r, size_t index,
                      struct err *e)
{
    const struct trial_view *t = &a->trials[index];
    struct trial_series *out = &a->series[a->series_count];
    r->count = 0;
    r->benches = json_object_get(t->report, "benches");
    r->from_real_ns = t->from_real_ns;
    r->end_s = ((double)t->to_real_ns - (double)t->from_real_ns) / 1e9;
    r->interval_s = (double)json_u64_or(t->report, "interval_ns", 0) / 1e9;
    int result = store_each_series(s, t->id, keep_series, r, e);
    for (size_t i = 0; i < r->count && result == 0; i++) {
        r->now = &r->all[i];
        if (is_wanted(r, r->now))
            result = store_each_sample(s, r->now->id, keep_sample, r, e);
    }
    *out = (struct trial_series){.trial_index = index};
    for (size_t i = 0; i < r->count && result == 0; i++)
        if (panel_of(&r->all[i].column) != NULL && r->all[i].count > 0)
            add_line(a, out, r, &r->all[i]);
    if (result == 0 && add_fairness(a, out, "rate") == 0)
        add_fairness(a, out, "sent");
    for (size_t i = 0; i < r->count; i++) {
        free(r->all[i].t_s);
        free(r->all[i].values);
    }
    if (result == 0 && out->first != NULL)
        a->series_count++;
    return result == -ENOMEM ? err_set(e, result, "out of memory") : result;
}

int series_read(struct analysis *a, struct store *s, struct err *e)
{
    struct trial_reader *r = calloc(1, sizeof *r);
    int result = 0;
    if (r == NULL)
        return err_set(e, -ENOMEM, "out of memory");
    a->series = ARENA_ARRAY(&a->arena, struct trial_series, a->trial_count + 1);
    for (size_t i = 0; i < a->trial_count && result == 0; i++)
        if (a->trials[i].state == TRIAL_DONE)
            result = read_trial(a, s, r, i, e);
    free(r);
    return result;
}
