/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_rows: what a running load shows at each interval: counters since the start of the measured
 * part, and the delays and latenesses of the interval alone. The load's owner thread.
 */
#ifndef VAPERF_NODE_SERVE_LOAD_ROWS_H
#define VAPERF_NODE_SERVE_LOAD_ROWS_H

#include <stddef.h>

#include "node/load/load.h"
#include "rpc/sample.h"

enum { LOAD_ROWS_HISTS = 3 };

/* Places of the fixed columns; the workload's own counters follow. */
enum load_rows_column {
    LOAD_ROWS_DUE,
    LOAD_ROWS_SENT,
    LOAD_ROWS_RECEIVED,
    LOAD_ROWS_DELAY_MEAN, /* from the intended time */
    LOAD_ROWS_DELAY_P50,
    LOAD_ROWS_DELAY_P95,
    LOAD_ROWS_DELAY_P99,
    LOAD_ROWS_DELAY_MAX,
    LOAD_ROWS_SENT_P50, /* from the actual send */
    LOAD_ROWS_SENT_P99,
    LOAD_ROWS_LATENESS_P50,
    LOAD_ROWS_LATENESS_P99,
    LOAD_ROWS_LATENESS_MAX,
    LOAD_ROWS_FIXED
};

struct load_rows {
    const struct workload_counter *counters;
    size_t counter_count;
    struct load_snapshot now;
    struct hist *before[LOAD_ROWS_HISTS]; /* as the last row saw them */
    struct hist *interval;                /* the difference */
};

/* -ENOMEM. */
int load_rows_init(struct load_rows *r, const struct workload_ops *ops);
void load_rows_finish(struct load_rows *r); /* a zeroed struct is fine */
size_t load_rows_count(const struct load_rows *r);
/* entity: "load.rtp". malloc'ed, load_rows_count of them; NULL without memory. */
struct sample_column *load_rows_columns(const struct load_rows *r, const char *entity);
/* The interval since the last call (the first: since the start). Returns the time of the row. */
uint64_t load_rows_read(struct load_rows *r, struct load *l, double *ret_values);

#endif
