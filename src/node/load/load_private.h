/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the drawers of this room know of a load and nobody else does.
 */
#ifndef VAPERF_NODE_LOAD_LOAD_PRIVATE_H
#define VAPERF_NODE_LOAD_LOAD_PRIVATE_H

#include "node/load/health.h"
#include "node/load/worker.h"

struct load {
    const struct workload_ops *ops;
    const void *workload_options; /* lent until load_destroy */
    struct load_options options;
    struct workload_shape shape;
    struct workload_ports ports; /* of frames */
    struct workload_wait wait;   /* of those who wait for load_connect */
    struct schedule_level level;
    struct worker_plan plan;
    struct worker *workers;
    uint32_t worker_count, opened; /* opened: shards that ops->close must close */
    void *state;                   /* the workload's, NULL until prepared */
    bool prepared, started, joined;
    uint64_t started_ns;
    const char
        *transport_next; /* of the list, if the present one cannot do; NULL: it is the last */
    char transport_refusals[600]; /* why those before it could not */
    bool keeps_ports;
    struct load_snapshot live; /* of the report */
    struct hist *scratch;
};

void load_sum_hists(const struct load *l, struct hist *from_intended, struct hist *from_sent,
                    struct hist *lateness, struct hist *scratch);
void load_sum_counters(const struct load *l, uint64_t *ret, size_t count);
/* Of whole frames: finds the interfaces and the next hop, once for all workers. */
int load_find_ports(struct load *l, struct err *e);
size_t load_counter_count(const struct load *l);
/* Are all names of the list those of transports? -EINVAL with what would be right. */
int load_transport_check(const char *list, bool frames, struct err *e);
/* Opens the transport of all workers: the first of the list that can be had. */
int load_transport_open(struct load *l, struct err *e);
/* Finds the ways; where there is none, the next of the list is tried. */
int load_transport_connect(struct load *l, const struct sockaddr_storage *to, size_t count,
                           struct err *e);
/* The generator's health over the measured part; call after load_join. */
void load_health(const struct load *l, const struct hist *lateness, struct health *ret);

#endif
