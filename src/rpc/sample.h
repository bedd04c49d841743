/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sample: the one schema of everything that is measured over time: {entity, metric, unit, kind}.
 * Load generators, appliances, benches and probes declare columns once and then send rows of
 * numbers; control stores a row as it arrives. Thread rule: constant after declaration.
 */
#ifndef VAPERF_RPC_SAMPLE_H
#define VAPERF_RPC_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"

enum sample_kind {
    SAMPLE_GAUGE,  /* the value of this moment or of the interval that ends here */
    SAMPLE_COUNTER /* grows; readers take differences */
};

enum { SAMPLE_NAME_MAX = 64 };

struct sample_column {
    char entity[SAMPLE_NAME_MAX]; /* "cpu0", "media/thread.1", "load.rtp", "vp0-media" */
    char metric[SAMPLE_NAME_MAX]; /* "busy_pct", "rtp_received": unit in the name when it is no
                                     count */
    char unit[16];                /* "%", "ns", "packets", "bytes", "1" */
    enum sample_kind kind;
};

/* A row: values[i] belongs to columns[i]; NAN means "not known now" and is never stored. */
struct sample_row {
    uint64_t at_ns; /* CLOCK_MONOTONIC of the node */
    const double *values;
    size_t count;
};

json_t *sample_columns_to_json(const struct sample_column *columns, size_t count);
/* Array of columns, malloc'ed; -EBADMSG. */
int sample_columns_from_json(const json_t *array, struct sample_column **ret, size_t *ret_count,
                             struct err *e);

/* A row as the params of a `sample` notification; NULL without memory or when source is no UTF-8.
 */
json_t *sample_row_to_json(const char *source, const struct sample_row *row);
/* Back; the row must have `count` values. The source is lent by the object. Outputs on success
 * only. */
int sample_row_from_json(const json_t *object, const char **ret_source, uint64_t *ret_at_ns,
                         double *ret_values, size_t count, struct err *e);

#endif
