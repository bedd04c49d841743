/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the drawers of ways share: UDP in batches, streams, and the ways of both.
 */
#ifndef VAPERF_NODE_CALLS_WAYS_PRIVATE_H
#define VAPERF_NODE_CALLS_WAYS_PRIVATE_H

#include "node/calls/ways.h"
#include "node/codec/sip.h"

enum {
    UDP_BATCH = 64,
    UDP_SLOT = 2048, /* longer messages go by themselves */
    UDP_CONTROL = 64,
    UDP_ROUNDS_MAX = 8,
    STREAM_IN = 128 * 1024,  /* of a connection: at least two messages */
    STREAM_OUT = 256 * 1024, /* of a connection of its own */
    STREAM_OUT_ONE = 8 * 1024 * 1024,
    EVENTS_MAX = 256
};

struct udp_out {
    const struct udp_socket *socket; /* all that waits is for this one */
    uint32_t count;
    size_t segment_max; /* the longest message that is joined with others; 0: none is */
    uint32_t call[UDP_BATCH];
    socklen_t to_size[UDP_BATCH];
    struct iovec part[UDP_BATCH], sorted[UDP_BATCH];
    struct mmsghdr message[UDP_BATCH];
    struct sockaddr_storage to[UDP_BATCH];
    uint8_t control[UDP_BATCH][UDP_CONTROL] __attribute__((aligned(16)));
    uint8_t data[UDP_BATCH][UDP_SLOT];
};

struct udp_in {
    struct mmsghdr message[UDP_BATCH];
    struct iovec part[UDP_BATCH];
    struct sockaddr_storage from[UDP_BATCH];
    uint8_t control[UDP_BATCH][UDP_CONTROL] __attribute__((aligned(16)));
    uint8_t *data; /* UDP_BATCH × WAYS_MESSAGE_MAX + 1 */
};

/* A socket or a connection. */
struct way {
    struct udp_socket udp;
    struct tls_conn stream; /* .tcp alone for TCP */
    struct sockaddr_storage local;
    struct sip_framer framer;
    uint32_t in_used, holders, next_free;
    uint64_t tried_ns;
    bool is_watched_for_write, is_unsent, is_taken,
        is_ours; /* taken: by the peer's connecting; ours: UDP */
};

struct ways {
    struct ways_options o;
    struct ways_events events;
    void *arg;
    int epoll_fd;
    struct tcp_listener listener;
    struct way *ways;
    uint32_t way_count;                  /* that can be open at a time */
    uint32_t fixed;                      /* the first ones: shared by calls, never given back */
    uint32_t fresh, free_first, pending; /* pending: ways with bytes that wait */
    uint32_t *unsent, unsent_count;      /* connections with messages of this turn */
    uint8_t *in, *out; /* memory of the connections; STREAM_IN and out_size each */
    size_t out_size, memory_size;
    struct udp_in *udp_in;
    struct udp_out *udp_out;
    struct ways_counts counts;
};

uint32_t way_allot(struct ways *t); /* WAYS_NO_WAY: all are in use */
void way_return(struct ways *t, uint32_t i);
int way_watch(struct ways *t, uint32_t i, int fd, uint32_t events, int op);

int udp_side_open(struct ways *t, struct err *e);
int udp_way_open(struct ways *t, uint32_t i, const struct sockaddr_storage *local);
int udp_side_send(struct ways *t, uint32_t i, uint32_t call, const struct sockaddr *to,
                  const void *bytes, size_t size);
void udp_side_flush(struct ways *t);
/* 1: there may be more. */
int udp_side_read(struct ways *t, uint32_t i, uint64_t now_ns, int64_t real_offset_ns);

int stream_side_open(struct ways *t, struct err *e);
int stream_way_connect(struct ways *t, uint32_t i, uint64_t now_ns);
int stream_way_connect_to(struct ways *t, uint32_t i, const struct sockaddr_storage *to);
int stream_side_send(struct ways *t, uint32_t i, const void *bytes, size_t size);
void stream_side_flush(struct ways *t);
void stream_side_accept(struct ways *t);
void stream_side_ready(struct ways *t, uint32_t i, unsigned epoll_events, uint64_t now_ns);
void stream_way_close(struct ways *t, uint32_t i); /* no callback */

#endif
