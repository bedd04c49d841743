/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * domain: one guest of a libvirt connection: its life, its tuning, what libvirt and its QEMU say of
 * it. Thread rule as virt.h. A domain is freed before its connection is closed.
 */
#ifndef VAPERF_CONTROL_VIRT_DOMAIN_H
#define VAPERF_CONTROL_VIRT_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpu.h"
#include "base/err.h"
#include "base/json.h"
#include "control/virt/virt.h"

struct domain;

/* Checks it against libvirt's schema and starts it. libvirt knows it as long as it runs and no
 * longer, so that of a guest whose libvirt is killed nothing but a process can be left. A name that
 * is taken is an error, and its owner is let be. */
int domain_start(struct virt *v, const char *xml, struct domain **ret, struct err *e);
int domain_find(struct virt *v, const char *name, struct domain **ret, struct err *e); /* -ENOENT */
void domain_free(struct domain *d); /* the handle alone; NULL is fine */

/* Ends it at once; one that does not run is fine. */
int domain_destroy(struct domain *d, struct err *e);
/* 1, 0, or that libvirt cannot tell. One that it knows no more does not run. */
int domain_check_running(struct domain *d, struct err *e);
/* Does the guest hold its end of the virtio-serial port open? */
bool domain_has_port_open(struct domain *d, const char *port);
/* The mark that domain_xml wrote into its metadata, or -ENOENT when it has none: not ours. */
int domain_get_mark(struct domain *d, char *buffer, size_t size, struct err *e);
/* Calls each with the name of every domain of the connection, running or not, and its mark ("" when
 * not ours). */
int domain_each(struct virt *v, void (*each)(void *arg, const char *name, const char *mark),
                void *arg, struct err *e);

struct domain_scheduler {
    uint64_t cpu_shares;       /* cgroup v1: shares, v2: weight; 0: let be */
    uint64_t global_period_us; /* 0: let be */
    int64_t global_quota_us;   /* of the whole guest; as of a VCPU */
    uint64_t vcpu_period_us;   /* 0: let be */
    int64_t vcpu_quota_us;     /* of each VCPU in a period; < 0: none; 0: let be */
    uint64_t emulator_period_us;
    int64_t emulator_quota_us; /* as of a VCPU */
};

/* Live. */
int domain_set_scheduler(struct domain *d, const struct domain_scheduler *s, struct err *e);
int domain_pin_vcpu(struct domain *d, unsigned vcpu, const struct cpu_set *cpus, struct err *e);
int domain_pin_emulator(struct domain *d, const struct cpu_set *cpus, struct err *e);

/* All figures libvirt has without waiting for the guest or for a job, by libvirt's own names:
 * {"vcpu.0.time": 123, ...}. KVM's exits and halts are among them (QMP query-stats, asked by
 * libvirt); an emulated guest has none. New reference. */
int domain_get_stats(struct domain *d, json_t **ret, struct err *e);

#endif
