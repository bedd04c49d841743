/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bridge: a network between machines and the tester: a bridge on the host for each network of the
 * plan; a container is on it by a veth pair into its network namespace, a guest by a tap. Addresses
 * are 198.18.0.0/15's, the range of benchmarks (RFC 2544 §C.2.2): 198.18.N.0/24 a network, .1 the
 * tester: the host itself by its end of the bridge, or another host, by a macvlan of ours on its
 * interface, when the bridge has the interface of this host for a port. One thread.
 */
#ifndef VAPERF_CONTROL_PLATFORM_BRIDGE_H
#define VAPERF_CONTROL_PLATFORM_BRIDGE_H

#include "base/buf.h"
#include "base/err.h"
#include "control/platform/platform.h"

enum { BRIDGE_IFNAME_MAX = 16, BRIDGE_ADDRESS_MAX = 16, BRIDGE_MACHINES_MAX = 253 };

struct bridge {
    const struct host *host, *tester_host; /* often the same */
    char mark[8];
    char name[48];                      /* in the plan; "" when closed */
    char bridge[BRIDGE_IFNAME_MAX];     /* "vpa1b2c3b0" */
    char tester_dev[BRIDGE_IFNAME_MAX]; /* `bridge`, or "vpa1b2c3v0" on the tester's host */
    unsigned prefix;                    /* 0..511: 198.18.0.0 + prefix * 256 */
    unsigned last;                      /* last octet given */
    char tester[BRIDGE_ADDRESS_MAX];
};

/* One end in a network: what a machine has of it. */
struct bridge_port {
    char outside[BRIDGE_IFNAME_MAX]; /* on the host: "vpa1b2c3v4" */
    char inside[BRIDGE_IFNAME_MAX];  /* in a container: "eth0"; "" for a guest */
    char mac[18];                    /* of the machine's end */
    char address[BRIDGE_ADDRESS_MAX];
};

/* When the tester is on another host: do both hosts have an interface in the plan? -EINVAL. */
int bridge_check(const struct platform_env *env, struct err *e);
/* A failure leaves nothing. */
int bridge_open(struct bridge *ret, const struct platform_env *env, const char *name,
                struct err *e);
void bridge_close(struct bridge *n);
/* Gives the tester another address, "192.0.2.1/24", which is then its own (n->tester): for a
 * machine whose address is not ours to give. -EINVAL, -EADDRINUSE when this host is in that network
 * already. */
int bridge_add_tester(struct bridge *n, const char *address, struct err *e);

/* A network namespace with only a loopback; and its end. */
int bridge_netns_add(const struct host *h, const char *netns, struct err *e);
int bridge_netns_remove(const struct host *h, const char *netns, struct err *e);

/* Joins a namespace as eth<index>. A failure leaves nothing. */
int bridge_attach(struct bridge *n, const char *netns, unsigned index, struct bridge_port *ret,
                  struct err *e);
/* Gives a guest's interface its names and addresses; the tap named `outside` is made, and joins
 * n->bridge, by who starts the guest. */
int bridge_reserve(struct bridge *n, struct bridge_port *ret, struct err *e);
/* Ends what is there of it. */
void bridge_detach(struct bridge *n, const struct bridge_port *link);

/* Interfaces and namespaces that carry a mark, one a line. */
int bridge_list(const struct host *h, const char *mark, struct buf *ret_links,
                struct buf *ret_namespaces, struct err *e);
int bridge_port_remove(const struct host *h, const char *ifname, struct err *e);

#endif
