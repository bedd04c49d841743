/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * count: the one option of benches that do something so many times a round. A table; any thread.
 */
#ifndef VAPERF_NODE_BENCH_COUNT_H
#define VAPERF_NODE_BENCH_COUNT_H

#include <stddef.h>
#include <stdint.h>

#include "base/opt.h"

struct count_options {
    uint64_t count; /* a round */
};

/* A whole option table: how often unless told otherwise, and of what. */
#define COUNT_OPTIONS(often, of_what)                                                              \
    {"count", OPT_COUNT, (often), (of_what), 1, 1e12, NULL, offsetof(struct count_options, count), \
     0},                                                                                           \
        OPT_END

#endif
