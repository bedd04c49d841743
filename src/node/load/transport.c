/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * transport: see transport.h. What all have in common: the socket with the port.
 */
#include "node/load/transport.h"

#include <errno.h>
#include <string.h>

#include "io/addr.h"

const struct transport_ops *transport_find(const char *name, size_t size, bool frames)
{
    static const struct transport_ops *const all[][2] = {
        {&transport_sockets, &transport_frame_sockets},
        {&transport_ring, &transport_frame_ring},
        {&transport_xdp, &transport_frame_xdp},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strlen(all[i][frames]->name) == size && memcmp(all[i][frames]->name, name, size) == 0) {
            return all[i][frames];
        }
    }
    return NULL;
}

static int open_ports(struct transport *t, const struct transport_ops *ops,
                      const struct transport_config *c)
{
    const unsigned flags = ops->socket_times ? UDP_TIMESTAMPS : 0;

    t->next.fd = -1;
    return c->is_paired ? udp_open_pair(&t->socket, &t->next, &c->local, c->buffer_bytes, flags)
                        : udp_open(&t->socket, &c->local, c->buffer_bytes, flags);
}

int transport_open(struct transport *t, const struct transport_ops *ops,
                   const struct transport_config *c, struct err *e)
{
    char text[ADDR_TEXT_MAX];
    int result = ops->supported(c, e);

    if (result < 0) {
        return result;
    }
    result = open_ports(t, ops, c);
    if (result < 0) {
        return err_set(e, result, "cannot open a socket on %s: %s",
                       addr_format(&c->local, text, sizeof(text)), strerror(-result));
    }
    t->ops = ops;
    result = ops->open(t, c, e);
    if (result < 0) {
        udp_close(&t->socket);
        udp_close(&t->next);
    }
    return result;
}

void transport_close(struct transport *t)
{
    if (t != NULL && t->state != NULL) {
        t->ops->close(t);
        udp_close(&t->socket);
        udp_close(&t->next);
        t->state = NULL;
    }
}
