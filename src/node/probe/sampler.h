/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sampler: several probes as one row of columns, with what sampling costs. The owner calls
 * sampler_row at its interval. One thread.
 */
#ifndef VAPERF_NODE_PROBE_SAMPLER_H
#define VAPERF_NODE_PROBE_SAMPLER_H

#include "node/probe/probe.h"

enum { SAMPLER_PROBES_MAX = 64 };

struct sampler;

struct sampler_cost {
    uint64_t samples;
    uint64_t wall_ns, wall_max_ns; /* of reading */
    uint64_t cpu_ns;               /* of the thread, reading */
    double cpu_pct;                /* of one CPU, since the first row; NAN before the second */
};

int sampler_create(struct sampler **ret, struct err *e);
/* Opens a probe; options are lent until destroy. entity: in front of the column's own ("media"
 * gives "media/cgroup"); NULL or "": nothing in front. */
int sampler_add(struct sampler *s, const struct probe_ops *ops, const void *options,
                const char *entity, struct err *e);
/* All columns in order. Returns how many (may exceed room). */
size_t sampler_columns(const struct sampler *s, struct sample_column *ret, size_t room);
/* Reads all now. `values` belong to the columns. */
void sampler_row(struct sampler *s, uint64_t now_ns, double *ret_values, size_t count);
void sampler_cost(const struct sampler *s, struct sampler_cost *ret);
/* The columns that tell the sampler's own cost are appended to every row: {"probe", "cost_us"}. */
void sampler_destroy(struct sampler *s); /* NULL-safe */

#endif
