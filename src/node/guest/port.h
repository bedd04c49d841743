/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * port: the virtio-serial port of this machine that has a given name, found without udev. One
 * thread.
 */
#ifndef VAPERF_NODE_GUEST_PORT_H
#define VAPERF_NODE_GUEST_PORT_H

#include <stdint.h>

#include "base/err.h"

/* Waits up to timeout_ns (UINT64_MAX: for ever) for it to appear. A descriptor, non-blocking and
 * close on exec; -ENODEV when there is none; -EBUSY when another program has it. */
int port_open(const char *name, uint64_t timeout_ns, struct err *e);

#endif
