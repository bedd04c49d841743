/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * csv: tidy rows (RFC 4180). Pure.
 */
#include <inttypes.h>
#include <string.h>

#include "control/report/report_private.h"

/* A text that a spreadsheet would take for a formula is made a text by a leading apostrophe. */
static void field(struct buf *out, const char *text)
{
    const bool formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
    if (!formula && strpbrk(text, ",\"\r\n") == NULL) {
        buf_append_str(out, text);
        return;
    }
    buf_append_str(out, formula ? "\"'" : "\"");
    for (; *text != '\0'; text++)
        buf_printf(out, *text == '"' ? "\"%c" : "%c", *text);
    buf_append_str(out, "\"");
}

static void lead(struct buf *out, const struct analysis *a, const struct trial_view *t)
{
    const struct case_result *c = &a->cases[t->case_index];
    field(out, a->study.name);
    buf_append_str(out, ",");
    field(out, c->name);
    buf_append_str(out, ",");
    field(out, c->setup);
    buf_append_str(out, ",");
    field(out, c->level);
    buf_printf(out, ",%" PRIu64 ",%" PRIu64 ",", t->number, t->attempt);
}

/* An estimate keeps one value a valid trial, unless some trial had none. */
static void trial_rows(const struct analysis *a, const struct trial_view *t, size_t nth,
                       struct buf *out)
{
    const struct case_result *c = &a->cases[t->case_index];
    for (size_t i = 0; i < c->estimate_count; i++) {
        const struct estimate *x = &c->estimates[i];
        const double value = nth < c->counts.valid ? x->by_trial[nth] : NAN;
        if (!isfinite(value))
            continue;
        lead(out, a, t);
        field(out, t->verdict);
        buf_append_str(out, ",");
        field(out, x->entity);
        buf_append_str(out, ",");
        field(out, x->metric);
        buf_append_str(out, ",");
        field(out, x->unit);
        buf_printf(out, ",%.12g\r\n", value);
    }
}

void csv_write(const struct analysis *a, struct buf *out)
{
    buf_append_str(out,
                   "study,case,setup,level,trial,attempt,verdict,entity,metric,unit,value\r\n");
    for (size_t i = 0; i < a->case_count; i++) {
        size_t nth = 0;
        for (size_t k = 0; k < a->trial_count; k++)
            if (a->trials[k].case_index == i && a->trials[k].state == TRIAL_DONE)
                trial_rows(a, &a->trials[k], nth++, out);
    }
}

void csv_write_series(const struct analysis *a, struct buf *out)
{
    buf_append_str(out, "study,case,setup,level,trial,attempt,panel,name,unit,t_s,value\r\n");
    for (size_t i = 0; i < a->series_count; i++) {
        const struct trial_series *t = &a->series[i];
        for (const struct line_series *s = t->first; s != NULL; s = s->next) {
            for (size_t k = 0; k < s->count; k++) {
                lead(out, a, &a->trials[t->trial_index]);
                buf_printf(out, "%s,", s->panel);
                field(out, s->name);
                buf_printf(out, ",%s,%.6f,%.12g\r\n", s->unit, s->t_s[k], s->values[k]);
            }
        }
    }
}
