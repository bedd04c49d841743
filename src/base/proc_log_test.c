/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/proc_log.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/test.h"

static struct proc child;
static struct proc_log *open_log(const char *script)
{
    const char *const words[] = {"sh", "-c", script, NULL};
    struct proc_log *l = NULL;
    struct err e = {0};
    assert_int_equal(proc_start(&child, (char *const *)(void *)(uintptr_t)words, PROC_PIPE_ERR, &e),
                     0);
    assert_int_equal(proc_log_open(&l, &child, &e), 0);
    assert_int_equal(child.out_fd, -1);
    assert_int_equal(child.err_fd, -1);
    return l;
}

static void test_both_outputs(void **state)
{
    (void)state;
    struct proc_log *l = open_log("echo one; echo two >&2; printf '\\n\\n'");
    struct buf text;
    char line[32];
    assert_int_equal(proc_finish(&child), 0);
    proc_log_end(l);
    proc_log_end(l);
    buf_init(&text);
    proc_log_text(l, &text);
    assert_non_null(strstr(buf_str(&text), "one\n"));
    assert_non_null(strstr(buf_str(&text), "two\n"));
    assert_int_equal(text.size, strlen("one\ntwo\n\n\n"));
    assert_string_equal(proc_log_last_line(l, line, sizeof line) + 1, " two");
    buf_finish(&text);
    proc_log_close(l);
}

static void test_a_flood_is_bounded(void **state)
{
    (void)state;
    /* Far more than a pipe holds: who does not read it waits for ever. */
    struct proc_log *l = open_log("seq 100000; seq 100001 200000 >&2; echo end >&2");
    struct buf text;
    char line[32];
    assert_int_equal(proc_finish(&child), 0);
    proc_log_end(l);
    buf_init(&text);
    proc_log_text(l, &text);
    assert_in_range(text.size, PROC_LOG_FIRST_BYTES + PROC_LOG_LAST_BYTES,
                    PROC_LOG_FIRST_BYTES + PROC_LOG_LAST_BYTES + 64);
    assert_int_equal(strncmp(text.data, "1\n2\n3\n", 6), 0);
    /* 100,000 numbers take 588,895 bytes with their line ends, the next ones 700,000, "end" 4. */
    assert_non_null(strstr(text.data, "\n[1272515 bytes left out]\n"));
    assert_non_null(strstr(text.data, "\n199999\n200000\nend\n"));
    assert_string_equal(proc_log_last_line(l, line, sizeof line), ": end");
    const size_t before = text.size;
    proc_log_take(l, &text);
    assert_int_equal(text.size, 2 * before);
    proc_log_take(l, &text); /* it was taken */
    assert_int_equal(text.size, 2 * before);
    assert_string_equal(proc_log_last_line(l, line, sizeof line), "");
    buf_finish(&text);
    proc_log_close(l);
}

static void test_silence_and_a_child_that_stays(void **state)
{
    (void)state;
    struct proc_log *l = open_log("exec sleep 1000");
    char line[32] = "?";
    assert_string_equal(proc_log_last_line(l, line, sizeof line), "");
    proc_log_close(l); /* before its end: nobody waits for it */
    assert_int_equal(proc_stop(&child, 1), 128 + 15);
    assert_string_equal(proc_log_last_line(NULL, line, sizeof line), "");
    proc_log_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_outputs),
        cmocka_unit_test(test_a_flood_is_bounded),
        cmocka_unit_test(test_silence_and_a_child_that_stays),
    };
    return cmocka_run_group_tests_name("proc_log", tests, NULL, NULL);
}
