/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * netns_links: the network namespace of a machine, joined to the networks that its plan links it
 * to: eth0 the first, eth1 the second. One thread.
 */
#ifndef VAPERF_CONTROL_PLATFORM_NETNS_LINKS_H
#define VAPERF_CONTROL_PLATFORM_NETNS_LINKS_H

#include "control/platform/bridge_set.h"
#include "control/platform/platform.h"

struct netns_links { /* zeroed: none */
    const struct host *host;
    const char *netns; /* its name; NULL: there is none */
    struct bridge *nets[MACHINE_LINKS_MAX];
    struct bridge_port ports[MACHINE_LINKS_MAX];
    size_t count;
};

/* Makes the namespace `netns` (lent until it is closed) and its links. netns_links_close whatever
 * it returns. */
int netns_links_open(struct netns_links *l, const struct host *h, struct bridge_set *set,
                     const struct machine_spec *spec, const char *netns, struct err *e);
void netns_links_close(struct netns_links *l);
/* The machine's address on a network; on NULL the first. NULL if it is not there. */
const char *netns_links_address(const struct netns_links *l, const char *network);
/* Adds a netdev target per link, as platform_ops.targets wants them. */
void netns_links_add_targets(const struct netns_links *l, const char *entity, json_t *all);

#endif
