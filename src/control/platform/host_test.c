/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * host_test: commands here, and the words for there. The quoting is read back by a real shell.
 */
#include "base/test.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/proc.h"
#include "control/platform/host.h"

static const struct host here = {.name = "sut", .uri = "local"};

static void test_local_words_are_themselves(void **state)
{
    (void)state;
    struct arena a;
    const char *argv[] = {"echo", "a b", NULL};
    arena_init(&a);
    char *const *words = host_words(&here, (char *const *)(void *)argv, &a);
    assert_string_equal(words[0], "echo");
    assert_string_equal(words[1], "a b");
    assert_null(words[2]);
    arena_finish(&a);
}

static void test_ssh_words(void **state)
{
    (void)state;
    const struct host there = {.name = "gen", .uri = "ssh://me@lab:2222"};
    const char *argv[] = {"printf", "%s|", "it's", "$HOME `x`", "", "two\nlines", NULL};
    struct arena a;
    struct buf out;
    struct err e;
    arena_init(&a);
    buf_init(&out);
    err_clear(&e);
    char *const *words = host_words(&there, (char *const *)(void *)argv, &a);
    assert_string_equal(words[0], "ssh");
    assert_string_equal(words[5], "ssh://me@lab:2222");
    assert_string_equal(words[6], "--");
    assert_null(words[8]);
    const char *shell[] = {"sh", "-c", words[7], NULL}; /* what the login shell there does */
    assert_int_equal(proc_run((char *const *)(void *)shell, NULL, &out, 10 * NS_PER_S, &e), 0);
    assert_string_equal(buf_str(&out), "it's|$HOME `x`||two\nlines|");
    buf_finish(&out);
    arena_finish(&a);
}

static void test_uris(void **state)
{
    (void)state;
    struct err e;
    assert_int_equal(host_check_uri("local", &e), 0);
    assert_int_equal(host_check_uri(NULL, &e), 0);
    assert_int_equal(host_check_uri("ssh://lab", &e), 0);
    const char *const bad[] = {
        "", "lab", "ssh://", "ssh://-oProxyCommand=x", "ssh://lab/x", "http://lab"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct host h = {.name = "x", .uri = bad[i]};
        const char *argv[] = {"true", NULL};
        assert_int_equal(host_check_uri(bad[i], &e), -EINVAL);
        assert_int_equal(host_run(&h, (char *const *)(void *)argv, NULL, NULL, 0, &e), -EINVAL);
        assert_non_null(strstr(e.text, "ssh://[user@]host"));
    }
}

static void test_script_takes_arguments_and_says_what_failed(void **state)
{
    (void)state;
    struct buf out;
    struct err e;
    const char *args[] = {"one", "two words", NULL};
    buf_init(&out);
    err_clear(&e);
    assert_int_equal(host_sh(&here, "echo \"$2-$1\"", args, &out, &e), 0);
    assert_string_equal(buf_str(&out), "two words-one\n");
    assert_int_equal(host_sh(&here, "echo no luck: none >&2; exit 3", NULL, NULL, &e), -EIO);
    assert_string_equal(e.text, "no luck: none");
    assert_int_equal(host_sh(&here, "exit 3", NULL, NULL, &e), -EIO);
    assert_non_null(strstr(e.text, "status 3"));
    assert_true(host_has_program(&here, "sh"));
    assert_false(host_has_program(&here, "no-such-program-at-all"));
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_local_words_are_themselves),
        cmocka_unit_test(test_ssh_words),
        cmocka_unit_test(test_uris),
        cmocka_unit_test(test_script_takes_arguments_and_says_what_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
