/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * top: `vaperf top`: the profile of a hypervisor's guests, live in the terminal or interval by
 * interval as text. Read-only. One thread beside the one that reads.
 */
#ifndef VAPERF_CONTROL_TOP_TOP_H
#define VAPERF_CONTROL_TOP_TOP_H

#include <stdio.h>

#include "control/top/batch.h"

enum top_output { TOP_LIVE, TOP_TABLE, TOP_CSV, TOP_JSON };

struct top_options {
    const char *uri;
    enum top_output output;
    uint64_t interval_ns;
    uint64_t count; /* intervals; 0: no end */
    unsigned sort;
    enum top_order order;
    enum top_rows rows;
};

/* An exit code, or -errno with e: no connection, or it was lost. Text goes to `out`, one interval
 * at a time, by default signals' doing; the live view takes stdin and stdout, and gives the
 * terminal back however it ends. */
int top_run(const struct top_options *o, FILE *out, struct err *e);

#endif
