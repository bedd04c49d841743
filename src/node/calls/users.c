/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * users: see users.h. Two heaps of free numbers; who is taken changes places with the last one.
 */
#include "node/calls/users.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int users_init(struct users *u, uint32_t first, uint32_t count, enum users_pool pool)
{
    *u = (struct users){.first = first, .count = count};
    u->pool = calloc(count + 1u, 1);
    for (int i = 0; i < USERS_POOLS; i++) {
        u->free[i] = calloc(count + 1u, sizeof(*u->free[i]));
    }
    if (u->pool == NULL || u->free[0] == NULL || u->free[1] == NULL) {
        users_finish(u);
        return -ENOMEM;
    }
    memset(u->pool, (int)pool, count);
    for (uint32_t i = 0; i < count; i++) {
        u->free[pool][i] = first + i;
    }
    u->free_count[pool] = u->known[pool] = count;
    return 0;
}

void users_finish(struct users *u)
{
    free(u->pool);
    free(u->free[0]);
    free(u->free[1]);
    *u = (struct users){0};
}

uint32_t users_take(struct users *u, enum users_pool pool, struct rand_state *rand)
{
    uint32_t n = u->free_count[pool], at, user;

    if (n == 0) {
        return 0;
    }
    at = (uint32_t)rand_below(rand, n);
    user = u->free[pool][at];
    u->free[pool][at] = u->free[pool][n - 1];
    u->free_count[pool] = n - 1;
    return user;
}

bool users_is_registered(const struct users *u, uint32_t user)
{
    return user >= u->first && user - u->first < u->count &&
           u->pool[user - u->first] == USERS_REGISTERED;
}

void users_give(struct users *u, uint32_t user, enum users_change change, bool is_good)
{
    uint8_t *pool = &u->pool[user - u->first];

    u->known[*pool]--;
    if (change == USERS_REGISTER) {
        *pool = is_good ? USERS_REGISTERED : USERS_UNREGISTERED;
    } else if (change == USERS_UNREGISTER && is_good) {
        *pool = USERS_UNREGISTERED;
    }
    u->known[*pool]++;
    u->free[*pool][u->free_count[*pool]++] = user;
}
