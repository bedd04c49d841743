/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * health: was the generator itself well? The void rules of a trial as a pure function over what was
 * measured of the generator during the measured part. A rule that cannot be checked here (no
 * steal, no schedstat) is passed over and named in the report as unknown.
 */
#ifndef VAPERF_NODE_LOAD_HEALTH_H
#define VAPERF_NODE_LOAD_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEALTH_REASON_MAX = 200, HEALTH_REASONS_MAX = 10 };

struct health {
    uint64_t socket_drops;  /* by the generator's own receive queues */
    uint64_t send_failures; /* packets the kernel would not take */
    uint64_t lateness_p99_ns;
    double steal_pct;       /* of the CPUs the workers ran on; NAN unknown */
    double wait_pct;        /* worst worker's run-queue wait; NAN unknown */
    uint64_t pause_ns;      /* longest time without a turn of a worker's loop */
    uint64_t clock_step_ns; /* largest jump of CLOCK_REALTIME against CLOCK_MONOTONIC */
    double achieved_pct;    /* sent of due */
};

struct health_limits {
    uint64_t lateness_ns, pause_ns, clock_step_ns;
    double steal_pct, wait_pct, achieved_pct;
};

struct health_reasons {
    char text[HEALTH_REASONS_MAX][HEALTH_REASON_MAX];
    size_t count; /* 0: valid */
};

/* Fills one sentence, with value and limit, for each rule that is broken. */
void health_check(const struct health *h, const struct health_limits *limits,
                  struct health_reasons *ret);

#endif
