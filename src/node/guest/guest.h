/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * guest: the node as process 1 of a guest: it sets the machine up, serves controllers over the
 * virtio-serial port "vaperf.agent", and switches the machine off when asked. The README tells
 * what a guest is told on its kernel's command line.
 */
#ifndef VAPERF_NODE_GUEST_GUEST_H
#define VAPERF_NODE_GUEST_GUEST_H

#include "base/err.h"

#define GUEST_PORT "vaperf.agent"

/* Only process 1 may (-EPERM). Returns only with a failure: process 1 that ends is a panic. */
int guest_run(struct err *e);

/* Switches this machine off, after the caller's last words. -EPERM when this process was not
 * started by guest_run: no other machine than a guest of ours is switched off. */
int guest_power_off(struct err *e);

#endif
