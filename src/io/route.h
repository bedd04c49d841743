/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * route: the kernel's forwarding table by netlink (rtnetlink(7)): many routes of consecutive
 * prefixes at once, hundreds in one message. One thread; a socket of its own for each call.
 */
#ifndef VAPERF_IO_ROUTE_H
#define VAPERF_IO_ROUTE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

enum { ROUTE_ADDRESS_SIZE = 16 };

/* Routes of unique prefixes, one after another: 10.0.0.0/24, 10.0.1.0/24, ... All over one next
 * hop. */
struct route_block {
    int family;                       /* AF_INET, AF_INET6 */
    uint8_t base[ROUTE_ADDRESS_SIZE]; /* of the whole block, network order */
    unsigned base_length;             /* of the prefix that holds them all */
    unsigned length;                  /* of each */
    uint64_t count;
    uint8_t next_hop[ROUTE_ADDRESS_SIZE]; /* of the same family; zeros: they are on the link */
    unsigned interface;                   /* index */
};

/* Reads "10.0.0.0/8"; -EINVAL with what would be right. */
int route_parse_prefix(struct route_block *ret, const char *text, struct err *e);
/* Do so many of such length fit? The next hop is not looked at. -EINVAL, with how many do. */
int route_check(const struct route_block *b, struct err *e);
/* Address `host` of prefix `n` of the block (0: its first), as text of at most INET6_ADDRSTRLEN. */
const char *route_format(const struct route_block *b, uint64_t n, uint64_t host, char *buffer,
                         size_t size);
/* The same as an address without a port. */
void route_address(const struct route_block *b, uint64_t n, uint64_t host,
                   struct sockaddr_storage *ret);
/* Adds them all; or none, and says which one, or their next hop, the kernel refused and why:
 * -EEXIST, -ENETUNREACH, -EPERM, -ENOBUFS. */
int route_add(const struct route_block *b, struct err *e);
/* Only those that route_add made, all at once; fine when they are gone already. */
int route_remove(const struct route_block *b, struct err *e);
/* How many routes of the block's length and within its prefix the kernel's main table has now, by
 * whomever. -errno. */
int route_count(const struct route_block *b, uint64_t *ret_count, struct err *e);
/* A neighbour that need not be asked for: who has `address` (of the family) on an interface. */
int route_set_neighbour(int family, const uint8_t address[ROUTE_ADDRESS_SIZE], unsigned interface,
                        const uint8_t mac[6], struct err *e);

#endif
