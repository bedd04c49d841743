/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * columns: one way of naming a column. Pure.
 */
#ifndef VAPERF_NODE_PROBE_COLUMNS_H
#define VAPERF_NODE_PROBE_COLUMNS_H

#include "rpc/sample.h"

/* Writes column `at` when there is room; always returns at + 1. */
size_t columns_add(struct sample_column *ret, size_t room, size_t at, const char *entity,
                   const char *metric, const char *unit, enum sample_kind kind);
/* Stores a value when there is room; always returns at + 1. */
size_t columns_put(double *values, size_t count, size_t at, double value);

#endif
