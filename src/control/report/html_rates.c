/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * html_rates: packets a second that were offered, sent and came through, and how evenly loads at
 * the same time shared. Pure.
 */
#include "control/report/report_private.h"

static void figure(struct page *p, size_t i, const char *entity, const char *metric,
                   const struct estimate *x)
{
    html_figure(p, x != NULL ? x->mean : NAN, x != NULL ? x->mean : NAN,
                "cases/%zu/rates/%s/%s/mean", i, entity, metric);
}

static void rate_row(struct page *p, size_t i, const struct rate_result *r)
{
    static const int shown[] = {RATE_OFFERED,   RATE_ACHIEVED,  RATE_RECEIVED,   RATE_RECEIVED_BITS,
                                RATE_VARIATION, RATE_REORDERED, RATE_DUPLICATES, RATE_SHARE};
    buf_append_str(p->out, "<tr>");
    html_cell(p, p->a->cases[i].name);
    html_cell(p, r->entity);
    for (size_t k = 0; k < sizeof shown / sizeof *shown; k++)
        figure(p, i, r->entity, rate_names[shown[k]], r->figures[shown[k]]);
    buf_append_str(p->out, "</tr>\n");
}

static void write_rates(struct page *p)
{
    static const char *const names[] = {"Case",
                                        "Load",
                                        ">Offered, 1/s",
                                        ">Sent, 1/s",
                                        ">Received, 1/s",
                                        ">Received, bit/s",
                                        ">PDV p99, us",
                                        ">Reordered, %",
                                        ">Duplicates, %",
                                        ">Share, %",
                                        NULL};
    buf_append_str(p->out, "<div class=\"wide\"><table>");
    html_head_row(p, names);
    buf_append_str(p->out, "<tbody>\n");
    for (size_t i = 0; i < p->a->case_count; i++)
        for (size_t k = 0; k < p->a->cases[i].rate_count; k++)
            rate_row(p, i, &p->a->cases[i].rates[k]);
    buf_append_str(p->out, "</tbody></table></div>\n");
}

static void sharing_row(struct page *p, size_t i)
{
    const struct case_result *c = &p->a->cases[i];
    buf_append_str(p->out, "<tr>");
    html_cell(p, c->name);
    buf_printf(p->out, "<td class=\"n\">%zu</td>", c->rate_count);
    for (int k = 0; k < SHARING_FIGURES; k++) {
        const struct estimate *x = c->sharing[k];
        html_figure(p, x != NULL ? x->mean : NAN, x != NULL ? x->mean : NAN,
                    "cases/%zu/fairness/%s/mean", i, sharing_metrics[k]);
    }
    buf_append_str(p->out, "</tr>\n");
}

static void write_sharing(struct page *p, size_t shared)
{
    static const char *const names[] = {
        "Case", ">Loads", ">Together, 1/s", ">Jain's index", ">Largest by smallest", NULL};
    if (shared == 0)
        return;
    buf_append_str(p->out, "<h3>How evenly they shared</h3>\n<div class=\"wide\"><table>");
    html_head_row(p, names);
    buf_append_str(p->out, "<tbody>\n");
    for (size_t i = 0; i < p->a->case_count; i++)
        if (p->a->cases[i].sharing[SHARING_AGGREGATE] != NULL)
            sharing_row(p, i);
    buf_append_str(p->out, "</tbody></table></div>\n");
}

void html_rates(struct page *p)
{
    size_t rates = 0, shared = 0;
    for (size_t i = 0; i < p->a->case_count; i++) {
        rates += p->a->cases[i].rate_count;
        shared += p->a->cases[i].sharing[SHARING_AGGREGATE] != NULL;
    }
    if (rates == 0)
        return;
    html_section(p, "rates", "Rates");
    buf_append_str(p->out,
                   "<p>What was offered by the plan, what the generator really sent, and what came "
                   "back, in packets a second over the measured part; bits count whole Ethernet "
                   "frames with their FCS. Means over valid trials. Jain's index is 1 when all "
                   "loads at the same time got alike, and 1/n when one got all.</p>\n");
    html_chart(p, "rates", "", "Received of what was offered, loads of a case on one another.");
    write_rates(p);
    write_sharing(p, shared);
}
