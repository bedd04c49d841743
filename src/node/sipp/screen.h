/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * screen: what the terminal shows while SIPp's mode runs, and what -trace_screen writes: 1 the
 * scenario, 2 statistics, 3 repartitions. Pure: plain lines are appended to a buffer.
 */
#ifndef VAPERF_NODE_SIPP_SCREEN_H
#define VAPERF_NODE_SIPP_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "node/sipp/csv.h"
#include "node/sipp/stats.h"

struct sipp_view {
    struct sipp_moment moment;
    const char *remote; /* "127.0.0.1:5060(UDP)", "" of a server */
    unsigned local_port;
    double rate, rate_period_s; /* -r, -rp */
    uint64_t pause_ns, call_limit, peak_calls;
    uint64_t sockets;
    const char *message; /* the last line: what the keys are, why it waits */
    bool hides;          /* steps marked hide are left out */
};

enum { SIPP_SCREEN_SCENARIO = 1, SIPP_SCREEN_STATISTICS = 2, SIPP_SCREEN_REPARTITION = 3 };

/* Screen `number`; one that there is not is the scenario's. */
void sipp_screen(unsigned number, const struct sipp_view *v, const struct sipp_stats *total,
                 const struct sipp_stats *period, struct buf *out);

#endif
