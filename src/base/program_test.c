/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/program.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/log.h"
#include "base/test.h"

static struct {
    size_t ran;
    int argc;
    const char *first;
    int result;
    bool explain;
    int program_helps, command_helps;
} seen;

static const char *command_at(size_t i)
{
    static const char *const names[] = {"load", "probe"};
    return i < 2 ? names[i] : NULL;
}

static int run(size_t i, int argc, char *argv[], struct err *e)
{
    seen.ran = i + 1;
    seen.argc = argc;
    seen.first = argc > 0 ? argv[0] : NULL;
    return seen.explain ? err_set(e, seen.result, "told") : seen.result;
}

static void print_help(FILE *out)
{
    (void)out;
    seen.program_helps++;
}

static void print_command_help(size_t i, int argc, char *argv[], FILE *out)
{
    (void)argc;
    (void)argv;
    (void)out;
    seen.command_helps += (int)i + 1;
}

static const struct program p = {
    .name = "prog",
    .version = "1.0",
    .command_at = command_at,
    .run = run,
    .print_help = print_help,
    .print_command_help = print_command_help,
};

static int call(const char *word, int result, bool explain)
{
    char *argv[] = {(char *)(uintptr_t) "prog", (char *)(uintptr_t)word, (char *)(uintptr_t) "x",
                    NULL};
    memset(&seen, 0, sizeof seen);
    seen.result = result;
    seen.explain = explain;
    return program_run(&p, word != NULL ? 3 : 1, argv);
}

static void command_gets_its_words(void **state)
{
    (void)state;
    assert_int_equal(call("probe", EXIT_VOID, false), EXIT_VOID);
    assert_int_equal(seen.ran, 2);
    assert_int_equal(seen.argc, 1);
    assert_string_equal(seen.first, "x");
}

static void errors_become_exit_codes(void **state)
{
    (void)state;
    assert_int_equal(call("load", -EINVAL, true), EXIT_USAGE);
    assert_int_equal(call("load", -ENOENT, true), EXIT_ENVIRONMENT);
    assert_true(call("load", -EIO, false) > 0); /* even one without words */
}

static void help_is_no_error(void **state)
{
    (void)state;
    assert_int_equal(call("--help", 0, false), EXIT_GOOD);
    assert_int_equal(seen.program_helps, 1);
    assert_int_equal(call("probe", -ECANCELED, false), EXIT_GOOD);
    assert_int_equal(seen.command_helps, 2);
    assert_int_equal(call("--version", 0, false), EXIT_GOOD);
    assert_int_equal(seen.ran, 0);
}

static void unknown_words_run_nothing(void **state)
{
    (void)state;
    const char *const words[] = {"-x", "lod", "nothing"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        assert_int_equal(call(words[i], 0, false), EXIT_USAGE);
        assert_int_equal(seen.ran, 0);
    }
    assert_int_equal(seen.program_helps, 0);
    assert_int_equal(call(NULL, 0, false), EXIT_USAGE);
    assert_int_equal(seen.program_helps, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_gets_its_words),
        cmocka_unit_test(errors_become_exit_codes),
        cmocka_unit_test(help_is_no_error),
        cmocka_unit_test(unknown_words_run_nothing),
    };
    log_init("prog", LOG_INFO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
