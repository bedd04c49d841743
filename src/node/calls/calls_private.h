/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the drawers of calls share: the shard, what it keeps of each call, and what a call asks of
 * it.
 */
#ifndef VAPERF_NODE_CALLS_CALLS_PRIVATE_H
#define VAPERF_NODE_CALLS_CALLS_PRIVATE_H

#include <netinet/in.h>

#include "base/rand.h"
#include "io/addr.h"
#include "node/calls/calls.h"
#include "node/calls/roster.h"

enum { LAGS = 3, TURN_TIMERS_MAX = 256, DEAD_KEPT = 1 << 18, STORE_PER_CALL = 2048 };

/* Something happened to a call at now_ns that ideally had happened lag_ns before: its response
 * times are counted from there too. */
struct lag {
    uint64_t now_ns, lag_ns;
};

union call_peer {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* What we keep of a call beside its machine's state. */
struct record {
    union call_peer peer;
    uint64_t key, start_ns;
    struct lag lags[LAGS]; /* [0]: its beginning */
    struct call_times times;
    struct calls_figures *figures; /* where it counts; NULL: nowhere */
    uint32_t way, user;            /* 0: nobody's */
    uint8_t next_lag, part;
    bool is_filed, is_gone, is_good;
};

/* A scenario and what is counted of it. */
struct part {
    struct calls_part o;
    double until; /* of all weights, up to and with its own */
    uint32_t running;
    struct calls_figures whole, transient, *levels;
};

/* The words of a call that has its own addresses. */
struct words {
    struct call_facts facts;
    char remote_ip[56], remote_port[8], local_port[8], local_ip[56];
};

/* The addresses of the last call whose words were written. */
struct recent {
    struct words words;
    struct sockaddr_storage peer, local;
    bool is_set;
};

struct calls {
    struct calls_options o;
    struct ways *transport;
    struct roster roster;
    struct dead_calls dead;
    struct part parts[CALLS_PARTS_MAX];
    struct figures_limits limits[CALLS_PARTS_MAX];
    uint32_t part_count;
    uint64_t levels_from_ns;
    struct users users;
    struct twin *twin;
    struct call_env env;
    struct rand_state rand;
    struct record *records;
    struct words *words; /* one a call */
    struct recent recent;
    uint8_t *machines;
    size_t machine_size;
    uint64_t next_number, from_ns, to_ns;
    int wait_fd; /* on the sockets of calls, of media and twins; -1: those of calls alone */
    bool refuses, is_shared_words, was_busy, has_begun;
    uint64_t messages;     /* that came */
    uint64_t without_user; /* attempts that count, not begun: all users were busy */
    /* The event that is being handled. */
    uint64_t now_ns, lag_ns, at_ns; /* at_ns: when it really came, if it did from outside */
    bool has_sent;
    const char *heard; /* the message, if it is one */
    size_t heard_size;
};

static inline struct call *calls_machine(struct calls *c, uint32_t place)
{
    return (struct call *)(void *)(c->machines + (size_t)place * c->machine_size);
}

/* calls.c: one event of one call. Every event has a time of its own; at_ns: when it really came, if
 * it did from outside. calls_end_event counts, and ends the call when it is over. */
void calls_begin_event(struct calls *c, uint64_t lag_ns, uint64_t at_ns);
void calls_end_event(struct calls *c, uint32_t place, enum call_result result);
/* A place for a call that was meant for then, counted as begun; ROSTER_NONE and counted: none free.
 */
uint32_t calls_take_place(struct calls *c, uint32_t part, uint32_t way,
                          const struct sockaddr_storage *peer, uint64_t intended_ns);
/* Its first event. id: its Call-ID where somebody else began it, else NULL. */
void calls_start_machine(struct calls *c, uint32_t place, const char *id, size_t id_size);

/* An attempt that found no way out: one that failed. */
void calls_fail_attempt(struct calls *c, uint32_t part, uint64_t intended_ns,
                        enum call_cause cause);

/* calls_hear.c: what comes; `arg` is the shard. See struct ways_events and struct twin_events. */
void calls_take_message(void *arg, uint32_t way, const struct sockaddr_storage *from,
                        const char *bytes, size_t size, uint64_t at_ns);
void calls_take_command(void *arg, const char *source, const char *bytes, size_t size);
void calls_way_closed(void *arg, uint32_t way, int reason, bool was_open);

/* calls_parts.c: which scenario, and where it counts. */
void parts_take(struct calls *c); /* of the options; machine_size */
int parts_open(struct calls *c);  /* what is counted. -ENOMEM */
void parts_close(struct calls *c);
uint32_t parts_choose(struct calls *c);
/* The scenario for a request that belongs to no call; -1: nobody waits for it. */
int parts_find_answer(const struct calls *c, const char *bytes, size_t size);
bool parts_has_answers(const struct calls *c); /* beside the first scenario's role */
/* Where a call counts that was meant for then; NULL: nowhere. */
struct calls_figures *parts_figures_at(struct calls *c, uint32_t part, uint64_t intended_ns);
/* The figures with steps and response times, of a call that counts; else NULL. */
static inline struct calls_figures *parts_whole(struct calls *c, const struct record *r)
{
    struct part *p = &c->parts[r->part];
    return r->figures == NULL || r->figures == &p->transient ? NULL : &p->whole;
}

/* struct call_ops; `driver` is the shard. */
extern const struct call_ops calls_call_ops;

/* The words of a call: its addresses, as they stand in messages. */
const struct call_facts *calls_words(struct calls *c, uint32_t place);

#endif
