/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * html_cpu: CPU of machines and of the host, figures per trial, the time axis. Pure.
 */
#include <string.h>

#include "control/report/report_private.h"

static void cell(struct page *p, const struct estimate *x, double scale)
{
    char text[NUMBER_TEXT];
    buf_append_str(p->out, "<td class=\"n\">");
    html_text(p,
              x != NULL && x->n > 0 ? number_format_sure(x->mean, x->student, scale, text) : "–");
    buf_append_str(p->out, "</td>");
}

/* Of one CPU's time: nothing lies above all of it. */
static void share_cell(struct page *p, const struct estimate *x)
{
    char text[NUMBER_TEXT];
    buf_append_str(p->out, "<td class=\"n\">");
    html_text(p, x != NULL && x->n > 0 ? number_format_share(x->mean, x->student, text) : "–");
    buf_append_str(p->out, "</td>");
}

static const char *const titles[MACHINE_FIGURES] = {
    [MACHINE_CPU] = ">CPU used",
    [MACHINE_WAIT] = ">Waiting for a CPU",
    [MACHINE_THROTTLED] = ">Throttled by its cap",
    [MACHINE_GUEST_CPU] = ">CPU used, the guest says",
    [MACHINE_OVERHEAD] = ">Its host gave more by",
    [MACHINE_EXITS] = ">Exits a second",
    [MACHINE_DRIFT] = ">Its clock drifts at most, ppm",
    [MACHINE_BASELINE] = ">CPU used before the load",
};

/* Figures that only guests have make no empty columns. */
static bool is_shown(const struct page *p, int figure)
{
    bool shown = figure <= MACHINE_THROTTLED;
    for (size_t i = 0; i < p->a->case_count; i++)
        for (size_t k = 0; k < p->a->cases[i].machine_count; k++)
            shown = shown || p->a->cases[i].machines[k].figures[figure] != NULL;
    return shown;
}

static void machines(struct page *p)
{
    const char *names[MACHINE_FIGURES + 3] = {"Case", "Machine"};
    size_t n = 2;
    for (int f = 0; f < MACHINE_FIGURES; f++)
        if (is_shown(p, f))
            names[n++] = titles[f];
    buf_append_str(p->out, "<h4>Machines, % of one CPU (mean over trials, Student 95 %)</h4>\n"
                           "<div class=\"wide\"><table>");
    html_head_row(p, names);
    buf_append_str(p->out, "<tbody>\n");
    for (size_t i = 0; i < p->a->case_count; i++) {
        const struct case_result *c = &p->a->cases[i];
        for (size_t k = 0; k < c->machine_count; k++) {
            buf_append_str(p->out, "<tr>");
            html_cell(p, c->name);
            html_cell(p, c->machines[k].name);
            for (int f = 0; f < MACHINE_FIGURES; f++)
                if (is_shown(p, f))
                    cell(p, c->machines[k].figures[f], 1);
            buf_append_str(p->out, "</tr>\n");
        }
    }
    buf_append_str(p->out, "</tbody></table></div>\n");
}

static bool has_baseline(const struct page *p)
{
    bool has = false;
    for (size_t i = 0; i < p->a->case_count; i++)
        for (size_t k = 0; k < p->a->cases[i].cpu_count; k++)
            has = has || p->a->cases[i].cpus[k].baseline_pct != NULL;
    return has;
}

static void cpus(struct page *p)
{
    const bool before = has_baseline(p);
    const char *const names[] = {
        "Case",    "CPU",  ">Busy",    ">User",   ">Nice",
        ">System", ">IRQ", ">Softirq", ">Stolen", before ? ">Busy before the load" : NULL,
        NULL};
    buf_append_str(p->out,
                   "<h4>Physical CPUs, % of the time (mean over trials, Student 95 %)</h4>\n"
                   "<div class=\"wide\"><table>");
    html_head_row(p, names);
    buf_append_str(p->out, "<tbody>\n");
    for (size_t i = 0; i < p->a->case_count; i++) {
        const struct case_result *c = &p->a->cases[i];
        for (size_t k = 0; k < c->cpu_count; k++) {
            buf_append_str(p->out, "<tr>");
            html_cell(p, c->name);
            html_cell(p, c->cpus[k].name);
            share_cell(p, c->cpus[k].busy_pct);
            for (size_t m = 0; m < CPU_MODES; m++)
                share_cell(p, c->cpus[k].modes[m]);
            if (before)
                share_cell(p, c->cpus[k].baseline_pct);
            buf_append_str(p->out, "</tr>\n");
        }
    }
    buf_append_str(p->out, "</tbody></table></div>\n");
}

void html_cpu(struct page *p)
{
    size_t machine_count = 0, cpu_count = 0;
    for (size_t i = 0; i < p->a->case_count; i++) {
        machine_count += p->a->cases[i].machine_count;
        cpu_count += p->a->cases[i].cpu_count;
    }
    html_section(p, "cpu", "CPU");
    if (cpu_count > 0) {
        html_chart(p, "cpus", "",
                   "What each physical CPU did, mean over valid trials. Bars of a "
                   "case stand side by side, one a CPU.");
        cpus(p);
    }
    if (machine_count > 0) {
        html_chart(p, "machines", "",
                   "CPU time of each machine as a share of one CPU, mean over "
                   "valid trials, with Student's 95 % interval.");
        machines(p);
    }
    if (cpu_count + machine_count == 0)
        buf_append_str(p->out, "<p>No CPU figures were measured.</p>\n");
}

static void point_rows(struct page *p, const struct case_result *c, const struct load_result *l)
{
    static const char *const names[POINTS] = {"p50", "p95", "p99"};
    const struct delay *d = &l->delays[DELAY_INTENDED];
    char text[NUMBER_TEXT];
    for (int i = 0; i < POINTS; i++) {
        const struct estimate *x = d->trial[i];
        if (x == NULL || x->n == 0)
            continue;
        buf_append_str(p->out, "<tr>");
        html_cell(p, c->name);
        html_cell(p, l->entity);
        html_cell(p, names[i]);
        buf_append_str(p->out, "<td class=\"n\">");
        for (size_t k = 0; k < x->n; k++)
            buf_printf(p->out, "%s%s", k > 0 ? "  " : "",
                       number_format(x->values[k] / 1e6, 3, text, sizeof text));
        buf_append_str(p->out, "</td>");
        html_cell(p, number_format_sure(x->mean, x->student, 1e-6, text));
        html_cell(p, strchr(number_format_sure(x->mean, x->study_b, 1e-6, text), '('));
        html_cell(p, number_format_sure(x->median, x->bootstrap, 1e-6, text));
        const double all = i == POINT_P50 ? d->box.median : i == POINT_P95 ? d->p95 : d->p99;
        html_cell(p, d->box.n > 0 ? number_format_sure(all, d->sure[i], 1e-6, text) : "–");
        buf_append_str(p->out, "</tr>\n");
    }
}

static void time_axis(struct page *p)
{
    html_section(p, "time", "Over time");
    if (p->a->series_count == 0) {
        buf_append_str(p->out, "<p>No samples over time were stored.</p>\n");
        return;
    }
    html_chart(p, "time", "",
               "One trial on one time axis, from the start of its measured part: "
               "p99 delay (of calls: response time) and loss of each interval, CPUs, and how long "
               "machines "
               "waited for a CPU.");
    buf_append_str(p->out, "<noscript><p>The samples are in <code>vaperf report --format "
                           "csv-series</code>.</p></noscript>\n");
}

void html_metrics(struct page *p)
{
    static const char *const names[] = {"Case",
                                        "Load",
                                        "Delay",
                                        ">Each valid trial, ms",
                                        "Mean, ms (Student 95 %)",
                                        "Mean ± 1.96 σ/√N",
                                        "Median, ms (bootstrap 95 %)",
                                        "All together, ms (bootstrap over trials 95 %)",
                                        NULL};
    const char *entity;
    html_section(p, "trials", "Trials");
    for (size_t n = 0; html_each_load(p->a, n, &entity); n++)
        html_chart(p, "trials", entity,
                   html_makes_calls(p->a, entity)
                       ? "One point a valid trial: a percentile of its response time from "
                         "intended time. Bar: mean and Student's 95 % interval."
                       : "One point a valid trial: a percentile of its delay from "
                         "intended time. Bar: mean and Student's 95 % interval.");
    buf_append_str(p->out, "<div class=\"wide\"><table>");
    html_head_row(p, names);
    buf_append_str(p->out, "<tbody>\n");
    for (size_t i = 0; i < p->a->case_count; i++)
        for (size_t k = 0; k < p->a->cases[i].load_count; k++)
            point_rows(p, &p->a->cases[i], &p->a->cases[i].loads[k]);
    buf_append_str(p->out, "</tbody></table></div>\n");
    time_axis(p);
}
