/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * settings: what a plan says of a machine as the numbers the kernel wants: CPUs, cpu.shares (cgroup
 * v1) or cpu.weight (v2), quota and period, memory. A value is meant exactly or refused; never
 * clipped. Pure, but for settings_scale_load.
 */
#ifndef VAPERF_CONTROL_PLATFORM_SETTINGS_H
#define VAPERF_CONTROL_PLATFORM_SETTINGS_H

#include "control/platform/platform.h"

enum cgroup_layout { CGROUP_NONE, CGROUP_V1, CGROUP_V2 };

/* What a host offers. */
struct settings_scale {
    enum cgroup_layout layout;
    bool hybrid; /* v1, with an empty v2 tree at /sys/fs/cgroup/unified */
    bool is_root;
    struct cpu_set cpus; /* CPUs our processes may use there */
};

struct settings {
    bool has_cpus;
    struct cpu_set cpus;
    uint64_t weight;   /* cpu.shares of v1, cpu.weight of v2; 0: not set */
    uint64_t quota_us; /* 0: no cap */
    uint64_t period_us;
    uint64_t memory_bytes; /* 0: not set */
};

enum settings_by { SETTINGS_BY_AFFINITY, SETTINGS_BY_CPUSET };

int settings_scale_load(const struct host *h, struct settings_scale *ret, struct err *e);

/* Does it need a cgroup? */
bool settings_need_cgroup(const struct machine_spec *spec);

/* All of them, or -ENOTSUP/-EINVAL with the first that cannot be. */
int settings_resolve(const struct settings_scale *scale, const struct machine_spec *spec,
                     struct settings *ret, struct err *e);

/* The answer of platform_ops.check: vcpus, pin, weight, cap, memory. Returns how many. */
int settings_check(const struct settings_scale *scale, enum settings_by by,
                   const struct machine_spec *spec, struct setting_check *ret, size_t room);

/* The default of a machine without a weight: 1024 (v1) or 100 (v2). */
uint64_t settings_default_weight(enum cgroup_layout layout);
const char *settings_weight_file(enum cgroup_layout layout);

/* 0, or -EINVAL: letters, digits, '.', '_', '-', at most 40, and no '.' or '-' in front. */
int settings_check_name(const char *name, struct err *e);

#endif
