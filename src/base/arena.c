/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * arena: bump allocation in blocks that grow; nothing is freed singly. One thread per arena.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    max_align_t data[];
};

enum { FIRST_BLOCK_BYTES = 4096, LARGEST_BLOCK_BYTES = 1 << 20 };

void arena_init(struct arena *a)
{
    a->first = NULL;
}

void arena_finish(struct arena *a)
{
    if (a == NULL)
        return;
    for (struct arena_block *b = a->first, *next; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    a->first = NULL;
}

static struct arena_block *block_create(size_t size)
{
    if (size > SIZE_MAX - sizeof(struct arena_block))
        abort();
    struct arena_block *b = calloc(1, sizeof *b + size);
    if (b == NULL)
        abort();
    b->size = size;
    return b;
}

/* A block with room for `size`. A big one goes behind the first, whose rest stays in use. */
static struct arena_block *arena_grow(struct arena *a, size_t size)
{
    size_t usual = a->first == NULL ? FIRST_BLOCK_BYTES : a->first->size * 2;
    if (usual > LARGEST_BLOCK_BYTES)
        usual = LARGEST_BLOCK_BYTES;
    if (size > usual / 4 && a->first != NULL) {
        struct arena_block *big = block_create(size);
        big->next = a->first->next;
        a->first->next = big;
        return big;
    }
    struct arena_block *b = block_create(size > usual ? size : usual);
    b->next = a->first;
    a->first = b;
    return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    if (size > SIZE_MAX - align)
        abort();
    size = size == 0 ? align : (size + align - 1) / align * align;
    struct arena_block *b = a->first;
    if (b == NULL || b->size - b->used < size)
        b = arena_grow(a, size);
    char *at = (char *)b->data + b->used;
    b->used += size;
    return at;
}

void *arena_alloc_array(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        abort();
    return arena_alloc(a, bytes);
}

void *arena_dup(struct arena *a, const void *bytes, size_t size)
{
    void *copy = arena_alloc(a, size);
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

char *arena_strdup(struct arena *a, const char *text)
{
    return arena_dup(a, text, strlen(text) + 1);
}

char *arena_strndup(struct arena *a, const char *text, size_t size)
{
    size = strnlen(text, size);
    char *copy = arena_alloc(a, size + 1);
    memcpy(copy, text, size);
    return copy;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0)
        abort();
    char *text = arena_alloc(a, (size_t)size + 1);
    vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}
