/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/arena.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test.h"

static void test_zeroed_aligned_apart(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    unsigned char *before = NULL;
    for (size_t size = 0; size < 5000; size += 7) {
        unsigned char *p = arena_alloc(&a, size);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        assert_ptr_not_equal(p, before);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, size); /* an overlap would show in a later one */
        before = p;
    }
    arena_finish(&a);
    arena_finish(&a);
    arena_finish(NULL);
}

static void test_big_ones_leave_the_block_in_use(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    char *first = arena_alloc(&a, 16);
    char *big = arena_alloc(&a, 3 << 20);
    memset(big, 1, 3 << 20);
    char *next = arena_alloc(&a, 16);
    assert_ptr_equal(next, first + 16);
    assert_int_equal(next[0], 0);
    arena_finish(&a);
}

static void test_texts(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    assert_string_equal(arena_strdup(&a, ""), "");
    assert_string_equal(arena_strdup(&a, "media"), "media");
    assert_string_equal(arena_strndup(&a, "media", 3), "med");
    assert_string_equal(arena_strndup(&a, "media", 30), "media");
    assert_string_equal(arena_printf(&a, "%s.%d", "cpu", 2), "cpu.2");
    const unsigned numbers[] = {1, 2, 3};
    const unsigned *copy = arena_dup(&a, numbers, sizeof numbers);
    assert_memory_equal(copy, numbers, sizeof numbers);
    uint64_t *array = ARENA_ARRAY(&a, uint64_t, 100);
    array[99] = 1;
    assert_int_equal(*ARENA_NEW(&a, int), 0);
    arena_finish(&a);
}

static void alloc_too_much(struct arena *a, int how)
{
    if (how == 0)
        arena_alloc(a, SIZE_MAX - 4);
    else if (how == 1)
        arena_alloc_array(a, SIZE_MAX / 4, 8);
    else {
        test_alloc_fail_at(0);
        arena_alloc(a, 100);
    }
}

static void test_aborts_without_memory(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        pid_t pid = fork();
        if (pid == 0) {
            struct arena a;
            signal(SIGABRT, SIG_DFL); /* cmocka has a handler on it */
            arena_init(&a);
            alloc_too_much(&a, how);
            _exit(0);
        }
        int status = 0;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zeroed_aligned_apart),
        cmocka_unit_test(test_big_ones_leave_the_block_in_use),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_aborts_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
