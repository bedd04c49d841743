/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * series: samples seen so far, column by column: live lines, the table at the end, and both as
 * JSON. The main thread's.
 */
#ifndef VAPERF_NODE_CLI_SERIES_H
#define VAPERF_NODE_CLI_SERIES_H

#include <stdbool.h>
#include <stdio.h>

#include "rpc/sample.h"

struct series_cell {
    double first, last, before; /* before: of the row before the last */
    double sum, min, max;
    uint64_t first_ns, last_ns, known; /* known: values that were no NAN */
};

struct series {
    const struct sample_column *columns; /* lent */
    size_t count;
    struct series_cell *cells;
    uint64_t rows, at_ns, before_ns;
};

/* -ENOMEM. */
int series_init(struct series *s, const struct sample_column *columns, size_t count);
void series_finish(struct series *s);
void series_add(struct series *s, uint64_t at_ns, const double *values);

/* "received_packets 1000/s  relayed_packets 999/s": each counter over all its entities, those that
 * ever counted. Returns `buffer` or a constant. */
const char *series_format_sums(const struct series *s, char *buffer, size_t size);
/* A line for each entity with what it shows now; what is zero or not known is left out. */
void series_print_now(const struct series *s, FILE *out);
/* Entity, metric, and mean, least and greatest of a gauge or total and rate of a counter. */
void series_print_table(const struct series *s, FILE *out);
json_t *series_to_json(const struct series *s);

#endif
