/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * transport_sockets: UDP sockets, as many packets a call as wait. Works wherever packets go.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/frame.h"
#include "node/load/transport.h"

struct sockets {
    struct batch_in in;
    struct batch_in *next; /* of a pair's second port; NULL: there is none */
    unsigned taken;        /* of `in`, by the last receive */
};

unsigned batch_in_take(struct batch_in *in, int fd, struct arrival *a, unsigned n)
{
    const int count = batch_in_receive(in, fd, n);

    for (int i = 0; i < count; i++) {
        a[i] = (struct arrival){in->data[i], in->message[i].msg_len,
                                udp_received_real_ns(&in->message[i].msg_hdr), false};
    }
    return count > 0 ? (unsigned)count : 0;
}

static int supported(const struct transport_config *c, struct err *e)
{
    if (c->vlan != FRAME_NO_VLAN || c->next_hop != NULL) {
        return err_set(e, -ENOTSUP,
                       "sockets: %s is the kernel's to decide: bind to an address of an interface "
                       "that has the tag or the route, or use transport: xdp or ring",
                       c->vlan != FRAME_NO_VLAN ? "the VLAN tag" : "the next hop");
    }
    return 0;
}

/* Of the traffic class (RFC 2474), and for queues and a VLAN interface's own table. */
static int mark(int fd, const struct transport_config *c)
{
    bool six = c->local.ss_family == AF_INET6;
    int class = c->dscp << 2, priority = c->priority;

    if (class != 0 && setsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_TCLASS : IP_TOS,
                                 &class, sizeof(class)) < 0) {
        return -errno;
    }
    if (priority != 0 && setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority)) < 0) {
        return -errno;
    }
    return 0;
}

static void free_sockets(struct sockets *s)
{
    if (s != NULL) {
        free(s->next);
        free(s);
    }
}

static struct sockets *make_sockets(bool is_paired)
{
    struct sockets *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        return NULL;
    }
    batch_in_init(&s->in);
    if (is_paired && (s->next = calloc(1, sizeof(*s->next))) == NULL) {
        free_sockets(s);
        return NULL;
    }
    if (s->next != NULL) {
        batch_in_init(s->next);
    }
    return s;
}

static int open_sockets(struct transport *t, const struct transport_config *c, struct err *e)
{
    struct sockets *s = make_sockets(c->is_paired);
    int result = mark(t->socket.fd, c);

    if (result == 0 && t->next.fd >= 0) {
        result = mark(t->next.fd, c);
    }
    if (s == NULL || result < 0) {
        free_sockets(s);
        return s == NULL ? err_set(e, -ENOMEM, "no memory for a batch of packets")
                         : err_set(e, result, "dscp, vlan_priority: %s", strerror(-result));
    }
    t->state = s;
    t->receive_bytes = t->socket.receive_bytes;
    t->send_bytes = t->socket.send_bytes;
    str_printf(t->how, sizeof(t->how), "%s",
               c->segmentation ? "udp sockets, sendmmsg with UDP_SEGMENT and recvmmsg"
                               : "udp sockets, sendmmsg and recvmmsg");
    return 0;
}

static int connect_sockets(struct transport *t, const struct sockaddr_storage *to, size_t count,
                           struct err *e)
{
    (void)t;
    (void)to;
    (void)count;
    (void)e;
    return 0; /* the kernel knows the way */
}

static int send_batch(struct transport *t, struct batch_out *b, uint64_t now_ns)
{
    const int pair[] = {t->socket.fd, t->next.fd};

    return t->next.fd >= 0 ? batch_out_send_pair(b, pair, now_ns)
                           : batch_out_send(b, t->socket.fd, now_ns);
}

static unsigned receive(struct transport *t, struct arrival *a, unsigned n)
{
    struct sockets *s = t->state;
    unsigned more = 0;

    s->taken = batch_in_take(&s->in, t->socket.fd, a, n);
    if (s->next != NULL && s->taken < n) {
        more = batch_in_take(s->next, t->next.fd, a + s->taken, n - s->taken);
    }
    for (unsigned i = 0; i < more; i++) {
        a[s->taken + i].at_next = true;
    }
    return s->taken + more;
}

static void release(struct transport *t, unsigned n)
{
    struct sockets *s = t->state;

    batch_in_rearm(&s->in, s->taken);
    if (s->next != NULL) {
        batch_in_rearm(s->next, n - s->taken);
    }
}

static int64_t drops(const struct transport *t)
{
    int64_t drops = udp_drops(&t->socket), next = t->next.fd >= 0 ? udp_drops(&t->next) : 0;

    return drops < 0 || next < 0 ? -EIO : drops + next;
}

static int64_t refused(const struct transport *t)
{
    (void)t;
    return 0; /* the kernel says so at once */
}

static void close_sockets(struct transport *t)
{
    free_sockets(t->state);
}

const struct transport_ops transport_sockets = {
    .name = "sockets",
    .timestamps = "kernel (SO_TIMESTAMPNS)",
    .clock = TRANSPORT_REAL,
    .socket_times = true,
    .supported = supported,
    .open = open_sockets,
    .connect = connect_sockets,
    .send = send_batch,
    .receive = receive,
    .release = release,
    .drops = drops,
    .refused = refused,
    .close = close_sockets,
};
