/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bridge: joins our stdin and stdout with the unix socket in which a hypervisor shows a guest's
 * virtio-serial port, so that a controller talks to a node in a guest as to any node it starts.
 * Each bridge is a conversation of its own (hello.h). One thread; SIGPIPE is ignored.
 */
#ifndef VAPERF_NODE_GUEST_BRIDGE_H
#define VAPERF_NODE_GUEST_BRIDGE_H

#include <stdint.h>

#include "base/err.h"

/* Waits up to wait_ns for the socket, and for the guest's answer. Returns 0 when either side had
 * nothing more to say; -ETIMEDOUT when the guest did not answer, -ECONNRESET when it ended or
 * started anew, or -errno. */
int bridge_run(const char *path, uint64_t wait_ns, int in_fd, int out_fd, struct err *e);

#endif
