/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_ports: the interfaces that whole frames leave and come back by. Owner's thread.
 */
#include <errno.h>
#include <string.h>

#include "io/addr.h"
#include "io/neighbour.h"
#include "node/load/load_private.h"

static int find_next_hop(struct load *l, struct err *e)
{
    struct sockaddr_storage via;
    struct neighbour n;
    int result = addr_parse(&via, l->options.via) < 0
                     ? err_set(e, -EINVAL, "'%s' is no address", l->options.via)
                     : neighbour_find(&n, l->ports.out.index, &via, e);

    if (result < 0) {
        return err_prefix(e, "via: ");
    }
    memcpy(l->ports.next_hop, n.mac, sizeof(l->ports.next_hop));
    return 0;
}

/* Finds the interfaces and the next hop once for all workers. */
int load_find_ports(struct load *l, struct err *e)
{
    const struct load_options *o = &l->options;

    if (!l->shape.frames) {
        return 0;
    }
    if (o->segmentation) {
        return err_set(e, -EINVAL, "segmentation is for payloads of UDP, not for whole frames");
    }
    if (o->via == NULL && !l->shape.is_bridged) {
        return err_set(e, -EINVAL,
                       "whole frames need to know who gets them first: via, an IPv4 address on the "
                       "network of bind (%s)",
                       o->bind);
    }
    if (link_find(&l->ports.out, o->bind, e) < 0) {
        return err_prefix(e, "bind: ");
    }
    if (link_find(&l->ports.back, o->back != NULL ? o->back : o->bind, e) < 0) {
        return err_prefix(e, "back: ");
    }
    if (l->shape.is_bridged) {
        memcpy(l->ports.next_hop, l->ports.back.mac, sizeof(l->ports.next_hop));
        return 0;
    }
    return find_next_hop(l, e);
}
