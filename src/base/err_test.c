/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/err.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static void test_set_prefix_at(void **state)
{
    (void)state;
    struct err e = {0};
    char text[ERR_TEXT_MAX + ERR_FILE_MAX + 32];
    assert_int_equal(err_set(&e, -ENOENT, "network %s not found", "br9"), -ENOENT);
    assert_string_equal(err_format(&e, text, sizeof text), "network br9 not found");
    assert_int_equal(err_prefix(&e, "machine %s: start: ", "media"), -ENOENT);
    assert_int_equal(err_at(&e, "studies/mixed.yaml", 14, 9), -ENOENT);
    assert_string_equal(err_format(&e, text, sizeof text),
                        "studies/mixed.yaml:14:9: machine media: start: network br9 not found");
    err_at(&e, "studies/mixed.yaml", 14, 0);
    assert_string_equal(err_format(&e, text, sizeof text),
                        "studies/mixed.yaml:14: machine media: start: network br9 not found");
    err_at(&e, NULL, 2, 3);
    assert_string_equal(err_format(&e, text, sizeof text),
                        "2:3: machine media: start: network br9 not found");
    err_set(&e, -EIO, "again");
    assert_int_equal(e.line, 0);
    assert_string_equal(e.file, "");
    err_clear(&e);
    assert_int_equal(e.code, 0);
    assert_string_equal(e.text, "");
}

static void test_own_text_as_argument(void **state)
{
    (void)state;
    struct err e = {0};
    err_set(&e, -EIO, "first");
    err_set(&e, -EINVAL, "second after %s", e.text);
    assert_string_equal(e.text, "second after first");
}

static void test_long_texts_are_cut(void **state)
{
    (void)state;
    struct err e = {0};
    char text[2 * ERR_TEXT_MAX], small[8];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    err_set(&e, -EIO, "%s", text);
    assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
    err_prefix(&e, "front: ");
    assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
    assert_memory_equal(e.text, "front: xxx", 10);
    err_prefix(&e, "%s", text);
    assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
    assert_int_equal(err_at(&e, text, 1, 1), -EIO);
    assert_int_equal(strlen(e.file), ERR_FILE_MAX - 1);
    assert_string_equal(err_format(&e, small, sizeof small), "xxxxxxx");
}

static void test_null_is_never_success(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, -EBUSY, "text"), -EBUSY);
    assert_true(err_prefix(NULL, "front: ") < 0);
    assert_true(err_at(NULL, "file", 1, 1) < 0);
    err_clear(NULL);
}

static void test_exit_code(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(err_exit_code(&e), EXIT_GOOD);
    err_set(&e, -EINVAL, "x");
    assert_int_equal(err_exit_code(&e), EXIT_USAGE);
    err_set(&e, -EBADMSG, "x");
    assert_int_equal(err_exit_code(&e), EXIT_USAGE);
    err_set(&e, -ENOENT, "runc is not installed");
    assert_int_equal(err_exit_code(&e), EXIT_ENVIRONMENT);
    err_at(&e, "plan.yaml", 0, 0);
    assert_int_equal(err_exit_code(&e), EXIT_USAGE);
    err_set(&e, -EPERM, "x");
    assert_int_equal(err_exit_code(&e), EXIT_ENVIRONMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_prefix_at),      cmocka_unit_test(test_own_text_as_argument),
        cmocka_unit_test(test_long_texts_are_cut), cmocka_unit_test(test_null_is_never_success),
        cmocka_unit_test(test_exit_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
