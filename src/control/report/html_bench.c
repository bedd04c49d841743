/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * html_bench: benches: bars of each bench over the cases, drawn here as SVG, and the table behind
 * them. Pure.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "control/report/report_private.h"

enum { BAR_HEIGHT = 22, BAR_GAP = 6, LABEL_WIDTH = 190, PLOT_WIDTH = 420, VALUE_WIDTH = 230 };

/* The bench of a case that is the same as `like`; NULL: none. */
static const struct bench_result *find(const struct case_result *c, const struct bench_result *like)
{
    for (size_t i = 0; i < c->bench_count; i++)
        if (bench_is_same(&c->benches[i], like))
            return &c->benches[i];
    return NULL;
}

static bool was_before(const struct analysis *a, size_t case_index, const struct bench_result *b)
{
    for (size_t i = 0; i < case_index; i++)
        if (find(&a->cases[i], b) != NULL)
            return true;
    return false;
}

static double end_of(const struct bench_result *b)
{
    return isfinite(b->sure.high) ? b->sure.high : b->mean_s;
}

static double longest(const struct analysis *a, const struct bench_result *like)
{
    double most = 0;
    for (size_t i = 0; i < a->case_count; i++) {
        const struct bench_result *b = find(&a->cases[i], like);
        if (b != NULL && isfinite(b->mean_s) && end_of(b) > most)
            most = end_of(b);
    }
    return most;
}

static const char *words_of(const struct bench_result *b, char *buffer, size_t size)
{
    char time[NUMBER_TEXT], times[NUMBER_TEXT];
    number_format(b->mean_s, 3, time, sizeof time);
    if (isfinite(b->slowdown))
        snprintf(buffer, size, "%s s, %s x native", time,
                 number_format(b->slowdown, 3, times, sizeof times));
    else
        snprintf(buffer, size, "%s s", time);
    return buffer;
}

static void bar(struct page *p, const struct case_result *c, const struct bench_result *b, int top,
                double most)
{
    const double scale = most > 0 ? PLOT_WIDTH / most : 0;
    const int middle = top + BAR_HEIGHT / 2;
    char words[2 * NUMBER_TEXT];
    buf_printf(p->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", LABEL_WIDTH - 8, middle + 4);
    html_text(p, c->name);
    buf_append_str(p->out, "</text>");
    if (!isfinite(b->mean_s))
        return;
    buf_printf(p->out, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"#4878a8\"/>",
               LABEL_WIDTH, top, b->mean_s * scale, BAR_HEIGHT);
    if (isfinite(b->sure.low) && isfinite(b->sure.high))
        buf_printf(p->out,
                   "<path d=\"M%.1f %dH%.1fM%.1f %dv8M%.1f %dv8\" stroke=\"#000\" fill=\"none\"/>",
                   LABEL_WIDTH + fmax(0, b->sure.low) * scale, middle,
                   LABEL_WIDTH + b->sure.high * scale, LABEL_WIDTH + fmax(0, b->sure.low) * scale,
                   middle - 4, LABEL_WIDTH + b->sure.high * scale, middle - 4);
    buf_printf(p->out, "<text x=\"%.1f\" y=\"%d\">", LABEL_WIDTH + end_of(b) * scale + 8,
               middle + 4);
    html_text(p, words_of(b, words, sizeof words));
    buf_append_str(p->out, "</text>\n");
}

static void bars(struct page *p, const struct bench_result *like)
{
    const double most = longest(p->a, like);
    int rows = 0;
    for (size_t i = 0; i < p->a->case_count; i++)
        rows += find(&p->a->cases[i], like) != NULL;
    const int width = LABEL_WIDTH + PLOT_WIDTH + VALUE_WIDTH;
    buf_printf(p->out,
               "<figure><svg class=\"bench-bars\" role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\" "
               "font-size=\"13\" fill=\"currentColor\">\n",
               width, rows * (BAR_HEIGHT + BAR_GAP), width);
    int top = 0;
    for (size_t i = 0; i < p->a->case_count; i++) {
        const struct bench_result *b = find(&p->a->cases[i], like);
        if (b == NULL)
            continue;
        bar(p, &p->a->cases[i], b, top, most);
        top += BAR_HEIGHT + BAR_GAP;
    }
    buf_printf(p->out,
               "</svg><figcaption>Time of a round%s, with its 95 %% interval; shorter is better."
               "</figcaption></figure>\n",
               like->is_neighbour ? " of the neighbour while it competed" : ", timed from outside");
}

static void estimate_cell(struct page *p, const struct estimate *x, size_t i,
                          const struct bench_result *b, const char *metric)
{
    html_figure(p, x != NULL ? x->mean : NAN, x != NULL ? x->mean : NAN,
                "cases/%zu/metrics/%s\\/%s/%s/mean", i, b->machine, b->type, metric);
}

static void sure_cell(struct page *p, double value, struct bench_span sure)
{
    char text[NUMBER_TEXT];
    html_cell(p, isfinite(value)
                     ? number_format_sure(value, (struct span){sure.low, sure.high}, 1, text)
                     : "–");
}

static void row(struct page *p, size_t i, const struct bench_result *b)
{
    const struct case_result *c = &p->a->cases[i];
    buf_append_str(p->out, "<tr>");
    html_cell(p, c->name);
    sure_cell(p, b->mean_s, b->sure);
    buf_printf(p->out, "<td>%zu %s%s</td>", b->n, b->of_rounds ? "round" : "trial",
               b->n == 1 ? "" : "s");
    estimate_cell(p, b->guest_s, i, b, "guest_s");
    estimate_cell(p, b->distortion, i, b, "distortion");
    estimate_cell(p, b->uncertainty_us, i, b, "uncertainty_us");
    estimate_cell(p, b->cpu_s, i, b, "cpu_s");
    buf_append_str(p->out, "<td>");
    html_text(p, b->timed_by);
    if (b->no_clock[0] != '\0') {
        buf_append_str(p->out, " (");
        html_text(p, b->no_clock);
        buf_append_str(p->out, ")");
    }
    buf_append_str(p->out, "</td>");
    sure_cell(p, b->slowdown, b->slowdown_sure);
    html_cell(p, b->baseline != NULL ? b->baseline : "–");
    buf_append_str(p->out, "</tr>\n");
}

static void table(struct page *p, const struct bench_result *like)
{
    static const char *const names[] = {"Case",
                                        "Time of a round, s (95 %)",
                                        "Over",
                                        ">By the machine's own clock, s",
                                        ">Own / outside",
                                        ">Uncertain, us",
                                        ">CPU by its own clock, s",
                                        "Timed by",
                                        "Times native (95 %)",
                                        "Native case",
                                        NULL};
    buf_append_str(p->out, "<div class=\"wide\"><table>");
    html_head_row(p, names);
    buf_append_str(p->out, "<tbody>\n");
    for (size_t i = 0; i < p->a->case_count; i++) {
        const struct bench_result *b = find(&p->a->cases[i], like);
        if (b != NULL)
            row(p, i, b);
    }
    buf_append_str(p->out, "</tbody></table></div>\n");
}

/* "direction send, size 8M": what tells it from others of its type. */
static void write_options(struct page *p, const json_t *options)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)options, name, value)
    {
        char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
        buf_append_str(p->out, ", ");
        html_text(p, name);
        buf_append_str(p->out, " ");
        html_text(p, text != NULL ? text : json_str_or(options, name, ""));
        free(text);
    }
}

static void one_bench(struct page *p, const struct bench_result *b)
{
    buf_append_str(p->out, "<h3>");
    html_text(p, b->type);
    buf_append_str(p->out, b->is_neighbour ? ", a neighbour in machine " : " in machine ");
    html_text(p, b->machine);
    write_options(p, b->options);
    buf_append_str(p->out, "</h3>\n");
    bars(p, b);
    table(p, b);
}

static void shares(struct page *p, const struct case_result *c, int way)
{
    char metric[32], text[NUMBER_TEXT];
    const char *between = "";
    snprintf(metric, sizeof metric, "%s_share_pct", way_names[way]);
    buf_append_str(p->out, "<td>");
    for (size_t k = 0; k < c->estimate_count; k++) {
        const struct estimate *x = &c->estimates[k];
        if (strcmp(x->metric, metric) != 0)
            continue;
        buf_append_str(p->out, between);
        html_text(p, x->entity);
        buf_printf(p->out, " %s", number_format(x->mean, 3, text, sizeof text));
        between = ", ";
    }
    buf_append_str(p->out, "</td></tr>\n");
}

static void together_row(struct page *p, size_t i, int way)
{
    const struct case_result *c = &p->a->cases[i];
    buf_append_str(p->out, "<tr>");
    html_cell(p, c->name);
    html_cell(p, way == WAY_OUT ? "sent" : "received");
    for (int k = 0; k < SHARING_FIGURES; k++) {
        const struct estimate *x = c->together[way][k];
        html_figure(p, x != NULL ? x->mean : NAN, x != NULL ? x->mean : NAN,
                    "cases/%zu/machines_together/%s/%s/mean", i, way_names[way],
                    sharing_metrics[k]);
    }
    shares(p, c, way);
}

static void write_together(struct page *p)
{
    static const char *const names[] = {
        "Case",      "Way", ">Together, bit/s", ">Jain's index", ">Largest by smallest",
        "Shares, %", NULL};
    bool any = false;
    for (size_t i = 0; i < p->a->case_count; i++)
        for (int way = 0; way < WAYS; way++) {
            if (p->a->cases[i].together[way][SHARING_AGGREGATE] == NULL)
                continue;
            if (!any) {
                buf_append_str(p->out, "<h3>Machines that sent or received at the same time</h3>\n"
                                       "<div class=\"wide\"><table>");
                html_head_row(p, names);
                buf_append_str(p->out, "<tbody>\n");
            }
            any = true;
            together_row(p, i, way);
        }
    if (any)
        buf_append_str(p->out, "</tbody></table></div>\n");
}

void html_bench(struct page *p)
{
    bool any = false;
    for (size_t i = 0; i < p->a->case_count; i++)
        any = any || p->a->cases[i].bench_count > 0;
    if (!any)
        return;
    html_section(p, "benches", "Benches");
    buf_append_str(
        p->out,
        "<p>A round is timed by a clock outside the machine, between two ICMP echo requests; where "
        "there is no link to one, by the control channel. Beside it stands what the machine's own "
        "clock says: a ratio that is not 1 by more than the uncertainty is a clock that does not "
        "keep time. With less than three trials their rounds are taken as independent. A "
        "neighbour's time is its "
        "life over its rounds, pauses included.</p>\n");
    for (size_t i = 0; i < p->a->case_count; i++)
        for (size_t k = 0; k < p->a->cases[i].bench_count; k++)
            if (!was_before(p->a, i, &p->a->cases[i].benches[k]))
                one_bench(p, &p->a->cases[i].benches[k]);
    write_together(p);
}
