/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * virt_stats: what a connection tells of all its guests at once, and of its host. Nothing here
 * changes anything: a read-only connection is enough. Thread rule as virt.h.
 */
#ifndef VAPERF_CONTROL_VIRT_VIRT_STATS_H
#define VAPERF_CONTROL_VIRT_VIRT_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "control/virt/virt.h"

struct virt_guest {
    const char *name;
    char uuid[40];
    int id;              /* another after every start of the guest */
    const char *state;   /* "running", "paused", ... a constant */
    const json_t *stats; /* as of domain_get_stats */
};

/* Calls each with every guest that is not shut off, after one call to libvirt that waits neither
 * for a guest nor for a job. A driver that has no such call, or does not say what CPU time a guest
 * used, is asked guest by guest for what it has. What `g` points to is lent for the call. Returns
 * how many guests. */
int virt_each_stats(struct virt *v, void (*each)(void *arg, const struct virt_guest *g), void *arg,
                    struct err *e);

struct virt_node {
    char hostname[256];
    char hypervisor[64]; /* "QEMU 7.2.22" */
    char cpu_model[40];
    unsigned cpus; /* online */
    uint64_t memory_bytes;
};

int virt_get_node(struct virt *v, struct virt_node *ret, struct err *e);

struct virt_cpu_time { /* of one physical CPU since its host started */
    unsigned number;
    uint64_t busy_ns, idle_ns; /* waiting for disks is idle */
};

/* The node's CPUs in order, at most `room`. Returns how many, -ENOTSUP where the driver cannot tell
 * of each. */
int virt_get_node_cpus(struct virt *v, struct virt_cpu_time *ret, size_t room, struct err *e);

#endif
