/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the relay's drawers share: relay.c (the owner's side: open, counters, close), relay_ports.c
 * (ports come and go), relay_thread.c (the pool), relay_timed.c (streams that wake by time),
 * relay_direct.c (AF_XDP). Not for others.
 */
#ifndef VAPERF_NODE_APPLIANCE_RELAY_PRIVATE_H
#define VAPERF_NODE_APPLIANCE_RELAY_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/uio.h>

#include "io/udp.h"
#include "node/appliance/relay.h"

enum {
    RELAY_BATCH = 8,         /* packets of one stream taken at once */
    RELAY_PACKET_MAX = 9216, /* longer ones are counted, not relayed */
    RELAY_READY_MAX = 32,    /* streams one thread may take on at once */
    RELAY_VISIT_MAX = 64,    /* packets of a stream before others have their turn */
    RELAY_TIMED_EVERY = 64,  /* packets from one measured work to the next */
    RELAY_PORT_BLOCK = 256,
    RELAY_CACHE_LINES = 128 /* two lines: the neighbour line is fetched too */
};

/* Who is at a stream. One thread at a time, so that its packets keep their order. */
enum port_state {
    PORT_IDLE,
    PORT_BUSY, /* a thread reads it */
    PORT_AGAIN /* and more came meanwhile */
};

enum port_kind {
    PORT_MEDIA,
    PORT_CONTROL /* the RTCP of the stream before it: relayed as it is */
};

/* Lives, at the same place, until the relay is closed: a thread may hold an old event of it. Its
 * members are used by whoever has the state. */
struct port {
    _Atomic int state;
    bool latch; /* answer to the source of each packet */
    enum port_kind kind;
    socklen_t peer_size;
    struct udp_socket socket; /* fd -1: none */
    struct sockaddr_storage peer;
    void *work;                 /* state of the stream; of its RTCP: NULL */
    struct relay_thread *owner; /* NULL: whoever comes first; always the same */
    uint64_t due_ns;            /* owned: wakes the thread then */
    uint32_t due_place;         /* owned: in the thread's heap, from 1; 0: not in it */
};

struct port_block {
    struct port_block *next;
    size_t count;
    struct port ports[RELAY_PORT_BLOCK];
};

/* Ports by when they are due, a heap. */
struct due_heap {
    struct port **ports;
    uint32_t count, room;
};

struct relay_thread {
    struct relay *relay;
    pthread_t thread;
    bool started;
    bool has_names;        /* the batch asks for sources */
    int epoll_fd;          /* the relay's, or its own */
    int timer_fd;          /* owned streams; -1: none */
    pthread_mutex_t owned; /* held while it serves streams of its own: others wait to change them */
    struct due_heap due;
    uint64_t armed_ns;        /* the timer */
    _Atomic uint32_t waiting; /* streams that hold packets */
    _Atomic uint64_t received, relayed, bytes, send_errors, oversized, worked, unworked, timed,
        timed_ns;
    _Atomic uint64_t counted[WORK_COUNTERS];
    struct mmsghdr messages[RELAY_BATCH];
    struct iovec parts[RELAY_BATCH];
    struct sockaddr_storage from[RELAY_BATCH];
    uint8_t data[RELAY_BATCH][RELAY_PACKET_MAX];
    uint8_t out[RELAY_PACKET_MAX];
} __attribute__((aligned(RELAY_CACHE_LINES)));

struct relay {
    struct relay_options options;
    struct sockaddr_storage local;
    int epoll_fd, stop_fd;
    int ready_max;              /* streams a thread takes on at once */
    size_t port_count, streams; /* a stream has a port or two */
    enum relay_kind kind;       /* of all streams, where the work owns them */
    bool has_kind;
    struct port_block *blocks;
    struct relay_thread *threads;
    atomic_bool stop;
    struct relay_direct *direct; /* NULL: sockets */
};

static inline struct epoll_event relay_event(struct port *p)
{
    return (struct epoll_event){.events = EPOLLIN | EPOLLET, .data.ptr = p};
}

static inline bool relay_is_owned(const struct relay *r)
{
    return r->options.work != NULL && r->options.work->is_owned;
}

static inline void relay_bump(_Atomic uint64_t *c, uint64_t by)
{
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + by,
                          memory_order_relaxed);
}

/* Takes the state, waiting for the thread that has it. For the owner. */
void relay_port_lock(struct port *p);
void relay_port_unlock(struct port *p);

/* A pool thread; arg is its struct relay_thread. */
void *relay_thread_run(void *arg);
void relay_thread_init(struct relay_thread *t, struct relay *r);
/* Sends a packet of a stream and counts it. */
void relay_send(struct relay_thread *t, const struct port *p, const uint8_t *bytes, uint32_t size,
                const struct sockaddr_storage *to, socklen_t to_size);

/* A packet that came for a stream: counted, worked on; what is to be sent, and where to, is in io
 * and *ret_to. False: nothing. `from` is lent. */
bool relay_take(struct relay_thread *t, struct port *p, const struct sockaddr_storage *from,
                socklen_t from_size, struct work_io *io, const struct sockaddr_storage **ret_to,
                socklen_t *ret_to_size);

/* Packets straight at the interface. open: after the address is known; -errno, with the reason. */
int relay_direct_open(struct relay *r, struct err *e);
void relay_direct_close(struct relay *r);
/* The thread; arg as relay_thread_run's. */
void *relay_direct_run(void *arg);
/* A port was opened, and its peer (AF_UNSPEC: none yet) must be reached; it goes. Owner's thread.
 */
int relay_direct_add(struct relay *r, struct port *p, struct err *e);
void relay_direct_remove(struct relay *r, const struct port *p);
bool relay_direct_is_empty(const struct relay *r);
uint64_t relay_direct_drops(const struct relay *r);
uint64_t relay_direct_refused(const struct relay *r);
const char *relay_direct_how(const struct relay *r);

/* Closes the newest ports until `keep` are left. */
void relay_forget_ports(struct relay *r, size_t keep);

/* Streams that belong to one thread. open: -errno; close is NULL-safe in its members. */
int relay_timed_open(struct relay_thread *t);
void relay_timed_close(struct relay_thread *t);
/* The thread may own this many streams; owner's thread, with the mutex. -ENOMEM. */
int relay_timed_reserve(struct relay_thread *t, uint32_t count);
/* A stream may have become due at another time, or goes (fd -1). With the mutex. */
void relay_timed_note(struct port *p);
/* Sends what is due and sets the timer. With the mutex. */
void relay_timed_turn(struct relay_thread *t);

#endif
