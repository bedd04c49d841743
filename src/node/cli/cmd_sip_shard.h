/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_sip_shard: the calls of one thread of SIPp's mode: begun when they are due, moved on, and
 * counted. With one thread the run's own thread turns its one shard; with several each shard has
 * a thread, and the run's thread looks after time-outs, keys and files alone.
 *
 * What the run decides (rate, limit, end) are orders: they stand in struct sip_run, `orders` counts
 * up, and a shard has followed those it has seen.
 */
#ifndef VAPERF_NODE_CLI_CMD_SIP_SHARD_H
#define VAPERF_NODE_CLI_CMD_SIP_SHARD_H

#include <pthread.h>
#include <stdatomic.h>

#include "node/callmedia/callmedia.h"
#include "node/calls/calls.h"
#include "node/sipp/pace.h"
#include "node/sipp/stats.h"

struct sip_run;

struct sip_shard {
    struct sip_run *run;
    uint32_t number;
    struct calls *calls;
    struct callmedia *media; /* NULL: no call wants any */
    struct sipp_stats stats; /* this thread writes */
    const char *message;     /* that is being handled, lent; NULL: none */
    size_t message_size;
    struct sipp_pace pace;
    uint64_t pace_serial; /* of the run's, that was taken over */
    uint64_t limit, users;
    uint64_t begun; /* calls */
    int64_t real_offset_ns;
    uint64_t offset_due_ns;
    uint64_t *waiting; /* calls at each step: as `waiting_told` says, guarded by the run's lock */
    uint64_t waiting_told;
    bool is_full; /* -users: the last call found no room */
    bool refuses;
    int wake_fd; /* -1: it has no thread of its own */
    pthread_t thread;
    bool is_started;
    /* For the run's thread. */
    _Atomic uint64_t seen, running, connects, accepts, closes;
    _Atomic uint64_t running_own; /* of the run's scenario alone */
    _Atomic uint64_t stall_ns;    /* the longest since it was last asked */
    atomic_bool is_idle;
};

/* Orders, what is due, messages and timers, up to a bound. 1: there is more to do at once. */
int cmd_sip_shard_turn(struct sip_shard *s, uint64_t now_ns);
/* When to turn though nothing came; 0: at once. */
uint64_t cmd_sip_shard_next_ns(const struct sip_shard *s);
/* After its last turn: calls are aborted, if that was the order. */
void cmd_sip_shard_end(struct sip_shard *s);

/* Threads of all shards; none when there is but one. cmd_sip_shards_stop is needed whatever the
 * result. */
int cmd_sip_shards_start(struct sip_run *r, struct err *e);
void cmd_sip_shards_stop(struct sip_run *r);
/* After the orders changed. */
void cmd_sip_shards_wake(struct sip_run *r);
/* Every shard has seen the orders, and has no call. */
bool cmd_sip_shards_are_idle(const struct sip_run *r);
uint64_t cmd_sip_shards_running(const struct sip_run *r);
/* Every shard has seen the orders, and has no call of the run's scenario. */
bool cmd_sip_shards_are_done(const struct sip_run *r);
/* How many calls are at each step: asked of the shards, in their time. */
void cmd_sip_shards_count_waiting(struct sip_run *r, uint64_t *ret, unsigned steps);

#endif
