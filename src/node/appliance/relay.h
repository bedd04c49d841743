/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * relay: a pool of threads that takes packets from any of many UDP ports, works on each and sends
 * it on from the port it came to (symmetric RTP). What the media and null appliances are made of.
 * Calls come from the owner's thread; the threads share the kernel's epoll set, and nothing else
 * for each packet. Where the work owns its streams, each thread has a set and streams of its own.
 * Packets of one stream keep their order.
 */
#ifndef VAPERF_NODE_APPLIANCE_RELAY_H
#define VAPERF_NODE_APPLIANCE_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "node/appliance/work.h"

enum { RELAY_XDP_PORT = 20000, RELAY_XDP_PORTS = 10000 };

struct relay;

struct relay_options {
    uint32_t threads;
    const struct work_ops *work; /* done to each packet; NULL: none */
    struct work_plan plan;       /* of the work */
    uint64_t buffer_bytes;       /* of each socket, each way; 0: the system's default */
    bool xdp;                    /* by AF_XDP instead of sockets: one thread, no owned streams */
    uint16_t base_port;          /* 0: any free ports; by AF_XDP: RELAY_XDP_PORT */
    const char *address;
};

/* Counters of one thread; each only grows. */
struct relay_stats {
    uint64_t received, relayed, bytes, send_errors;
    uint64_t oversized; /* too long to be relayed */
    uint64_t cpu_ns;
    uint64_t worked;          /* packets that were worked on */
    uint64_t unworked;        /* packets that were not for the work and went on as they were */
    uint64_t timed, timed_ns; /* those of them whose work was measured, and its CPU time */
    uint64_t counted[WORK_COUNTERS]; /* by the work, as it names them */
};

enum relay_kind {
    RELAY_SINGLE, /* a port a stream */
    RELAY_PAIRS   /* an even port for RTP, and the next one for its RTCP, on which no work is done:
                     its peer is the port after the stream's (RFC 3550 clause 11) */
};

/* Do the options go together? AF_XDP serves with one thread and with no work that has a clock of
 * its own: -ENOTSUP. */
int relay_check(const struct relay_options *o, struct err *e);
int relay_open(struct relay **ret, const struct relay_options *o, struct err *e);
/* Opens a port for each peer, or two, and gives the first: all or none. Family AF_UNSPEC: answers
 * go where packets come from. */
int relay_add(struct relay *r, enum relay_kind kind, const struct sockaddr_storage *peers,
              size_t count, struct sockaddr_storage *ret, struct err *e);
uint32_t relay_threads(const struct relay *r);
size_t relay_streams(const struct relay *r);
double relay_rounds_per_us(const struct relay *r); /* of the calibration; 0: not calibrated */
void relay_read(const struct relay *r, uint32_t thread, struct relay_stats *ret);
uint64_t relay_drops(const struct relay *r);        /* by the ports' receive queues, or the ring */
const char *relay_how(const struct relay *r);       /* its transport, in words */
uint64_t relay_buffer_bytes(const struct relay *r); /* what the kernel gave, 0: no port yet */
/* Waits until all receive queues are empty and what was taken from them is sent. 0 or -ETIMEDOUT.
 */
int relay_drain(const struct relay *r, uint64_t deadline_ns);
void relay_close(struct relay *r); /* NULL-safe */

#endif
