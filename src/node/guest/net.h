/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * net: interfaces of this machine up and with addresses, by rtnetlink. One thread.
 */
#ifndef VAPERF_NODE_GUEST_NET_H
#define VAPERF_NODE_GUEST_NET_H

#include "base/err.h"
#include "node/guest/cmdline.h"

/* A failure ends only what it is about; -errno of the first, with its words. */
int net_set_up(const struct cmdline_net *nets, size_t count, struct err *e);

#endif
