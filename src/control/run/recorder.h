/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * recorder: rows of all nodes of a trial into the store as they arrive, and their averages over the
 * measured part, and over the baseline before the load. Callbacks of the loop cannot fail, so the
 * first error waits in `failed`. One thread, the loop's.
 */
#ifndef VAPERF_CONTROL_RUN_RECORDER_H
#define VAPERF_CONTROL_RUN_RECORDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "control/run/nodelink.h"
#include "control/store/store.h"
#include "rpc/sample.h"

enum recorder_kind { RECORDER_LOAD, RECORDER_APPLIANCE, RECORDER_PROBE };

enum { RECORDER_MEASURED, RECORDER_BASELINE, RECORDER_PARTS };
struct recorder_part { /* of the trial's time, CLOCK_REALTIME here; 0: it has not begun */
    uint64_t from_real_ns, to_real_ns;
};

struct recorder_sum { /* of one column, over such a part */
    double sum, first, last;
    uint64_t count, first_real_ns, last_real_ns;
};

struct recorder_point { /* a counter in a row; real_ns 0: in none yet */
    double value;
    uint64_t real_ns;
};

struct recorder_source {
    struct recorder_source *next;
    const struct nodelink *node; /* NULL: rows are made here (recorder_row) */
    const char *id;
    enum recorder_kind kind;
    uint64_t interval_ns, last_real_ns;
    size_t count;
    const struct sample_column *columns; /* entities as stored */
    int64_t *series;
    double *values;
    struct recorder_point *before; /* of each column, in the row before */
    struct recorder_sum *sums[RECORDER_PARTS];
};

struct recorder {
    struct store *store;
    int64_t trial;
    struct arena arena;
    struct recorder_source *sources;
    struct recorder_part parts[RECORDER_PARTS];
    uint64_t committed_ns;
    struct err failed;
    double delay_p99_ns, loss_pct; /* of the loads' last rows, for progress; NAN unknown */
};

void recorder_init(struct recorder *r, struct store *s, int64_t trial);
void recorder_finish(struct recorder *r);
/* columns: as the node declared them. machine: goes before entities that do not begin with it, or
 * NULL. */
int recorder_add(struct recorder *r, const struct recorder_source *source, const json_t *columns,
                 const char *machine, struct err *e);
/* The same for columns that are known here; the source is then filled by recorder_row. */
int recorder_add_columns(struct recorder *r, const struct recorder_source *source,
                         struct sample_column *columns, size_t count, const char *machine,
                         struct recorder_source **ret, struct err *e);
/* A row of s->values. A failure waits in `failed`. */
void recorder_row(struct recorder *r, struct recorder_source *s, uint64_t real_ns);
/* A `sample` notification of a node. */
void recorder_take(struct recorder *r, const struct nodelink *n, const json_t *params);
/* The newest values of an appliance's counters of this name, added up; NAN: it has none. */
double recorder_appliance_sum(const struct recorder *r, const char *id, const char *metric);
/* Results of probes (means of gauges, growth of counters over the measured part) and of appliances
 * (growth of counters from the measured part's begin to its end, between the rows around each; with
 * counted_time_pct, the share of it that was seen, where such a row is missing). Probes' of the
 * baseline are those of entity "baseline/...". */
int recorder_put_results(struct recorder *r, struct err *e);

#endif
