/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * transport: how a worker's packets leave and how answers come: by sockets of the kernel, by a
 * packet ring, or by AF_XDP. All have the same results; they differ in cost, and in what they want
 * of the machine. Private to this room.
 *
 * Each has a UDP socket with the port, or two with a pair of ports: of `sockets` they are the way
 * itself, for the others they keep the ports and drop what the kernel gives them. Nothing is
 * allocated after connect. Owner's thread: supported, open, connect, close; worker's thread: the
 * rest.
 */
#ifndef VAPERF_NODE_LOAD_TRANSPORT_H
#define VAPERF_NODE_LOAD_TRANSPORT_H

#include "io/udp.h"
#include "node/load/batch.h"

enum { TRANSPORT_TEXT_MAX = 160 };

struct workload_ports;

struct transport_config {
    const struct workload_ports *ports; /* of whole frames; NULL: packets are payloads of UDP */
    struct sockaddr_storage local;      /* port 0: any */
    uint64_t buffer_bytes;              /* sockets */
    uint32_t frames;                    /* xdp: room each way, a power of two; 0: 4096 */
    bool segmentation;                  /* sockets: like packets as one (batch.h) */
    uint32_t workers;                   /* that share the load */
    uint8_t dscp, priority;             /* 0..63; of the VLAN tag, 0..7 */
    int vlan;                           /* FRAME_NO_VLAN: untagged */
    bool is_paired;                     /* an even port, and the next one */
    const char *next_hop;               /* hardware address as text; NULL: by route and ARP */
};

/* A packet that came; its bytes are lent until release. */
struct arrival {
    const uint8_t *data;
    uint32_t size;
    uint64_t at_ns; /* on the transport's clock; 0: the kernel did not say */
    bool at_next;   /* it came to the second port of a pair */
};

struct transport {
    const struct transport_ops *ops;
    struct udp_socket socket;
    struct udp_socket next;             /* fd -1: there is no pair */
    void *state;                        /* of the driver; NULL: not open */
    uint64_t receive_bytes, send_bytes; /* buffers that were got */
    char how[TRANSPORT_TEXT_MAX];       /* for the report */
};

struct transport_ops {
    const char *name;
    const char *timestamps; /* whose receive times, for the report */
    enum { TRANSPORT_REAL, TRANSPORT_MONOTONIC } clock;
    /* Does it want the kernel's times of the socket? The kernel then stamps all that comes to this
     * host, on its way in. */
    bool socket_times;
    /* Could it be opened here? -ENOTSUP, with why and what would be right. */
    int (*supported)(const struct transport_config *c, struct err *e);
    /* The socket is open. A failed open leaves nothing behind. */
    int (*open)(struct transport *t, const struct transport_config *c, struct err *e);
    /* Where packets will go. */
    int (*connect)(struct transport *t, const struct sockaddr_storage *to, size_t count,
                   struct err *e);
    /* Optional: gives the empty batch memory of its own to write into; how many packets that has
     * room for. What send then will not have is lost. */
    unsigned (*room)(struct transport *t, struct batch_out *b);
    /* All that waits, stamped now_ns. How many were taken, or -errno for the oldest: -EAGAIN and
     * -ENOBUFS: later. */
    int (*send)(struct transport *t, struct batch_out *b, uint64_t now_ns);
    /* Up to n; how many came. release gives exactly those back. */
    unsigned (*receive)(struct transport *t, struct arrival *a, unsigned n);
    void (*release)(struct transport *t, unsigned n);
    /* Since it was opened: what came and had no room; what was taken to be sent and then dropped
     * before it left. -errno. */
    int64_t (*drops)(const struct transport *t);
    int64_t (*refused)(const struct transport *t);
    void (*close)(struct transport *t);
};

extern const struct transport_ops transport_sockets, transport_ring, transport_xdp;
extern const struct transport_ops transport_frame_sockets, transport_frame_ring,
    transport_frame_xdp;
/* Of UDP's payloads, or of whole frames. NULL: no such name. */
const struct transport_ops *transport_find(const char *name, size_t size, bool frames);

/* What came at a socket, of either kind. */
unsigned batch_in_take(struct batch_in *in, int fd, struct arrival *a, unsigned n);

/* Opens the socket and then the transport. */
int transport_open(struct transport *t, const struct transport_ops *ops,
                   const struct transport_config *c, struct err *e);
void transport_close(struct transport *t); /* NULL-safe, twice-safe */

#endif
