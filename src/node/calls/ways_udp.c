/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ways_udp: datagrams in batches of one system call each way. The shard's thread.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "io/addr.h"
#include "node/calls/ways_private.h"

int udp_way_open(struct ways *t, uint32_t i, const struct sockaddr_storage *local)
{
    struct way *w = &t->ways[i];
    unsigned shared = (t->o.flags & WAYS_REUSE_PORT) != 0 ? UDP_REUSE_PORT : 0;
    int result =
        udp_open_by(&w->udp, t->o.interface, local, t->o.buffer_bytes, UDP_TIMESTAMPS | shared);

    if (result < 0) {
        return result;
    }
    w->is_ours = true;
    w->local = w->udp.local;
    result = way_watch(t, i, w->udp.fd, EPOLLIN, EPOLL_CTL_ADD);
    if (result < 0) {
        udp_close(&w->udp);
    }
    return result;
}

static int open_batches(struct ways *t)
{
    t->udp_in = calloc(1, sizeof(*t->udp_in));
    t->udp_out = calloc(1, sizeof(*t->udp_out));
    if (t->udp_in == NULL || t->udp_out == NULL ||
        (t->udp_in->data = malloc((size_t)UDP_BATCH * (WAYS_MESSAGE_MAX + 1))) == NULL) {
        return -ENOMEM;
    }
    t->udp_out->segment_max = (t->o.flags & WAYS_SEGMENT) != 0 ? UDP_SLOT : 0;
    for (unsigned i = 0; i < UDP_BATCH; i++) {
        struct udp_in *in = t->udp_in;
        in->part[i] =
            (struct iovec){in->data + (size_t)i * (WAYS_MESSAGE_MAX + 1), WAYS_MESSAGE_MAX + 1};
        in->message[i].msg_hdr = (struct msghdr){.msg_name = &in->from[i],
                                                 .msg_namelen = sizeof(in->from[i]),
                                                 .msg_iov = &in->part[i],
                                                 .msg_iovlen = 1,
                                                 .msg_control = in->control[i],
                                                 .msg_controllen = UDP_CONTROL};
    }
    return 0;
}

static int open_fixed(struct ways *t, uint32_t i, struct err *e)
{
    const struct sockaddr_storage *local =
        t->o.sharing == WAYS_PER_ADDRESS ? &t->o.sources[i] : &t->o.local;
    char text[ADDR_TEXT_MAX];
    int result;

    if (i == 0 && t->o.lent != NULL) {
        struct way *w = &t->ways[0];
        w->udp = *t->o.lent;
        w->local = w->udp.local;
        result = way_watch(t, 0, w->udp.fd, EPOLLIN, EPOLL_CTL_ADD);
    } else {
        result = udp_way_open(t, i, local);
    }
    if (result == 0 && (t->o.flags & WAYS_SEGMENT) != 0) {
        udp_take_segments(&t->ways[i].udp);
    }
    return result < 0 ? err_set(e, result, "cannot open a UDP socket on %s: %s",
                                addr_format(local, text, sizeof(text)), strerror(-result))
                      : 0;
}

int udp_side_open(struct ways *t, struct err *e)
{
    int result = open_batches(t);

    if (result < 0) {
        return err_set(e, result, "no memory for packets");
    }
    for (uint32_t i = 0; i < t->fixed && result == 0; i++) {
        result = open_fixed(t, way_allot(t), e);
    }
    return result;
}

/* ---- in ---- */

/* Several that came as one have one size, but for the last. */
static void take_one(struct ways *t, uint32_t i, unsigned k, uint64_t at_ns)
{
    const struct udp_in *b = t->udp_in;
    const char *bytes = b->part[k].iov_base;
    size_t left = b->message[k].msg_len, size = udp_segment_size(&b->message[k].msg_hdr);

    t->counts.received += left == 0 ? 1 : 0;
    for (size = size == 0 ? left : size; left > 0; left -= size, bytes += size) {
        size = size < left ? size : left;
        t->counts.received++;
        t->events.message(t->arg, i, &b->from[k], bytes, size, at_ns);
    }
}

static void take_batch(struct ways *t, uint32_t i, int n, uint64_t now_ns, int64_t real_offset_ns)
{
    struct udp_in *b = t->udp_in;

    for (int k = 0; k < n; k++) {
        uint64_t real = udp_received_real_ns(&b->message[k].msg_hdr);
        uint64_t at = real == 0 ? now_ns : (uint64_t)((int64_t)real - real_offset_ns);
        take_one(t, i, (unsigned)k, at);
        b->message[k].msg_hdr.msg_namelen = sizeof(b->from[k]);
        b->message[k].msg_hdr.msg_controllen = UDP_CONTROL;
    }
}

int udp_side_read(struct ways *t, uint32_t i, uint64_t now_ns, int64_t real_offset_ns)
{
    for (int round = 0; round < UDP_ROUNDS_MAX; round++) {
        int n =
            recvmmsg(t->ways[i].udp.fd, t->udp_in->message, i < t->fixed ? UDP_BATCH : 1, 0, NULL);
        if (n < 0 && errno == ECONNREFUSED) {
            continue; /* an ICMP error of something sent before: calls have timers of their own */
        }
        if (n <= 0) {
            return 0;
        }
        take_batch(t, i, n, now_ns, real_offset_ns);
        if (n < (i < t->fixed ? UDP_BATCH : 1)) {
            return 0;
        }
    }
    return 1;
}
