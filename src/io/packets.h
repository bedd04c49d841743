/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * packets: UDP packets straight at an interface, by a packet ring or by AF_XDP, as sockets would
 * have them: the headers, checksums and next hops are made here. The kernel still owns the
 * addresses and answers ARP; who wants it to keep quiet about a port binds a socket to it
 * (packets_hold). Nothing is allocated after packets_open. One thread sends, receives,
 * pushes and releases; the rest is for any thread.
 */
#ifndef VAPERF_IO_PACKETS_H
#define VAPERF_IO_PACKETS_H

#include <netinet/in.h>

#include "base/err.h"
#include "io/frame.h"
#include "io/netif.h"

enum packets_kind { PACKETS_RING, PACKETS_XDP };

enum { PACKETS_BATCH_MAX = 64 };

struct packets_config {
    enum packets_kind kind;
    struct sockaddr_storage local;  /* an address of the interface; its port is of no meaning */
    uint16_t port_first, port_last; /* that are received */
    uint32_t frames;                /* of each direction, a power of two; 0: 4096 */
    uint8_t dscp, priority;
    int vlan;             /* FRAME_NO_VLAN */
    const char *next_hop; /* hardware address as text, of all packets; NULL: each its way */
};

struct packet_out {
    const uint8_t *data;
    uint32_t size;
    in_port_t from_port; /* network byte order */
    const struct sockaddr *to;
};

struct packet_in {
    struct frame_udp udp;
    uint64_t at_ns; /* ring: CLOCK_REALTIME, AF_XDP: CLOCK_MONOTONIC; 0: not known */
};

struct packets;

/* Could it be? -ENOTSUP, with why and what would be right; ret may be NULL. */
int packets_check(const struct packets_config *c, struct netif *ret, struct err *e);
int packets_open(struct packets **ret, const struct packets_config *c, struct err *e);
void packets_close(struct packets *p); /* NULL-safe */
/* Waits until packets wait or `other_fd` is readable (-1: do not wait at all). 1: packets wait, 0:
 * not, -errno. Any thread. */
int packets_wait(const struct packets *p, int other_fd);
/* In words, for a report: "AF_XDP at eth0, native, copy, 1 queue". */
const char *packets_how(const struct packets *p);
uint64_t packets_memory_bytes(const struct packets *p);

/* The way to an address, which may take two seconds to be found. */
int packets_add_way(struct packets *p, const struct sockaddr_storage *to, struct err *e);
/* How many went, in order, or what is the matter with the first: -EAGAIN no room now,
 * -EHOSTUNREACH its way was not added, -EMSGSIZE longer than the interface carries, -ENETDOWN.
 * n <= PACKETS_BATCH_MAX. */
int packets_send(struct packets *p, const struct packet_out *out, unsigned n);
/* Packets that went and that the kernel has not yet taken: asks it again, and says how many it
 * still has not. */
unsigned packets_push(struct packets *p);
/* Lends up to n <= PACKETS_BATCH_MAX that came, in order; whence they came becomes a way to there
 * where there was none. To be released before the next. */
unsigned packets_receive(struct packets *p, struct packet_in *in, unsigned n);
void packets_release(struct packets *p);

/* Since it was opened: what came and found no room; what went and was dropped before it left; what
 * came and was no UDP packet after all. -errno. */
int64_t packets_drops(const struct packets *p);
int64_t packets_refused(const struct packets *p);
uint64_t packets_malformed(const struct packets *p);

/* A bound socket gets nothing from now on, and no ICMP error goes back for its port. -errno. */
int packets_hold(int fd);

#endif
