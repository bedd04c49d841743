/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * watch: what a worker notes about itself while it works: did its clock jump, did it stand still,
 * was its CPU taken from it, did its socket or ring drop. Figures are of the measured part only.
 * The worker's thread; results are read after it ended. Private to this room.
 */
#ifndef VAPERF_NODE_LOAD_WATCH_H
#define VAPERF_NODE_LOAD_WATCH_H

#include "node/load/transport.h"
#include "node/load/vitals.h"

struct watch {
    uint64_t from_ns, to_ns; /* the measured part */
    const struct transport *transport;

    int64_t real_offset_ns; /* realtime - monotonic, re-read regularly */
    uint64_t clock_read_ns, turn_ns;
    bool is_open, is_closed;
    uint64_t open_ns;
    struct vitals_reading at_open;
    int64_t drops_at_open, refused_at_open;
    struct vitals vitals;

    /* Results. NAN and -1: unknown. */
    double steal_pct, wait_pct, cpu_pct;
    uint64_t clock_step_ns, pause_ns; /* the largest */
    uint64_t faults;
    int64_t drops;       /* of the transport's receive queue or ring */
    int64_t refused;     /* by the transport: taken, then dropped before it left */
    int64_t send_errors; /* SndbufErrors of the whole network namespace */
};

/* On the worker's thread, before its first turn. */
void watch_start(struct watch *w, const struct transport *transport, uint64_t from_ns,
                 uint64_t to_ns);
/* At every turn. */
void watch_turn(struct watch *w, uint64_t now_ns);
/* The measured part is over (its end, or stopped); packets may still be on their way. */
void watch_close(struct watch *w, uint64_t now_ns);
/* After the drain. */
void watch_end(struct watch *w);
/* The measured part has begun and is not over. */
bool watch_is_measuring(const struct watch *w);

#endif
