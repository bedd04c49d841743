/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * report: the formats. Pure.
 */
#include "control/report/report_private.h"

#include <errno.h>
#include <stdlib.h>

const char *const report_format_names[] = {"html", "csv",   "csv-series", "json",
                                           "text", "table", "svg",        NULL};

const char *report_format_suffix(enum report_format format)
{
    static const char *const suffixes[] = {"html", "csv", "series.csv", "json", "txt"};
    return suffixes[format];
}

static void json_write(const struct analysis *a, struct buf *out)
{
    json_t *all = report_to_json(a, 0);
    char *text = all != NULL ? json_dumps(all, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) : NULL;
    json_decref(all);
    if (text == NULL) {
        out->failed = true;
        return;
    }
    buf_append_str(out, text);
    buf_append_str(out, "\n");
    free(text);
}

int report_write(const struct analysis *a, enum report_format format, struct buf *out,
                 struct err *e)
{
    static void (*const writers[])(const struct analysis *, struct buf *) = {
        html_write, csv_write, csv_write_series, json_write, text_write, text_write_table};
    writers[format](a, out);
    return buf_failed(out) ? err_set(e, -ENOMEM, "report: out of memory") : 0;
}
