/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * qemu_settings: what a plan says of a machine as libvirt's numbers: VCPUs, memory, cpu_shares,
 * quota and period, pinning. Exactly, or refused. Pure.
 */
#ifndef VAPERF_CONTROL_PLATFORM_QEMU_SETTINGS_H
#define VAPERF_CONTROL_PLATFORM_QEMU_SETTINGS_H

#include "control/platform/qemu_options.h"
#include "control/platform/settings.h"
#include "control/virt/domain.h"

#define QEMU_MEMORY_DFLT_BYTES (UINT64_C(256) << 20)

struct qemu_settings {
    uint64_t vcpus, memory_bytes; /* always set */
    bool has_pin;
    struct cpu_set pin;
    uint64_t cpu_shares;                         /* 0: not set */
    uint64_t period_us, quota_us, vcpu_quota_us; /* 0: no cap; by cap_on one of the two is set */
};

int qemu_settings_resolve(const struct settings_scale *scale, enum qemu_cap cap_on,
                          const struct machine_spec *spec, struct qemu_settings *ret,
                          struct err *e);
/* As settings_check. */
int qemu_settings_check(const struct settings_scale *scale, enum qemu_cap cap_on,
                        const struct machine_spec *spec, struct setting_check *ret, size_t room);

void qemu_settings_put(const struct qemu_settings *s, struct domain_config *ret);
/* On a live guest: what is not set becomes as if it never had been. */
int qemu_settings_tune(const struct settings_scale *scale, const struct qemu_settings *s,
                       struct domain *d, struct err *e);

#endif
