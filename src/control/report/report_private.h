/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * report_private: what the formats share, and the parts of the page.
 */
#ifndef VAPERF_CONTROL_REPORT_REPORT_PRIVATE_H
#define VAPERF_CONTROL_REPORT_REPORT_PRIVATE_H

#include <math.h>

#include "control/report/report.h"

/* number.c: texts for people; what is NAN is an en dash. Each returns `buffer`. */
enum { NUMBER_TEXT = 96 };
const char *number_format(double value, int digits, char *buffer, size_t size);
/* "1.23 (1.1 to 1.4)"; scale multiplies all. The interval is cut as number_cut does, at 0. */
const char *number_format_sure(double value, struct span sure, double scale, char *buffer);
/* The same of a share of a whole, in %: nothing lies above 100. */
const char *number_format_share(double pct, struct span sure, char *buffer);
/* Nothing that is shown with an interval can be negative, nor can it be above `most`, but a
 * symmetric interval can reach there. A value that is there itself leaves it as it is. */
struct span number_cut(double value, struct span sure, double most);
const char *number_format_time(uint64_t real_ns, char *buffer); /* "2026-01-31 12:00:00 UTC" */
const char *number_format_loss(const struct loss *l, char *buffer, size_t size);
/* Words of what a verdict means beside how many trials carry it: "pass 5/5". */
const char *number_format_verdict(const struct case_result *c, char *buffer, size_t size);

void text_write(const struct analysis *a, struct buf *out);
void text_write_benches(const struct analysis *a, struct buf *out);
void text_write_table(const struct analysis *a, struct buf *out);
void csv_write(const struct analysis *a, struct buf *out);
void csv_write_series(const struct analysis *a, struct buf *out);
void html_write(const struct analysis *a, struct buf *out);

/* The page that is being written. */
struct page {
    const struct analysis *a;
    struct buf *out;
    struct buf *links; /* to its sections, or NULL */
};

/* html.c */
void html_text(struct page *p, const char *text); /* escaped, also for attributes */
void html_cell(struct page *p, const char *text);
/* A number with its exact value and its place in the JSON beside what is shown. */
void html_figure(struct page *p, double value, double shown, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* NULL-ended; a column of numbers has ">" before its name. */
void html_head_row(struct page *p, const char *const *names);
void html_section(struct page *p, const char *id, const char *title);
void html_chart(struct page *p, const char *kind, const char *load, const char *caption);
bool html_each_load(const struct analysis *a, size_t n, const char **ret); /* n-th load's entity */
const struct load_result *html_load(const struct case_result *c, const char *entity);
bool html_makes_calls(const struct analysis *a, const char *entity);

/* html_delay.c, html_rates.c, html_calls.c, html_cpu.c, html_bench.c, html_conditions.c: sections
 */
void html_delay(struct page *p);
void html_rates(struct page *p);
void html_calls(struct page *p); /* nothing when there are none */
void html_bench(struct page *p); /* nothing when there are none */
void html_cpu(struct page *p);
void html_metrics(struct page *p);
void html_conditions(struct page *p);
void html_voids(struct page *p);
void html_method(struct page *p);
void html_repeat(struct page *p);

/* bundle.S: ui/dist, NUL-ended */
extern const char report_bundle_js[], report_bundle_css[], report_bundle_notice[];

#endif
