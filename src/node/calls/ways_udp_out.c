/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ways_udp_out: UDP messages of a turn, sent together. With segmentation those of one size to one
 * target go as one that the kernel cuts (UDP_SEGMENT); messages of different calls may then pass
 * each other, those of one call never do. The shard's thread.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "node/calls/ways_private.h"

enum { RUN_BYTES_MAX = 60000, RUN_MESSAGES_MAX = 64, ORDERS = 256 };

/* Messages that leave as one. */
struct run {
    uint32_t message; /* the first */
    uint32_t count;
    size_t bytes;
};

static bool is_same_target(const struct udp_out *b, uint32_t i, uint32_t k)
{
    return b->to_size[i] == b->to_size[k] && memcmp(&b->to[i], &b->to[k], b->to_size[i]) == 0;
}

static bool fits(const struct udp_out *b, const struct run *r, uint32_t i)
{
    size_t size = b->part[i].iov_len;

    return size == b->part[r->message].iov_len && r->count < RUN_MESSAGES_MAX &&
           r->bytes + size <= RUN_BYTES_MAX && is_same_target(b, r->message, i);
}

/* A message joins the first run of its kind that is not before the last message of its call. */
static uint32_t make_runs(const struct udp_out *b, size_t segment_max, struct run *runs,
                          uint8_t *run_of)
{
    uint8_t latest[ORDERS] = {0};
    uint32_t count = 0;

    for (uint32_t i = 0; i < b->count; i++) {
        uint8_t *last = &latest[b->call[i] % ORDERS];
        uint32_t k = b->part[i].iov_len <= segment_max ? *last : count;
        while (k < count && !fits(b, &runs[k], i)) {
            k++;
        }
        if (k == count) {
            runs[count++] = (struct run){.message = i};
        }
        runs[k].count++;
        runs[k].bytes += b->part[i].iov_len;
        run_of[i] = *last = (uint8_t)k;
    }
    return count;
}

static void tell_size(struct msghdr *m, uint8_t *control, uint16_t size)
{
    struct cmsghdr *c;

    m->msg_control = control;
    m->msg_controllen = CMSG_SPACE(sizeof(size));
    c = CMSG_FIRSTHDR(m);
    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof(size));
    memcpy(CMSG_DATA(c), &size, sizeof(size));
}

/* Fills b->message; how many there are. */
static uint32_t write_headers(struct udp_out *b, size_t segment_max)
{
    struct run runs[UDP_BATCH];
    uint8_t run_of[UDP_BATCH];
    uint32_t count = make_runs(b, segment_max, runs, run_of), at = 0;

    for (uint32_t k = 0; k < count; k++) {
        struct msghdr *m = &b->message[k].msg_hdr;
        uint32_t i = runs[k].message;
        *m = (struct msghdr){.msg_name = &b->to[i],
                             .msg_namelen = b->to_size[i],
                             .msg_iov = &b->sorted[at],
                             .msg_iovlen = runs[k].count};
        if (runs[k].count > 1) {
            tell_size(m, b->control[k], (uint16_t)b->part[i].iov_len);
        }
        for (; i < b->count; i++) {
            if (run_of[i] == k) {
                b->sorted[at++] = b->part[i];
            }
        }
    }
    return count;
}

/* A run that the way out cannot cut goes message by message; those of its size are not joined any
 * more. */
static void send_singly(struct ways *t, const struct msghdr *run, int why)
{
    struct msghdr one = *run;
    struct udp_out *b = t->udp_out;
    size_t size = run->msg_iov->iov_len;

    if (run->msg_iovlen > 1 && (why == EINVAL || why == EMSGSIZE || why == EIO)) {
        b->segment_max = why == EIO ? 0 : size - 1;
    }
    one.msg_control = NULL;
    one.msg_controllen = 0;
    one.msg_iovlen = 1;
    for (size_t i = 0; i < run->msg_iovlen; i++) {
        one.msg_iov = run->msg_iov + i;
        if (run->msg_iovlen == 1 || sendmsg(b->socket->fd, &one, 0) < 0) {
            t->counts.refused++;
        }
    }
}

/* What the kernel has no room for is lost, as it would be a hop later, and counted. */
void udp_side_flush(struct ways *t)
{
    struct udp_out *b = t->udp_out;
    uint32_t count, sent = 0;

    if (b == NULL || b->count == 0) {
        return;
    }
    count = write_headers(b, b->segment_max);
    while (sent < count) {
        int n = sendmmsg(b->socket->fd, b->message + sent, count - sent, 0);
        if (n <= 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            send_singly(t, &b->message[sent].msg_hdr, errno);
            n = 1;
        }
        sent += (uint32_t)n;
    }
    b->count = 0;
}

static socklen_t size_of(const struct sockaddr *a)
{
    return a->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static int send_alone(struct ways *t, const struct way *w, const struct sockaddr *to,
                      const void *bytes, size_t size)
{
    if (sendto(w->udp.fd, bytes, size, 0, to, size_of(to)) < 0) {
        if (errno == EMSGSIZE || errno == EINVAL) {
            return -errno;
        }
        t->counts.refused++;
    }
    t->counts.sent++;
    return 0;
}

int udp_side_send(struct ways *t, uint32_t i, uint32_t call, const struct sockaddr *to,
                  const void *bytes, size_t size)
{
    struct udp_out *b = t->udp_out;
    const struct way *w = &t->ways[i];
    uint32_t at;

    if (w->udp.fd < 0) {
        return -ENOTCONN;
    }
    if (b->count == UDP_BATCH || (b->count > 0 && (b->socket != &w->udp || size > UDP_SLOT))) {
        udp_side_flush(t);
    }
    if (size > UDP_SLOT || i >= t->fixed) {
        return send_alone(t, w, to, bytes, size);
    }
    at = b->count++;
    b->socket = &w->udp;
    memcpy(b->data[at], bytes, size);
    b->part[at] = (struct iovec){b->data[at], size};
    b->call[at] = call;
    b->to_size[at] = size_of(to);
    memcpy(&b->to[at], to, b->to_size[at]);
    t->counts.sent++;
    return 0;
}
