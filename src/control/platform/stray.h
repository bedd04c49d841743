/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * stray: things on this host whose names are of our pattern and carry a mark (mark.h) of which
 * nothing is recorded: interfaces, network namespaces, control groups with what runs in them
 * (containers too). Their record was lost, or removed before them. Nobody's who lives: a run
 * announces its mark for as long as it lives (mark_is_announced), and one that another host
 * controls has a folder here. One thread.
 */
#ifndef VAPERF_CONTROL_PLATFORM_STRAY_H
#define VAPERF_CONTROL_PLATFORM_STRAY_H

#include <stdbool.h>

#include "base/err.h"

/* Tells each ("interface vpa1b2c3b0"); removes it first, unless dry. Returns how many, -errno. */
int stray_sweep(bool dry, void (*told)(void *, const char *), void *told_arg, struct err *e);

#endif
