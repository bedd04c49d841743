/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <string.h>

#include "node/codec/rtcp.h"

static const struct rtcp_report sender = {.type = RTCP_SR,
                                          .ssrc = 1,
                                          .ntp_time = UINT64_C(0x0102030405060708),
                                          .rtp_time = 160,
                                          .packets = 2,
                                          .octets = 320,
                                          .block_count = 1,
                                          .blocks = {{.ssrc = 2,
                                                      .fraction_lost = 64,
                                                      .cumulative_lost = -3,
                                                      .highest_sequence = 0x10002,
                                                      .jitter = 5,
                                                      .last_sr = 6,
                                                      .delay_since_sr = 7}}};

static void report_is_read_back(void **state)
{
    uint8_t bytes[128];
    struct rtcp_report r;
    int size = rtcp_encode(&sender, bytes, sizeof(bytes));

    (void)state;
    assert_int_equal(size, 52);
    assert_int_equal(bytes[0], 0x81);
    assert_int_equal(bytes[3], 12); /* words less one, §6.4.1 */
    assert_int_equal(rtcp_decode(&r, bytes, (size_t)size), size);
    assert_int_equal(r.ntp_time, sender.ntp_time);
    assert_int_equal(r.octets, 320);
    assert_int_equal(r.blocks[0].cumulative_lost, -3);
    assert_int_equal(r.blocks[0].fraction_lost, 64);
    assert_int_equal(r.blocks[0].delay_since_sr, 7);
    for (int cut = 0; cut < size; cut++) {
        assert_int_equal(rtcp_decode(&r, bytes, (size_t)cut), -EBADMSG);
    }
}

static void other_types_are_stepped_over(void **state)
{
    const uint8_t bye[] = {0x81, 203, 0, 1, 0, 0, 0, 1};
    uint8_t written[sizeof(bye)];
    struct rtcp_report r;

    (void)state;
    assert_int_equal(rtcp_encode_bye(1, written, sizeof(written) - 1), -ENOBUFS);
    assert_int_equal(rtcp_encode_bye(1, written, sizeof(written)), sizeof(bye));
    assert_memory_equal(written, bye, sizeof(bye));
    assert_int_equal(rtcp_decode(&r, bye, sizeof(bye)), 8);
    assert_int_equal(r.type, RTCP_BYE);
    assert_int_equal(r.block_count, 0);
}

static void more_blocks_than_bytes_are_refused(void **state)
{
    uint8_t bytes[128];
    struct rtcp_report r;

    (void)state;
    assert_int_equal(rtcp_encode(&sender, bytes, sizeof(bytes)), 52);
    bytes[0] = 0x82;
    assert_int_equal(rtcp_decode(&r, bytes, 52), -EBADMSG);
    r = sender;
    r.blocks[0].cumulative_lost = 1 << 23;
    assert_int_equal(rtcp_encode(&r, bytes, sizeof(bytes)), -EINVAL);
    assert_int_equal(rtcp_encode(&sender, bytes, 51), -ENOBUFS);
}

/* §6.5: SC 1, type 202, the SSRC, item 1, its length, the text, and zeros up to a whole word. */
static void a_cname_is_padded(void **state)
{
    static const uint8_t expected[] = {0x81, 202, 0, 3, 0, 0, 0, 5, 1, 3, 'a', '@', 'b', 0, 0, 0};
    uint8_t bytes[64];
    struct rtcp_report r;

    (void)state;
    assert_int_equal(rtcp_encode_cname(5, "a@b", bytes, sizeof(bytes)), sizeof(expected));
    assert_memory_equal(bytes, expected, sizeof(expected));
    assert_int_equal(rtcp_decode(&r, bytes, sizeof(expected)), sizeof(expected));
    assert_int_equal(rtcp_encode_cname(5, "ab", bytes, 15), -ENOBUFS);
    assert_int_equal(rtcp_encode_cname(5, "ab", bytes, 16), 16); /* never without a zero */
    assert_int_equal(rtcp_encode_cname(5, "a", bytes, 12), 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(report_is_read_back),
        cmocka_unit_test(other_types_are_stepped_over),
        cmocka_unit_test(a_cname_is_padded),
        cmocka_unit_test(more_blocks_than_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
