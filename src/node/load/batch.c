/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * batch: see batch.h. One thread.
 */
#include "node/load/batch.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

enum { SEGMENTS_BYTES_MAX = 65000 /* of one message: UDP's own limit less headers */ };

static void clear_packet(struct batch_out *b, unsigned i)
{
    b->packet[i].data = i < BATCH_MAX ? b->data[i] : NULL; /* the rest is lent, or unused */
    b->packet[i].sent_stamp_at = 0;
    b->packet[i].sent_ns = NULL;
    b->packet[i].by_next = false;
    b->packet[i].beside = false;
}

void batch_out_init(struct batch_out *b, bool segments)
{
    memset(b->data, 0, sizeof(b->data));
    memset(b->control, 0, sizeof(b->control));
    b->first = b->count = 0;
    b->segments = segments;
    for (unsigned i = 0; i < BATCH_LENT_MAX; i++) {
        clear_packet(b, i);
    }
    for (unsigned i = 0; i < BATCH_MAX; i++) {
        b->part[i] = (struct iovec){b->data[i], 0};
    }
}

/* May packet i go in one message behind packet `first`? A shorter one may only be the last: not
 * used. */
static bool is_alike(const struct batch_out *b, unsigned first, unsigned i)
{
    const struct workload_packet *p = &b->packet[first], *q = &b->packet[i];

    return b->segments && q->size == p->size && q->to_size == p->to_size &&
           (i - first + 1) * p->size <= SEGMENTS_BYTES_MAX && memcmp(q->to, p->to, p->to_size) == 0;
}

static void tell_segment_size(struct msghdr *m, uint8_t *control, uint16_t size)
{
    struct cmsghdr *c = (struct cmsghdr *)(void *)control;

    c->cmsg_level = SOL_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof(size));
    memcpy(CMSG_DATA(c), &size, sizeof(size));
    m->msg_control = control;
    m->msg_controllen = CMSG_SPACE(sizeof(size));
}

/* Message k carries packets first.. of those before `end`; returns the packet behind its last. */
static unsigned make_message(struct batch_out *b, unsigned k, unsigned first, unsigned end)
{
    const struct workload_packet *p = &b->packet[first];
    struct msghdr *m = &b->message[k].msg_hdr;
    unsigned next = first + 1;

    while (next < end && is_alike(b, first, next)) {
        next++;
    }
    *m = (struct msghdr){.msg_name = (void *)(uintptr_t)p->to, /* the kernel only reads it */
                         .msg_namelen = p->to_size,
                         .msg_iov = &b->part[first],
                         .msg_iovlen = next - first};
    if (next - first > 1) {
        tell_segment_size(m, b->control[k], (uint16_t)p->size);
    }
    b->packets_in[k] = next - first;
    return next;
}

void batch_out_stamp(struct batch_out *b, uint64_t now_ns)
{
    uint64_t stamp = __builtin_bswap64(now_ns);

    for (unsigned i = b->first; i < b->count; i++) {
        const struct workload_packet *p = &b->packet[i];
        if (p->sent_stamp_at != 0) {
            memcpy(p->data + p->sent_stamp_at, &stamp, sizeof(stamp));
        }
        if (p->sent_ns != NULL) {
            *p->sent_ns = now_ns;
        }
    }
}

/* Packets first..end - 1. */
static int send_some(struct batch_out *b, unsigned first, unsigned end, int fd)
{
    unsigned messages = 0, packets = 0;
    int n;

    for (unsigned i = first; i < end; i++) {
        b->part[i].iov_len = b->packet[i].size;
    }
    for (unsigned i = first; i < end; messages++) {
        i = make_message(b, messages, i, end);
    }
    n = sendmmsg(fd, b->message, messages, MSG_DONTWAIT);
    if (n < 0) {
        return -errno;
    }
    for (unsigned k = 0; k < (unsigned)n; k++) {
        packets += b->packets_in[k];
    }
    return (int)packets;
}

int batch_out_send(struct batch_out *b, int fd, uint64_t now_ns)
{
    batch_out_stamp(b, now_ns);
    return send_some(b, b->first, b->count, fd);
}

int batch_out_send_pair(struct batch_out *b, const int fd[2], uint64_t now_ns)
{
    unsigned from = b->first, end;

    batch_out_stamp(b, now_ns);
    for (; from < b->count; from = end) {
        const bool by_next = b->packet[from].by_next;
        int n;
        for (end = from + 1; end < b->count && b->packet[end].by_next == by_next;) {
            end++;
        }
        n = send_some(b, from, end, fd[by_next]);
        if (n < (int)(end - from)) {
            from += n > 0 ? (unsigned)n : 0;
            return from > b->first ? (int)(from - b->first) : n;
        }
    }
    return (int)(from - b->first);
}

void batch_out_take(struct batch_out *b, unsigned n)
{
    b->first += n;
    if (b->first < b->count) {
        return;
    }
    for (unsigned i = 0; i < b->count; i++) {
        clear_packet(b, i);
    }
    b->first = b->count = 0;
}

void batch_in_init(struct batch_in *b)
{
    memset(b->data, 0, sizeof(b->data));
    memset(b->control, 0, sizeof(b->control));
    for (unsigned i = 0; i < BATCH_MAX; i++) {
        b->part[i] = (struct iovec){b->data[i], WORKLOAD_PACKET_MAX};
    }
    batch_in_rearm(b, BATCH_MAX);
}

int batch_in_receive(struct batch_in *b, int fd, unsigned most)
{
    int n =
        recvmmsg(fd, b->message, most < BATCH_MAX ? most : (unsigned)BATCH_MAX, MSG_DONTWAIT, NULL);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    }
    return n;
}

void batch_in_rearm(struct batch_in *b, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        b->message[i].msg_hdr = (struct msghdr){.msg_iov = &b->part[i],
                                                .msg_iovlen = 1,
                                                .msg_control = b->control[i],
                                                .msg_controllen = BATCH_CONTROL_SIZE};
    }
}
