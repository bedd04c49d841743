/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * link: network interfaces of this network namespace: which one has an address, and what
 * is known of it. Reads; changes nothing. Any thread.
 */
#ifndef VAPERF_IO_LINK_H
#define VAPERF_IO_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

enum { LINK_MAC_SIZE = 6 };

struct link_info {
    unsigned index;
    char name[IF_NAMESIZE];
    uint8_t mac[LINK_MAC_SIZE];
    uint32_t mtu_bytes;
    struct sockaddr_storage address; /* its first IPv4 one; AF_UNSPEC: it has none */
    uint32_t netmask;                /* of that, host order */
    bool is_up;                      /* and its other end, too */
};

/* By its name or by an IPv4 address of its own. -ENODEV, -EINVAL with what is there. */
int link_find(struct link_info *ret, const char *name_or_address, struct err *e);
/* The only interface besides `one` that is up and has an IPv4 address, loopback aside. -ENODEV. */
int link_find_other(struct link_info *ret, const struct link_info *one, struct err *e);

#endif
