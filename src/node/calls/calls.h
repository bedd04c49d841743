/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * calls: one shard of calls of a scenario over real sockets: the table of calls, their timers,
 * what comes in and goes out, and what is counted. Both ends of a call are made of it: a caller
 * says when calls begin, a server's begin with a message. Nothing here paces or sleeps. After
 * calls_open nothing is allocated but by TLS and, while calls grow in number, by the store of saved
 * messages.
 *
 * Thread rule: one thread; figures may be read by any (relaxed atomics, histogram snapshots).
 */
#ifndef VAPERF_NODE_CALLS_CALLS_H
#define VAPERF_NODE_CALLS_CALLS_H

#include "node/calls/figures.h"
#include "node/calls/media.h"
#include "node/calls/twin.h"
#include "node/calls/users.h"
#include "node/calls/ways.h"
#include "node/scenario/call.h"

struct calls;

/* What somebody may want to see. Members may be NULL; all on the shard's thread. */
struct calls_hooks {
    void *arg;
    void (*message)(void *arg, enum calls_direction direction, const struct sockaddr *peer,
                    const char *bytes, size_t size);
    void (*text)(void *arg, const struct call *c, enum call_text kind, const char *text);
    void (*control)(void *arg, enum call_control what, const char *text);
    void (*rtd)(void *arg, const struct call *c, unsigned rtd, uint64_t ns);
    /* step is UINT_MAX for what belongs to none. */
    void (*event)(void *arg, const struct call *c, unsigned step, enum call_event event);
    void (*counter)(void *arg, const struct call *c, unsigned counter);
    /* c is NULL when the call found no way out and so never was one. */
    void (*ended)(void *arg, const struct call *c, enum call_cause cause, uint64_t length_ns);
    /* The first response time of a measured call, on the three clocks of a load engine. */
    void (*answer)(void *arg, uint64_t intended_ns, uint64_t sent_ns, uint64_t at_ns);
};

/* What a scenario of a shard is for. */
enum calls_use {
    CALLS_MIXED,      /* calls_begin begins it, chosen among them by weight */
    CALLS_BEFOREHAND, /* calls_begin_part alone begins it; its figures stand apart */
    CALLS_ANSWERS,    /* a server's: for requests that begin a call with us, whatever we begin */
    CALLS_STRAYS,     /* a server's: for requests that it begins with and nobody else waits for */
};

struct calls_part {
    struct scenario *scenario; /* lent */
    enum calls_use use;
    double weight;         /* of CALLS_MIXED, on any scale above 0 */
    uint64_t objective_ns; /* a longer delay is inadequate; 0: none */
    enum users_change user;
};
enum { CALLS_PARTS_MAX = 16, CALLS_LEVELS_MAX = 64 };

/* The load goes by steps, again and again; calls are counted by the one they were meant for. */
struct calls_levels {
    uint32_t count; /* 0: no steps */
    uint64_t level_ns;
    uint64_t transient_ns; /* of each, at its beginning: counted apart and in no sum */
};

struct calls_options {
    struct scenario *scenario;      /* lent */
    const struct calls_part *parts; /* several scenarios, the first is `scenario`; NULL: one */
    uint32_t part_count;
    uint32_t first_user, users; /* numbers of those whose calls are begun here; 0 users: nobody's */
    enum users_pool users_pool; /* where they are at first */
    struct calls_levels levels;
    struct ways_options transport;
    struct sockaddr_storage remote;  /* where calls go; family AF_UNSPEC: only answered */
    const char *remote_host;         /* as it was named; NULL: the address */
    struct sockaddr_storage via;     /* what is sent goes there instead; AF_UNSPEC: nowhere else */
    const char *local_ip;            /* [local_ip]; NULL: of the socket */
    const char *media_ip;            /* NULL: the local address */
    unsigned media_port;             /* of every call, where media is none */
    struct calls_media media;        /* lent */
    uint32_t limit;                  /* calls at a time */
    uint64_t dead_ns;                /* so long late messages of an ended call are known */
    uint64_t objective_ns;           /* a longer delay is inadequate; 0: none. Without parts */
    uint64_t threshold_ns;           /* an attempt answered later has failed (RFC 7501); 0: never */
    const struct twin_options *twin; /* lent while opening: 3PCC; NULL: none */
    uint64_t first_number, number_step; /* call numbers of this shard */
    uint64_t seed;
    unsigned scenario_flags; /* those that the scenario was loaded with */
    struct calls_hooks hooks;
};

/* 0, -ENOTSUP: the scenario needs what is not here (named); -errno. Nothing stays open. The shard
 * with first_number 1, which is opened first, runs the scenario's <init>. */
int calls_open(struct calls **ret, const struct calls_options *o, struct err *e);
void calls_close(struct calls *c); /* NULL-safe; calls that run end without a word */

/* What has an intended time in here counts. */
void calls_window(struct calls *c, uint64_t from_ns, uint64_t to_ns);
/* Where the first level began. */
void calls_start_levels(struct calls *c, uint64_t start_ns);
/* Begins a call that should have begun at intended_ns. 1: it began (it may have failed since);
 * 0: it could not, because there is no room for another one, or no user is free. */
int calls_begin(struct calls *c, uint64_t intended_ns, uint64_t now_ns);
/* The same of one scenario, by its number among the parts. */
int calls_begin_part(struct calls *c, uint32_t part, uint64_t intended_ns, uint64_t now_ns);
/* Messages and timers, up to a bound. 1: there is more to do at once. */
int calls_turn(struct calls *c, int64_t real_offset_ns);
/* The last turn had messages or timers, or calls began before it. */
bool calls_was_busy(const struct calls *c);
/* When calls_turn has something to do though nothing came; UINT64_MAX: never. */
uint64_t calls_next_ns(const struct calls *c);
/* Readable when something came. */
int calls_fd(const struct calls *c);
uint32_t calls_running(const struct calls *c);
/* The same of one scenario, by its number among the parts. */
uint32_t calls_running_of(const struct calls *c, uint32_t part);
/* No call runs, and nothing of the media of one that ended is on its way. */
bool calls_is_idle(const struct calls *c);
/* How many calls are at each of the first scenario's first `steps` steps now. */
void calls_count_waiting(const struct calls *c, uint64_t *ret, unsigned steps);
/* New calls are answered no more. */
void calls_refuse(struct calls *c);
/* Ends every call, with BYE or CANCEL where its scenario says so. */
void calls_abort_all(struct calls *c, enum call_cause cause);
/* Nobody turns the shard any more since at_ns: what runs of those that count, transients too, is
 * counted for good, without a word. Who waited for an answer for T1 or longer has failed by
 * silence, and who waits for that of BYE after a late one of INVITE; who only waits for what may
 * come late was good. Returns how many of the others there are of the mix, transients left out:
 * they had no time. A second time there are none. Any thread, alone. */
uint64_t calls_settle(struct calls *c, uint64_t at_ns);
/* Attempts that count and were not begun because no user was free. The shard's thread, or alone. */
uint64_t calls_without_user(const struct calls *c);

const struct sockaddr_storage *calls_local(const struct calls *c);
/* Of the first scenario, all that counts when there are no levels. */
struct calls_figures *calls_get_figures(struct calls *c);
/* Those of one scenario. `level`: 0 is what belongs to no level (all, without levels), then each
 * level's, and behind them the transient's. NULL behind the last. Those of a level or transient
 * hold counts, causes and times, no steps and response times. */
struct calls_figures *calls_get_part_figures(struct calls *c, uint32_t part, uint32_t level);
uint32_t calls_levels(const struct calls *c);
const struct twin *calls_get_twin(const struct calls *c); /* NULL: none */
const struct users *calls_get_users(const struct calls *c);
const struct ways *calls_get_ways(const struct calls *c);
/* Resident bytes of one call, without its saved messages. */
size_t calls_bytes_per_call(const struct calls *c);
size_t calls_store_bytes(const struct calls *c);

#endif
