/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * netif: what one must know of a network interface to send whole frames by it. Any thread; nothing
 * stays open.
 */
#ifndef VAPERF_IO_NETIF_H
#define VAPERF_IO_NETIF_H

#include <net/if.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

struct netif {
    char name[IF_NAMESIZE];
    unsigned index;
    unsigned flags; /* IFF_UP, IFF_RUNNING, IFF_LOOPBACK */
    uint32_t mtu;
    uint32_t queues; /* that packets come in on, at least 1 */
    uint8_t mac[6];
};

/* -ENODEV. */
int netif_read(struct netif *ret, const char *name, struct err *e);
/* The interface that has this address. -EADDRNOTAVAIL. */
int netif_find(struct netif *ret, const struct sockaddr_storage *address, struct err *e);
/* From now on a socket sends and hears by that interface alone; NULL: by any, as before. -ENODEV,
 * -EPERM, other -errno. */
int netif_bind(int fd, const char *name);

#endif
