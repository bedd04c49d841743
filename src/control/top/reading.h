/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reading: what was counted up to one moment: every guest with its VCPUs, and the host's CPUs. Two
 * readings make a view. Pure but for the memory, which is one arena. One thread.
 */
#ifndef VAPERF_CONTROL_TOP_READING_H
#define VAPERF_CONTROL_TOP_READING_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "control/virt/virt_stats.h"

/* NAN: not told. Of a guest: the sum over its parts. */
enum top_raw {
    TOP_RAW_CPU_NS,
    TOP_RAW_WAIT_NS,
    TOP_RAW_USER_NS,
    TOP_RAW_SYSTEM_NS,
    TOP_RAW_RX_PACKETS,
    TOP_RAW_TX_PACKETS,
    TOP_RAW_RX_BYTES,
    TOP_RAW_TX_BYTES,
    TOP_RAW_DROPS,
    TOP_RAW_DISK_REQUESTS,
    TOP_RAW_EXITS,
    TOP_RAW_HALTS,
    TOP_RAW_VCPUS, /* from here on no counters */
    TOP_RAW_MEMORY,
    TOP_RAW_RESIDENT,
    TOP_RAW_HALTED,
    TOP_RAW_COUNT
};

struct top_vcpu {
    unsigned number;
    double raw[TOP_RAW_COUNT];
};

struct top_guest {
    const char *name, *uuid;
    const char *state; /* a constant */
    int id;
    double raw[TOP_RAW_COUNT];
    struct top_vcpu *vcpus;
    size_t vcpu_count;
};

struct top_reading {
    struct arena arena;
    uint64_t at_ns;      /* the middle of asking libvirt */
    uint64_t real_ns;    /* the same as wall time */
    uint64_t took_ns;    /* how long that took */
    uint64_t own_cpu_ns; /* of this process so far */
    struct virt_cpu_time *cpus;
    size_t cpu_count; /* 0: not told */
    struct top_guest *guests;
    size_t guest_count, guest_room;
};

void top_reading_init(struct top_reading *r);
void top_reading_finish(struct top_reading *r);
void top_reading_add(struct top_reading *r, const struct virt_guest *g);

#endif
