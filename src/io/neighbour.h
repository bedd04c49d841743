/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * neighbour: the next hop towards an address, as the kernel's tables have it (rtnetlink(7)), and
 * its hardware address, which is asked for where nobody knows it yet (ARP, RFC 826; RFC 4861). Any
 * thread; may wait up to two seconds; nothing stays open.
 */
#ifndef VAPERF_IO_NEIGHBOUR_H
#define VAPERF_IO_NEIGHBOUR_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

struct neighbour {
    unsigned interface; /* index of the one that leads there */
    uint8_t mac[6];
};

/* Through this interface (its index). -EHOSTUNREACH: no route, this host itself, or nobody
 * answers. */
int neighbour_find(struct neighbour *ret, unsigned interface, const struct sockaddr_storage *to,
                   struct err *e);

#endif
