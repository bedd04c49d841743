/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <string.h>

#include "node/codec/rtp.h"

/* PCMU, marker, sequence 0x1234, timestamp 160, SSRC 0xdeadbeef, two octets of payload. */
static const uint8_t golden[] = {0x80, 0x80, 0x12, 0x34, 0,    0, 0,
                                 160,  0xde, 0xad, 0xbe, 0xef, 1, 2};

static void header_is_the_golden_one(void **state)
{
    struct rtp_header h = {
        .marker = true, .sequence = 0x1234, .timestamp = 160, .ssrc = 0xdeadbeef};
    uint8_t bytes[RTP_HEADER_SIZE];

    (void)state;
    assert_int_equal(rtp_encode_header(&h, bytes, sizeof(bytes)), RTP_HEADER_SIZE);
    assert_memory_equal(bytes, golden, sizeof(bytes));
    assert_int_equal(rtp_encode_header(&h, bytes, sizeof(bytes) - 1), -ENOBUFS);
}

static void packet_is_read_back(void **state)
{
    struct rtp_packet p;

    (void)state;
    assert_int_equal(rtp_decode(&p, golden, sizeof(golden)), 0);
    assert_true(p.header.marker);
    assert_int_equal(p.header.sequence, 0x1234);
    assert_int_equal(p.header.timestamp, 160);
    assert_int_equal(p.header.ssrc, 0xdeadbeef);
    assert_int_equal(p.payload_size, 2);
    assert_int_equal(p.payload[1], 2);
}

static void extension_csrc_and_padding_are_stepped_over(void **state)
{
    const uint8_t bytes[] = {0xb1, 0,    0, 1, 0, 0, 0, 0, 0, 0, 0, 1, /* P, X, one CSRC */
                             0,    0,    0, 9,                         /* CSRC 9 */
                             0xbe, 0xde, 0, 1, 7, 7, 7, 7,             /* one word of extension */
                             42,   0,    2};
    struct rtp_packet p;

    (void)state;
    assert_int_equal(rtp_decode(&p, bytes, sizeof(bytes)), 0);
    assert_int_equal(p.header.csrc[0], 9);
    assert_int_equal(p.header.extension_profile, 0xbede);
    assert_int_equal(p.payload_size, 1);
    assert_int_equal(p.payload[0], 42);
    for (size_t size = 0; size < 24; size++) {
        assert_int_equal(rtp_decode(&p, bytes, size), -EBADMSG);
    }
}

static void other_versions_and_false_padding_are_refused(void **state)
{
    uint8_t bytes[sizeof(golden)];
    struct rtp_packet p;

    (void)state;
    memcpy(bytes, golden, sizeof(bytes));
    bytes[0] = 0x40;
    assert_int_equal(rtp_decode(&p, bytes, sizeof(bytes)), -EBADMSG);
    bytes[0] = 0xa0;
    bytes[sizeof(bytes) - 1] = 3;
    assert_int_equal(rtp_decode(&p, bytes, sizeof(bytes)), -EBADMSG);
    bytes[sizeof(bytes) - 1] = 0;
    assert_int_equal(rtp_decode(&p, bytes, sizeof(bytes)), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_is_the_golden_one),
        cmocka_unit_test(packet_is_read_back),
        cmocka_unit_test(extension_csrc_and_padding_are_stepped_over),
        cmocka_unit_test(other_versions_and_false_padding_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
