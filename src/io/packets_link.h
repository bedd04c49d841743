/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * packets_link: a packet ring, or the AF_XDP sockets of all queues of an interface, in one shape:
 * of packets, and of who has whole frames. The calls are those of ring.h and xsk.h. One thread but
 * for wait, drops and refused.
 */
#ifndef VAPERF_IO_PACKETS_LINK_H
#define VAPERF_IO_PACKETS_LINK_H

#include "io/packets.h"
#include "io/ring.h"
#include "io/xsk.h"

enum { LINK_QUEUES_MAX = 64, LINK_TEXT_MAX = 96 };

struct packets_link {
    struct ring *ring; /* NULL: AF_XDP */
    struct xdp_program program;
    struct xsk *queues[LINK_QUEUES_MAX];
    uint32_t queue_count;
    uint32_t turn; /* the queue that was read last */
    char how[LINK_TEXT_MAX];
    uint64_t memory_bytes;
};

struct packets_link_config {
    enum packets_kind kind;
    const struct netif *interface;
    const struct frame_filter *filter; /* NULL: it only sends */
    uint32_t frames; /* of each direction, a power of two; 0: 4096, fewer with many queues */
};

/* -errno, with the text; a failed open leaves nothing behind. */
int packets_link_open(struct packets_link *l, const struct packets_link_config *c, struct err *e);
void packets_link_close(struct packets_link *l); /* twice-safe after an open */
int packets_link_wait(const struct packets_link *l, int other_fd);
unsigned packets_link_reserve(struct packets_link *l, struct frame *f, unsigned n);
int packets_link_send(struct packets_link *l, const struct frame *f, unsigned n);
unsigned packets_link_waiting(struct packets_link *l);
unsigned packets_link_receive(struct packets_link *l, struct frame *f, unsigned n);
void packets_link_release(struct packets_link *l, const struct frame *f, unsigned n);
int64_t packets_link_drops(const struct packets_link *l);
int64_t packets_link_refused(const struct packets_link *l);

#endif
