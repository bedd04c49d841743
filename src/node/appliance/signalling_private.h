/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the drawers of the signalling appliance share. Not for others.
 *
 *   signalling.c            options, counters, open and close
 *   signalling_net.c        threads and sockets; what is to be sent waits in the thread's outbox
 *   signalling_tcp.c        connections
 *   signalling_core.c       a message comes: checks, transactions, who treats it
 *   signalling_proxy.c      requests on, responses back
 *   signalling_answer.c     a server that answers by itself
 *   signalling_registrar.c  who is where
 *   signalling_call.c       calls and their records
 *
 * Threads: each reads any message. A call belongs, by its Call-ID, to one of the parts; whoever
 * treats a message holds its part's mutex from before the next one is read until the answers are
 * sent, so the messages of a call keep their order. Only the reader of UDP, of whom the server's
 * mutex `reading` lets through one at a time, waits for several parts, in their order; all others
 * hold one or none.
 */
#ifndef VAPERF_NODE_APPLIANCE_SIGNALLING_PRIVATE_H
#define VAPERF_NODE_APPLIANCE_SIGNALLING_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/uio.h>

#include "base/err.h"
#include "io/tcp.h"
#include "io/udp.h"
#include "node/codec/sip_value.h"
#include "node/codec/sip_write.h"
#include "node/proto/sip_transaction.h"

enum {
    SIGNALLING_PARTS = 256,
    SIGNALLING_BATCH = 16,
    SIGNALLING_SHARED_BATCH = 4, /* with several threads: others are not to wait for the parts */
    SIGNALLING_OUTBOX = 128,     /* messages */
    SIGNALLING_OUTBOX_BYTES = 1 << 18, /* all of them */
    SIGNALLING_HOPS_MAX = 1024,
    SIGNALLING_BUCKETS = 512, /* of a part's calls */
    SIGNALLING_RECORD_MAX = 512,
    SIGNALLING_RECORDS_SIZE = 1 << 16, /* of a thread's turn */
    SIGNALLING_TAG_MAX = 24,
    SIGNALLING_EVENT_CONNECTIONS = 4 /* epoll's numbers of connections begin here */
};

enum signalling_mode { SIGNALLING_PROXY, SIGNALLING_ANSWER };
enum signalling_transport { SIGNALLING_SAME, SIGNALLING_UDP, SIGNALLING_TCP };
enum signalling_auth { SIGNALLING_AUTH_OFF, SIGNALLING_AUTH_MD5, SIGNALLING_AUTH_SHA256 };
enum signalling_sync { SIGNALLING_SYNC_NONE, SIGNALLING_SYNC_EACH, SIGNALLING_SYNC_INTERVAL };
enum signalling_overload { SIGNALLING_REJECT_503, SIGNALLING_REJECT_486, SIGNALLING_ANNOUNCE };

struct signalling_options {
    uint64_t threads, base_port, buffer_bytes, work_ns, ring_ns, calls, transactions, connections;
    uint64_t t1_ns, timer_c_ns, sync_interval_ns, expires_s, announce_ns;
    int mode, transport, auth, sync, overload;
    bool record_route, keep_records;
    const char *next_hop, *realm, *password, *records;
};

/* Counters of a thread; each only grows. The names are in signalling.c, in this order. */
enum signalling_count {
    COUNT_REQUESTS,
    COUNT_RESPONSES,
    COUNT_CALLS,
    COUNT_ANSWERED,
    COUNT_FAILED,
    COUNT_ENDED,
    COUNT_1XX,
    COUNT_2XX,
    COUNT_3XX,
    COUNT_4XX,
    COUNT_5XX,
    COUNT_6XX,
    COUNT_OVERLOADED,
    COUNT_CHALLENGED,
    COUNT_MALFORMED,
    COUNT_STRAY,
    COUNT_UNROUTABLE,
    COUNT_SEND_ERRORS,
    COUNT_RECORDS,
    COUNT_RECORD_ERRORS,
    COUNT_SYNCS,
    COUNT_RTP_RECEIVED,
    COUNT_RTP_SENT,
    COUNT_CPU_NS,
    SIGNALLING_COUNTS
};

/* A call from its INVITE to its end. Times are CLOCK_MONOTONIC. */
struct signalling_call {
    struct signalling_call *next;          /* of its bucket */
    struct signalling_call *newer, *older; /* of its part, in order of start */
    struct signalling_call *next_ring;     /* answer: those that ring, in order */
    struct sip_transaction *invite;        /* answer: its server transaction; NULL: gone */
    uint64_t key, start_ns, answer_ns, due_ns;
    uint16_t status;
    bool is_announcing;
    bool is_waiting;             /* in the list of those that ring */
    struct sockaddr_storage rtp; /* announcement: where it goes; AF_UNSPEC: nowhere */
    uint16_t rtp_sequence;
    uint8_t rtp_type;
    uint64_t hang_up_ns; /* announcement */
    struct sip_hop bye_to;
    uint32_t rtp_ssrc;
    char *text;  /* of the record: Call-ID,From,To */
    char *bytes; /* answer: the 200, or the BYE, that waits */
    uint32_t size;
};

struct signalling_thread;
struct signalling;

struct signalling_part {
    pthread_mutex_t mutex;
    struct signalling *server;
    struct signalling_thread *thread; /* who holds the mutex */
    uint64_t now_ns;
    struct sip_hop reply_hop; /* of the request in hand */
    struct sip_layer *layer;
    struct signalling_call *calls[SIGNALLING_BUCKETS];
    struct signalling_call *oldest, *newest;
    struct signalling_call *ring_first, *ring_last;
    uint32_t announcing; /* calls */
} __attribute__((aligned(128)));

struct signalling_outgoing {
    struct sip_hop to;
    uint32_t at, size;
};

struct signalling_thread {
    struct signalling *server;
    pthread_t thread;
    bool started;
    uint32_t number;
    int epoll_fd;
    uint64_t ticked_ns;
    unsigned new_calls; /* for which computing is still to be done */
    _Atomic uint64_t counts[SIGNALLING_COUNTS];
    uint32_t out_count, out_size;
    struct signalling_outgoing out[SIGNALLING_OUTBOX];
    char *out_bytes;
    struct mmsghdr messages[SIGNALLING_BATCH];
    struct iovec parts[SIGNALLING_BATCH];
    struct sockaddr_storage from[SIGNALLING_BATCH];
    char (*data)[SIP_MESSAGE_MAX + 1];
    struct sip_message message; /* that came */
    struct sip_message own;     /* that is read again, or was kept */
    char built[SIP_MESSAGE_MAX];
    char *records; /* lines of this turn */
    size_t records_size;
    unsigned record_count;
} __attribute__((aligned(128)));

struct signalling {
    bool is_open;
    struct signalling_options options;
    struct udp_socket udp, rtp;
    struct tcp_listener tcp;
    struct sockaddr_storage local;
    char host[64]; /* our address in messages, IPv6 in its brackets */
    char host_port[80];
    int stop_fd;
    atomic_bool stop;
    uint8_t secret[16];
    uint64_t rounds; /* of computing, for a call */
    double rounds_per_us;
    _Atomic uint32_t calls_now, hop_count;
    struct sip_hop hops[SIGNALLING_HOPS_MAX];
    struct signalling_part *parts;
    struct signalling_thread *threads;
    struct signalling_registrar *registrar;
    struct signalling_connections *connections;
    pthread_mutex_t reading; /* the UDP socket */
    pthread_mutex_t record_mutex;
    int record_fd; /* -1: none */
    uint64_t synced_ns;
};

static inline void signalling_count_by(struct signalling_thread *t, enum signalling_count c,
                                       uint64_t by)
{
    atomic_store_explicit(&t->counts[c],
                          atomic_load_explicit(&t->counts[c], memory_order_relaxed) + by,
                          memory_order_relaxed);
}

/* signalling_net.c */
int signalling_start(struct signalling *s, const char *address, struct err *e);
void signalling_stop(struct signalling *s);
/* Into the outbox of the thread. */
void signalling_send(struct signalling_thread *t, const struct sip_hop *to, const char *bytes,
                     size_t size);
void signalling_flush(struct signalling_thread *t);
/* What waits for the end of a turn: computing, records, then what is to be sent. */
void signalling_finish_turn(struct signalling_thread *t);
struct sip_hop signalling_hop(const struct sockaddr_storage *a, uint32_t connection);
struct sockaddr_storage signalling_address(const struct sip_hop *hop);

/* signalling_tcp.c */
int signalling_tcp_open(struct signalling *s, struct err *e);
void signalling_tcp_close(struct signalling *s);
void signalling_tcp_accept(struct signalling_thread *t);
void signalling_tcp_ready(struct signalling_thread *t, uint32_t number, uint32_t events);
/* 0, -errno. */
int signalling_tcp_send(struct signalling_thread *t, uint32_t connection, const char *bytes,
                        size_t size);
/* A connection to there, open or being opened; 0: none can be had. */
uint32_t signalling_tcp_to(struct signalling_thread *t, const struct sip_hop *hop);

/* signalling_core.c */
/* The part of a message's call; of one that has none, any. */
uint32_t signalling_part_of(const char *bytes, size_t size);
/* The part is held. */
void signalling_receive(struct signalling_part *p, const char *bytes, size_t size,
                        const struct sip_hop *from);
struct signalling_part *signalling_take_part(struct signalling_thread *t, uint32_t number,
                                             uint64_t now_ns);
void signalling_give_part(struct signalling_part *p);
/* Timers of the thread's parts. */
void signalling_tick(struct signalling_thread *t, uint64_t now_ns);
extern const struct sip_layer_owner signalling_layer_owner;
/* Answers by the transaction, or without one when t is NULL. `extra`: lines with CR LF, or NULL. */
void signalling_answer(struct signalling_part *p, const struct sip_message *m,
                       struct sip_transaction *t, unsigned status, const char *extra);
void signalling_count_status(struct signalling_thread *t, unsigned status);
/* The To tag of our answers to a request. */
const char *signalling_tag(const struct sip_message *m, char tag[SIGNALLING_TAG_MAX]);
/* Where the responses to a request go (§18.2.2, RFC 3581). */
struct sip_hop signalling_reply_hop(const struct sip_message *m, const struct sip_hop *from);

/* signalling_proxy.c */
void signalling_forward(struct signalling_part *p, const struct sip_message *m,
                        struct sip_transaction *t, const struct sip_hop *from);
void signalling_pass_back(struct signalling_part *p, const struct sip_message *m,
                          struct sip_transaction *client);
void signalling_cancel(struct signalling_part *p, const struct sip_message *m,
                       struct sip_transaction *t);
void signalling_client_timed_out(struct signalling_part *p, struct sip_transaction *t);
bool signalling_is_local(const struct signalling *s, const struct sip_uri *u);

/* signalling_answer.c */
/* Is it for a call that is answered here? */
bool signalling_is_ours(struct signalling_part *p, const struct sip_message *m);
void signalling_serve(struct signalling_part *p, const struct sip_message *m,
                      struct sip_transaction *t);
void signalling_acked(struct signalling_part *p, const struct sip_message *m);
void signalling_announce(struct signalling_part *p, const struct sip_message *m,
                         struct sip_transaction *t);
/* A CANCEL of a call that rings here. */
void signalling_cancel_served(struct signalling_part *p, struct sip_transaction *invite);
/* Calls whose time has come: to be answered, announced to, or hung up. */
void signalling_ring(struct signalling_part *p);
void signalling_rtp(struct signalling_thread *t);

/* signalling_registrar.c */
int signalling_registrar_create(struct signalling *s);
void signalling_registrar_destroy(struct signalling *s);
void signalling_register(struct signalling_part *p, const struct sip_message *m,
                         struct sip_transaction *t);
/* The URI a user has registered, NUL-ended. -ENOENT. */
int signalling_locate(struct signalling *s, struct sip_text user, uint64_t now_ns, char *ret,
                      size_t room);
size_t signalling_bindings(struct signalling *s);
/* Is the request allowed? If not, it is answered. */
bool signalling_is_allowed(struct signalling_part *p, const struct sip_message *m,
                           struct sip_transaction *t);

/* signalling_call.c */
struct signalling_call *signalling_call_start(struct signalling_part *p,
                                              const struct sip_message *m);
struct signalling_call *signalling_call_find(struct signalling_part *p,
                                             const struct sip_message *m);
void signalling_call_answered(struct signalling_part *p, struct signalling_call *c);
/* A final response to its INVITE came or was given. */
void signalling_call_decided(struct signalling_part *p, const struct sip_message *m,
                             unsigned status);
/* It is over: counted, written down, forgotten. status 0: a call that was answered ended. */
void signalling_call_end(struct signalling_part *p, struct signalling_call *c, unsigned status);
void signalling_calls_forget(struct signalling_part *p); /* all, without a word */
int signalling_records_open(struct signalling *s, struct err *e);
void signalling_records_flush(struct signalling_thread *t);
void signalling_records_sync(struct signalling_thread *t, uint64_t now_ns); /* by interval */

#endif
