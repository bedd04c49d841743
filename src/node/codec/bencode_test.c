/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Written as an rtpengine writes it, read again, and refused where it is wrong.
 */
#include "base/test.h"

#include <errno.h>
#include <string.h>

#include "node/codec/bencode.h"

static int decode(struct bencode *ret, const char *text)
{
    return bencode_decode(ret, (const uint8_t *)text, strlen(text));
}

static void written_is_read_again(void **state)
{
    struct bencode all, v, item;
    struct buf b;

    (void)state;
    buf_init(&b);
    bencode_open_dict(&b);
    bencode_put_pair(&b, "command", "offer");
    bencode_put_text(&b, "flags");
    bencode_open_list(&b);
    bencode_put_text(&b, "");
    bencode_put_number(&b, -7);
    bencode_close(&b);
    bencode_put_text(&b, "n");
    bencode_put_number(&b, 123456789012345678);
    bencode_close(&b);
    assert_string_equal(buf_str(&b), "d7:command5:offer5:flagsl0:i-7ee1:ni123456789012345678ee");
    assert_int_equal(decode(&all, buf_str(&b)), 0);
    assert_int_equal(bencode_find(&all, "command", BENCODE_TEXT, &v), 0);
    assert_true(v.size == 5 && memcmp(v.bytes, "offer", 5) == 0);
    assert_int_equal(bencode_find(&all, "n", BENCODE_NUMBER, &v), 0);
    assert_true(v.number == 123456789012345678);
    assert_int_equal(bencode_find(&all, "flags", BENCODE_LIST, &v), 0);
    assert_true(bencode_next(&v, &item) == 1 && item.type == BENCODE_TEXT && item.size == 0);
    assert_true(bencode_next(&v, &item) == 1 && item.type == BENCODE_NUMBER && item.number == -7);
    assert_int_equal(bencode_next(&v, &item), 0);
    assert_int_equal(bencode_find(&all, "n", BENCODE_TEXT, &v), -EBADMSG);
    assert_int_equal(bencode_find(&all, "none", BENCODE_TEXT, &v), -ENOENT);
    buf_finish(&b);
}

static void nested_ones_are_found(void **state)
{
    struct bencode all, inner, v;

    (void)state;
    assert_int_equal(decode(&all, "d1:ad1:bi1e1:cd1:di2eee1:zi3ee"), 0);
    assert_int_equal(bencode_find(&all, "a", BENCODE_DICT, &inner), 0);
    assert_int_equal(bencode_find(&inner, "c", BENCODE_DICT, &inner), 0);
    assert_int_equal(bencode_find(&inner, "d", BENCODE_NUMBER, &v), 0);
    assert_int_equal(v.number, 2);
    assert_int_equal(bencode_find(&all, "d", BENCODE_NUMBER, &v), -ENOENT);
    assert_int_equal(bencode_find(&all, "z", BENCODE_NUMBER, &v), 0);
    assert_int_equal(bencode_find(&v, "z", BENCODE_NUMBER, &v), -ENOENT);
}

static void wrong_ones_are_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "i",
        "ie",
        "i1",
        "i-e",
        "x",
        "5:four",
        "-1:a",
        "99999999999999999999:",
        "i9999999999999999999e",
        "l",
        "d",
        "e",
        "li1e",
        "d1:a",
        "d1:ae",
        "di1ei2ee",
        "dleee",
        "d1:ai1e1:be",
        "i1ei2e",
        "1:ab",
        "i 1e",
        "d1:ali1eed",
    };
    struct bencode v;
    char deep[2 * BENCODE_DEPTH_MAX + 3];

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (decode(&v, wrong[i]) != -EBADMSG) {
            fail_msg("'%s' was read", wrong[i]);
        }
    }
    memset(deep, 'l', BENCODE_DEPTH_MAX + 1);
    memset(deep + BENCODE_DEPTH_MAX + 1, 'e', BENCODE_DEPTH_MAX + 1);
    assert_int_equal(bencode_decode(&v, (uint8_t *)deep, 2 * BENCODE_DEPTH_MAX + 2), -EBADMSG);
    assert_int_equal(bencode_decode(&v, (uint8_t *)deep + 1, 2 * BENCODE_DEPTH_MAX), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_is_read_again),
        cmocka_unit_test(nested_ones_are_found),
        cmocka_unit_test(wrong_ones_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
