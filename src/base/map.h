/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * map: text to pointer, in order of insertion when walked. Keys are copied. One thread.
 */
#ifndef VAPERF_BASE_MAP_H
#define VAPERF_BASE_MAP_H

#include <stddef.h>

struct map_entry {
    char *key;
    void *value;
};
struct map {
    struct map_entry *entries; /* in order of insertion; walk 0..count-1 */
    size_t count, capacity;
    size_t *slots; /* open addressing, index + 1 */
    size_t slot_count;
};

void map_init(struct map *m);
void map_finish(struct map *m); /* values are the caller's */
/* Replaces an older value. -ENOMEM. */
int map_add(struct map *m, const char *key, void *value);
void *map_find(const struct map *m, const char *key); /* NULL if none */

#endif
