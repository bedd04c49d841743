/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <string.h>

#include "node/callmedia/pattern_check.h"

enum { FIRST = 65000, SIZE = 160 };

struct bench {
    struct library library;
    const struct clip *one, *two, *file;
    struct pattern_check check;
    uint8_t octets[SIZE];
};

static const struct clip *add(struct bench *b, const char *path)
{
    const struct media_codec *codec = media_codec_of_type(0);

    assert_int_equal(library_add_clip(&b->library, path, codec, NULL), 0);
    return library_find_clip(&b->library, path, codec);
}

static int set_up(void **state)
{
    struct bench *b = test_calloc(1, sizeof(*b));

    b->one = add(b, "pattern 1");
    b->two = add(b, "pattern 2");
    b->file = add(b, "tests/scenarios/tone.wav");
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    library_finish(&b->library);
    test_free(b);
    return 0;
}

static struct rtp_packet packet(struct bench *b, uint32_t number, uint8_t octet)
{
    struct rtp_packet p = {.payload = b->octets, .payload_size = SIZE};

    memset(b->octets, octet, SIZE);
    p.header.sequence = (uint16_t)(FIRST + number);
    return p;
}

static enum pattern_result own(struct bench *b, uint32_t number, uint8_t octet)
{
    struct rtp_packet p = packet(b, number, octet);

    return pattern_check_own(&b->check, &p, FIRST);
}

static void say(struct bench *b, const struct clip *clip, uint32_t from, uint32_t to)
{
    while (from < to) {
        pattern_check_note_sent(&b->check, clip, from++);
    }
}

static void each_packet_is_compared_with_what_it_was(void **state)
{
    struct bench *b = *state;
    struct rtp_packet p;

    say(b, b->one, 0, 10);
    assert_int_equal(own(b, 0, 0xaa), PATTERN_RIGHT);
    assert_int_equal(own(b, 1, 0xbb), PATTERN_WRONG);
    p = packet(b, 2, 0xaa);
    b->octets[SIZE - 1] ^= 1;
    assert_int_equal(pattern_check_own(&b->check, &p, FIRST), PATTERN_WRONG);
    p = packet(b, 3, 0xaa);
    p.payload_size--;
    assert_int_equal(pattern_check_own(&b->check, &p, FIRST), PATTERN_WRONG);
    say(b, b->two, 10, 20);
    assert_int_equal(own(b, 9, 0xaa), PATTERN_RIGHT); /* was under way */
    assert_int_equal(own(b, 10, 0xaa), PATTERN_WRONG);
    assert_int_equal(own(b, 11, 0xbb), PATTERN_RIGHT);
    say(b, b->file, 20, 30);
    assert_int_equal(own(b, 19, 0xbb), PATTERN_RIGHT);
    assert_int_equal(own(b, 20, 0xbb), PATTERN_NOT_COMPARED);
    assert_int_equal(b->check.sent, 20);
    assert_int_equal(b->check.right, 4);
    assert_int_equal(b->check.wrong, 4);
}

static void a_long_pattern_outlives_its_numbers(void **state)
{
    struct bench *b = *state;

    say(b, b->two, 0, 5);
    say(b, b->one, 5, 70000);
    for (uint32_t i = 5; i < 70000; i += 13) {
        assert_int_equal(own(b, i, 0xaa), PATTERN_RIGHT);
    }
}

/* What another sends on may have any number. */
static void another_source_may_send_the_last_two(void **state)
{
    struct bench *b = *state;
    struct rtp_packet p = packet(b, 7, 0xaa);

    assert_int_equal(pattern_check_other(&b->check, &p), PATTERN_NOT_COMPARED);
    say(b, b->one, 0, 3);
    assert_int_equal(pattern_check_other(&b->check, &p), PATTERN_RIGHT);
    say(b, b->two, 3, 6);
    assert_int_equal(pattern_check_other(&b->check, &p), PATTERN_RIGHT);
    p = packet(b, 8, 0xcc);
    assert_int_equal(pattern_check_other(&b->check, &p), PATTERN_WRONG);
    say(b, NULL, 6, 7);
    assert_int_equal(pattern_check_other(&b->check, &p), PATTERN_NOT_COMPARED);
}

static void a_share_fails_from_the_tolerance_on(void **state)
{
    const struct pattern_check none = {0}, good = {.sent = 10, .right = 10},
                               part = {.sent = 10, .right = 6, .wrong = 1},
                               all = {.sent = 10, .wrong = 10};

    (void)state;
    assert_false(pattern_check_fails(&none, 0));
    assert_false(pattern_check_fails(&good, 0));
    assert_true(pattern_check_fails(&part, 0));
    assert_true(pattern_check_fails(&part, 0.39));
    assert_false(pattern_check_fails(&part, 0.41));
    assert_true(pattern_check_fails(&all, 1));
    assert_false(pattern_check_fails(&all, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_packet_is_compared_with_what_it_was, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_long_pattern_outlives_its_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_source_may_send_the_last_two, set_up, tear_down),
        cmocka_unit_test(a_share_fails_from_the_tolerance_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
