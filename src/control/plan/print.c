/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * print: a plan for people. Prints only where it is told to.
 */
#include "control/plan/plan.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"

static void print_driver(FILE *out, const char *what, const struct plan_driver *d)
{
    const char *name;
    json_t *value;
    json_t *options = json_copy((json_t *)d->options);
    fprintf(out, "  %s %s", what, d->type);
    json_object_foreach(options, name, value)
        fprintf(out, " %s=%s", name, json_string_value(value));
    json_decref(options);
}

static void print_settings(FILE *out, const struct machine_spec *s)
{
    char text[128];
    if (s->vcpus > 0)
        fprintf(out, "  vcpus %" PRIu64, s->vcpus);
    if (s->memory_bytes > 0)
        fprintf(out, "  memory %s", str_format_size(s->memory_bytes, text, sizeof text));
    if (s->has_pin)
        fprintf(out, "  pin %s", cpu_set_format(&s->pin, text, sizeof text));
    if (s->weight > 0)
        fprintf(out, "  weight %" PRIu64, s->weight);
    if (s->cap_pct > 0)
        fprintf(out, "  cap %g%%", s->cap_pct);
    if (s->cap_period_ns > 0)
        fprintf(out, "  period %s", str_format_duration(s->cap_period_ns, text, sizeof text));
}

static void print_machine(FILE *out, const struct plan_machine *m)
{
    char text[32];
    fprintf(out, "    %-10s on %s", m->spec.name, m->host);
    print_settings(out, &m->spec);
    if (m->appliance != NULL)
        print_driver(out, "appliance", m->appliance);
    if (m->neighbour != NULL)
        print_driver(out, "neighbour", m->neighbour);
    if (m->bench != NULL) {
        print_driver(out, "bench", m->bench);
        fprintf(out, " rounds=%" PRIu64, m->rounds);
    }
    if (m->idle_ns > 0)
        fprintf(out, " idle=%s", str_format_duration(m->idle_ns, text, sizeof text));
    fputc('\n', out);
}

static void print_setup(FILE *out, const struct plan_setup *s)
{
    const char *name;
    json_t *value;
    fprintf(out, "  %s: platform %s", s->name, s->platform);
    json_t *options = json_copy((json_t *)s->platform_options);
    json_object_foreach(options, name, value)
        fprintf(out, " %s=%s", name, json_string_value(value));
    json_decref(options);
    if (strcmp(s->generator->name, "gen") != 0)
        fprintf(out, " generator on %s", s->generator->name);
    fputc('\n', out);
    for (size_t i = 0; i < s->machine_count; i++)
        print_machine(out, &s->machines[i]);
    for (size_t i = 0; i < s->load_count; i++) {
        const struct plan_load *l = &s->loads[i];
        print_driver(out, "  load", &l->driver);
        fprintf(out, " to %s over %s", l->to, l->network);
        for (size_t k = 0; l->levels[k] != NULL; k++)
            fprintf(out, "%s%s", k == 0 ? ", " : " | ", l->levels[k]);
        fprintf(out, "%s%s", l->levels[0] != NULL ? " " : "",
                l->level_option != NULL ? l->level_option : "");
        if (l->called != NULL)
            print_driver(out, "called", l->called);
        fputc('\n', out);
    }
}

static void print_limits(FILE *out, const struct plan *p)
{
    if (p->limit_count == 0)
        return;
    fputs("limits:", out);
    for (size_t i = 0; i < p->limit_count; i++)
        fprintf(out, "%s %s %s %s", i > 0 ? "," : "", p->limits[i].metric,
                p->limits[i].kind == LIMIT_AT_MOST ? "at most" : "at least", p->limits[i].text);
    fputc('\n', out);
}

/* "4 min 30 s", "1 d 21 h": an estimate wants no more than two units. */
static void format_long(uint64_t ns, char *buffer, size_t size)
{
    const uint64_t s = (ns + 999999999u) / 1000000000u;
    if (s < 60)
        str_printf(buffer, size, "%" PRIu64 " s", s);
    else if (s < 3600)
        str_printf(buffer, size, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
    else if (s < 86400)
        str_printf(buffer, size, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s / 60 % 60);
    else
        str_printf(buffer, size, "%" PRIu64 " d %" PRIu64 " h", s / 86400, s / 3600 % 24);
}

void plan_print(const struct plan *p, FILE *out)
{
    char duration[32], warmup[32], baseline[32], all[32];
    str_format_duration(p->duration_ns, duration, sizeof duration);
    str_format_duration(p->warmup_ns, warmup, sizeof warmup);
    str_format_duration(p->baseline_ns, baseline, sizeof baseline);
    format_long(plan_estimate_ns(p), all, sizeof all);
    fprintf(out, "study %s: %s\n", p->study, p->title);
    fprintf(out, "%zu case%s x %" PRIu64 " trial%s", p->case_count, p->case_count == 1 ? "" : "s",
            p->trials, p->trials == 1 ? "" : "s");
    if (p->duration_ns > 0)
        fprintf(out, " of %s after%s%s%s %s of warm-up", duration,
                p->baseline_ns > 0 ? " a baseline of " : "", p->baseline_ns > 0 ? baseline : "",
                p->baseline_ns > 0 ? " and" : "", warmup);
    if (p->search != NULL)
        fprintf(out, "; search %s chooses the levels\n", p->search);
    else if (p->duration_ns > 0)
        fprintf(out, "; about %s in all\n", all);
    else
        fprintf(out, ", each until its benches are done\n");
    print_limits(out, p);
    fputs("setups:\n", out);
    for (size_t i = 0; i < p->setup_count; i++)
        print_setup(out, &p->setups[i]);
    fputs("cases:\n", out);
    for (size_t i = 0; i < p->case_count; i++)
        fprintf(out, "  %s\n", p->cases[i].name);
}
