/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bulk: see bulk.h.
 */
#include "node/bench/bulk.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

enum {
    SEGMENTS = 64,   /* the kernel's UDP_MAX_SEGMENTS */
    MESSAGES = 16,   /* a call */
    ROOM = 65536,    /* of a received message */
    WINDOW_US = 1000 /* a rate is kept in steps of this */
};

static size_t segments_of(const struct bulk *b)
{
    const size_t fit = BULK_PAYLOAD_MAX / b->payload_bytes;
    return fit < SEGMENTS ? fit : SEGMENTS;
}

/* True when the kernel takes it. */
static bool set_segment(const struct bulk *b)
{
    const int size = (int)b->payload_bytes, off = 0;
    const bool wanted = b->offload && segments_of(b) > 1;
    return setsockopt(b->fd, IPPROTO_UDP, UDP_SEGMENT, wanted ? &size : &off, sizeof size) == 0 &&
           wanted;
}

/* Sends up to `packets` in one call; how many packets, or -errno. */
static int64_t send_some(const struct bulk *b, const uint8_t *bytes, uint64_t packets, bool cut)
{
    struct mmsghdr m[MESSAGES];
    struct iovec pieces[MESSAGES];
    const size_t each = cut ? segments_of(b) : 1;
    uint64_t left = packets;
    unsigned count = 0;

    memset(m, 0, sizeof m);
    for (; count < MESSAGES && left > 0; count++) {
        const uint64_t n = left < each ? left : each;
        pieces[count] = (struct iovec){(void *)(uintptr_t)bytes, (size_t)(n * b->payload_bytes)};
        m[count].msg_hdr.msg_iov = &pieces[count];
        m[count].msg_hdr.msg_iovlen = 1;
        left -= n;
    }
    const int sent = sendmmsg(b->fd, m, count, 0);
    if (sent < 0) {
        return -errno;
    }
    uint64_t bytes_sent = 0;
    for (unsigned i = 0; i < count && i < (unsigned)sent; i++) {
        bytes_sent += pieces[i].iov_len;
    }
    return (int64_t)(bytes_sent / b->payload_bytes);
}

/* How many may go now, with a rate; waits until it is one at least. */
static uint64_t allowed(const struct bulk *b, uint64_t start_ns, uint64_t sent)
{
    const double per_s = b->rate_bits / 8 / (double)b->payload_bytes;

    for (;;) {
        const uint64_t now = clock_now_ns();
        const double due = (double)(now - start_ns) / 1e9 * per_s + 1;
        if (due >= (double)sent + 1) {
            return (uint64_t)due - sent;
        }
        (void)clock_sleep_until(now + WINDOW_US * NS_PER_US);
    }
}

static bool may_pass(int64_t code)
{
    return code == -EINTR || code == -ENOBUFS || code == -EAGAIN;
}

static int send_all(const struct bulk *b, const uint8_t *bytes, struct bulk_figures *ret)
{
    const uint64_t start = clock_now_ns();
    bool cut = set_segment(b);

    while (ret->packets < b->packets) {
        uint64_t n = b->packets - ret->packets;
        if (b->rate_bits > 0) {
            const uint64_t may = allowed(b, start, ret->packets);
            n = may < n ? may : n;
        }
        const int64_t sent = send_some(b, bytes, n, cut);
        if (atomic_load_explicit(b->stop, memory_order_relaxed)) {
            return -ECANCELED;
        }
        if (cut && (sent == -EIO || sent == -EINVAL)) { /* the device cannot sum up the pieces */
            struct bulk plain = *b;
            plain.offload = false;
            cut = set_segment(&plain);
        } else if (sent < 0 && !may_pass(sent)) {
            return (int)sent;
        }
        ret->packets += sent > 0 ? (uint64_t)sent : 0;
        ret->offloaded = cut;
    }
    return 0;
}

int bulk_send(const struct bulk *b, struct bulk_figures *ret)
{
    const uint64_t start = clock_now_ns(), cpu = clock_thread_cpu_ns();
    uint8_t *bytes = calloc(segments_of(b), b->payload_bytes);

    *ret = (struct bulk_figures){0};
    int r = bytes != NULL ? send_all(b, bytes, ret) : -ENOMEM;
    free(bytes);
    ret->bytes = ret->packets * b->payload_bytes;
    ret->elapsed_ns = clock_now_ns() - start;
    ret->cpu_ns = clock_thread_cpu_ns() - cpu;
    return r;
}

int bulk_receiver_init(struct bulk_receiver *r, const struct bulk *b)
{
    const int on = b->offload;

    *r = (struct bulk_receiver){.cpu_start_ns = clock_thread_cpu_ns(),
                                .room = malloc((size_t)MESSAGES * ROOM)};
    if (r->room == NULL) {
        return -ENOMEM;
    }
    (void)setsockopt(b->fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
    return 0;
}

void bulk_receiver_finish(struct bulk_receiver *r)
{
    r->figures.elapsed_ns = r->last_ns - r->first_ns;
    r->figures.cpu_ns = clock_thread_cpu_ns() - r->cpu_start_ns;
    free(r->room);
    r->room = NULL;
}

void bulk_forget(int fd)
{
    char byte;
    while (recv(fd, &byte, 1, MSG_DONTWAIT | MSG_TRUNC) >= 0) {
    }
}

/* The size of the packets that were joined in a message; 0: it is one. */
static size_t joined_size(struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int size;
            memcpy(&size, CMSG_DATA(c), sizeof size);
            return size > 0 ? (size_t)size : 0;
        }
    }
    return 0;
}

int bulk_receive(const struct bulk *b, struct bulk_receiver *r)
{
    struct mmsghdr m[MESSAGES];
    struct iovec pieces[MESSAGES];
    char control[MESSAGES][CMSG_SPACE(sizeof(int))];

    for (;;) {
        memset(m, 0, sizeof m);
        for (int i = 0; i < MESSAGES; i++) {
            pieces[i] = (struct iovec){r->room + (size_t)i * ROOM, ROOM};
            m[i].msg_hdr = (struct msghdr){.msg_iov = &pieces[i],
                                           .msg_iovlen = 1,
                                           .msg_control = control[i],
                                           .msg_controllen = sizeof control[i]};
        }
        const int n = recvmmsg(b->fd, m, MESSAGES, MSG_DONTWAIT, NULL);
        if (n <= 0) {
            return n == 0 || errno == EAGAIN || errno == EINTR ? 0 : -errno;
        }
        r->last_ns = clock_now_ns();
        r->first_ns = r->figures.packets == 0 ? r->last_ns : r->first_ns;
        for (int i = 0; i < n; i++) {
            const size_t each = joined_size(&m[i].msg_hdr), all = m[i].msg_len;
            r->figures.packets += each > 0 ? (all + each - 1) / each : 1;
            r->figures.bytes += all;
            r->figures.offloaded = r->figures.offloaded || (each > 0 && all > each);
        }
        if (n < MESSAGES) {
            return 0;
        }
    }
}

int bulk_drain(const struct bulk *b, struct bulk_receiver *r, uint64_t expected, uint64_t quiet_ns)
{
    int result = 0;
    uint64_t until = clock_now_ns() + quiet_ns;

    while (result == 0 && r->figures.packets < expected && clock_now_ns() < until) {
        struct pollfd p = {.fd = b->fd, .events = POLLIN};
        const uint64_t before = r->figures.packets;
        (void)poll(&p, 1, 10);
        result = bulk_receive(b, r);
        if (r->figures.packets > before) {
            until = clock_now_ns() + quiet_ns;
        }
        if (atomic_load_explicit(b->stop, memory_order_relaxed)) {
            return -ECANCELED;
        }
    }
    return result;
}
