/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * html: one page that needs nothing but itself: every figure stands in tables; the bundle draws
 * charts of the JSON inside it. Whatever comes from a plan or a node is escaped. Pure.
 */
#include <stdlib.h>
#include <string.h>

#include "control/report/report_private.h"

void html_text(struct page *p, const char *text)
{
    for (const char *at = text != NULL ? text : ""; *at != '\0';) {
        const size_t n = strcspn(at, "&<>\"'");
        buf_append(p->out, at, n);
        at += n;
        if (*at != '\0')
            buf_printf(p->out, "&#%d;", *at++);
    }
}

void html_cell(struct page *p, const char *text)
{
    buf_append_str(p->out, "<td>");
    html_text(p, text);
    buf_append_str(p->out, "</td>");
}

void html_figure(struct page *p, double value, double shown, const char *format, ...)
{
    char text[NUMBER_TEXT];
    struct buf path;
    va_list args;
    buf_init(&path);
    va_start(args, format);
    buf_vprintf(&path, format, args);
    va_end(args);
    if (isfinite(value)) {
        buf_append_str(p->out, "<td class=\"n\" data-path=\"");
        html_text(p, buf_str(&path));
        buf_printf(p->out, "\" data-value=\"%.15g\">%s</td>", value,
                   number_format(shown, 3, text, sizeof text));
    } else {
        buf_append_str(p->out, "<td class=\"n\">–</td>");
    }
    buf_finish(&path);
}

void html_head_row(struct page *p, const char *const *names)
{
    buf_append_str(p->out, "<thead><tr>");
    for (; *names != NULL; names++) {
        const bool number = (*names)[0] == '>';
        buf_printf(p->out, "<th scope=\"col\"%s>", number ? " class=\"n\"" : "");
        html_text(p, *names + number);
        buf_append_str(p->out, "</th>");
    }
    buf_append_str(p->out, "</tr></thead>\n");
}

void html_section(struct page *p, const char *id, const char *title)
{
    buf_printf(p->out, "</section>\n<section id=\"%s\"><h2>%s</h2>\n", id, title);
    if (p->links != NULL)
        buf_printf(p->links, "%s<a href=\"#%s\">%s</a>", p->links->size > 0 ? " " : "", id, title);
}

void html_chart(struct page *p, const char *kind, const char *load, const char *caption)
{
    buf_printf(p->out, "<figure class=\"chart\" data-chart=\"%s\" data-load=\"", kind);
    html_text(p, load);
    buf_append_str(p->out,
                   "\"><div class=\"controls\"></div><div class=\"plot\"></div><figcaption>");
    html_text(p, caption);
    buf_append_str(p->out, "</figcaption></figure>\n");
}

bool html_each_load(const struct analysis *a, size_t n, const char **ret)
{
    size_t seen = 0;
    for (size_t i = 0; i < a->case_count; i++) {
        for (size_t k = 0; k < a->cases[i].load_count; k++) {
            const char *entity = a->cases[i].loads[k].entity;
            bool before = false;
            for (size_t j = 0; j < i; j++)
                before = before || html_load(&a->cases[j], entity) != NULL;
            if (!before && seen++ == n) {
                *ret = entity;
                return true;
            }
        }
    }
    return false;
}

const struct load_result *html_load(const struct case_result *c, const char *entity)
{
    for (size_t i = 0; i < c->load_count; i++)
        if (strcmp(c->loads[i].entity, entity) == 0)
            return &c->loads[i];
    return NULL;
}

/* JSON inside a script element: no "<" may stand in it. */
static void write_data(struct page *p)
{
    json_t *all = report_to_json(p->a, REPORT_JSON_SERIES);
    char *text = all != NULL ? json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
    buf_append_str(p->out, "<script type=\"application/json\" id=\"data\">");
    if (text == NULL)
        p->out->failed = true;
    for (const char *at = text != NULL ? text : ""; *at != '\0';) {
        const size_t n = strcspn(at, "<");
        buf_append(p->out, at, n);
        at += n;
        if (*at != '\0') {
            buf_append_str(p->out, "\\u003c");
            at++;
        }
    }
    buf_append_str(p->out, "</script>\n");
    free(text);
    json_decref(all);
}

static void write_head(struct page *p)
{
    const struct store_study *s = &p->a->study;
    buf_append_str(p->out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                           "<meta name=\"viewport\" content=\"width=device-width\">\n"
                           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                           "'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src "
                           "data:\">\n<link rel=\"icon\" href=\"data:,\">\n<title>");
    html_text(p, s->title[0] != '\0' ? s->title : s->name);
    buf_printf(p->out, "</title>\n<style>%s</style>\n</head>\n<body>\n", report_bundle_css);
}

static void write_title(struct page *p)
{
    const struct store_study *s = &p->a->study;
    const struct trial_counts *n = &p->a->counts;
    char from[NUMBER_TEXT], to[NUMBER_TEXT];
    buf_append_str(p->out, "<header><h1>");
    html_text(p, s->title[0] != '\0' ? s->title : s->name);
    buf_append_str(p->out, "</h1>\n<p>Study <b>");
    html_text(p, s->name);
    buf_printf(p->out, "</b>, measured %s to %s by vaperf ",
               number_format_time(s->started_real_ns, from),
               s->ended_real_ns != 0 ? number_format_time(s->ended_real_ns, to) : "(not ended)");
    html_text(p, s->version);
    buf_printf(p->out,
               ": %zu cases; %zu valid, %zu void, %zu failed, %zu interrupted trials.</p>\n",
               p->a->case_count, n->valid, n->voided, n->failed, n->interrupted);
}

static void verdict_row(struct page *p, size_t i, const struct load_result *l)
{
    const struct case_result *c = &p->a->cases[i];
    const struct delay *d = l != NULL ? &l->delays[DELAY_INTENDED] : NULL;
    const bool any = d != NULL && d->box.n > 0;
    const char *entity = l != NULL ? l->entity : "";
    char text[NUMBER_TEXT];
    buf_append_str(p->out, "<tr>");
    html_cell(p, c->name);
    html_cell(p, entity);
    buf_printf(p->out, "<td class=\"v %s\">", c->counts.valid > 0 ? c->verdict : "none");
    html_text(p, number_format_verdict(c, text, sizeof text));
    buf_printf(p->out, "</td><td class=\"n\">%zu / %zu / %zu</td>", c->counts.valid,
               c->counts.voided, c->counts.failed + c->counts.interrupted);
    html_figure(p, any ? d->box.median : NAN, any ? d->box.median / 1e6 : NAN,
                "cases/%zu/loads/%s/delay_from_intended/p50", i, entity);
    html_figure(p, any ? d->p95 : NAN, any ? d->p95 / 1e6 : NAN,
                "cases/%zu/loads/%s/delay_from_intended/p95", i, entity);
    html_figure(p, any ? d->p99 : NAN, any ? d->p99 / 1e6 : NAN,
                "cases/%zu/loads/%s/delay_from_intended/p99", i, entity);
    buf_append_str(p->out, "<td class=\"n\">");
    if (any && isfinite(d->sure[POINT_P99].low))
        html_text(p, strchr(number_format_sure(d->p99, d->sure[POINT_P99], 1e-6, text), '('));
    else
        buf_append_str(p->out, "–");
    buf_append_str(p->out, "</td><td class=\"n\">");
    html_text(p, l != NULL ? number_format_loss(&l->loss, text, sizeof text) : "–");
    buf_append_str(p->out, "</td>");
    const struct estimate *jitter = l != NULL ? l->jitter_us : NULL;
    const struct estimate *mos = l != NULL ? l->mos : NULL;
    html_figure(p, jitter != NULL ? jitter->mean : NAN, jitter != NULL ? jitter->mean / 1e3 : NAN,
                "cases/%zu/loads/%s/jitter_us/mean", i, entity);
    html_figure(p, mos != NULL ? mos->mean : NAN, mos != NULL ? mos->mean : NAN,
                "cases/%zu/loads/%s/mos/mean", i, entity);
    buf_append_str(p->out, "</tr>\n");
}

static void write_verdicts(struct page *p)
{
    static const char *const names[] = {"Case",
                                        "Load",
                                        "Verdict",
                                        ">Valid / void / failed trials",
                                        ">p50, ms",
                                        ">p95, ms",
                                        ">p99, ms",
                                        ">p99, 95 %, ms",
                                        ">Loss, % (95 %)",
                                        ">Jitter, ms",
                                        ">MOS",
                                        NULL};
    html_section(p, "verdicts", "Verdicts");
    buf_append_str(
        p->out,
        "<p>Delay is counted from the time at which each packet was meant to be "
        "sent, or each call to begin; the valid trials of a case are taken together. A dash is a "
        "figure that was not measured.</p>\n<div class=\"wide\"><table>");
    html_head_row(p, names);
    buf_append_str(p->out, "<tbody>\n");
    for (size_t i = 0; i < p->a->case_count; i++) {
        const struct case_result *c = &p->a->cases[i];
        for (size_t k = 0; k < c->load_count; k++)
            verdict_row(p, i, &c->loads[k]);
        if (c->load_count == 0)
            verdict_row(p, i, NULL);
    }
    buf_append_str(p->out, "</tbody></table></div>\n");
}

static void write_findings(struct page *p)
{
    html_section(p, "findings", "Findings");
    if (p->a->finding_count == 0) {
        buf_append_str(p->out, "<p>There is nothing to compare.</p>\n");
        return;
    }
    buf_append_str(p->out,
                   "<p>Each case against the first with the same load, over trials: Welch's t and "
                   "Mann-Whitney's U, two-sided. Below p = 0.05 a difference is stated; with many "
                   "comparisons one in twenty such statements is expected by chance.</p>\n<ul>\n");
    for (size_t i = 0; i < p->a->finding_count; i++) {
        const struct finding *f = &p->a->findings[i];
        buf_printf(p->out, "<li class=\"%s\">", finding_kind_name(f->kind));
        html_text(p, f->text);
        buf_append_str(p->out, "</li>\n");
    }
    buf_append_str(p->out, "</ul>\n");
}

static void write_sections(struct page *p)
{
    write_verdicts(p);
    write_findings(p);
    html_delay(p);
    html_rates(p);
    html_calls(p);
    html_cpu(p);
    html_bench(p);
    html_metrics(p);
    html_voids(p);
    html_conditions(p);
    html_method(p);
    html_repeat(p);
}

void html_write(const struct analysis *a, struct buf *out)
{
    struct buf links, sections;
    struct page p = {.a = a, .out = out};
    buf_init(&links);
    buf_init(&sections);
    write_head(&p);
    write_title(&p);
    p.out = &sections;
    p.links = &links;
    write_sections(&p);
    buf_printf(out, "<nav>%s</nav></header>\n<main><section>%s", buf_str(&links),
               buf_str(&sections));
    out->failed = out->failed || buf_failed(&links) || buf_failed(&sections);
    buf_finish(&links);
    buf_finish(&sections);
    p.out = out;
    buf_append_str(out, "</section></main>\n<footer><details><summary>Notices of the software that "
                        "draws the charts</summary><pre>");
    html_text(&p, report_bundle_notice);
    buf_append_str(out, "</pre></details></footer>\n");
    write_data(&p);
    buf_printf(out, "<script>%s</script>\n</body>\n</html>\n", report_bundle_js);
}
