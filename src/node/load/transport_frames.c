/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * transport_frames: whole Ethernet frames, out by one interface, back by another: by packet rings
 * or AF_XDP sockets, which lend the kernel's memory to be written into, and by packet sockets. The
 * UDP socket keeps the port by which a worker's frames are told from all others.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/addr.h"
#include "io/frame.h"
#include "io/netif.h"
#include "io/packet.h"
#include "io/packets_link.h"
#include "node/load/transport.h"
#include "node/load/workload.h"

/* Of a ring that sends: it uses all of its frames in turn, and the fewer, the warmer. */
enum { RING_FRAMES_OUT = 256 };

/* Of rings and AF_XDP. */
struct frames {
    struct packets_link back, own_out;
    struct packets_link *out; /* own_out, or back: a queue has one AF_XDP socket, for both ways */
    struct frame lent[BATCH_LENT_MAX], came[BATCH_MAX];
};

static int supported(const struct transport_config *c, struct err *e)
{
    if (c->dscp != 0 || c->vlan != FRAME_NO_VLAN || c->next_hop != NULL) {
        return err_set(e, -EINVAL,
                       "whole frames have their own headers: leave out dscp, vlan and next_hop");
    }
    return 0;
}

static int connect_nowhere(struct transport *t, const struct sockaddr_storage *to, size_t count,
                           struct err *e)
{
    (void)t;
    (void)to;
    (void)count;
    (void)e;
    return 0; /* the workload wrote the way into its frames */
}

/* ---- rings and AF_XDP ---- */

static int open_out(struct frames *f, const struct workload_ports *ports, enum packets_kind kind,
                    struct err *e)
{
    struct packets_link_config c = {.kind = kind,
                                    .frames = kind == PACKETS_RING ? RING_FRAMES_OUT : 0};
    struct netif out;
    int result;

    if (kind == PACKETS_XDP && ports->out.index == ports->back.index) {
        f->out = &f->back;
        return 0;
    }
    if ((result = netif_read(&out, ports->out.name, e)) < 0) {
        return result;
    }
    c.interface = &out;
    f->out = &f->own_out;
    return packets_link_open(&f->own_out, &c, e);
}

static int open_links(struct frames *f, const struct workload_ports *ports, enum packets_kind kind,
                      uint16_t port, struct err *e)
{
    const struct frame_filter filter = {.port_first = port, .port_last = port};
    struct netif back;
    const struct packets_link_config c = {.kind = kind, .interface = &back, .filter = &filter};
    int result = netif_read(&back, ports->back.name, e);

    if (result < 0 || (result = packets_link_open(&f->back, &c, e)) < 0) {
        return result;
    }
    if ((result = open_out(f, ports, kind, e)) < 0) {
        packets_link_close(&f->back);
    }
    return result;
}

/* The socket gets none of what comes: the rings and AF_XDP do. */
static int open_kind(struct transport *t, const struct transport_config *c, enum packets_kind kind,
                     struct err *e)
{
    struct frames *f = calloc(1, sizeof(*f));
    int result;

    if (f == NULL) {
        return err_set(e, -ENOMEM, "no memory for frames");
    }
    if ((result = open_links(f, c->ports, kind, addr_port(&t->socket.local), e)) < 0) {
        free(f);
        return err_prefix(e, "transport %s%s: ", t->ops->name,
                          result == -EPERM ? " (root is needed)" : "");
    }
    t->state = f;
    str_printf(t->how, sizeof(t->how), "whole frames; out: %s; back: %s", f->out->how, f->back.how);
    return 0;
}

static int open_rings(struct transport *t, const struct transport_config *c, struct err *e)
{
    return open_kind(t, c, PACKETS_RING, e);
}

static int open_xsks(struct transport *t, const struct transport_config *c, struct err *e)
{
    return open_kind(t, c, PACKETS_XDP, e);
}

static void close_frames(struct transport *t)
{
    struct frames *f = t->state;

    packets_link_close(&f->back);
    if (f->out == &f->own_out) {
        packets_link_close(&f->own_out);
    }
    free(f);
}

static unsigned room(struct transport *t, struct batch_out *b)
{
    struct frames *f = t->state;
    unsigned n = packets_link_reserve(f->out, f->lent, BATCH_LENT_MAX);

    for (unsigned i = 0; i < n; i++) {
        b->packet[i].data = f->lent[i].data;
    }
    return n;
}

static int send_frames(struct transport *t, struct batch_out *b, uint64_t now_ns)
{
    struct frames *f = t->state;

    batch_out_stamp(b, now_ns);
    for (unsigned i = 0; i < b->count; i++) {
        f->lent[i].size = b->packet[i].size;
    }
    return packets_link_send(f->out, f->lent, b->count);
}

static unsigned receive_frames(struct transport *t, struct arrival *a, unsigned n)
{
    struct frames *f = t->state;
    unsigned got;

    if (packets_link_waiting(f->out) > 0) {
        (void)packets_link_send(f->out, f->lent,
                                0); /* the kernel is asked again for what it left */
    }
    got = packets_link_receive(&f->back, f->came, n);
    for (unsigned i = 0; i < got; i++) {
        a[i] = (struct arrival){f->came[i].data, f->came[i].size, f->came[i].at_ns, false};
    }
    return got;
}

static void release_frames(struct transport *t, unsigned n)
{
    struct frames *f = t->state;

    packets_link_release(&f->back, f->came, n);
}

static int64_t frames_drops(const struct transport *t)
{
    return packets_link_drops(&((const struct frames *)t->state)->back);
}

static int64_t frames_refused(const struct transport *t)
{
    return packets_link_refused(((const struct frames *)t->state)->out);
}

/* ---- packet sockets ---- */

struct frame_socket {
    struct udp_socket socket;
    struct batch_in in;
};

static int open_socket(struct transport *t, const struct transport_config *c, struct err *e)
{
    struct frame_socket *s = calloc(1, sizeof(*s));
    int result;

    if (s == NULL) {
        return err_set(e, -ENOMEM, "no memory for frames");
    }
    result = packet_open(&s->socket, &c->ports->back, addr_port(&t->socket.local), c->buffer_bytes);
    if (result < 0) {
        free(s);
        return err_set(e, result, "packet socket on interface %s: %s%s", c->ports->back.name,
                       strerror(-result),
                       result == -EPERM ? " (root, or CAP_NET_RAW, is needed)" : "");
    }
    batch_in_init(&s->in);
    t->state = s;
    t->receive_bytes = s->socket.receive_bytes;
    t->send_bytes = s->socket.send_bytes;
    str_printf(t->how, sizeof(t->how), "packet sockets, sendmmsg and recvmmsg of whole frames");
    return 0;
}

static void close_socket(struct transport *t)
{
    struct frame_socket *s = t->state;

    packet_close(&s->socket);
    free(s);
}

static int send_socket(struct transport *t, struct batch_out *b, uint64_t now_ns)
{
    return batch_out_send(b, ((struct frame_socket *)t->state)->socket.fd, now_ns);
}

static unsigned receive_socket(struct transport *t, struct arrival *a, unsigned n)
{
    struct frame_socket *s = t->state;

    return batch_in_take(&s->in, s->socket.fd, a, n);
}

static void release_socket(struct transport *t, unsigned n)
{
    batch_in_rearm(&((struct frame_socket *)t->state)->in, n);
}

static int64_t socket_drops(const struct transport *t)
{
    return udp_drops(&((const struct frame_socket *)t->state)->socket);
}

static int64_t socket_refused(const struct transport *t)
{
    (void)t;
    return 0; /* the kernel says so at once */
}

const struct transport_ops transport_frame_sockets = {
    .name = "sockets",
    .timestamps = "kernel (SO_TIMESTAMPNS)",
    .clock = TRANSPORT_REAL,
    .supported = supported,
    .open = open_socket,
    .connect = connect_nowhere,
    .send = send_socket,
    .receive = receive_socket,
    .release = release_socket,
    .drops = socket_drops,
    .refused = socket_refused,
    .close = close_socket,
};

const struct transport_ops transport_frame_ring = {
    .name = "ring",
    .timestamps = "kernel (packet ring)",
    .clock = TRANSPORT_REAL,
    .socket_times = true,
    .supported = supported,
    .open = open_rings,
    .connect = connect_nowhere,
    .room = room,
    .send = send_frames,
    .receive = receive_frames,
    .release = release_frames,
    .drops = frames_drops,
    .refused = frames_refused,
    .close = close_frames,
};

const struct transport_ops transport_frame_xdp = {
    .name = "xdp",
    .timestamps = "kernel (XDP program)",
    .clock = TRANSPORT_MONOTONIC,
    .supported = supported,
    .open = open_xsks,
    .connect = connect_nowhere,
    .room = room,
    .send = send_frames,
    .receive = receive_frames,
    .release = release_frames,
    .drops = frames_drops,
    .refused = frames_refused,
    .close = close_frames,
};
