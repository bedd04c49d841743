/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * worker: one thread of the load engine with its own transport, slots, schedule and histograms. It
 * sends what is due in batches, reads what came, sleeps on absolute time, and allocates nothing
 * once it runs. Private to this room.
 */
#ifndef VAPERF_NODE_LOAD_WORKER_H
#define VAPERF_NODE_LOAD_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/cpu.h"
#include "node/load/batch.h"
#include "node/load/load.h"
#include "node/load/schedule.h"
#include "node/load/transport.h"
#include "node/load/watch.h"

/* What the main thread and all workers share. Plain members are written before the threads start.
 */
struct worker_plan {
    const struct workload_ops *ops;
    const struct load_options *options;
    uint64_t start_ns, measure_from_ns, measure_to_ns;
    unsigned packets_at_once; /* room that ops->send is promised */
    atomic_bool stop;         /* go to the drain */
    atomic_bool abandon;      /* leave at once */
};

struct worker {
    struct worker_plan *plan;
    uint32_t index;
    pthread_t thread;
    bool started;
    struct cpu_set cpus; /* count 0: not pinned */
    struct transport transport;
    struct schedule schedule;
    void *shard;
    struct hist *from_intended, *from_sent, *lateness;
    struct batch_out *out;
    unsigned lent;       /* how much of it is the transport's memory */
    struct watch *watch; /* its results: after the thread ended */

    /* Owned by the thread. */
    uint64_t next_ns; /* intended time of the next slot, UINT64_MAX at the end */
    uint32_t next_slot;
    uint64_t expire_ns;
    uint64_t turn_ns;              /* longest sleep: short while packets come */
    bool has_more;                 /* own transports: turn again at once */
    uint64_t not_before_ns;        /* own transports: the next turn */
    struct workload_losses before; /* own transports: when the measured part began */

    /* Written by the thread, read by any (relaxed). All but all_sent and batches are of the
     * measured part. */
    _Atomic uint64_t due, sent, received, send_failures, refused, all_sent, batches;
    atomic_int phase; /* enum load_phase */
    atomic_int ready; /* 1: the thread runs as asked, < 0: -errno */

    /* Valid after the thread ended. */
    char scheduling[32];
    uint64_t cpu_ns;               /* of the thread, sending and receiving */
    uint64_t ended_ns;             /* when it stopped sending */
    struct workload_losses losses; /* of own transports, in the measured part */
    bool cut_short, untimed;       /* untimed: a packet came without a kernel time */
};

/* env->receipt: `engine` is the worker. */
void worker_take_receipt(void *engine, const struct workload_receipt *r);
/* -ENOMEM. The transport must be open, the shard too before worker_start. */
int worker_init(struct worker *w);
void worker_finish(struct worker *w);
/* Starts the thread; it waits for plan->start_ns by itself. -errno. */
int worker_start(struct worker *w);

#endif
