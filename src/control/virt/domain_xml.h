/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * domain_xml: what a guest shall be, as libvirt's domain XML. Pure. All texts are lent; NULL means
 * not there, 0 not set. One thread.
 */
#ifndef VAPERF_CONTROL_VIRT_DOMAIN_XML_H
#define VAPERF_CONTROL_VIRT_DOMAIN_XML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cpu.h"
#include "base/err.h"

#define DOMAIN_XML_NAMESPACE "https://vaperf/domain/1"

enum { DOMAIN_XML_NICS_MAX = 8, DOMAIN_XML_HOSTDEVS_MAX = 4 };

struct domain_nic {
    const char *bridge, *tap; /* the host's end is named tap, and libvirt makes it */
    const char *mac, *model;  /* "virtio", "e1000" */
    const char *backend;      /* NULL: libvirt's choice; "vhost", "qemu" (virtio alone) */
    uint64_t queues;          /* 0 or 1: one (virtio alone) */
};

struct domain_hostdev { /* traffic past the hypervisor */
    enum { HOSTDEV_PCI, HOSTDEV_VF, HOSTDEV_VHOST_USER } kind;
    unsigned pci_domain, bus, slot, function; /* PCI, VF */
    const char *mac;                          /* VF, VHOST_USER; NULL: libvirt's choice */
    const char *socket;                       /* VHOST_USER */
};

struct domain_config {
    const char *name, *mark;
    const char *type;      /* "kvm", "qemu" (emulation) */
    const char *machine;   /* "pc", "q35" */
    const char *cpu_model; /* "host-passthrough", "host-model", "maximum", or a model's name */
    const char *clock;     /* "kvmclock", "tsc", "hpet", "acpi_pm"; NULL: the guest chooses */
    uint64_t vcpus, memory_bytes;
    const char *kernel, *initrd, *arguments; /* NULL: boots from its disk */
    const char *console;                     /* file of the host its serial port is written to */
    const char *port, *port_path;            /* name and socket of the virtio-serial port */
    struct {
        const char *path, *format; /* NULL: no disk */
        const char *bus;           /* "virtio", "scsi", "sata", "ide" */
        const char *cache, *io;    /* NULL: QEMU's choice */
        bool is_cd;                /* read only; not virtio */
    } disk;
    uint64_t iothreads;
    struct domain_nic nics[DOMAIN_XML_NICS_MAX];
    unsigned nic_count;
    struct domain_hostdev hostdevs[DOMAIN_XML_HOSTDEVS_MAX];
    unsigned hostdev_count;
    int numa_node; /* < 0: any */
    bool hugepages;
    uint64_t cpu_shares, period_us;
    uint64_t quota_us;      /* of the whole guest in a period */
    uint64_t vcpu_quota_us; /* of each VCPU */
    bool has_pin;           /* of VCPUs, emulator and I/O threads */
    struct cpu_set pin;
    bool environment; /* QEMU's own environment carries VAPERF_MARK and VAPERF_MACHINE */
    const char *machine_name;
};

/* -ENOMEM. */
int domain_xml_format(const struct domain_config *c, struct buf *ret, struct err *e);

/* "pci:0000:03:00.0", "vf:0000:03:10.2", "vhost-user:/run/vpp/vhost0". Lends from `text`.
 * -EINVAL. */
int domain_hostdev_parse(struct domain_hostdev *ret, const char *text, struct err *e);

#endif
