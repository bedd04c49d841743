/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * forwarder: the least that forwarding can be: one thread that takes whole frames from one
 * interface, gives them other hardware addresses, and puts them on another, by packet rings or
 * AF_XDP sockets. No table, no TTL: the bound above what a router can do that way. The owner opens
 * and closes; counters from any thread.
 */
#ifndef VAPERF_NODE_APPLIANCE_FORWARDER_H
#define VAPERF_NODE_APPLIANCE_FORWARDER_H

#include <stdint.h>

#include "base/err.h"
#include "io/link.h"

enum forwarder_by { FORWARDER_RING, FORWARDER_XDP };

struct forwarder;

struct forwarder_counters {
    uint64_t forwarded, lost; /* lost: no room on the way in or out, or too long */
};

/* next_hop: who gets the frames on `out`. Takes UDP; all else stays the kernel's. */
int forwarder_open(struct forwarder **ret, enum forwarder_by by, const struct link_info *in,
                   const struct link_info *out, const uint8_t next_hop[LINK_MAC_SIZE],
                   struct err *e);
void forwarder_read(const struct forwarder *f, struct forwarder_counters *ret);
void forwarder_close(struct forwarder *f); /* NULL-safe */

#endif
