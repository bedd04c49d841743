/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * netns_links: see netns_links.h.
 */
#include "control/platform/netns_links.h"

#include <errno.h>
#include <string.h>

int netns_links_open(struct netns_links *l, const struct host *h, struct bridge_set *set,
                     const struct machine_spec *spec, const char *netns, struct err *e)
{
    *l = (struct netns_links){.host = h};
    int r = bridge_netns_add(h, netns, e);
    if (r == 0)
        l->netns = netns;
    for (size_t i = 0; r == 0 && i < MACHINE_LINKS_MAX && spec->links[i] != NULL; i++) {
        struct bridge *net = bridge_set_find(set, spec->links[i], e);
        if (net == NULL)
            return -ENOENT;
        r = bridge_attach(net, netns, (unsigned)i, &l->ports[i], e);
        if (r == 0)
            l->nets[l->count++] = net;
    }
    return r;
}

void netns_links_close(struct netns_links *l)
{
    for (size_t i = 0; i < l->count; i++)
        bridge_detach(l->nets[i], &l->ports[i]);
    if (l->netns != NULL)
        bridge_netns_remove(l->host, l->netns, NULL);
    l->count = 0;
    l->netns = NULL;
}

const char *netns_links_address(const struct netns_links *l, const char *network)
{
    for (size_t i = 0; i < l->count; i++)
        if (network == NULL || strcmp(l->nets[i]->name, network) == 0)
            return l->ports[i].address;
    return NULL;
}

void netns_links_add_targets(const struct netns_links *l, const char *entity, json_t *all)
{
    for (size_t i = 0; i < l->count; i++)
        json_array_append_new(all, json_pack("{s:s, s:s, s:{s:s}}", "type", "netdev", "entity",
                                             entity, "options", "interface", l->ports[i].outside));
}
