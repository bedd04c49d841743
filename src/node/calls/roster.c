/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * roster: see roster.h. A hash table with chains, a binary heap with the places of its entries
 * noted, and a list of free places.
 */
#include "node/calls/roster.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DEAD_WAYS = 4 };

static uint32_t power_above(uint32_t n)
{
    uint32_t p = 16;
    while (p < n && p < UINT32_C(1) << 30) {
        p *= 2;
    }
    return p;
}

int roster_init(struct roster *r, uint32_t limit, uint64_t seed)
{
    uint32_t buckets = power_above(limit);

    *r = (struct roster){.limit = limit, .bucket_mask = buckets - 1, .seed = seed};
    r->free_first = ROSTER_NONE;
    r->buckets = malloc(buckets * sizeof(*r->buckets));
    r->chain = calloc(limit, sizeof(*r->chain));
    r->heap = calloc(limit, sizeof(*r->heap));
    r->heap_at = calloc(limit, sizeof(*r->heap_at));
    r->key = calloc(limit, sizeof(*r->key));
    r->due_ns = calloc(limit, sizeof(*r->due_ns));
    if (r->buckets == NULL || r->chain == NULL || r->heap == NULL || r->heap_at == NULL ||
        r->key == NULL || r->due_ns == NULL) {
        roster_finish(r);
        return -ENOMEM;
    }
    memset(r->buckets, 0xff, buckets * sizeof(*r->buckets));
    return 0;
}

void roster_finish(struct roster *r)
{
    free(r->buckets);
    free(r->chain);
    free(r->heap);
    free(r->heap_at);
    free(r->key);
    free(r->due_ns);
    *r = (struct roster){0};
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)(a ^ UINT64_C(0x9e3779b97f4a7c15)) * (b ^ UINT64_C(0xd6e8feb86659fd93));
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t roster_key(const struct roster *r, const char *text, size_t size)
{
    uint64_t h = r->seed ^ size, word;

    for (; size >= 8; text += 8, size -= 8) {
        memcpy(&word, text, 8);
        h = mix(h, word);
    }
    word = 0;
    memcpy(&word, text, size);
    return mix(mix(h, word), r->seed);
}

uint32_t roster_take(struct roster *r)
{
    uint32_t place = r->free_first;

    if (place != ROSTER_NONE) {
        r->free_first = r->chain[place];
    } else if (r->fresh < r->limit) {
        place = r->fresh++;
    } else {
        return ROSTER_NONE;
    }
    r->used++;
    r->chain[place] = place; /* itself: under no key */
    r->heap_at[place] = ROSTER_NONE;
    return place;
}

static uint32_t *bucket_of(const struct roster *r, uint64_t key)
{
    return &r->buckets[(uint32_t)key & r->bucket_mask];
}

void roster_file(struct roster *r, uint32_t place, uint64_t key)
{
    uint32_t *first = bucket_of(r, key);

    r->key[place] = key;
    r->chain[place] = *first;
    *first = place;
}

uint32_t roster_find(const struct roster *r, uint64_t key)
{
    uint32_t place = *bucket_of(r, key);

    while (place != ROSTER_NONE && r->key[place] != key) {
        place = r->chain[place];
    }
    return place;
}

static void unfile(struct roster *r, uint32_t place)
{
    uint32_t *at = bucket_of(r, r->key[place]);

    if (r->chain[place] == place) {
        return;
    }
    while (*at != place) {
        at = &r->chain[*at];
    }
    *at = r->chain[place];
}

void roster_give(struct roster *r, uint32_t place)
{
    roster_set_due(r, place, ROSTER_NEVER);
    unfile(r, place);
    r->chain[place] = r->free_first;
    r->free_first = place;
    r->used--;
}

/* ---- the heap ---- */

static void put(struct roster *r, uint32_t at, uint32_t place)
{
    r->heap[at] = place;
    r->heap_at[place] = at;
}

static bool is_before(const struct roster *r, uint32_t a, uint32_t b)
{
    return r->due_ns[a] < r->due_ns[b];
}

static void rise(struct roster *r, uint32_t at)
{
    uint32_t place = r->heap[at];

    while (at > 0 && is_before(r, place, r->heap[(at - 1) / 2])) {
        put(r, at, r->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(r, at, place);
}

static void sink(struct roster *r, uint32_t at)
{
    uint32_t place = r->heap[at];

    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= r->heap_size) {
            break;
        }
        if (child + 1 < r->heap_size && is_before(r, r->heap[child + 1], r->heap[child])) {
            child++;
        }
        if (!is_before(r, r->heap[child], place)) {
            break;
        }
        put(r, at, r->heap[child]);
        at = child;
    }
    put(r, at, place);
}

static void leave_heap(struct roster *r, uint32_t at)
{
    uint32_t gone = r->heap[at], last = r->heap[--r->heap_size];

    r->heap_at[gone] = ROSTER_NONE;
    if (gone != last) {
        put(r, at, last);
        rise(r, at);
        sink(r, r->heap_at[last]);
    }
}

void roster_set_due(struct roster *r, uint32_t place, uint64_t due_ns)
{
    uint32_t at = r->heap_at[place];
    uint64_t before = r->due_ns[place];

    r->due_ns[place] = due_ns;
    if (at == ROSTER_NONE) {
        if (due_ns != ROSTER_NEVER) {
            put(r, r->heap_size, place);
            rise(r, r->heap_size++);
        }
    } else if (due_ns == ROSTER_NEVER) {
        leave_heap(r, at);
    } else if (due_ns < before) {
        rise(r, at);
    } else if (due_ns > before) {
        sink(r, at);
    }
}

uint64_t roster_next_ns(const struct roster *r)
{
    return r->heap_size > 0 ? r->due_ns[r->heap[0]] : ROSTER_NEVER;
}

uint32_t roster_next(const struct roster *r)
{
    return r->heap_size > 0 ? r->heap[0] : ROSTER_NONE;
}

/* ---- the dead ---- */

int dead_calls_init(struct dead_calls *d, uint32_t count)
{
    d->mask = count - 1;
    d->key = calloc(count, sizeof(*d->key));
    d->until_ns = calloc(count, sizeof(*d->until_ns));
    if (d->key == NULL || d->until_ns == NULL) {
        dead_calls_finish(d);
        return -ENOMEM;
    }
    return 0;
}

void dead_calls_finish(struct dead_calls *d)
{
    free(d->key);
    free(d->until_ns);
    *d = (struct dead_calls){0};
}

void dead_calls_add(struct dead_calls *d, uint64_t key, uint64_t until_ns)
{
    uint32_t first = (uint32_t)(key >> 32) & d->mask & ~(uint32_t)(DEAD_WAYS - 1), oldest = first;

    for (uint32_t i = first; i < first + DEAD_WAYS; i++) {
        if (d->until_ns[i] < d->until_ns[oldest]) {
            oldest = i;
        }
    }
    d->key[oldest] = key;
    d->until_ns[oldest] = until_ns;
}

int dead_calls_has(const struct dead_calls *d, uint64_t key, uint64_t now_ns)
{
    uint32_t first = (uint32_t)(key >> 32) & d->mask & ~(uint32_t)(DEAD_WAYS - 1);

    for (uint32_t i = first; i < first + DEAD_WAYS; i++) {
        if (d->key[i] == key && d->until_ns[i] > now_ns) {
            return 1;
        }
    }
    return 0;
}
