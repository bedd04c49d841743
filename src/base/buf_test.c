/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"

static void test_append(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    assert_string_equal(buf_str(&b), "");
    buf_append(&b, NULL, 0);
    buf_append_str(&b, "abc");
    buf_printf(&b, "-%d-%s", 42, "x");
    assert_string_equal(buf_str(&b), "abc-42-x");
    assert_int_equal(b.size, 8);
    for (int i = 0; i < 1000; i++)
        buf_printf(&b, "%d,", i);
    assert_false(buf_failed(&b));
    assert_int_equal(strlen(b.data), b.size);
    buf_clear(&b);
    assert_string_equal(buf_str(&b), "");
    buf_append(&b, "a\0b", 3);
    assert_memory_equal(b.data, "a\0b", 4);
    buf_finish(&b);
    buf_finish(&b);
    buf_finish(NULL);
}

static void test_remove_front(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    buf_remove_front(&b, 5);
    buf_append_str(&b, "line\nrest");
    buf_remove_front(&b, 5);
    assert_string_equal(buf_str(&b), "rest");
    buf_remove_front(&b, 100);
    assert_string_equal(buf_str(&b), "");
    assert_int_equal(b.size, 0);
    buf_finish(&b);
}

static void test_take(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    char *empty = buf_take(&b);
    assert_string_equal(empty, "");
    free(empty);
    buf_append_str(&b, "mine");
    char *text = buf_take(&b);
    assert_string_equal(text, "mine");
    free(text);
    assert_null(b.data);
    buf_finish(&b);
}

static void test_failure_is_remembered(void **state)
{
    (void)state;
    for (long n = 0; n < 3; n++) {
        struct buf b;
        buf_init(&b);
        test_alloc_fail_at(n);
        for (int i = 0; i < 200; i++)
            buf_append_str(&b, "0123456789");
        assert_true(buf_failed(&b));
        size_t size = b.size;
        test_alloc_restore();
        buf_append_str(&b, "ignored");
        buf_printf(&b, "ignored");
        assert_int_equal(b.size, size);
        assert_int_equal(strlen(buf_str(&b)), size);
        assert_int_equal(buf_decode_base64(&b, "QUJD"), -ENOMEM);
        assert_null(buf_take(&b));
        buf_append_str(&b, "good again");
        assert_string_equal(buf_str(&b), "good again");
        buf_finish(&b);
    }
}

/* RFC 4648 §10 */
static void test_base64_vectors(void **state)
{
    (void)state;
    static const char *const vectors[][2] = {{"", ""},
                                             {"f", "Zg=="},
                                             {"fo", "Zm8="},
                                             {"foo", "Zm9v"},
                                             {"foob", "Zm9vYg=="},
                                             {"fooba", "Zm9vYmE="},
                                             {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct buf b;
        buf_init(&b);
        buf_append_base64(&b, vectors[i][0], strlen(vectors[i][0]));
        assert_string_equal(buf_str(&b), vectors[i][1]);
        buf_clear(&b);
        assert_int_equal(buf_decode_base64(&b, vectors[i][1]), 0);
        assert_string_equal(buf_str(&b), vectors[i][0]);
        buf_finish(&b);
    }
}

static void test_base64_all_bytes(void **state)
{
    (void)state;
    unsigned char bytes[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (unsigned char)i;
    struct buf text, back;
    buf_init(&text);
    buf_init(&back);
    buf_append_base64(&text, bytes, sizeof bytes);
    assert_int_equal(buf_decode_base64(&back, buf_str(&text)), 0);
    assert_int_equal(back.size, sizeof bytes);
    assert_memory_equal(back.data, bytes, sizeof bytes);
    buf_finish(&text);
    buf_finish(&back);
}

static void test_base64_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"Z",      "Zg",   "Zg=",  "Z===", "====", "Zg==Zg==",
                                        "Zm9v\n", "Zm 9", "Zh==", "Zm9=", "Zm-_", "Zm=v"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct buf b;
        buf_init(&b);
        buf_append_str(&b, "kept");
        assert_int_equal(buf_decode_base64(&b, wrong[i]), -EBADMSG);
        assert_string_equal(buf_str(&b), "kept");
        buf_finish(&b);
    }
    struct buf b;
    buf_init(&b);
    assert_int_equal(buf_decode_base64(&b, "Zm9vZh=="), -EBADMSG);
    assert_int_equal(b.size, 0);
    buf_finish(&b);
}

static void test_load(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    assert_int_equal(buf_load(&b, "/proc/self/stat"), 0); /* a file of size 0 that has content */
    assert_true(b.size > 20);
    assert_int_equal(strlen(b.data), b.size);
    size_t size = b.size;
    assert_int_equal(buf_load(&b, "/nonexistent/file"), -ENOENT);
    assert_int_equal(buf_load(&b, "/"), -EISDIR);
    assert_int_equal(b.size, size);
    buf_finish(&b);
    test_alloc_fail_at(0);
    assert_int_equal(buf_load(&b, "/proc/self/stat"), -ENOMEM);
    test_alloc_restore();
    buf_finish(&b);
}

static void test_join_lines(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"", ""}, {"\n\n", ""}, {"a", "a"}, {"a\nb\n", "a|b"}, {"\na\n\nb\n\n", "|a||b"}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct buf b;
        buf_init(&b);
        buf_append_str(&b, texts[i][0]);
        buf_join_lines(&b, '|');
        assert_string_equal(buf_str(&b), texts[i][1]);
        assert_int_equal(b.size, strlen(texts[i][1]));
        buf_finish(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),         cmocka_unit_test(test_remove_front),
        cmocka_unit_test(test_take),           cmocka_unit_test(test_failure_is_remembered),
        cmocka_unit_test(test_base64_vectors), cmocka_unit_test(test_base64_all_bytes),
        cmocka_unit_test(test_base64_refused), cmocka_unit_test(test_load),
        cmocka_unit_test(test_join_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
