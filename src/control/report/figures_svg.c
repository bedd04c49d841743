/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * figures_svg: which charts there are of a study, and what is drawn in each: the same numbers as in
 * the page's tables. Pure.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "control/report/report_private.h"
#include "control/report/svg.h"

static const char *case_name(const void *arg, size_t i)
{
    return ((const struct analysis *)arg)->cases[i].name;
}

/* ---- delay ---- */

static const struct delay *delay_of(const struct case_result *c, const char *entity)
{
    const struct load_result *l = html_load(c, entity);
    const struct delay *d = l != NULL ? &l->delays[DELAY_INTENDED] : NULL;
    return d != NULL && d->box.n > 0 ? d : NULL;
}

static void draw_delay(struct svg *s, size_t group, const struct delay *d)
{
    const struct box *b = &d->box;
    const double at = svg_middle(s, group), width = svg_place(s) * 0.5;
    const char *color = svg_color(0);
    svg_upright(s, at, b->whisker_low / 1e6, b->whisker_high / 1e6);
    svg_box(s, at, width, b->q1 / 1e6, b->q3 / 1e6, color);
    svg_across(s, at, width, b->median / 1e6, 2);
    svg_across(s, at, width / 2, b->whisker_low / 1e6, 1);
    svg_across(s, at, width / 2, b->whisker_high / 1e6, 1);
    svg_diamond(s, at, d->p99 / 1e6, svg_color(5));
    svg_circle(s, at, b->max / 1e6);
}

/* False: there is none in any case. */
static bool delay_chart(const struct analysis *a, const char *entity, struct buf *out)
{
    char title[160];
    struct svg_frame f = {.title = title,
                          .axis = html_makes_calls(a, entity)
                                      ? "Response time from intended time (ms)"
                                      : "Delay from intended time (ms)",
                          .is_log = true,
                          .low = INFINITY,
                          .high = 0,
                          .groups = a->case_count,
                          .name = case_name,
                          .arg = a};
    struct svg s;
    for (size_t i = 0; i < a->case_count; i++) {
        const struct delay *d = delay_of(&a->cases[i], entity);
        if (d == NULL)
            continue;
        f.low = fmin(f.low, fmax(d->box.whisker_low, 1) / 1e6);
        f.high = fmax(f.high, d->box.max / 1e6);
    }
    if (f.high <= 0)
        return false;
    str_printf(title, sizeof title, "%s: quartiles, whiskers, p99 (diamond), largest (circle)",
               entity);
    svg_begin(&s, out, &f);
    for (size_t i = 0; i < a->case_count; i++) {
        const struct delay *d = delay_of(&a->cases[i], entity);
        if (d != NULL)
            draw_delay(&s, i, d);
    }
    svg_end(&s);
    return true;
}

/* ---- bars: several things in each case ---- */

enum { THINGS_MAX = 64 };

struct bars {
    const char *title, *axis;
    const char *names[THINGS_MAX + 1];
    size_t count;
    double most; /* nothing lies above */
    const struct estimate *(*of)(const struct case_result *c, const char *name);
};

static const struct estimate *machine_cpu(const struct case_result *c, const char *name)
{
    for (size_t i = 0; i < c->machine_count; i++)
        if (strcmp(c->machines[i].name, name) == 0)
            return c->machines[i].figures[MACHINE_CPU];
    return NULL;
}

static const struct estimate *cpu_busy(const struct case_result *c, const char *name)
{
    for (size_t i = 0; i < c->cpu_count; i++)
        if (strcmp(c->cpus[i].name, name) == 0)
            return c->cpus[i].busy_pct;
    return NULL;
}

static void add_name(struct bars *b, const char *name)
{
    for (size_t i = 0; i < b->count; i++)
        if (strcmp(b->names[i], name) == 0)
            return;
    if (b->count < THINGS_MAX)
        b->names[b->count++] = name;
}

static double top_of(const struct bars *b, const struct estimate *x)
{
    const double high = number_cut(x->mean, x->student, b->most).high;
    return isfinite(high) ? fmax(x->mean, high) : x->mean;
}

static void draw_bar(struct svg *s, size_t group, const struct bars *b, size_t i,
                     const struct estimate *x)
{
    const double width = svg_place(s) * 0.8 / (double)b->count;
    const double at = svg_middle(s, group) + width * ((double)i - ((double)b->count - 1) / 2);
    const struct span sure = number_cut(x->mean, x->student, b->most);
    svg_bar(s, at, width * 0.9, 0, x->mean, svg_color(i));
    if (isfinite(sure.low) && isfinite(sure.high)) {
        svg_upright(s, at, sure.low, sure.high);
        svg_across(s, at, width * 0.4, sure.low, 1);
        svg_across(s, at, width * 0.4, sure.high, 1);
    }
}

static bool bar_chart(const struct analysis *a, const struct bars *b, struct buf *out)
{
    struct svg_frame f = {.title = b->title,
                          .axis = b->axis,
                          .groups = a->case_count,
                          .name = case_name,
                          .arg = a,
                          .legend = b->names};
    struct svg s;
    for (size_t i = 0; i < a->case_count; i++)
        for (size_t k = 0; k < b->count; k++) {
            const struct estimate *x = b->of(&a->cases[i], b->names[k]);
            if (x != NULL && x->n > 0)
                f.high = fmax(f.high, top_of(b, x));
        }
    if (b->count == 0 || f.high <= 0)
        return false;
    svg_begin(&s, out, &f);
    for (size_t i = 0; i < a->case_count; i++)
        for (size_t k = 0; k < b->count; k++) {
            const struct estimate *x = b->of(&a->cases[i], b->names[k]);
            if (x != NULL && x->n > 0)
                draw_bar(&s, i, b, k, x);
        }
    svg_end(&s);
    return true;
}

/* ---- all of them ---- */

struct listener {
    int (*each)(void *arg, const char *name, const struct buf *svg, struct err *e);
    void *arg;
};

static int tell(const struct listener *l, const char *name, bool drawn, struct buf *svg,
                struct err *e)
{
    int r = 0;
    if (buf_failed(svg))
        r = err_set(e, -ENOMEM, "report: out of memory");
    else if (drawn)
        r = l->each(l->arg, name, svg, e);
    buf_clear(svg);
    return r;
}

/* It becomes part of a file's name, and comes from a file. */
static void make_plain(char *name)
{
    for (; *name != '\0'; name++)
        if (strchr("/\\ \t\n", *name) != NULL || (unsigned char)*name < ' ')
            *name = '_';
}

int report_figures(const struct analysis *a,
                   int (*each)(void *arg, const char *name, const struct buf *svg, struct err *e),
                   void *arg, struct err *e)
{
    struct bars machines = {.title = "CPU time of machines (mean, Student 95 %)",
                            .axis = "% of one CPU",
                            .most = INFINITY, /* it may have several */
                            .of = machine_cpu};
    struct bars cpus = {.title = "Physical CPUs (mean, Student 95 %)",
                        .axis = "Busy (%)",
                        .most = 100,
                        .of = cpu_busy};
    const struct listener l = {each, arg};
    const char *entity;
    char name[96];
    struct buf svg;
    int r = 0;
    buf_init(&svg);
    for (size_t n = 0; r == 0 && html_each_load(a, n, &entity); n++) {
        str_printf(name, sizeof name, "delay-%.64s", entity);
        make_plain(name);
        r = tell(&l, name, delay_chart(a, entity, &svg), &svg, e);
    }
    for (size_t i = 0; i < a->case_count; i++) {
        for (size_t k = 0; k < a->cases[i].machine_count; k++)
            add_name(&machines, a->cases[i].machines[k].name);
        for (size_t k = 0; k < a->cases[i].cpu_count; k++)
            add_name(&cpus, a->cases[i].cpus[k].name);
    }
    if (r == 0)
        r = tell(&l, "machines", bar_chart(a, &machines, &svg), &svg, e);
    if (r == 0)
        r = tell(&l, "cpus", bar_chart(a, &cpus, &svg), &svg, e);
    buf_finish(&svg);
    return r;
}
