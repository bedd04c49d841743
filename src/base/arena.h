/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * arena: memory that is freed all at once: a plan, a case, a report is one arena. One thread.
 */
#ifndef VAPERF_BASE_ARENA_H
#define VAPERF_BASE_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *first;
};

void arena_init(struct arena *a);
void arena_finish(struct arena *a); /* NULL is fine */
/* Zeroed, aligned for anything. Aborts without memory (control side and set-up only). */
void *arena_alloc(struct arena *a, size_t size);
/* The same for count * size, aborting when the product does not fit. */
void *arena_alloc_array(struct arena *a, size_t count, size_t size);
void *arena_dup(struct arena *a, const void *bytes, size_t size);
char *arena_strdup(struct arena *a, const char *text);
char *arena_strndup(struct arena *a, const char *text, size_t size);
char *arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3), nonnull(2)));

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc_array((a), (n), sizeof(type)))

#endif
