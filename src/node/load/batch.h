/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * batch: packets on their way to the kernel and from it, up to 64 in one call, in memory that is
 * there from the start. What to do about a refusal is the worker's affair. One thread; private to
 * this room.
 */
#ifndef VAPERF_NODE_LOAD_BATCH_H
#define VAPERF_NODE_LOAD_BATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "node/load/workload.h"

enum {
    BATCH_MAX = 64,
    BATCH_LENT_MAX = 256, /* where packets lie in the transport's memory: only one who is behind has
                             so many, and the fewer calls make up for it */
    BATCH_STRIDE = WORKLOAD_PACKET_MAX + 256, /* of packets: by a power of two, the beginnings of
                                                 all would share a few lines of the cache */
    BATCH_CONTROL_SIZE = 64,                  /* room for one timestamp */
    BATCH_SEGMENT_SIZE = 32                   /* room for one UDP_SEGMENT */
};

struct batch_out {
    struct workload_packet packet[BATCH_LENT_MAX];
    unsigned first, count; /* first..count-1 wait */
    bool segments;         /* neighbours of one size to one target go as one message (UDP_SEGMENT,
                              udp(7)); the kernel cuts it */
    struct iovec part[BATCH_MAX];
    struct mmsghdr message[BATCH_MAX];
    unsigned packets_in[BATCH_MAX]; /* of message i */
    uint8_t control[BATCH_MAX][BATCH_SEGMENT_SIZE] __attribute__((aligned(16)));
    uint8_t data[BATCH_MAX][BATCH_STRIDE];
};

struct batch_in {
    struct iovec part[BATCH_MAX];
    struct mmsghdr message[BATCH_MAX];
    uint8_t data[BATCH_MAX][BATCH_STRIDE];
    uint8_t control[BATCH_MAX][BATCH_CONTROL_SIZE] __attribute__((aligned(16)));
};

void batch_out_init(struct batch_out *b, bool segments);
/* Writes the time into all packets that wait. */
void batch_out_stamp(struct batch_out *b, uint64_t now_ns);
/* One sendmmsg of all that waits, stamped now_ns. How many packets the kernel took, or -errno. The
 * caller steps over them with batch_out_take. */
int batch_out_send(struct batch_out *b, int fd, uint64_t now_ns);
/* The same by two sockets, each what is to leave by it, in the order of the batch. */
int batch_out_send_pair(struct batch_out *b, const int fd[2], uint64_t now_ns);
/* The oldest n are gone (sent or given up). */
void batch_out_take(struct batch_out *b, unsigned n);

void batch_in_init(struct batch_in *b);
/* At most so many; how many came (message[i].msg_len bytes in data[i]), 0 when none wait, -errno.
 */
int batch_in_receive(struct batch_in *b, int fd, unsigned most);
/* The first n are read and may be written again. */
void batch_in_rearm(struct batch_in *b, unsigned n);

#endif
