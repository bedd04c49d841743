/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * virt: a connection to libvirt, and the only home of that library. Either any libvirt URI, or
 * libvirt's qemu driver inside this process ("embedded": no daemon), with a folder for all its
 * files. Errors of libvirt become struct err and never reach stderr; a call on a connection whose
 * daemon has gone is -EPIPE. Any thread may call; a connection closes last. What libvirt keeps for
 * a process (one event loop thread, one root of the embedded driver) lives until the process ends.
 * A fork that does not exec must not call.
 */
#ifndef VAPERF_CONTROL_VIRT_VIRT_H
#define VAPERF_CONTROL_VIRT_VIRT_H

#include <stdbool.h>

#include "base/err.h"

struct virt;

enum { VIRT_ROOT_MAX = 50 }; /* libvirt adds up to 57 characters to make its sockets */

/* qemu:///system, qemu+ssh://host/system, test:///default, ... -EACCES when this user may not,
 * -EPIPE when nobody is there. */
int virt_open(struct virt **ret, const char *uri, struct err *e);
/* As virt_open, but nothing can be changed through it: of others' guests too. */
int virt_open_read_only(struct virt **ret, const char *uri, struct err *e);
/* Writes the driver's settings below `root`, an absolute path of at most VIRT_ROOT_MAX, then opens
 * it. A process keeps to its first root: another is -EBUSY. `cache`: a folder that outlives the
 * process, for what libvirt found out of QEMU in some seconds; NULL: none. */
int virt_open_embedded(struct virt **ret, const char *root, const char *cache, struct err *e);
void virt_close(struct virt *v); /* NULL is fine */

/* Does the host's libvirt know the system user that the embedded driver must have? 0 or -ENOTSUP
 * with the remedy. */
int virt_check_embedded(struct err *e);

bool virt_is_alive(struct virt *v);

/* Can the host run x86-64 guests by "kvm" or "qemu" (emulation)? 0, or -ENOTSUP. */
int virt_check_type(struct virt *v, const char *type, struct err *e);

#endif
