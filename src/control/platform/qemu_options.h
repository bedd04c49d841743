/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * qemu_options: what a plan says of platform qemu, and what the host can do of it. One thread.
 */
#ifndef VAPERF_CONTROL_PLATFORM_QEMU_OPTIONS_H
#define VAPERF_CONTROL_PLATFORM_QEMU_OPTIONS_H

#include "control/platform/platform.h"
#include "control/virt/domain_xml.h"

enum qemu_accel { QEMU_ACCEL_AUTO, QEMU_ACCEL_KVM, QEMU_ACCEL_TCG };
enum qemu_switch { QEMU_AUTO, QEMU_ON, QEMU_OFF };
enum qemu_cap { QEMU_CAP_GUEST, QEMU_CAP_VCPUS };

enum { QEMU_FORMAT_QCOW2, QEMU_FORMAT_RAW, QEMU_FORMAT_ISO }; /* of disk_format */

struct qemu_options { /* choices are indices; qemu_choice gives the word */
    const char *uri;  /* "embedded", or libvirt's */
    int accel;        /* enum qemu_accel */
    int machine;
    const char *cpu_model;
    int clock;
    const char *kernel, *initrd, *arguments; /* NULL: vaperf's own guest */
    const char *packages;                    /* NULL, or of vaperf's guest, with commas */
    const char *disk;                        /* NULL: none */
    uint64_t scratch_bytes;                  /* 0: none */
    const char *scratch_folder;              /* of the host */
    int disk_format, disk_bus, disk_cache, disk_io;
    uint64_t iothreads;
    int nic, vhost;
    uint64_t queues;
    const char *numa_node; /* NULL: any */
    bool hugepages, agent;
    const char *tester;
    const char *hostdev; /* NULL, or several with commas between */
    int cap;             /* enum qemu_cap */
    uint64_t ready_ns;   /* how long a guest may take until its node answers */
};

extern const struct opt qemu_options_table[];

bool qemu_is_embedded(const struct qemu_options *o);
/* The name that the guest's kernel gives to its disk: "vda". */
const char *qemu_options_device(const struct qemu_options *o);
/* The word of a choice, NULL for "auto" and "default". */
const char *qemu_choice(const char *option, int value);

/* What does not fit together whatever the host: -EINVAL. */
int qemu_options_check(const struct qemu_options *o, struct err *e);

/* *ret: "kvm" or "qemu", by the option and the host's /dev/kvm. -ENOTSUP. */
int qemu_options_accel(const struct host *h, const struct qemu_options *o, const char **ret,
                       struct err *e);

/* Rows of platform_ops.check: accel (type is what it came to), and each option that asks something
 * of the host. */
int qemu_options_describe(const struct host *h, const struct qemu_options *o, const char *type,
                          struct setting_check *ret, size_t room);

/* Numbers of hostdev in order. -EINVAL. */
int qemu_options_hostdevs(const struct qemu_options *o, struct domain_config *ret, struct arena *a,
                          struct err *e);

#endif
