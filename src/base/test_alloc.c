/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_alloc: malloc, calloc and realloc of the code under test, by the linker's --wrap. One
 * thread.
 */
#include <stdlib.h>

#include "base/test.h"

static long left = -1; /* allocations that still succeed; -1: all do */
static long failed;

void test_alloc_fail_at(long n)
{
    left = n;
    failed = 0;
}

long test_alloc_restore(void)
{
    left = -1;
    return failed;
}

static int must_fail(void)
{
    if (left < 0)
        return 0;
    if (left > 0) {
        left--;
        return 0;
    }
    failed++;
    return 1;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
    return must_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return must_fail() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return must_fail() ? NULL : __real_realloc(old, size);
}
