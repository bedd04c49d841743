/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * limits: what a plan says must hold: names, values with their unit, and whether any load measures
 * such a thing. One thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/plan/reader.h"

const char *const plan_load_figures[] = {"due",
                                         "sent",
                                         "received",
                                         "achieved_pct",
                                         "offered_per_s",
                                         "generator_cpu_us_per_packet",
                                         "generator_steal_pct",
                                         "generator_wait_pct",
                                         "generator_drops",
                                         NULL};

const char *const plan_unit_ends[] = {"", "_pct", "_ns", "_us", "_ms", NULL};

size_t plan_metric_size(const char *metric)
{
    return strcspn(metric, "@");
}

enum { MOS_MOST = 5, PCT_MOST = 100 }; /* ITU-T P.800; of a share */

/* "0.1%", "20ms", "3.6". */
static int parse_limit_value(const char *text, double *ret)
{
    uint64_t ns;
    if (strchr(text, '%') != NULL)
        return str_parse_percent(text, ret);
    if (str_parse_number(text, ret) == 0)
        return 0;
    if (str_parse_duration(text, &ns) < 0)
        return -EINVAL;
    *ret = (double)ns;
    return 0;
}

static bool is_time(const char *metric)
{
    return str_starts(metric, "delay") || str_starts(metric, "lateness") ||
           str_starts(metric, "jitter") || strstr(metric, "_ms.") != NULL;
}

/* "p99" of delay.p99. */
static bool is_point(const char *point)
{
    double pct;
    return strcmp(point, "mean") == 0 || strcmp(point, "max") == 0 || strcmp(point, "min") == 0 ||
           (point[0] == 'p' && str_parse_number(point + 1, &pct) == 0 && pct >= 0 && pct <= 100);
}

/* "delay.p99": of a histogram that every load has. */
static bool is_hist(const char *metric)
{
    return str_starts(metric, "delay.") || str_starts(metric, "delay_from_sent.") ||
           str_starts(metric, "lateness.");
}

/* name: without its scenario. */
static int check_metric(struct reader *r, const struct yaml *y, const char *name)
{
    static const char *const known[] = {"loss",  "mos",      "failed",          "jitter",
                                        "delay", "lateness", "delay_from_sent", NULL};
    char stem[64];
    const char *dot = strchr(name, '.');
    str_printf(stem, sizeof stem, "%.*s", (int)strcspn(name, "."), name);
    const char *near = reader_nearest(stem, known);
    if (near != NULL && strcmp(near, stem) != 0 && str_edit_distance(near, stem) == 1)
        return reader_fail_key(r, y, "there is no metric '%s' (did you mean %s?)", stem, near);
    const bool hist = strcmp(stem, "delay") == 0 || strcmp(stem, "delay_from_sent") == 0 ||
                      strcmp(stem, "lateness") == 0;
    const bool timed = dot != NULL && strlen(stem) > 3 &&
                       strcmp(stem + strlen(stem) - 3, "_ms") == 0; /* srd_ms.p99 of sip */
    if ((hist || timed) && dot != NULL && !is_point(dot + 1))
        return reader_fail_key(r, y,
                               "%s has no point '%s' (there is %s.p50, %s.p99.9, %s.mean, %s.max)",
                               stem, dot + 1, stem, stem, stem, stem);
    if ((hist || timed) && dot == NULL)
        return reader_fail_key(r, y, "of %s a point is needed: %s.p99, %s.mean or %s.max", stem,
                               stem, stem, stem);
    return 0;
}

static bool is_mos(const char *metric)
{
    return strcmp(metric, "mos") == 0 || str_starts(metric, "media_mos.") ||
           strcmp(metric, "rtp_mos") == 0;
}

/* loss, rtp_loss, rtp_loss_pct. */
static bool is_loss(const char *metric)
{
    const char *at = strstr(metric, "loss");
    return at != NULL && (at == metric || at[-1] == '_') &&
           (at[4] == '\0' || strcmp(at + 4, "_pct") == 0);
}

/* Could it fail, and could it hold? */
static int check_reach(struct reader *r, const struct yaml *y, const char *name,
                       const struct plan_limit *l)
{
    const bool share = str_starts(name, "achieved") || strstr(name, "_ratio_pct") != NULL;
    if (is_loss(name) && l->value > 0 && strchr(y->text, '%') == NULL &&
        strstr(name, "_pct") == NULL)
        return reader_fail(r, y,
                           "%s: '%s' of what? It is a share of what was sent: %s: 1%% is one in "
                           "100",
                           y->key, y->text, y->key);
    if (is_mos(name) && l->value > MOS_MOST)
        return reader_fail(r, y, "%s: %s is never reached: it is 1 to %d", y->key, y->text,
                           MOS_MOST);
    if (share && l->value > PCT_MOST)
        return reader_fail(r, y, "%s: %s is never reached: it is at most %d%%", y->key, y->text,
                           PCT_MOST);
    if (is_loss(name) && l->value > PCT_MOST)
        return reader_fail(r, y, "%s: %s is always kept: it is at most %d%%", y->key, y->text,
                           PCT_MOST);
    return 0;
}

static int read_limit(struct reader *r, const struct yaml *y, struct plan_limit *ret)
{
    const char *name = arena_strndup(r->arena, y->key, plan_metric_size(y->key));
    int n = check_metric(r, y, name);
    if (n >= 0)
        n = reader_need_text(r, y, y->key);
    if (n < 0)
        return n;
    double value;
    if (parse_limit_value(y->text, &value) < 0 || value < 0)
        return reader_fail(r, y,
                           "'%s' is no limit: a share such as 0.1%%, a time such as 20ms or a "
                           "number",
                           y->text);
    const bool unit = strpbrk(y->text, "numsh") != NULL;
    if (is_time(name) && !unit && value > 0)
        return reader_fail(r, y, "%s: '%s' is not a time (such as 20ms)", y->key, y->text);
    if (!is_time(name) && unit)
        return reader_fail(r, y, "%s: '%s' is a time, but %s is none", y->key, y->text, y->key);
    const bool least = strcmp(name, "mos") == 0 || str_starts(name, "achieved") ||
                       str_starts(name, "media_mos.") || str_starts(name, "media_r.") ||
                       strstr(name, "_ratio_pct") != NULL;
    *ret = (struct plan_limit){.metric = y->key,
                               .kind = least ? LIMIT_AT_LEAST : LIMIT_AT_MOST,
                               .value = value,
                               .text = y->text};
    return check_reach(r, y, name, ret);
}

int limits_read(struct reader *r)
{
    const struct yaml *limits = yaml_find(r->root, "limits");
    if (limits == NULL)
        return 0;
    int n = reader_need_map(r, limits, "limits");
    struct plan_limit *all = ARENA_ARRAY(r->arena, struct plan_limit, limits->count + 1);
    size_t count = 0;
    for (const struct yaml *y = limits->first; y != NULL && n >= 0; y = y->next)
        n = read_limit(r, y, &all[count++]);
    r->plan->limits = all;
    r->plan->limit_count = count;
    return n;
}

/* ---- is it measured? ---- */

/* Is `name`, of a load of this type, what the limit means? loss: rtp_loss_pct. */
static bool means(const char *limit, const char *type, const char *name)
{
    char full[160];
    for (size_t i = 0; plan_unit_ends[i] != NULL; i++) {
        str_printf(full, sizeof full, "%s%s", limit, plan_unit_ends[i]);
        if (strcmp(full, name) == 0)
            return true;
        str_printf(full, sizeof full, "%s_%s%s", type, limit, plan_unit_ends[i]);
        if (strcmp(full, name) == 0)
            return true;
    }
    return false;
}

/* "delay_from_intended_p99_ns": the percentiles that every load has as figures too. */
static bool is_delay_figure(const char *limit)
{
    return str_starts(limit, "delay_from_") || str_starts(limit, "lateness_");
}

/* True also when nobody knows what the load measures. */
static bool load_measures(const json_t *metrics, const char *type, const char *limit)
{
    char whole[96];
    size_t i;
    const json_t *name;
    if (strstr(limit, "_ms.") != NULL || str_starts(limit, "media_")) { /* a point of its own */
        str_printf(whole, sizeof whole, "%.*s", (int)strcspn(limit, "."), limit);
        limit = whole;
    }
    if (metrics == NULL)
        return true;
    for (i = 0; plan_load_figures[i] != NULL; i++)
        if (means(limit, type, plan_load_figures[i]))
            return true;
    json_array_foreach(metrics, i, name)
    {
        if (means(limit, type, json_string_value(name)))
            return true;
    }
    return false;
}

/* As short as a limit may be written: "loss" of rtp_loss_pct. */
static const char *short_name(struct reader *r, const char *type, const char *name)
{
    const size_t front = strlen(type);
    char *text = arena_strdup(r->arena, name);
    if (strncmp(text, type, front) == 0 && text[front] == '_')
        text += front + 1;
    for (size_t i = 1; plan_unit_ends[i] != NULL; i++) {
        const size_t all = strlen(text), end = strlen(plan_unit_ends[i]);
        if (all > end && strcmp(text + all - end, plan_unit_ends[i]) == 0) {
            text[all - end] = '\0';
            break;
        }
    }
    return text;
}

static int fail_unmeasured(struct reader *r, const struct yaml *y, const struct plan_setup *s)
{
    enum { NAMES_MAX = 256 };
    char list[ERR_TEXT_MAX / 2] = "";
    size_t used = 0, count = 0, k;
    const json_t *name;
    const char **names = ARENA_ARRAY(r->arena, const char *, 2 * NAMES_MAX + 1);
    for (size_t i = 0; i < s->load_count; i++) {
        const char *type = s->loads[i].driver.type;
        json_array_foreach(driver_metrics(r, type), k, name)
        {
            if (count == NAMES_MAX)
                break;
            names[count] = short_name(r, type, json_string_value(name));
            names[NAMES_MAX + count++] = json_string_value(name);
        }
    }
    for (size_t i = 0; i < count; i++)
        used += str_printf(list + used, sizeof list - used, ", %s", names[i]);
    for (size_t i = 0; i < count; i++)
        names[count + i] = names[NAMES_MAX + i];
    names[2 * count] = NULL;
    const char *near = reader_nearest(y->key, names);
    if (near != NULL)
        return reader_fail_key(r, y, "no load of setup %s measures '%s' (did you mean %s?)",
                               s->name, y->key, near);
    return reader_fail_key(r, y, "no load of setup %s measures '%s'; they measure delay.p99%s",
                           s->name, y->key, list);
}

/* ---- of one scenario of a mix ---- */

/* Of "uac=70/200ms,+register=30" the piece that begins at text: its scenario's size; *ret_size is
 * that of the piece, ret_name where the scenario begins. */
static size_t mix_piece(const char *text, size_t *ret_size, const char **ret_name)
{
    const size_t size = strcspn(text, ","), sign = *text == '+' || *text == '-';
    size_t end = size;
    while (end > sign && text[end - 1] != '=')
        end--;
    *ret_size = size;
    *ret_name = text + sign;
    return end > sign ? end - 1 - sign : size - sign;
}

/* A scenario that stands twice in a mix is x and x.2, as two loads of one type are. */
static bool is_mixed(const char *mix, const char *scenario)
{
    const char *name, *before;
    size_t size, skipped;
    char label[256];
    for (const char *at = mix; *at != '\0'; at += size + (at[size] == ',')) {
        const size_t length = mix_piece(at, &size, &name);
        size_t same = 1;
        for (const char *k = mix; k < at; k += skipped + 1)
            same += mix_piece(k, &skipped, &before) == length && strncmp(before, name, length) == 0;
        str_printf(label, sizeof label, same > 1 ? "%.*s.%zu" : "%.*s", (int)length, name, same);
        if (strcmp(label, scenario) == 0)
            return true;
    }
    return false;
}

/* Of each scenario there is what a load of calls counts and times, but no media and no capacity. */
static bool measures_scenarios(const json_t *metrics, const char *type, const char *limit)
{
    char whole[96];
    size_t i;
    const json_t *name;
    const size_t size =
        strstr(limit, "_ms.") != NULL ? strcspn(limit, ".@") : plan_metric_size(limit);
    str_printf(whole, sizeof whole, "%.*s", (int)size, limit);
    json_array_foreach(metrics, i, name)
    {
        if (means(whole, type, json_string_value(name)))
            return !str_starts(json_string_value(name), "media_") &&
                   !str_starts(json_string_value(name), "design_objective_");
    }
    return metrics == NULL;
}

static int check_scenario(struct reader *r, const struct yaml *y, const struct plan_setup *s)
{
    const size_t size = plan_metric_size(y->key);
    bool mixed = false;
    for (size_t k = 0; k < s->load_count; k++) {
        const struct plan_driver *d = &s->loads[k].driver;
        if (!is_mixed(json_str_or(d->options, "mix", ""), y->key + size + 1))
            continue;
        if (measures_scenarios(driver_metrics(r, d->type), d->type, y->key))
            return 0;
        mixed = true;
    }
    return mixed ? reader_fail_key(r, y, "no load of setup %s measures '%.*s' of one scenario",
                                   s->name, (int)size, y->key)
                 : reader_fail_key(r, y, "no load of setup %s has a scenario '%s' in its mix",
                                   s->name, y->key + size + 1);
}

static int check_scenarios(struct reader *r, const struct yaml *y)
{
    int n = 0;
    for (size_t i = 0; i < r->plan->setup_count && n >= 0; i++)
        if (r->plan->setups[i].load_count > 0)
            n = check_scenario(r, y, &r->plan->setups[i]);
    return n;
}

int limits_check(struct reader *r)
{
    const struct yaml *limits = yaml_find(r->root, "limits");
    const struct yaml *y = limits != NULL && r->describe != NULL ? limits->first : NULL;
    for (; y != NULL; y = y->next) {
        if (strchr(y->key, '@') != NULL) {
            const int n = check_scenarios(r, y);
            if (n < 0)
                return n;
            continue;
        }
        if (is_hist(y->key) || is_delay_figure(y->key))
            continue;
        for (size_t i = 0; i < r->plan->setup_count; i++) {
            const struct plan_setup *s = &r->plan->setups[i];
            bool found = s->load_count == 0;
            for (size_t k = 0; k < s->load_count && !found; k++) {
                const char *type = s->loads[k].driver.type;
                found = load_measures(driver_metrics(r, type), type, y->key);
            }
            if (!found)
                return fail_unmeasured(r, y, s);
        }
    }
    return 0;
}
