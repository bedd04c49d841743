/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * report: the model of a study as text, HTML, CSV or JSON, into a buffer. Pure; one thread.
 */
#ifndef VAPERF_CONTROL_REPORT_REPORT_H
#define VAPERF_CONTROL_REPORT_REPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "control/analyse/analyse.h"

enum report_format {
    REPORT_HTML,       /* one self-contained page */
    REPORT_CSV,        /* a row per case, trial, entity and metric; valid trials only */
    REPORT_CSV_SERIES, /* a row per sample */
    REPORT_JSON,       /* doc/manual/report.md */
    REPORT_TEXT,       /* the table, findings, and what was void or failed, for a terminal */
    REPORT_TABLE,      /* the table alone: the end of a run */
    REPORT_SVG         /* one file a chart: report_figures, not report_write */
};
extern const char *const report_format_names[]; /* NULL-ended, in the order of the enum */
const char *report_format_suffix(enum report_format format); /* "html", "csv", ... */

/* The charts as SVG, one after the other: "delay-rtp", "machines", "cpus"; one without figures is
 * left out. What `each` returns below 0 ends it. */
int report_figures(const struct analysis *a,
                   int (*each)(void *arg, const char *name, const struct buf *svg, struct err *e),
                   void *arg, struct err *e);

/* -ENOMEM. */
int report_write(const struct analysis *a, enum report_format format, struct buf *out,
                 struct err *e);

enum { REPORT_JSON_SERIES = 1 };
json_t *report_to_json(const struct analysis *a, unsigned flags); /* NULL without memory */

#endif
