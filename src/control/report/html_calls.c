/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * html_calls: loads that make calls, a row a case: what became of the calls beside what machines
 * and physical CPUs spent on them. Pure.
 */
#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "control/report/report_private.h"

/* What a load of calls reports (RFC 6076, 7501), and its column. */
static const struct {
    const char *title, *metric;
} figures[] = {
    {">Offered, 1/s", "offered_per_s"},
    {">Calls, 1/s", "calls_per_s"},
    {">Established, 1/s", "session_establishment_rate_sps"},
    {">Established, %", "session_establishment_ratio_pct"},
    {">Failed, %", "failed_pct"},
    {">Retransmissions sent", "sip_retransmissions_sent"},
    {">and received", "sip_retransmissions_received"},
    {">Request delay p50, ms", "srd_ms.p50"},
    {">p99, ms", "srd_ms.p99"},
};
enum { FIGURES = sizeof figures / sizeof *figures, CPUS_SHOWN = 16, CPU_COLUMNS = 4 };
enum { SCENARIO_MAX = 320 };

static void figure_cell(struct page *p, const struct estimate *x)
{
    char text[NUMBER_TEXT];
    buf_append_str(p->out, "<td class=\"n\">");
    html_text(p, number_format(x != NULL && x->n > 0 ? x->mean : NAN, 3, text, sizeof text));
    buf_append_str(p->out, "</td>");
}

/* "sip 16.2" of each machine, or "cpu0 20.4" of each CPU. */
static void add_share(struct buf *out, const char *name, const struct estimate *x)
{
    char text[NUMBER_TEXT];
    if (x != NULL && x->n > 0)
        buf_printf(out, "%s%s %s", out->size > 0 ? ", " : "", name,
                   number_format(x->mean, 3, text, sizeof text));
}

static void shares_cell(struct page *p, const struct buf *shares)
{
    buf_append_str(p->out, "<td class=\"list\">");
    html_text(p, shares->size > 0 ? buf_str(shares) : "–");
    buf_append_str(p->out, "</td>");
}

static void cpu_cells(struct page *p, const struct case_result *c)
{
    static const enum machine_figure shown[] = {MACHINE_CPU, MACHINE_GUEST_CPU};
    struct buf shares;
    buf_init(&shares);
    for (size_t f = 0; f < sizeof shown / sizeof *shown; f++) {
        buf_clear(&shares);
        for (size_t i = 0; i < c->machine_count; i++)
            add_share(&shares, c->machines[i].name, c->machines[i].figures[shown[f]]);
        shares_cell(p, &shares);
    }
    figure_cell(p, case_estimate(c, "host", "busy_pct"));
    buf_clear(&shares);
    for (size_t i = 0; i < c->cpu_count && i < CPUS_SHOWN; i++)
        add_share(&shares, c->cpus[i].name, c->cpus[i].busy_pct);
    if (c->cpu_count > CPUS_SHOWN)
        buf_printf(&shares, ", and %zu more", c->cpu_count - CPUS_SHOWN);
    shares_cell(p, &shares);
    buf_finish(&shares);
}

/* Of one scenario of the load's mix; machines and CPUs are not shared out among scenarios. */
static void scenario_row(struct page *p, const struct case_result *c, const char *entity,
                         const char *scenario)
{
    char text[SCENARIO_MAX];
    buf_append_str(p->out, "<tr>");
    html_cell(p, c->name);
    str_printf(text, sizeof text, "%s@%s", entity, scenario);
    html_cell(p, text);
    for (size_t k = 0; k < FIGURES; k++) {
        str_printf(text, sizeof text, "%s@%s", figures[k].metric, scenario);
        figure_cell(p, case_estimate(c, entity, text));
    }
    for (size_t k = 0; k < CPU_COLUMNS; k++)
        html_cell(p, "–");
    buf_append_str(p->out, "</tr>\n");
}

static void scenario_rows(struct page *p, const struct case_result *c, const char *entity)
{
    static const char each[] = "failed@"; /* every scenario of a mix has it */
    for (size_t i = 0; i < c->estimate_count; i++)
        if (strcmp(c->estimates[i].entity, entity) == 0 && str_starts(c->estimates[i].metric, each))
            scenario_row(p, c, entity, c->estimates[i].metric + sizeof each - 1);
}

static void row(struct page *p, size_t i, const struct load_result *l)
{
    const struct case_result *c = &p->a->cases[i];
    buf_append_str(p->out, "<tr>");
    html_cell(p, c->name);
    html_cell(p, l->entity);
    for (size_t k = 0; k < FIGURES; k++) {
        const struct estimate *x = case_estimate(c, l->entity, figures[k].metric);
        if (strchr(figures[k].metric, '.') != NULL) /* no path of the JSON has a dot in a name */
            figure_cell(p, x);
        else
            html_figure(p, x != NULL ? x->mean : NAN, x != NULL ? x->mean : NAN,
                        "cases/%zu/metrics/%s/%s/mean", i, l->entity, figures[k].metric);
    }
    cpu_cells(p, c);
    buf_append_str(p->out, "</tr>\n");
    scenario_rows(p, c, l->entity);
}

static void write_table(struct page *p)
{
    const char *names[FIGURES + CPU_COLUMNS + 3] = {"Case", "Load"};
    static const char *const cpu[] = {"Machines, % of one CPU", "As guests say",
                                      ">Host busy, % of all CPUs", "Physical CPUs busy, %", NULL};
    for (size_t k = 0; k < FIGURES; k++)
        names[2 + k] = figures[k].title;
    memcpy(names + 2 + FIGURES, cpu, sizeof cpu);
    buf_append_str(p->out, "<div class=\"wide\"><table>");
    html_head_row(p, names);
    buf_append_str(p->out, "<tbody>\n");
    for (size_t i = 0; i < p->a->case_count; i++)
        for (size_t k = 0; k < p->a->cases[i].load_count; k++)
            if (p->a->cases[i].loads[k].makes_calls)
                row(p, i, &p->a->cases[i].loads[k]);
    buf_append_str(p->out, "</tbody></table></div>\n");
}

/* A load that changes within its trial: what it does on its way up, and on its way back. */
static void write_way(struct page *p)
{
    const json_t *generator = json_object_get(p->a->study.plan, "generator");
    const char *profile = json_str_or(generator, "profile", "constant");
    bool any = false;
    for (size_t i = 0; i < p->a->series_count; i++)
        for (const struct line_series *s = p->a->series[i].first; s != NULL; s = s->next)
            any = any || strcmp(s->panel, "calls") == 0;
    if (any && (strcmp(profile, "steps") == 0 || strcmp(profile, "ramp") == 0))
        html_chart(
            p, "hysteresis", "",
            "One trial: calls established a second against calls begun, an interval a point, "
            "in the order of time. Where the way back lies below the way up, the overload "
            "has left something behind.");
}

void html_calls(struct page *p)
{
    size_t count = 0;
    for (size_t i = 0; i < p->a->case_count; i++)
        for (size_t k = 0; k < p->a->cases[i].load_count; k++)
            count += p->a->cases[i].loads[k].makes_calls;
    if (count == 0)
        return;
    html_section(p, "calls", "Calls");
    buf_append_str(
        p->out, "<p>Each step with what became of its calls and what they cost: sessions that "
                "were established, calls that failed for whatever reason, requests that had to "
                "be sent again and those that came again, the session request delay (RFC 6076) "
                "from the actual send; then the CPU of the machines as their host gave it and as "
                "guests count it themselves, of the whole host, and of each physical CPU. A row "
                "with @ is one scenario of the load's mix. Means over valid trials.</p>\n");
    html_chart(p, "calls", "",
               "Sessions established a second of what was offered; retransmissions a call sent.");
    write_way(p);
    write_table(p);
}
