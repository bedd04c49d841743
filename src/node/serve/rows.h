/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rows: values of a thing read at a fixed interval and sent to the peer as `sample`. The loop's
 * thread.
 */
#ifndef VAPERF_NODE_SERVE_ROWS_H
#define VAPERF_NODE_SERVE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "node/serve/thing.h"

struct rows {
    struct thing *thing;
    struct loop_timer *timer, *last_timer; /* last_timer: of a row at the end of a part */
    void (*read)(struct thing *t, uint64_t at_ns, double *ret_values, size_t count);
    double *values;
    size_t count;
    uint64_t interval_ns, due_ns; /* due_ns: when the next row should come */
};

/* The members `read` and `count` are set. The first row comes an interval after from_ns; runs until
 * rows_stop. */
int rows_start(struct rows *r, struct thing *t, uint64_t from_ns, uint64_t interval_ns);
/* Of rows that run: from now on one falls on from_ns, the others on its grid, and one more on to_ns
 * where that is beside the grid. What has passed already is read at once, unless it is to_ns.
 * -errno. */
int rows_align(struct rows *r, uint64_t from_ns, uint64_t to_ns);
/* One row now: the last one, of an interval that is shorter. */
void rows_send(struct rows *r);
/* May be started again. A zeroed struct is fine. */
void rows_stop(struct rows *r);

/* Sends a row of another's making. */
void rows_send_values(struct thing *t, uint64_t at_ns, const double *values, size_t count);

#endif
