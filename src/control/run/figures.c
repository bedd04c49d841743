/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * figures: reports to figures, figures to verdicts. One thread.
 */
#include "control/run/figures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { FIGURE_NAME_MAX = 320 };

static const char *const hist_names[FIGURES_HISTS] = {"delay_from_intended", "delay_from_sent",
                                                      "lateness"};

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* The metric without the scenario that it is of. */
static const char *stem_of(const char *metric, char *text, size_t size)
{
    str_printf(text, size, "%.*s", (int)plan_metric_size(metric), metric);
    return text;
}

const char *figures_unit(const char *metric)
{
    char text[FIGURE_NAME_MAX];
    const char *stem = stem_of(metric, text, sizeof text);
    static const struct {
        const char *end, *unit;
    } units[] = {{"_pct", "%"},     {"_ns", "ns"},          {"_us", "us"},
                 {"_ms", "ms"},     {"_bytes", "bytes"},    {"_packets", "packets"},
                 {"_per_s", "1/s"}, {"us_per_packet", "us"}};
    if (strstr(stem, "_ms.") != NULL) /* srd_ms.p99 */
        return "ms";
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (ends_with(stem, units[i].end))
            return units[i].unit;
    return "1";
}

static void set(struct figures *f, const char *name, const json_t *value)
{
    if (json_is_number(value) && isfinite(json_number_value(value)))
        json_object_set_new(f->metrics, name, json_real(json_number_value(value)));
}

static void set_all(struct figures *f, const json_t *from)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)from, name, value)
    {
        set(f, name, value);
    }
}

/* Every scenario of a mix has that one. */
static bool has_scenario(const struct figures *f, const char *scenario)
{
    char name[FIGURE_NAME_MAX];
    str_printf(name, sizeof name, "failed@%s", scenario);
    return json_object_get(f->metrics, name) != NULL;
}

/* "failed" of scenario register as "failed@register"; one that stands twice is x and x.2. */
static void set_scenario(struct figures *f, const json_t *scenario)
{
    static const char *const objects[] = {"metrics", "counts"};
    const char *name = json_str_or(scenario, "name", "?"), *metric;
    char text[FIGURE_NAME_MAX], label[FIGURE_NAME_MAX / 2];
    json_t *value;
    str_printf(label, sizeof label, "%s", name);
    for (unsigned i = 2; has_scenario(f, label); i++)
        str_printf(label, sizeof label, "%s.%u", name, i);
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        json_object_foreach(json_object_get(scenario, objects[i]), metric, value)
        {
            str_printf(text, sizeof text, "%s@%s", metric, label);
            set(f, text, value);
        }
    }
}

/* Of a mix of calls: what each of its scenarios did. */
static void set_scenarios(struct figures *f, const json_t *workload)
{
    const json_t *one;
    size_t i;
    json_array_foreach(json_object_get(workload, "scenarios"), i, one)
    {
        if (strcmp(json_str_or(one, "use", ""), "mix") == 0)
            set_scenario(f, one);
    }
}

static int read_hist(struct figures *f, int which, const json_t *hists, struct err *e)
{
    const char *text = json_str_or(hists, hist_names[which], NULL);
    struct buf bytes;
    buf_init(&bytes);
    f->hists[which] = hist_create_sparse();
    int r = f->hists[which] == NULL ? -ENOMEM : text == NULL ? -EBADMSG : 0;
    if (r == 0)
        r = buf_decode_base64(&bytes, text);
    if (r == 0)
        r = hist_decode(f->hists[which], bytes.data, bytes.size);
    buf_finish(&bytes);
    return r < 0 ? err_set(e, r, "load %s: its histogram %s cannot be read", f->entity,
                           hist_names[which])
                 : 0;
}

static void set_percentiles(struct figures *f, int which)
{
    static const struct {
        const char *name;
        double pct;
    } points[] = {{"p5", 5},   {"p25", 25}, {"p50", 50}, {"p75", 75},
                  {"p90", 90}, {"p95", 95}, {"p99", 99}, {"p99.9", 99.9}};
    const struct hist *h = f->hists[which];
    char name[96];
    if (h->total == 0) /* nothing came: there is no figure, not even 0 */
        return;
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        str_printf(name, sizeof name, "%s_%s_ns", hist_names[which], points[i].name);
        json_object_set_new(f->metrics, name, json_real((double)hist_percentile(h, points[i].pct)));
    }
    str_printf(name, sizeof name, "%s_mean_ns", hist_names[which]);
    json_object_set_new(f->metrics, name, json_real(hist_mean(h)));
    str_printf(name, sizeof name, "%s_min_ns", hist_names[which]);
    json_object_set_new(f->metrics, name, json_real((double)h->min));
    str_printf(name, sizeof name, "%s_max_ns", hist_names[which]);
    json_object_set_new(f->metrics, name, json_real((double)h->max));
}

/* Tables compare workloads by names without their own: "rtp_loss_pct" is also "loss_pct". */
static void set_common(struct figures *f)
{
    static const char *const common[] = {"loss_pct", "jitter_us"};
    char name[96];
    for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
        str_printf(name, sizeof name, "%s_%s", f->type, common[i]);
        if (json_object_get(f->metrics, common[i]) == NULL)
            set(f, common[i], json_object_get(f->metrics, name));
    }
}

/* Of the report itself, or of what it says of the generator. */
static void set_own(struct figures *f, const json_t *report)
{
    static const char generator[] = "generator_";
    const json_t *more = json_object_get(report, "generator");
    for (size_t i = 0; plan_load_figures[i] != NULL; i++) {
        const char *name = plan_load_figures[i];
        if (str_starts(name, generator))
            set(f, name, json_object_get(more, name + sizeof generator - 1));
        else
            set(f, name, json_object_get(report, name));
    }
}

/* Of calls: why most of those that failed did. */
static void set_failure(struct figures *f, const json_t *workload)
{
    const json_t *causes = json_object_get(workload, "causes");
    uint64_t most = 0;
    json_t *one;
    size_t i;
    json_array_foreach(json_object_get(workload, "failures"), i, one)
    {
        const uint64_t n = json_u64_or(causes, json_str_or(one, "cause", ""), 0);
        if (n > most) {
            json_decref(f->failure);
            f->failure = json_incref(one);
            most = n;
        }
    }
}

int figures_read(struct figures *f, const char *entity, const char *type, const json_t *report,
                 struct err *e)
{
    *f = (struct figures){.entity = entity, .type = type, .metrics = json_object()};
    int r = f->metrics != NULL ? 0 : err_set(e, -ENOMEM, "load %s: out of memory", entity);
    for (int i = 0; i < FIGURES_HISTS && r == 0; i++) {
        r = read_hist(f, i, json_object_get(report, "histograms"), e);
        if (r == 0)
            set_percentiles(f, i);
    }
    if (r < 0) {
        figures_finish(f);
        return r;
    }
    set_own(f, report);
    set_all(f, json_object_get(report, "counters"));
    set_all(f, json_object_get(json_object_get(report, "workload"), "metrics"));
    set_common(f);
    set_scenarios(f, json_object_get(report, "workload"));
    set_failure(f, json_object_get(report, "workload"));
    return 0;
}

void figures_finish(struct figures *f)
{
    json_decref(f->metrics);
    f->metrics = NULL;
    json_decref(f->failure);
    f->failure = NULL;
    for (int i = 0; i < FIGURES_HISTS; i++) {
        hist_destroy(f->hists[i]);
        f->hists[i] = NULL;
    }
}

int figures_store(const struct figures *f, struct store *s, int64_t trial, struct err *e)
{
    const char *name;
    json_t *value;
    int r = 0;
    json_object_foreach(f->metrics, name, value)
    {
        r = store_put_result(s, trial, f->entity, name, figures_unit(name),
                             json_number_value(value), e);
        if (r < 0)
            return r;
    }
    for (int i = 0; i < FIGURES_HISTS && r == 0; i++)
        r = store_put_hist(s, trial, f->entity, hist_names[i], f->hists[i], e);
    return r;
}

/* "delay.p99", "lateness.max", "delay.mean": of a histogram. */
static int find_in_hist(const struct figures *f, const char *metric, double *ret)
{
    const struct hist *h = str_starts(metric, "delay.")             ? f->hists[FIGURES_INTENDED]
                           : str_starts(metric, "delay_from_sent.") ? f->hists[FIGURES_SENT]
                           : str_starts(metric, "lateness.")        ? f->hists[FIGURES_LATENESS]
                                                                    : NULL;
    const char *point = strchr(metric, '.');
    double pct;
    if (h == NULL || point == NULL || h->total == 0)
        return -ENOENT;
    point++;
    if (strcmp(point, "mean") == 0)
        *ret = hist_mean(h);
    else if (strcmp(point, "max") == 0)
        *ret = (double)h->max;
    else if (strcmp(point, "min") == 0)
        *ret = (double)h->min;
    else if (point[0] == 'p' && str_parse_number(point + 1, &pct) == 0 && pct >= 0 && pct <= 100)
        *ret = (double)hist_percentile(h, pct);
    else
        return -ENOENT;
    return 0;
}

int figures_find(const struct figures *f, const char *metric, double *ret)
{
    char name[FIGURE_NAME_MAX], stem[FIGURE_NAME_MAX];
    const size_t size = plan_metric_size(metric);
    if (find_in_hist(f, metric, ret) == 0)
        return 0;
    for (size_t i = 0; plan_unit_ends[i / 2] != NULL; i++) {
        const char *before = i % 2 == 0 ? "" : f->type;
        str_printf(name, sizeof name, "%s%s%.*s%s%s", before, *before != '\0' ? "_" : "", (int)size,
                   metric, plan_unit_ends[i / 2], metric + size);
        const json_t *value = json_object_get(f->metrics, name);
        if (value == NULL)
            continue;
        /* Limits on times are in ns. */
        const bool ms = strcmp(figures_unit(name), "ms") == 0;
        const bool us = ends_with(stem_of(name, stem, sizeof stem), "_us");
        *ret = json_number_value(value) * (us ? 1e3 : ms ? 1e6 : 1);
        return 0;
    }
    return -ENOENT;
}

static void say_failure(struct buf *why, const struct figures *f)
{
    const char *hint = json_str_or(f->failure, "hint", NULL);
    if (f->failure != NULL)
        buf_printf(why, " (%s: %s%s%s)", json_str_or(f->failure, "cause", "?"),
                   json_str_or(f->failure, "text", "?"), hint != NULL ? "; " : "",
                   hint != NULL ? hint : "");
}

/* With as many digits as tell it from the limit that it broke. */
static void format_value(double value, double limit, char *text, size_t size)
{
    char other[32] = "";
    text[0] = '\0';
    for (int digits = 3; digits <= 9 && strcmp(text, other) == 0; digits++) {
        str_format_digits(value, digits, text, size);
        str_format_digits(limit, digits, other, sizeof other);
    }
}

static void format_time(double ns, double limit_ns, char *text, size_t size)
{
    char other[32];
    str_format_short_duration((uint64_t)ns, text, size);
    if (strcmp(text, str_format_short_duration((uint64_t)limit_ns, other, sizeof other)) == 0)
        str_format_duration((uint64_t)ns, text, size);
}

static void say(struct buf *why, const struct figures *f, const struct plan_limit *l, double value)
{
    char text[32], limit[32], stem[FIGURE_NAME_MAX];
    const char *metric = stem_of(l->metric, stem, sizeof stem);
    const bool time = strchr(metric, '.') != NULL || ends_with(metric, "jitter");
    if (time) {
        format_time(value, l->value, text, sizeof text);
        str_format_short_duration((uint64_t)l->value, limit, sizeof limit);
    } else {
        format_value(value, l->value, text, sizeof text);
        str_format_digits(l->value, 9, limit, sizeof limit);
    }
    const char *written = l->text != NULL ? l->text : limit;
    buf_printf(why, "%s%s: %s is %s%s, %s %s", why->size > 0 ? "; " : "", f->entity, l->metric,
               text, ends_with(written, "%") ? "%" : "",
               l->kind == LIMIT_AT_MOST ? "at most" : "at least", written);
    if (str_starts(l->metric, "failed") && strchr(l->metric, '@') == NULL)
        say_failure(why, f);
}

/* Nothing came through: there is no delay, which cannot pass, and no MOS either. */
static bool is_silent(const struct figures *f)
{
    return f->hists[FIGURES_INTENDED]->total == 0;
}

static bool is_of_delays(const char *given)
{
    char stem[FIGURE_NAME_MAX];
    const char *metric = stem_of(given, stem, sizeof stem);
    return str_starts(metric, "delay.") || str_starts(metric, "delay_from_sent.") ||
           strstr(metric, "_ms.") != NULL;
}

static void say_silent(struct buf *why, const struct figures *f)
{
    char text[96];
    str_printf(text, sizeof text, "%s: nothing came through", f->entity);
    if (why->size > 0 && strstr(buf_str(why), text) != NULL)
        return; /* by another limit */
    buf_printf(why, "%s%s", why->size > 0 ? "; " : "", text);
    say_failure(why, f);
}

/* A scenario of the mix that got no answers has no times: that does not pass. */
static int say_without(struct buf *why, const struct figures *f, const char *metric)
{
    const char *at = strchr(metric, '@');
    if (at == NULL || !has_scenario(f, at + 1))
        return -ENOENT;
    buf_printf(why, "%s%s: no call of the mix has a %s", why->size > 0 ? "; " : "", f->entity,
               metric);
    return 0;
}

/* One limit against one load: 1: kept, 0: not, -ENOENT: it is none of this load. */
static int check_one(const struct figures *f, const struct plan_limit *l, struct buf *why)
{
    double value;
    if (is_silent(f) && is_of_delays(l->metric)) {
        say_silent(why, f);
        return 0;
    }
    if (figures_find(f, l->metric, &value) < 0)
        return say_without(why, f, l->metric);
    if (l->kind == LIMIT_AT_MOST ? value <= l->value : value >= l->value)
        return 1;
    say(why, f, l, value);
    return 0;
}

/* Of a limit that no load has a figure for: one that is silent has lost it. */
static bool blame_silence(const struct figures *loads, size_t count, struct buf *why)
{
    for (size_t k = 0; k < count; k++) {
        if (!is_silent(&loads[k]))
            continue;
        say_silent(why, &loads[k]);
        return true;
    }
    return false;
}

int figures_check(const struct figures *loads, size_t count, const struct plan *p, struct buf *why,
                  struct err *e)
{
    bool kept = true;
    for (size_t i = 0; i < p->limit_count; i++) {
        const struct plan_limit *l = &p->limits[i];
        bool found = false;
        for (size_t k = 0; k < count; k++) {
            const int r = check_one(&loads[k], l, why);
            found = found || r >= 0;
            kept = kept && r != 0;
        }
        if (!found && blame_silence(loads, count, why))
            kept = false;
        else if (!found)
            return err_set(e, -ENOENT, "limits: no load of this plan measures %s", l->metric);
    }
    return kept ? 1 : 0;
}
