/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/test.h"

/* Everything `say` puts on stderr. */
static size_t capture(void (*say)(void), char *text, size_t size)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    int before = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    say();
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(file);
    size_t n = fread(text, 1, size - 1, file);
    text[n] = '\0';
    fclose(file);
    return n;
}

static void say_all(void)
{
    log_error("no %s", "runc");
    log_warn("%d CPUs", 2);
    log_info("started");
    log_debug("detail");
}

static void say_long(void)
{
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_error("%s", text);
}

static void test_levels(void **state)
{
    (void)state;
    char text[8192];
    log_init("vaperf-node", LOG_WARN);
    capture(say_all, text, sizeof text);
    assert_string_equal(text, "vaperf-node: no runc\nvaperf-node: warning: 2 CPUs\n");
    log_init("vaperf", LOG_QUIET);
    assert_int_equal(capture(say_all, text, sizeof text), 0);
    log_init("vaperf", LOG_DEBUG);
    capture(say_all, text, sizeof text);
    assert_string_equal(
        text, "vaperf: no runc\nvaperf: warning: 2 CPUs\nvaperf: started\nvaperf: debug: detail\n");
}

static void test_long_line_is_one_line(void **state)
{
    (void)state;
    char text[8192];
    log_init("vaperf", LOG_INFO);
    size_t n = capture(say_long, text, sizeof text);
    assert_true(n > 1000 && n < 4096);
    assert_ptr_equal(strchr(text, '\n'), text + n - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_long_line_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
