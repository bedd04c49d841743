/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * store: chained chunks of 64 bytes in slabs. A handle is the number of the first chunk; number 0
 * is never given. The first chunk of a text holds its length. One thread per store.
 */
#include "node/scenario/store.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_BYTES = CALL_STORE_CHUNK_BYTES - 8,
    NEXT_BYTES = CALL_STORE_CHUNK_BYTES - 4,
    SLAB_BYTES = CALL_STORE_SLAB_CHUNKS * CALL_STORE_CHUNK_BYTES,
};

struct chunk {
    uint32_t next; /* 0: the last one */
    union {
        struct {
            uint32_t size;
            char text[FIRST_BYTES];
        } first;
        char text[NEXT_BYTES];
    } u;
};
_Static_assert(sizeof(struct chunk) == CALL_STORE_CHUNK_BYTES, "a chunk has no holes");

struct call_store {
    struct chunk **slabs;
    size_t slab_count, slab_max;
    uint32_t free; /* chained by next */
    size_t used;   /* chunks */
};

static struct chunk *chunk_at(const struct call_store *st, uint32_t number)
{
    return &st->slabs[number / CALL_STORE_SLAB_CHUNKS][number % CALL_STORE_SLAB_CHUNKS];
}

static bool add_slab(struct call_store *st)
{
    struct chunk *slab;
    uint32_t base;

    if (st->slab_count == st->slab_max) {
        return false;
    }
    slab = malloc(SLAB_BYTES);
    if (!slab) {
        return false;
    }
    base = (uint32_t)(st->slab_count * CALL_STORE_SLAB_CHUNKS);
    st->slabs[st->slab_count++] = slab;
    for (uint32_t i = CALL_STORE_SLAB_CHUNKS; i-- > 0;) {
        if (base + i == 0) {
            continue;
        }
        slab[i].next = st->free;
        st->free = base + i;
    }
    return true;
}

struct call_store *call_store_create(size_t chunks, size_t max_bytes)
{
    struct call_store *st = calloc(1, sizeof(*st));
    size_t first = chunks / CALL_STORE_SLAB_CHUNKS + 1;

    if (!st) {
        return NULL;
    }
    st->slab_max = max_bytes / SLAB_BYTES + 1;
    if (st->slab_max < first) {
        st->slab_max = first;
    }
    if (st->slab_max > UINT32_MAX / CALL_STORE_SLAB_CHUNKS) {
        st->slab_max = UINT32_MAX / CALL_STORE_SLAB_CHUNKS;
    }
    st->slabs = calloc(st->slab_max, sizeof(struct chunk *));
    if (!st->slabs) {
        goto fail;
    }
    for (size_t i = 0; i < first && i < st->slab_max; i++) {
        if (!add_slab(st)) {
            goto fail;
        }
    }
    return st;
fail:
    call_store_destroy(st);
    return NULL;
}

void call_store_destroy(struct call_store *st)
{
    if (st) {
        for (size_t i = 0; i < st->slab_count; i++) {
            free(st->slabs[i]);
        }
        free(st->slabs);
        free(st);
    }
}

static uint32_t take_chunk(struct call_store *st)
{
    uint32_t number;

    if (st->free == 0 && !add_slab(st)) {
        return 0;
    }
    number = st->free;
    st->free = chunk_at(st, number)->next;
    chunk_at(st, number)->next = 0;
    st->used++;
    return number;
}

uint32_t call_store_add(struct call_store *st, const void *bytes, size_t size)
{
    const char *from = bytes;
    size_t part = size < FIRST_BYTES ? size : FIRST_BYTES;
    uint32_t handle, last;

    if (size == 0 || size > UINT32_MAX) {
        return 0;
    }
    handle = last = take_chunk(st);
    if (handle == 0) {
        return 0;
    }
    chunk_at(st, handle)->u.first.size = (uint32_t)size;
    memcpy(chunk_at(st, handle)->u.first.text, from, part);
    for (size_t done = part; done < size; done += part) {
        uint32_t next = take_chunk(st);

        if (next == 0) {
            call_store_remove(st, handle);
            return 0;
        }
        part = size - done < NEXT_BYTES ? size - done : NEXT_BYTES;
        memcpy(chunk_at(st, next)->u.text, from + done, part);
        chunk_at(st, last)->next = next;
        last = next;
    }
    return handle;
}

void call_store_remove(struct call_store *st, uint32_t handle)
{
    while (handle != 0) {
        struct chunk *c = chunk_at(st, handle);
        uint32_t next = c->next;

        c->next = st->free;
        st->free = handle;
        st->used--;
        handle = next;
    }
}

size_t call_store_size(const struct call_store *st, uint32_t handle)
{
    return handle == 0 ? 0 : chunk_at(st, handle)->u.first.size;
}

size_t call_store_read(const struct call_store *st, uint32_t handle, void *buffer, size_t size)
{
    size_t whole = call_store_size(st, handle);
    size_t wanted = whole < size ? whole : size;
    char *to = buffer;

    for (size_t done = 0; done < wanted;) {
        const struct chunk *c = chunk_at(st, handle);
        const char *from = done == 0 ? c->u.first.text : c->u.text;
        size_t room = done == 0 ? FIRST_BYTES : NEXT_BYTES;
        size_t part = wanted - done < room ? wanted - done : room;

        memcpy(to + done, from, part);
        done += part;
        handle = c->next;
    }
    return wanted;
}

size_t call_store_used(const struct call_store *st)
{
    return st->used * CALL_STORE_CHUNK_BYTES;
}

size_t call_store_capacity(const struct call_store *st)
{
    return st->slab_count * SLAB_BYTES;
}
