/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ways: the sockets of one shard of calls: UDP, TCP or TLS; one for all calls, one a call, or
 * one a source address. A socket or connection is a `way`, known by a number. Messages come whole
 * through the callbacks, from ways_turn only; ways may be closed, sent on and taken inside
 * them. But for TLS nothing is allocated after ways_open. One thread.
 */
#ifndef VAPERF_NODE_CALLS_WAYS_H
#define VAPERF_NODE_CALLS_WAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "io/tls.h"
#include "io/udp.h"

enum ways_kind { WAYS_UDP, WAYS_TCP, WAYS_TLS };
enum ways_sharing { WAYS_ONE, WAYS_PER_CALL, WAYS_PER_ADDRESS };
enum { WAYS_MESSAGE_MAX = 65535 };
#define WAYS_NO_WAY UINT32_MAX

enum ways_flag {
    WAYS_SERVER = 1,     /* takes connections */
    WAYS_REUSE_PORT = 2, /* several shards on one port */
    WAYS_SEGMENT = 4     /* UDP, shared sockets: messages of one size to one target go and come
                            through the kernel as one (UDP_SEGMENT, UDP_GRO), where it can */
};

struct ways_options {
    enum ways_kind kind;
    enum ways_sharing sharing;
    unsigned flags;
    struct sockaddr_storage local;
    const char *interface;                  /* all sockets are bound to it, lent; NULL: to none */
    const struct sockaddr_storage *sources; /* PER_ADDRESS: one way each, lent while opening */
    uint32_t source_count;
    const struct sockaddr_storage *remote; /* where connections go; NULL: only taken */
    struct udp_socket *lent;               /* UDP: the first way, not ours; NULL: opened */
    uint64_t buffer_bytes;                 /* of the kernel, each way; 0: the system's */
    uint32_t ways_max;                     /* sockets and connections at a time */
    uint64_t reconnect_ns;                 /* at least so long between two tries of one way */
    struct tls_context *tls;               /* lent */
};

struct ways_events {
    /* A whole message. at_ns: when it came, on CLOCK_MONOTONIC: the kernel's time for UDP, of the
     * reading for streams. Bytes are lent. */
    void (*message)(void *arg, uint32_t way, const struct sockaddr_storage *from, const char *bytes,
                    size_t size, uint64_t at_ns);
    /* A connection is gone (0: the peer ended it in order; -errno), or was never made (was_open
     * false). Its number may be given out again when this returns. */
    void (*closed)(void *arg, uint32_t way, int reason, bool was_open);
};

struct ways_counts {
    uint64_t sent, received; /* messages */
    uint64_t refused;        /* UDP messages that the kernel had no room for: lost */
    uint64_t not_framed;     /* connections closed because their bytes are no SIP */
    uint64_t connects, accepts, closes;
};

struct ways;

int ways_open(struct ways **ret, const struct ways_options *o, const struct ways_events *events,
              void *arg, struct err *e);
void ways_close(struct ways *t); /* NULL-safe; calls back nothing */

/* The way of a new outgoing call: number says which source address. Way >= 0; -EAGAIN: it was
 * tried just now and could not be made; -EMFILE: all are in use; -ENOBUFS: too much waits on it
 * already; -errno. */
int64_t ways_take(struct ways *t, uint64_t number, uint64_t now_ns);
/* TCP and TLS: a connection of its own to somewhere else, for one call. Way; -EMFILE: all are in
 * use (one for all calls leaves no room for others); -errno. */
int64_t ways_take_to(struct ways *t, const struct sockaddr_storage *to);
/* A call uses a way that a message came on. */
void ways_hold(struct ways *t, uint32_t way);
/* The call is over: the last one closes a connection of its own. */
void ways_release(struct ways *t, uint32_t way);
/* closecon: ends the connection; no callback. */
void ways_drop(struct ways *t, uint32_t way);
/* How many calls hold it. */
uint32_t ways_holders(const struct ways *t, uint32_t way);
/* `to` is for UDP. Messages of one `call` (any number) to one target leave in their order. 0: sent
 * or queued. -EAGAIN: no room now; -ENOTCONN; -EMSGSIZE. */
int ways_send(struct ways *t, uint32_t way, uint32_t call, const struct sockaddr *to,
              const void *bytes, size_t size);
/* Where a way's messages come from. */
const struct sockaddr_storage *ways_local(const struct ways *t, uint32_t way);

/* Reads what came, up to a bound, writes what waits; never blocks. real_offset_ns: wall clock -
 * CLOCK_MONOTONIC. 1: there is more to read, 0. */
int ways_turn(struct ways *t, uint64_t now_ns, int64_t real_offset_ns);
/* Readable when ways_turn has something to do. */
int ways_fd(const struct ways *t);
void ways_flush(struct ways *t);
bool ways_is_idle(const struct ways *t); /* nothing waits to be written */
void ways_read_counts(const struct ways *t, struct ways_counts *ret);
/* What the kernel dropped of what came, of all UDP ways that are open. Of a server: any thread. */
uint64_t ways_drops(const struct ways *t);

#endif
