/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/guest/hello.h"

#include <stdio.h>
#include <string.h>

#include "base/test.h"

#define GREETING \
    "\x16"       \
    "0123456789abcdef\n"

/* What a stream means, as one text: data as it is, (nonce) and <end>. */
static void scan_all(const char *stream, size_t piece, char *ret, size_t size)
{
    struct hello_scan scan = {0};
    const size_t total = strlen(stream);
    size_t wrote = 0;
    for (size_t from = 0; from < total; from += piece) {
        const size_t until = from + piece < total ? from + piece : total;
        for (size_t at = from, used; at < until; at += used) {
            const enum hello_event event = hello_next(&scan, stream + at, until - at, &used);
            assert_true(used > 0 && used <= until - at);
            if (event == HELLO_DATA)
                wrote +=
                    (size_t)snprintf(ret + wrote, size - wrote, "%.*s", (int)used, stream + at);
            else if (event == HELLO_GREETING)
                wrote += (size_t)snprintf(ret + wrote, size - wrote, "(%s)", scan.nonce);
            else if (event == HELLO_END)
                wrote += (size_t)snprintf(ret + wrote, size - wrote, "<end>");
        }
    }
    ret[wrote] = '\0';
}

static void check(const char *stream, const char *wanted)
{
    char got[512];
    for (size_t piece = 1; piece <= strlen(stream); piece++) {
        scan_all(stream, piece, got, sizeof got);
        assert_string_equal(got, wanted);
    }
}

static void test_scan(void **state)
{
    (void)state;
    check("{\"id\":1}\n", "{\"id\":1}\n");
    check(GREETING "{}\n\x04", "(0123456789abcdef){}\n<end>");
    check("{\"half of a li" GREETING "{}\n", "{\"half of a li(0123456789abcdef){}\n");
    check(GREETING GREETING, "(0123456789abcdef)(0123456789abcdef)");
}

static void test_broken_greetings(void **state)
{
    (void)state;
    check("\x16"
          "0123" GREETING "x",
          "(0123456789abcdef)x");
    check("\x16"
          "0123456789abcdef0\nx",
          "\nx");
    check("\x16\x16"
          "0123456789abcdef\nx",
          "(0123456789abcdef)x");
    check("\x16"
          "ABC",
          "BC");
}

static void test_format(void **state)
{
    (void)state;
    char nonce[HELLO_NONCE_SIZE + 1], other[HELLO_NONCE_SIZE + 1], bytes[HELLO_SIZE];
    assert_int_equal(hello_draw(nonce), 0);
    assert_int_equal(hello_draw(other), 0);
    assert_string_not_equal(nonce, other);
    hello_format(nonce, bytes);
    struct hello_scan scan = {0};
    size_t used;
    assert_int_equal(hello_next(&scan, bytes, sizeof bytes, &used), HELLO_GREETING);
    assert_int_equal(used, sizeof bytes);
    assert_string_equal(scan.nonce, nonce);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan),
        cmocka_unit_test(test_broken_greetings),
        cmocka_unit_test(test_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
