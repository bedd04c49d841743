/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * view: what two readings show: rates, never of one reading alone. A guest that was not in the
 * first, or was started anew, has no rates yet; a counter that went back has none in that interval.
 * Holds copies: the readings may go. Pure but for its arena. One thread.
 */
#ifndef VAPERF_CONTROL_TOP_VIEW_H
#define VAPERF_CONTROL_TOP_VIEW_H

#include "control/top/columns.h"

struct top_row {
    const char *name, *uuid;
    const char *state; /* NULL: not known */
    bool is_vcpu;
    unsigned vcpu;
    double values[TOP_COLUMN_COUNT]; /* NAN: not known */
    const struct top_row *vcpus;     /* of a guest, in order */
    size_t vcpu_count;
};

struct top_cpu {
    unsigned number;
    double busy_pct;
};

struct top_view {
    struct arena arena;
    uint64_t real_ns, took_ns;
    double interval_s;
    double own_cpu_pct; /* of one CPU */
    struct top_cpu *cpus;
    size_t cpu_count;
    struct top_row *guests;
    size_t guest_count;
};

void top_view_make(struct top_view *ret, const struct top_reading *before,
                   const struct top_reading *now);
void top_view_finish(struct top_view *v); /* one that is zeroed is fine */

enum top_order { TOP_LARGEST_FIRST, TOP_SMALLEST_FIRST };

/* What is not known comes last either way; among equals the name decides. Names: "largest" is the
 * first of the alphabet. */
void top_view_sort(struct top_view *v, unsigned sort, enum top_order order);

/* How many guests are running. */
size_t top_view_running(const struct top_view *v);

/* Is a column unknown for every guest there is? */
bool top_view_lacks(const struct top_view *v, enum top_raw raw);

#endif
