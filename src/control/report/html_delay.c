/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * html_delay: delay and loss: box plots and the tables behind them. Pure.
 */
#include <inttypes.h>

#include "control/report/report_private.h"

/* Of packets, and of calls. */
static const char *const titles[2][DELAYS] = {
    {
        "Delay from the intended time of each packet",
        "Delay from the actual send of each packet",
        "Lateness of the generator: intended time to actual send",
    },
    {
        "Response time (timer 1 of the scenario) from the intended time of each call",
        "Response time (timer 1 of the scenario) from the actual send",
        "Lateness of the generator: intended time to actual begin of each call",
    },
};

static void box_row(struct page *p, size_t i, const struct load_result *l, int which)
{
    const struct delay *d = &l->delays[which];
    const struct {
        const char *key;
        double ns;
    } cells[] = {
        {"box/min", d->box.min}, {"box/whisker_low", d->box.whisker_low},
        {"box/q1", d->box.q1},   {"box/median", d->box.median},
        {"box/q3", d->box.q3},   {"box/whisker_high", d->box.whisker_high},
        {"mean", d->box.mean},   {"p95", d->p95},
        {"p99", d->p99},         {"p99.9", d->p999},
        {"max", d->box.max},
    };
    buf_append_str(p->out, "<tr>");
    html_cell(p, p->a->cases[i].name);
    buf_printf(p->out, "<td class=\"n\">%" PRIu64 "</td>", d->box.n);
    for (size_t k = 0; k < sizeof cells / sizeof *cells; k++) {
        const double ns = d->box.n > 0 ? cells[k].ns : NAN;
        html_figure(p, ns, ns / 1e6, "cases/%zu/loads/%s/%s/%s", i, l->entity, delay_names[which],
                    cells[k].key);
    }
    buf_append_str(p->out, "</tr>\n");
}

static void box_table(struct page *p, const char *entity, bool of_calls, int which)
{
    const char *const counted = !of_calls                 ? ">Packets"
                                : which == DELAY_LATENESS ? ">Calls"
                                                          : ">Answers";
    const char *const names[] = {"Case",    counted,  ">Least",   ">Whisker", ">q1",
                                 ">Median", ">q3",    ">Whisker", ">Mean",    ">p95",
                                 ">p99",    ">p99.9", ">Largest", NULL};
    buf_printf(p->out, "<h4>%s, ms</h4>\n<div class=\"wide\"><table>", titles[of_calls][which]);
    html_head_row(p, names);
    buf_append_str(p->out, "<tbody>\n");
    for (size_t i = 0; i < p->a->case_count; i++) {
        const struct load_result *l = html_load(&p->a->cases[i], entity);
        if (l != NULL)
            box_row(p, i, l, which);
    }
    buf_append_str(p->out, "</tbody></table></div>\n");
}

static void loss_row(struct page *p, size_t i, const struct load_result *l)
{
    char text[NUMBER_TEXT];
    buf_append_str(p->out, "<tr>");
    html_cell(p, p->a->cases[i].name);
    if (!l->loss.known) {
        buf_append_str(p->out, "<td class=\"n\">–</td><td class=\"n\">–</td><td class=\"n\">–</td>"
                               "<td>not measured</td>");
    } else {
        buf_printf(p->out, "<td class=\"n\">%" PRIu64 "</td><td class=\"n\">%" PRIu64 "</td>",
                   l->loss.sent, l->loss.lost);
        html_figure(p, l->loss.pct, l->loss.pct, "cases/%zu/loads/%s/loss/pct", i, l->entity);
        if (l->loss.lost == 0)
            buf_printf(p->out, "<td>no loss seen in %" PRIu64 " packets: below %s %% (95 %%)</td>",
                       l->loss.sent, number_format(l->loss.sure.high, 2, text, sizeof text));
        else
            html_cell(p, number_format_loss(&l->loss, text, sizeof text));
    }
    const struct estimate *x = l->loss_pct;
    html_cell(p, x != NULL ? number_format_share(x->mean, x->student, text) : "–");
    x = l->jitter_us;
    html_cell(p, x != NULL ? number_format_sure(x->mean, x->student, 1e-3, text) : "–");
    x = l->mos;
    html_cell(p, x != NULL ? number_format_sure(x->mean, x->student, 1, text) : "–");
    buf_append_str(p->out, "</tr>\n");
}

static void loss_table(struct page *p, const char *entity)
{
    static const char *const names[] = {"Case",
                                        ">Sent",
                                        ">Lost",
                                        ">Loss, %",
                                        "95 %, packets taken as independent",
                                        "Loss over trials, % (Student 95 %)",
                                        "Jitter, ms (Student 95 %)",
                                        "MOS (Student 95 %)",
                                        NULL};
    buf_append_str(p->out, "<h4>Loss, jitter and quality</h4>\n<div class=\"wide\"><table>");
    html_head_row(p, names);
    buf_append_str(p->out, "<tbody>\n");
    for (size_t i = 0; i < p->a->case_count; i++) {
        const struct load_result *l = html_load(&p->a->cases[i], entity);
        if (l != NULL)
            loss_row(p, i, l);
    }
    buf_append_str(p->out, "</tbody></table></div>\n");
}

bool html_makes_calls(const struct analysis *a, const char *entity)
{
    bool any = false;
    for (size_t i = 0; i < a->case_count; i++) {
        const struct load_result *l = html_load(&a->cases[i], entity);
        any = any || (l != NULL && l->makes_calls);
    }
    return any;
}

static void of_load(struct page *p, const char *entity)
{
    const bool of_calls = html_makes_calls(p->a, entity);
    buf_append_str(p->out, "<h3>Load ");
    html_text(p, entity);
    buf_append_str(p->out, "</h3>\n");
    html_chart(p, "delay", entity,
               of_calls
                   ? "Response time of calls. Box: quartiles and median; whiskers: the last value "
                     "within 1.5 box heights; diamond: p99; circle: largest."
                   : "Delay through the appliance. Box: quartiles and median; whiskers: the last "
                     "value within 1.5 box heights; diamond: p99; circle: largest. Under each box: "
                     "packets lost.");
    if (!of_calls)
        loss_table(p, entity);
    for (int which = 0; which < DELAYS; which++)
        box_table(p, entity, of_calls, which);
}

static bool only_calls(const struct analysis *a)
{
    const char *entity;
    for (size_t n = 0; html_each_load(a, n, &entity); n++)
        if (!html_makes_calls(a, entity))
            return false;
    return true;
}

void html_delay(struct page *p)
{
    const char *entity;
    for (size_t n = 0; html_each_load(p->a, n, &entity); n++) {
        if (n == 0)
            html_section(p, "delay", only_calls(p->a) ? "Response times" : "Delay and loss");
        of_load(p, entity);
    }
}
