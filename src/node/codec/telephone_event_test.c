/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <errno.h>

#include "node/codec/telephone_event.h"

static void the_layout_is_that_of_the_standard(void **state)
{
    /* Figure 1 of RFC 4733: event, E R volume, duration. */
    static const uint8_t golden[] = {11, 0x8a, 0x03, 0x20};
    const struct telephone_event hash = {.event = 11, .end = true, .volume = 10, .duration = 800};
    struct telephone_event read;
    uint8_t bytes[TELEPHONE_EVENT_SIZE];

    (void)state;
    assert_int_equal(telephone_event_encode(&hash, bytes, sizeof(bytes)), sizeof(bytes));
    assert_memory_equal(bytes, golden, sizeof(golden));
    assert_int_equal(telephone_event_decode(&read, golden, sizeof(golden)), 0);
    assert_int_equal(read.event, 11);
    assert_true(read.end);
    assert_int_equal(read.volume, 10);
    assert_int_equal(read.duration, 800);
}

static void wrong_ones_are_refused(void **state)
{
    const struct telephone_event loud = {.volume = 64}, fine = {.volume = 63};
    struct telephone_event read;
    uint8_t bytes[TELEPHONE_EVENT_SIZE + 1] = {0};

    (void)state;
    assert_int_equal(telephone_event_encode(&loud, bytes, sizeof(bytes)), -EINVAL);
    assert_int_equal(telephone_event_encode(&fine, bytes, 3), -ENOBUFS);
    assert_int_equal(telephone_event_decode(&read, bytes, 3), -EBADMSG);
    assert_int_equal(telephone_event_decode(&read, bytes, 5), -EBADMSG);
}

static void digits_have_events(void **state)
{
    (void)state;
    assert_int_equal(telephone_event_of('0'), 0);
    assert_int_equal(telephone_event_of('9'), 9);
    assert_int_equal(telephone_event_of('*'), 10);
    assert_int_equal(telephone_event_of('#'), 11);
    assert_int_equal(telephone_event_of('D'), 15);
    assert_int_equal(telephone_event_of('E'), -EINVAL);
    assert_int_equal(telephone_event_of('\0'), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_layout_is_that_of_the_standard),
        cmocka_unit_test(wrong_ones_are_refused),
        cmocka_unit_test(digits_have_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
