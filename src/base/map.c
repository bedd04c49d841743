/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * map: a hash table (open addressing, FNV-1a) over an array in order of insertion. Nothing is ever
 * removed singly. One thread per map.
 */
#include "base/map.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void map_init(struct map *m)
{
    memset(m, 0, sizeof *m);
}

void map_finish(struct map *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->count; i++)
        free(m->entries[i].key);
    free(m->entries);
    free(m->slots);
    map_init(m);
}

static size_t hash_text(const char *key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *key != '\0'; key++)
        hash = (hash ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32);
}

/* The slot that holds the key, or the free one where it belongs. There is always a free one. */
static size_t find_slot(const struct map *m, const char *key)
{
    size_t i = hash_text(key) & (m->slot_count - 1);
    while (m->slots[i] != 0 && strcmp(m->entries[m->slots[i] - 1].key, key) != 0)
        i = (i + 1) & (m->slot_count - 1);
    return i;
}

/* Doubles entries and slots (slots: twice the entries, a power of 2). */
static int map_grow(struct map *m)
{
    size_t capacity = m->capacity == 0 ? 8 : m->capacity * 2;
    struct map_entry *entries = realloc(m->entries, capacity * sizeof *entries);
    if (entries == NULL)
        return -ENOMEM;
    m->entries = entries;
    size_t *slots = calloc(capacity * 2, sizeof *slots);
    if (slots == NULL)
        return -ENOMEM;
    free(m->slots);
    m->slots = slots;
    m->capacity = capacity;
    m->slot_count = capacity * 2;
    for (size_t i = 0; i < m->count; i++)
        m->slots[find_slot(m, m->entries[i].key)] = i + 1;
    return 0;
}

int map_add(struct map *m, const char *key, void *value)
{
    if (m->slot_count > 0) {
        size_t index = m->slots[find_slot(m, key)];
        if (index != 0) {
            m->entries[index - 1].value = value;
            return 0;
        }
    }
    if (m->count == m->capacity) {
        int r = map_grow(m);
        if (r < 0)
            return r;
    }
    size_t size = strlen(key) + 1;
    char *copy = malloc(size);
    if (copy == NULL)
        return -ENOMEM;
    memcpy(copy, key, size);
    size_t slot = find_slot(m, key);
    m->entries[m->count] = (struct map_entry){.key = copy, .value = value};
    m->slots[slot] = ++m->count;
    return 0;
}

void *map_find(const struct map *m, const char *key)
{
    if (m->slot_count == 0)
        return NULL;
    size_t index = m->slots[find_slot(m, key)];
    return index == 0 ? NULL : m->entries[index - 1].value;
}
