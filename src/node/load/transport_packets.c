/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * transport_packets: the packet ring and AF_XDP: frames straight at the interface that has the
 * local address.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/addr.h"
#include "io/packets.h"
#include "node/load/transport.h"

static struct packets_config config_of(const struct transport_config *c, enum packets_kind kind)
{
    return (struct packets_config){.kind = kind,
                                   .local = c->local,
                                   .frames = kind == PACKETS_XDP ? c->frames : 0,
                                   .dscp = c->dscp,
                                   .priority = c->priority,
                                   .vlan = c->vlan,
                                   .next_hop = c->next_hop};
}

static int ring_supported(const struct transport_config *c, struct err *e)
{
    const struct packets_config p = config_of(c, PACKETS_RING);
    return packets_check(&p, NULL, e);
}

/* Which of an interface's queues a packet comes in on is not ours to say. */
static int xdp_supported(const struct transport_config *c, struct err *e)
{
    const struct packets_config p = config_of(c, PACKETS_XDP);
    int result = packets_check(&p, NULL, e);

    if (result == 0 && c->workers > 1) {
        result = err_set(e, -ENOTSUP,
                         "AF_XDP: one worker serves all queues of an interface, %u would have to "
                         "share them: workers: 1, or transport: ring",
                         c->workers);
    }
    return result;
}

/* Also of a pair's second port. */
static int hold(const struct transport *t)
{
    int result = packets_hold(t->socket.fd);
    return result == 0 && t->next.fd >= 0 ? packets_hold(t->next.fd) : result;
}

static int open_packets(struct transport *t, const struct transport_config *c,
                        enum packets_kind kind, struct err *e)
{
    struct packets_config p = config_of(c, kind);
    int result = hold(t);
    struct packets *opened;

    if (result < 0) {
        return err_set(e, result, "cannot keep the port: %s", strerror(-result));
    }
    p.port_first = addr_port(&t->socket.local);
    p.port_last = (uint16_t)(p.port_first + (t->next.fd >= 0));
    if ((result = packets_open(&opened, &p, e)) < 0) {
        return result;
    }
    t->state = opened;
    t->receive_bytes = t->send_bytes = packets_memory_bytes(opened);
    str_printf(t->how, sizeof(t->how), "%s", packets_how(opened));
    return 0;
}

static int open_ring(struct transport *t, const struct transport_config *c, struct err *e)
{
    return open_packets(t, c, PACKETS_RING, e);
}

static int open_xdp(struct transport *t, const struct transport_config *c, struct err *e)
{
    return open_packets(t, c, PACKETS_XDP, e);
}

static int connect_packets(struct transport *t, const struct sockaddr_storage *to, size_t count,
                           struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        int result = packets_add_way(t->state, &to[i], e);
        if (result < 0) {
            return result;
        }
    }
    return 0;
}

static in_port_t own_port(const struct udp_socket *s)
{
    const struct sockaddr_storage *a = &s->local;

    return a->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)(const void *)a)->sin6_port
                                    : ((const struct sockaddr_in *)(const void *)a)->sin_port;
}

static int send_batch(struct transport *t, struct batch_out *b, uint64_t now_ns)
{
    struct packet_out out[BATCH_MAX];
    unsigned n = b->count - b->first;
    const in_port_t port = own_port(&t->socket);
    const in_port_t next = t->next.fd >= 0 ? own_port(&t->next) : port;

    batch_out_stamp(b, now_ns);
    for (unsigned i = 0; i < n; i++) {
        const struct workload_packet *p = &b->packet[b->first + i];
        out[i] = (struct packet_out){p->data, p->size, p->by_next ? next : port, p->to};
    }
    return packets_send(t->state, out, n);
}

static unsigned receive(struct transport *t, struct arrival *a, unsigned n)
{
    struct packet_in in[PACKETS_BATCH_MAX];
    const unsigned port = addr_port(&t->socket.local);
    unsigned count;

    (void)packets_push(t->state);
    count = packets_receive(t->state, in, n);
    for (unsigned i = 0; i < count; i++) {
        a[i] = (struct arrival){in[i].udp.payload, in[i].udp.size, in[i].at_ns,
                                addr_port(&in[i].udp.to) != port};
    }
    return count;
}

static void release(struct transport *t, unsigned n)
{
    (void)n;
    packets_release(t->state);
}

static int64_t drops(const struct transport *t)
{
    return packets_drops(t->state);
}

/* What AF_XDP did not get and the kernel did is lost to us: a fragment, say. */
static int64_t xdp_drops(const struct transport *t)
{
    int64_t ring = packets_drops(t->state), held = udp_drops(&t->socket);

    held += held >= 0 && t->next.fd >= 0 ? udp_drops(&t->next) : 0;
    return ring < 0 || held < 0 ? ring : ring + held;
}

static int64_t refused(const struct transport *t)
{
    return packets_refused(t->state);
}

static void close_packets(struct transport *t)
{
    packets_close(t->state);
}

const struct transport_ops transport_ring = {
    .name = "ring",
    .timestamps = "kernel (packet ring)",
    .clock = TRANSPORT_REAL,
    .socket_times = true,
    .supported = ring_supported,
    .open = open_ring,
    .connect = connect_packets,
    .send = send_batch,
    .receive = receive,
    .release = release,
    .drops = drops,
    .refused = refused,
    .close = close_packets,
};

const struct transport_ops transport_xdp = {
    .name = "xdp",
    .timestamps = "kernel (XDP program)",
    .clock = TRANSPORT_MONOTONIC,
    .supported = xdp_supported,
    .open = open_xdp,
    .connect = connect_packets,
    .send = send_batch,
    .receive = receive,
    .release = release,
    .drops = xdp_drops,
    .refused = refused,
    .close = close_packets,
};
