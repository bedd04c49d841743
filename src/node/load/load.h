/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load: the load engine. It runs one workload on a schedule of intended times with one worker per
 * core, and says whether it was itself healthy (the void rules).
 *
 * Life: load_create → load_peers → load_connect → load_start → load_snapshot* → load_stop or the
 * end → load_join → load_report_json → load_destroy. Thread rule: one owner thread; snapshots may
 * be taken by it while workers run. Nothing is allocated by workers after load_start.
 */
#ifndef VAPERF_NODE_LOAD_LOAD_H
#define VAPERF_NODE_LOAD_LOAD_H

#include "base/cpu.h"
#include "base/err.h"
#include "base/hist.h"
#include "base/json.h"
#include "base/opt.h"
#include "node/load/schedule.h"
#include "node/load/workload.h"
#include "rpc/sample.h"

struct load_options {     /* one option table, load_options_table, feeds --help, RPC and plans */
    uint64_t duration_ns; /* the measured part */
    uint64_t warmup_ns;   /* before it, sent but not counted */
    uint64_t drain_ns;    /* after it, at most, waiting for what is in flight */
    uint64_t workers;     /* threads; 0: one a CPU of `cpus` */
    struct cpu_set cpus;  /* empty: not pinned */
    int scheduling;       /* LOAD_SCHED_AUTO fifo when allowed, _FIFO or fail, _OTHER */
    bool segmentation;    /* like packets go as one that the kernel cuts */
    uint64_t socket_buffer_bytes; /* asked for each way; what was got is reported */
    const char *bind;             /* local address */
    const char *back, *via;       /* of frames: our other port, and who gets them first; or NULL */
    const char *transport;        /* names with commas, in the order they are tried */
    const char *next_hop;         /* hardware address; NULL: by route */
    uint64_t dscp, vlan, vlan_priority; /* vlan 0: untagged */
    const char *seed;
    struct schedule_options schedule; /* profile: constant, poisson, ramp, steps, onoff, trace */
    /* void limits */
    uint64_t void_lateness_ns;   /* p99; 1 ms */
    double void_steal_pct;       /* 2 */
    double void_wait_pct;        /* run-queue wait of a worker; 1 */
    uint64_t void_pause_ns;      /* 100 ms */
    uint64_t void_clock_step_ns; /* 1 ms */
    double void_achieved_pct;    /* 99.9 */
};
extern const struct opt load_options_table[];

enum { LOAD_SCHED_AUTO, LOAD_SCHED_FIFO, LOAD_SCHED_OTHER };

enum { LOAD_COUNTERS_MAX = 96 };

/* Live view, sums over workers; histograms of the measured part only. */
struct load_snapshot {
    uint64_t at_ns;
    uint64_t due, sent, received;                      /* packets of the measured part */
    struct hist *from_intended, *from_sent, *lateness; /* caller's, created with hist_create */
    uint64_t counters[LOAD_COUNTERS_MAX];              /* in the order of ops->counters, summed */
};

enum load_phase { LOAD_READY, LOAD_WARMUP, LOAD_MEASURE, LOAD_DRAIN, LOAD_DONE };

/* Do the words of the options make sense together, and does the trace they name hold times? Opens
 * no socket. -EINVAL with what would be right. Any thread. */
int load_options_check(const struct workload_shape *shape, const struct load_options *o,
                       struct err *e);

/* Is there a transport of the options' list that such a load could have on its `bind`? The last
 * one's -errno with why and what would be right. Any thread. */
int load_transport_supported(const struct workload_shape *shape, const struct load_options *o,
                             struct err *e);

struct load;
/* Checks, allocates and binds the workers' sockets. workload_options are lent until load_destroy.
 */
int load_create(struct load **ret, const struct workload_ops *ops, const void *workload_options,
                const struct load_options *options, struct err *e);
const struct workload_shape *load_shape(const struct load *l);
/* For each endpoint wanted (shape.endpoints of them): the local address its answers must go to. */
int load_peers(const struct load *l, struct sockaddr_storage *ret, size_t count);
struct workload_wait;
/* Who is told when load_connect takes long; before it. Copied. */
void load_set_wait(struct load *l, const struct workload_wait *wait);
/* Where to send, one address per endpoint wanted; opens the workload's shards. -EINTR: the wait's
 * look ended it. */
int load_connect(struct load *l, const struct sockaddr_storage *endpoints, size_t count,
                 struct err *e);
/* The first intended time is start_ns (0: soon); each worker is ready before this returns. */
int load_start(struct load *l, uint64_t start_ns, struct err *e);
enum load_phase load_phase(const struct load *l);
void load_snapshot(struct load *l, struct load_snapshot *ret);
/* Ends early; the part measured so far is reported, and marked as cut short. */
void load_stop(struct load *l);
void load_join(struct load *l);
/* {"unit": "packet", "void": ["reason", ...], "cut_short": bool, "offered_per_s", "achieved_pct",
 * "lateness_ns": {p50..}, "delay_from_intended_ns":
 * {"count","min","mean","p50","p90","p95","p99","p99.9","max"}, "delay_from_sent_ns": {...},
 * "counters": {...}, "histograms":
 * {"delay_from_intended": base64, ...}, "workload": ops->summarize, "generator": {scheduling,
 * cpu_us_per_packet, buffers, timestamps, steal_pct, wait_pct, drops, clock_step_ns, workers}}. */
json_t *load_report_json(struct load *l);
void load_destroy(struct load *l);

#endif
