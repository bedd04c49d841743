/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * batch: a view as text: CSV (RFC 4180), a JSON object on one line, or a table. Pure.
 */
#ifndef VAPERF_CONTROL_TOP_BATCH_H
#define VAPERF_CONTROL_TOP_BATCH_H

#include "base/buf.h"
#include "control/top/source.h"
#include "control/top/view.h"

enum top_rows { TOP_GUESTS, TOP_GUESTS_AND_VCPUS };

void batch_csv_header(struct buf *out);
/* A row per guest; an unknown value is an empty field, and so is the VCPU of a whole guest. Lines
 * end with CR LF. */
void batch_csv(struct buf *out, const struct top_view *v, enum top_rows rows);
/* An unknown value is null. -ENOMEM. */
int batch_json(struct buf *out, const struct top_view *v, const struct top_source *s,
               enum top_rows rows);
void batch_table(struct buf *out, const struct top_view *v, const struct top_source *s,
                 enum top_rows rows);

/* The three lines about host, CPUs and cost that a table and the screen have, without line ends. */
enum { BATCH_LINE_MAX = 512 };
void batch_line_host(char line[BATCH_LINE_MAX], const struct top_view *v,
                     const struct top_source *s);
/* As many CPUs as fit into `width` characters from CPU `*next` on, which moves behind them. */
void batch_line_cpus(char line[BATCH_LINE_MAX], const struct top_view *v, size_t width,
                     size_t *next);
void batch_line_cost(char line[BATCH_LINE_MAX], const struct top_view *v);
/* Why values are "-"; false when none needs it. */
bool batch_line_missing(char line[BATCH_LINE_MAX], const struct top_view *v,
                        const struct top_source *s);

#endif
