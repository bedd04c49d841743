/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * columns: what `vaperf top` shows of a guest, by one table that feeds the screen, the batch forms,
 * --sort and the help; and how a number looks to people. Constant and pure.
 */
#ifndef VAPERF_CONTROL_TOP_COLUMNS_H
#define VAPERF_CONTROL_TOP_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "control/top/reading.h"

enum { TOP_COLUMN_COUNT = 15, TOP_TEXT_MAX = 16 };

enum top_form {
    TOP_FORM_PLAIN,  /* 4 */
    TOP_FORM_PCT,    /* 99.8 */
    TOP_FORM_METRIC, /* 1234, 12.3k, 4.5M: powers of 1000 */
    TOP_FORM_BYTES   /* 256M, 1.5G: powers of 1024 */
};

struct top_column {
    const char *name;    /* in CSV and JSON, with its unit */
    const char *sort;    /* behind --sort */
    const char *heading; /* on the screen and in a table */
    const char *about;   /* for the help */
    char key;            /* sorts by it */
    int width;           /* of its numbers and its heading */
    enum top_form form;
    enum top_raw raw;
    double scale; /* of a counter: from its growth per ns to the column's unit; 0: no counter */
};

extern const struct top_column top_columns[TOP_COLUMN_COUNT];

/* The words of --sort, NULL-ended: "name" (the guest's), then one for each column. A sort is an
 * index into them: 0 the name, n + 1 column n. */
extern const char *const top_sort_words[];
enum { TOP_SORT_NAME, TOP_SORT_COUNT = TOP_COLUMN_COUNT + 1, TOP_SORT_CPU = 2 };

/* At most five characters, "-" for NAN. Returns `buffer`. */
const char *top_format(enum top_form form, double value, char buffer[TOP_TEXT_MAX]);

#endif
