/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * link_bridge: the kernel's bridge between interfaces of this network namespace. Any thread.
 */
#ifndef VAPERF_IO_LINK_BRIDGE_H
#define VAPERF_IO_LINK_BRIDGE_H

#include "base/err.h"
#include "io/link.h"

/* Makes a bridge of that name, up, of these interfaces; a failure leaves nothing. -EEXIST, -EPERM,
 * -EBUSY: one is in a bridge already; -ENOTSUP: this kernel has none. */
int link_bridge_open(const char *name, const struct link_info *members, unsigned count,
                     struct err *e);
void link_bridge_close(const char *name); /* one that is not there is fine */

#endif
