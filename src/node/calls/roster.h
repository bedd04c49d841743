/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * roster: which calls there are: by a 64-bit key of their Call-ID, by when they are due, and which
 * places are free. Places are 0..limit-1. All memory is there from the start. One thread.
 */
#ifndef VAPERF_NODE_CALLS_ROSTER_H
#define VAPERF_NODE_CALLS_ROSTER_H

#include <stddef.h>
#include <stdint.h>

#define ROSTER_NONE UINT32_MAX
#define ROSTER_NEVER UINT64_MAX

struct roster {
    uint32_t limit, used, bucket_mask;
    uint32_t *buckets; /* first place of a chain */
    uint32_t *chain;   /* of each place: the next one; of a free one: the next free one */
    uint32_t *heap;    /* places, the earliest due first */
    uint32_t *heap_at; /* of each place: where in the heap, ROSTER_NONE: not there */
    uint64_t *key, *due_ns;
    uint32_t heap_size, free_first, fresh; /* fresh: places from here on were never used */
    uint64_t seed;
};

/* -ENOMEM. The memory of places that are never used is never touched. */
int roster_init(struct roster *r, uint32_t limit, uint64_t seed);
void roster_finish(struct roster *r); /* a zeroed one is fine */

/* Keyed, so that a peer cannot choose texts that collide. */
uint64_t roster_key(const struct roster *r, const char *text, size_t size);
/* A free place, now in use and not due, under no key; ROSTER_NONE: all are in use. */
uint32_t roster_take(struct roster *r);
void roster_file(struct roster *r, uint32_t place, uint64_t key); /* once a use */
uint32_t roster_find(const struct roster *r, uint64_t key);       /* ROSTER_NONE */
void roster_give(struct roster *r, uint32_t place);               /* free again */

void roster_set_due(struct roster *r, uint32_t place, uint64_t due_ns); /* ROSTER_NEVER: not */
/* When the first one is due, ROSTER_NEVER: none is; and which one that is. */
uint64_t roster_next_ns(const struct roster *r);
uint32_t roster_next(const struct roster *r);

/* Keys of calls that ended not long ago, so that what comes late for them is known as that. Old
 * ones give way to new ones. */
struct dead_calls {
    uint64_t *key;
    uint64_t *until_ns;
    uint32_t mask;
};
int dead_calls_init(struct dead_calls *d, uint32_t count); /* -ENOMEM; count: a power of two */
void dead_calls_finish(struct dead_calls *d);
void dead_calls_add(struct dead_calls *d, uint64_t key, uint64_t until_ns);
int dead_calls_has(const struct dead_calls *d, uint64_t key, uint64_t now_ns);

#endif
