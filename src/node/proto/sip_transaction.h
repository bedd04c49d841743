/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip_transaction: the transactions of a SIP server or proxy (RFC 3261 §17 with RFC 6026): who has
 * asked what, what was answered, what is sent again and when it is given up. No sockets and no
 * clock: the time is given, packets go out through the owner's function. One thread at a time for a
 * layer and its transactions; a server with several threads has several layers and deals calls out.
 *
 * The transaction user (RFC: TU) is the owner. For a request it gets SIP_NEW with a server
 * transaction and answers it; a proxy opens a client transaction to send the request on.
 */
#ifndef VAPERF_NODE_PROTO_SIP_TRANSACTION_H
#define VAPERF_NODE_PROTO_SIP_TRANSACTION_H

#include <netinet/in.h>

#include "node/codec/sip.h"

/* The other end of a message: an address, and the connection it came by. */
struct sip_hop {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    uint32_t connection; /* the owner's number of it; 0: UDP, where messages are sent again */
};

enum sip_transaction_kind {
    SIP_INVITE_CLIENT, /* §17.1.1 */
    SIP_CLIENT,        /* §17.1.2 */
    SIP_INVITE_SERVER, /* §17.2.1 */
    SIP_SERVER         /* §17.2.2 */
};

enum sip_transaction_state {
    SIP_TRYING, /* Calling of an INVITE client */
    SIP_PROCEEDING,
    SIP_COMPLETED,
    SIP_CONFIRMED,
    SIP_ACCEPTED /* RFC 6026: a 2xx to an INVITE */
};

struct sip_transaction {
    enum sip_transaction_kind kind;
    enum sip_transaction_state state;
    uint16_t status; /* the last one answered or received; 0: none */
    struct sip_hop hop;
    struct sip_transaction *peer; /* the owner's: the other half in a proxy */
    void *user;                   /* the owner's */
    bool is_cancelled;            /* the owner's */

    char *bytes; /* what is sent again; NULL: nothing */
    uint32_t size;
    uint64_t key;
    uint64_t interval_ns, again_ns, end_ns; /* again_ns, end_ns 0: never */
    uint64_t due_ns;
    struct sip_transaction *next_of_key, *next_due, **link_due;
    uint32_t branch; /* a client's number, which makes its branch */
};

struct sip_layer_owner {
    void (*send)(void *owner, const struct sip_hop *to, const char *bytes, size_t size);
    /* A client got no final answer in time (timers B, C, F). It ends after this. */
    void (*timed_out)(void *owner, struct sip_transaction *t);
    /* It goes; the owner forgets it. After timed_out too. */
    void (*ended)(void *owner, struct sip_transaction *t);
};

struct sip_layer_options {
    uint64_t t1_ns, t2_ns, t4_ns; /* §17.1.1.1: 500 ms, 4 s, 5 s */
    uint64_t timer_c_ns;          /* an INVITE that rings, in a proxy (§16.6: above 3 min) */
    uint32_t transactions_max;
    uint32_t number; /* of this layer among those of a server: in the branches */
    uint64_t seed;   /* of the branches, random for each start */
};

struct sip_layer_stats {
    uint64_t created, timeouts;
    uint64_t requests_again, responses_again; /* retransmissions that came and were absorbed */
    uint64_t sent_again;                      /* retransmissions of our own */
};

struct sip_layer;

int sip_layer_create(struct sip_layer **ret, const struct sip_layer_options *o,
                     const struct sip_layer_owner *ops, void *owner);
void sip_layer_destroy(struct sip_layer *l); /* its transactions too, without a word; NULL-safe */
const struct sip_layer_stats *sip_layer_stats(const struct sip_layer *l);
uint32_t sip_layer_count(const struct sip_layer *l);
/* Sends what is due again and gives up what is too old. Call it every 10 to 20 ms. */
void sip_layer_tick(struct sip_layer *l, uint64_t now_ns);

enum sip_seen {
    SIP_NEW,   /* the owner's to treat */
    SIP_AGAIN, /* absorbed; what was answered last has been sent again */
    SIP_ACKED, /* the ACK of a final answer other than 2xx, absorbed */
    SIP_STRAY  /* an ACK of a 2xx, or a response that belongs to nothing: no transaction */
};
/* A request without faults. Makes a server transaction for a new one. A CANCEL has its own; the one
 * that it cancels is sip_layer_cancelled. enum sip_seen, or -ENOBUFS / -ENOMEM: no room. */
int sip_layer_request(struct sip_layer *l, const struct sip_message *m, const struct sip_hop *from,
                      uint64_t now_ns, struct sip_transaction **ret);
/* The INVITE server transaction that a CANCEL means, NULL: none (§9.2). */
struct sip_transaction *sip_layer_cancelled(struct sip_layer *l, const struct sip_message *cancel);
/* A response without faults. SIP_NEW: for the owner, its client transaction in `ret` (a 2xx of an
 * INVITE is so every time it comes); an ACK of other final answers is sent by itself. */
int sip_layer_response(struct sip_layer *l, const struct sip_message *m, uint64_t now_ns,
                       struct sip_transaction **ret);
/* Sends an answer. A final one ends the transaction after its time; a 2xx of an INVITE is sent
 * once, for what follows is the dialog's. */
int sip_server_answer(struct sip_layer *l, struct sip_transaction *t, unsigned status,
                      const char *bytes, size_t size, uint64_t now_ns);
/* A UAS's 2xx of an INVITE: sent until sip_server_confirm tells of its ACK (§13.3.1.4). */
int sip_server_accept(struct sip_layer *l, struct sip_transaction *t, const char *bytes,
                      size_t size, uint64_t now_ns);
void sip_server_confirm(struct sip_layer *l, struct sip_transaction *t);

enum { SIP_BRANCH_MAX = 40 };
/* A client transaction that has sent nothing yet; its branch goes into the request's Via. */
struct sip_transaction *sip_client_create(struct sip_layer *l, enum sip_method method,
                                          const struct sip_hop *to,
                                          char ret_branch[SIP_BRANCH_MAX]);
int sip_client_start(struct sip_layer *l, struct sip_transaction *t, const char *bytes, size_t size,
                     uint64_t now_ns);
/* CANCEL of an INVITE that has a provisional answer (§9.1). -EAGAIN: none yet; -EALREADY: it has a
 * final one. */
int sip_client_cancel(struct sip_layer *l, struct sip_transaction *t, uint64_t now_ns);
/* Ends one that was made and not started, or is of no more use. */
void sip_transaction_end(struct sip_layer *l, struct sip_transaction *t);

#endif
