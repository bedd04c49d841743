/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bulk: datagrams to one port as fast as they go, or at a rate, and counting them where they
 * arrive, with the kernel cutting and joining them (UDP_SEGMENT, UDP_GRO) where it can. One thread
 * per socket and direction.
 */
#ifndef VAPERF_NODE_BENCH_BULK_H
#define VAPERF_NODE_BENCH_BULK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { BULK_PAYLOAD_MAX = 65507, BULK_BUFFER_BYTES = 8 << 20 };

struct bulk {
    int fd; /* connected where it sends */
    uint64_t payload_bytes;
    uint64_t packets; /* to be sent */
    double rate_bits; /* of payload a second; 0: as fast as it goes */
    bool offload;     /* the kernel may cut and join */
    const atomic_bool *stop;
};

struct bulk_figures {
    uint64_t packets, bytes;
    uint64_t elapsed_ns; /* sending: all; receiving: from the first packet to the last */
    uint64_t cpu_ns;     /* of the thread */
    bool offloaded;      /* the kernel did */
};

/* What lies on a socket from before belongs to no round: throws it away, without waiting. */
void bulk_forget(int fd);
/* -ECANCELED, or what send said. Figures are written in any case. */
int bulk_send(const struct bulk *b, struct bulk_figures *ret);

/* What has arrived until now is taken off the socket, without waiting. Adds to figures; the first
 * packet sets first_ns. -errno. */
struct bulk_receiver {
    uint64_t first_ns, last_ns, cpu_start_ns;
    struct bulk_figures figures;
    uint8_t *room;
};
int bulk_receiver_init(struct bulk_receiver *r, const struct bulk *b);
void bulk_receiver_finish(struct bulk_receiver *r); /* figures stay */
int bulk_receive(const struct bulk *b, struct bulk_receiver *r);
/* Waits for packets until there are `expected` (or more than none), or until nothing came for
 * quiet_ns. Returns as bulk_receive. */
int bulk_drain(const struct bulk *b, struct bulk_receiver *r, uint64_t expected, uint64_t quiet_ns);

#endif
