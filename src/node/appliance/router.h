/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * router: private to the drawers of the appliance `router`: packets that come in on one interface
 * leave by another.
 */
#ifndef VAPERF_NODE_APPLIANCE_ROUTER_H
#define VAPERF_NODE_APPLIANCE_ROUTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpu.h"
#include "base/opt.h"
#include "io/link.h"
#include "io/route.h"
#include "node/appliance/forwarder.h"
#include "node/appliance/router_daemon.h"
#include "node/appliance/tunable.h"

enum router_mode {
    ROUTER_ROUTE,  /* the kernel looks every packet up in its forwarding table */
    ROUTER_BRIDGE, /* the kernel's bridge: by hardware address, without a table of routes */
    ROUTER_RING,   /* our forwarder, the upper bound */
    ROUTER_XDP
};

enum router_speaker {
    ROUTER_NO_DAEMON, /* routes are loaded by netlink */
    ROUTER_BIRD,      /* they come by BGP to a BIRD, which puts them into the kernel's table */
    ROUTER_FRR        /* the same to FRR's bgpd and zebra */
};

struct router_options {
    int mode, daemon;
    uint64_t routes, routes6, prefix_length, prefix6_length, as, peer_as, converge_ns;
    const char *prefix, *prefix6, *out, *via, *sysctl, *peer, *bird, *frr;
    struct cpu_set rps, irq_cpus;
};
extern const struct opt router_options_table[];

/* The blocks of both families: count 0: none. -EINVAL. */
int router_blocks(const struct router_options *o, struct route_block *ret_v4,
                  struct route_block *ret_v6, struct err *e);

struct router_counters { /* of this network namespace, since it is there */
    uint64_t forwarded, no_route, discarded;
};

/* From the texts of /proc/net/snmp and /proc/net/snmp6; pure. A counter that is not there is 0. */
void router_parse_counters(const char *snmp, const char *snmp6, struct router_counters *ret);
void router_read_counters(struct router_counters *ret);

struct router_link { /* of an interface, since it is there */
    uint64_t received, sent, receive_drops, send_drops;
};
/* From the text of /proc/net/dev; pure. -ENODEV. */
int router_parse_link(const char *dev, const char *interface, struct router_link *ret);

struct router_state {
    int mode, daemon;
    struct router_daemon speaker;
    struct link_info in, out;
    bool is_bridged;
    struct forwarder *forwarder;  /* of modes ring and xdp */
    struct route_block blocks[2]; /* IPv4, IPv6 */
    bool loaded[2];
    uint64_t load_ns, next; /* how long loading took; next flow's number */
    struct tunables tunables;
    struct router_counters before;
    uint64_t carrier[2]; /* changes of carrier of both links when it was opened */
};

/* router_setup.c: all that makes the kernel forward; and back. */
int router_setup(struct router_state *s, const struct router_options *o, const char *address,
                 struct err *e);
void router_undo(struct router_state *s); /* half of a set-up too */
/* 0, or -ENETDOWN with which link is, or was, down. */
int router_check_links(const struct router_state *s, struct err *e);

#endif
