/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * users: subscribers whose calls a shard makes, by number from 1: which of them are free, and which
 * are registered. A user has one call at a time. All memory is there from the start. One thread.
 */
#ifndef VAPERF_NODE_CALLS_USERS_H
#define VAPERF_NODE_CALLS_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rand.h"

enum users_pool { USERS_REGISTERED, USERS_UNREGISTERED, USERS_POOLS };
/* What a call makes of its user when it succeeds; when it does not, nothing changes but that one
 * who could not be registered anew is registered no more. */
enum users_change { USERS_STAY, USERS_REGISTER, USERS_UNREGISTER };

struct users {
    uint32_t first, count;
    uint32_t *free[USERS_POOLS];
    uint32_t free_count[USERS_POOLS];
    uint32_t known[USERS_POOLS]; /* free or not */
    uint8_t *pool;               /* of each user, enum users_pool */
};

/* Users first..first+count-1, all free and in `pool`. -ENOMEM. */
int users_init(struct users *u, uint32_t first, uint32_t count, enum users_pool pool);
void users_finish(struct users *u); /* a zeroed one is fine */

/* Any free user of the pool, no longer free; 0: there is none. */
uint32_t users_take(struct users *u, enum users_pool pool, struct rand_state *rand);
bool users_is_registered(const struct users *u, uint32_t user);
/* The call is over: the user is free again. */
void users_give(struct users *u, uint32_t user, enum users_change change, bool is_good);

#endif
