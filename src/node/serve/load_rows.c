/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_rows: rows from snapshots: an interval is the difference of two. The owner's thread.
 */
#include "node/serve/load_rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/str.h"

static const struct {
    const char *metric, *unit;
    enum sample_kind kind;
} fixed[LOAD_ROWS_FIXED] = {
    [LOAD_ROWS_DUE] = {"due", "packets", SAMPLE_COUNTER},
    [LOAD_ROWS_SENT] = {"sent", "packets", SAMPLE_COUNTER},
    [LOAD_ROWS_RECEIVED] = {"received", "packets", SAMPLE_COUNTER},
    [LOAD_ROWS_DELAY_MEAN] = {"delay_mean_ns", "ns", SAMPLE_GAUGE},
    [LOAD_ROWS_DELAY_P50] = {"delay_p50_ns", "ns", SAMPLE_GAUGE},
    [LOAD_ROWS_DELAY_P95] = {"delay_p95_ns", "ns", SAMPLE_GAUGE},
    [LOAD_ROWS_DELAY_P99] = {"delay_p99_ns", "ns", SAMPLE_GAUGE},
    [LOAD_ROWS_DELAY_MAX] = {"delay_max_ns", "ns", SAMPLE_GAUGE},
    [LOAD_ROWS_SENT_P50] = {"delay_from_sent_p50_ns", "ns", SAMPLE_GAUGE},
    [LOAD_ROWS_SENT_P99] = {"delay_from_sent_p99_ns", "ns", SAMPLE_GAUGE},
    [LOAD_ROWS_LATENESS_P50] = {"lateness_p50_ns", "ns", SAMPLE_GAUGE},
    [LOAD_ROWS_LATENESS_P99] = {"lateness_p99_ns", "ns", SAMPLE_GAUGE},
    [LOAD_ROWS_LATENESS_MAX] = {"lateness_max_ns", "ns", SAMPLE_GAUGE},
};

int load_rows_init(struct load_rows *r, const struct workload_ops *ops)
{
    *r = (struct load_rows){.counters = ops->counters};
    while (ops->counters != NULL && ops->counters[r->counter_count].name != NULL)
        r->counter_count++;
    r->now.from_intended = hist_create_sparse();
    r->now.from_sent = hist_create_sparse();
    r->now.lateness = hist_create_sparse();
    r->interval = hist_create_sparse();
    bool failed = r->now.from_intended == NULL || r->now.from_sent == NULL ||
                  r->now.lateness == NULL || r->interval == NULL;
    for (int i = 0; i < LOAD_ROWS_HISTS; i++) {
        r->before[i] = hist_create_sparse();
        failed = failed || r->before[i] == NULL;
    }
    if (!failed)
        return 0;
    load_rows_finish(r);
    return -ENOMEM;
}

void load_rows_finish(struct load_rows *r)
{
    hist_destroy(r->now.from_intended);
    hist_destroy(r->now.from_sent);
    hist_destroy(r->now.lateness);
    hist_destroy(r->interval);
    for (int i = 0; i < LOAD_ROWS_HISTS; i++)
        hist_destroy(r->before[i]);
    *r = (struct load_rows){0};
}

size_t load_rows_count(const struct load_rows *r)
{
    return LOAD_ROWS_FIXED + r->counter_count;
}

struct sample_column *load_rows_columns(const struct load_rows *r, const char *entity)
{
    struct sample_column *columns = calloc(load_rows_count(r), sizeof *columns);
    for (size_t i = 0; columns != NULL && i < load_rows_count(r); i++) {
        struct sample_column *c = &columns[i];
        const bool own = i >= LOAD_ROWS_FIXED;
        const struct workload_counter *counter = own ? &r->counters[i - LOAD_ROWS_FIXED] : NULL;
        str_printf(c->entity, sizeof c->entity, "%s", entity);
        str_printf(c->metric, sizeof c->metric, "%s", own ? counter->name : fixed[i].metric);
        str_printf(c->unit, sizeof c->unit, "%s", own ? counter->unit : fixed[i].unit);
        c->kind = own ? SAMPLE_COUNTER : fixed[i].kind;
    }
    return columns;
}

static double percentile(const struct hist *h, double pct)
{
    return h->total == 0 ? (double)NAN : (double)hist_percentile(h, pct);
}

static const struct hist *take_interval(struct load_rows *r, const struct hist *now, int which)
{
    hist_snapshot(now, r->interval);
    hist_subtract(r->interval, r->before[which]);
    hist_snapshot(now, r->before[which]);
    return r->interval;
}

uint64_t load_rows_read(struct load_rows *r, struct load *l, double *ret_values)
{
    load_snapshot(l, &r->now);
    ret_values[LOAD_ROWS_DUE] = (double)r->now.due;
    ret_values[LOAD_ROWS_SENT] = (double)r->now.sent;
    ret_values[LOAD_ROWS_RECEIVED] = (double)r->now.received;
    const struct hist *h = take_interval(r, r->now.from_intended, 0);
    ret_values[LOAD_ROWS_DELAY_MEAN] = h->total == 0 ? (double)NAN : hist_mean(h);
    ret_values[LOAD_ROWS_DELAY_P50] = percentile(h, 50);
    ret_values[LOAD_ROWS_DELAY_P95] = percentile(h, 95);
    ret_values[LOAD_ROWS_DELAY_P99] = percentile(h, 99);
    ret_values[LOAD_ROWS_DELAY_MAX] = percentile(h, 100);
    h = take_interval(r, r->now.from_sent, 1);
    ret_values[LOAD_ROWS_SENT_P50] = percentile(h, 50);
    ret_values[LOAD_ROWS_SENT_P99] = percentile(h, 99);
    h = take_interval(r, r->now.lateness, 2);
    ret_values[LOAD_ROWS_LATENESS_P50] = percentile(h, 50);
    ret_values[LOAD_ROWS_LATENESS_P99] = percentile(h, 99);
    ret_values[LOAD_ROWS_LATENESS_MAX] = percentile(h, 100);
    for (size_t i = 0; i < r->counter_count; i++)
        ret_values[LOAD_ROWS_FIXED + i] = (double)r->now.counters[i];
    return r->now.at_ns;
}
