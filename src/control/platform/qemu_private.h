/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * qemu_private: what the files of platform qemu share. One thread.
 */
#ifndef VAPERF_CONTROL_PLATFORM_QEMU_PRIVATE_H
#define VAPERF_CONTROL_PLATFORM_QEMU_PRIVATE_H

#include "control/image/image.h"
#include "control/platform/bridge_set.h"
#include "control/platform/qemu_options.h"
#include "control/platform/qemu_settings.h"
#include "control/virt/domain.h"
#include "control/virt/virt.h"

struct platform {
    struct platform_env env; /* texts lent by the caller until close */
    struct qemu_options options;
    struct arena arena;
    struct settings_scale scale;
    const char *type;            /* "kvm", "qemu" */
    struct virt *virt;           /* NULL until the first machine */
    const char *kernel, *initrd; /* NULL: guests boot from their disk; known with virt */
    struct bridge_set nets;
};

struct machine {
    struct platform *platform;
    struct arena arena;
    const char *name, *id; /* "media", "vaperf-a1b2c3-media" */
    const char *dir;       /* state_dir/qemu/NAME: console, port's socket, disk */
    const char *console, *socket;
    const char *scratch; /* file of its own disk, if the options give it one */
    struct bridge *nets[MACHINE_LINKS_MAX];
    struct bridge_port links[MACHINE_LINKS_MAX];
    size_t link_count;
    struct qemu_settings settings;
    const char *xml;
    struct domain *domain; /* NULL: not started */
    bool has_dir, is_started;
    bool has_exits; /* counted by the VMM; known after qemu_vmm_columns */
    char *const *words;
};

/* The connection that the options name. The embedded one's files go with this process. */
int qemu_connect(const struct host *h, const struct qemu_options *o, struct virt **ret,
                 struct err *e);
/* 0, or -ENOTSUP with reason and remedy; asks no libvirt. */
int qemu_host_supported(const struct host *h, const struct qemu_options *o, struct err *e);

/* What its guests boot: the user's own, or vaperf's guest, made now if it is not kept. */
int qemu_find_image(struct platform *p, struct err *e);

/* The whole guest as XML. */
int qemu_xml(const struct machine *m, struct buf *ret, struct err *e);

/* -EPIPE when the libvirt that has the guests has gone. */
int qemu_check_alive(const struct platform *p, struct err *e);
/* Returns `r`, of a call to it; one that failed because it has gone says so as the above does,
 * whatever libvirt said in `e`. */
int qemu_explain(const struct platform *p, int r, struct err *e);

/* Waits until the guest's node holds its port; a guest that ends or stays silent is an error with
 * the last lines of its console. */
int qemu_wait_ready(struct machine *m, struct err *e);
/* See platform_ops. */
int qemu_console(struct machine *m, struct buf *ret, struct err *e);
json_t *qemu_targets(struct machine *m);
int qemu_vmm_columns(struct machine *m, struct sample_column *ret, size_t room, struct err *e);
const char *qemu_vmm_missing(struct machine *m);
int qemu_vmm_sample(struct machine *m, const struct sample_column *columns, size_t count,
                    double *ret, struct err *e);
int qemu_sweep(const struct host *h, const void *options, bool dry,
               void (*told)(void *, const char *), void *told_arg, struct err *e);
/* Control groups that libvirt left of a run's guests, and its own when nothing is in it. */
int qemu_remove_groups(const struct host *h, const char *mark, struct err *e);

#endif
