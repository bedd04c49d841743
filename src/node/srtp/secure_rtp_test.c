/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <string.h>

#include "node/srtp/secure_rtp.h"

/* The master key and salt of RFC 3711 Appendix B.3. */
static const uint8_t key[SECURE_RTP_KEY_MAX] = {
    0xe1, 0xf9, 0x7a, 0x0d, 0x3e, 0x01, 0x8b, 0xe0, 0xd6, 0x4f, 0xa3, 0x2c, 0x06, 0xde, 0x41,
    0x39, 0x0e, 0xc6, 0x75, 0xad, 0x49, 0x8a, 0xfe, 0xeb, 0xb6, 0x96, 0x0b, 0x3a, 0xab, 0xe6};
static const uint8_t rtp[28] = {0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe,
                                0xba, 0xbe, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab,
                                0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab};
static const uint8_t rtcp[8] = {0x80, 201, 0, 1, 0xca, 0xfe, 0xba, 0xbe};

/* What libsrtp's own test driver, and RFC 3711's key derivation, make of this packet. */
static void the_known_packet(void **state)
{
    static const uint8_t expected[38] = {0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe,
                                         0xba, 0xbe, 0x4e, 0x55, 0xdc, 0x4c, 0xe7, 0x99, 0x78, 0xd8,
                                         0x8c, 0xa4, 0xd2, 0x15, 0x94, 0x9d, 0x24, 0x02, 0xb7, 0x8d,
                                         0x6a, 0xcc, 0x99, 0xea, 0x17, 0x9b, 0x8d, 0xbb};
    struct secure_rtp *s = secure_rtp_create(AES_CM_128_HMAC_SHA1_80, key);
    uint8_t packet[64];
    uint32_t size = sizeof(rtp);

    (void)state;
    assert_non_null(s);
    memcpy(packet, rtp, sizeof(rtp));
    assert_int_equal(secure_rtp_protect(s, SECURE_RTP_MEDIA, packet, &size), 0);
    assert_int_equal(size, sizeof(expected));
    assert_memory_equal(packet, expected, sizeof(expected));
    secure_rtp_destroy(s);
}

static void every_suite_there_and_back(void **state)
{
    static const enum secure_rtp_suite suites[] = {AES_CM_128_HMAC_SHA1_80, AES_CM_128_HMAC_SHA1_32,
                                                   AEAD_AES_128_GCM};
    static const uint32_t tags[] = {10, 4, 16};

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct secure_rtp *s = secure_rtp_create(suites[i], key);
        uint8_t packet[64], copy[64];
        uint32_t size = sizeof(rtp), again;
        assert_non_null(s);
        assert_in_range(secure_rtp_key_size(suites[i]), 28, SECURE_RTP_KEY_MAX);
        memcpy(packet, rtp, sizeof(rtp));
        assert_int_equal(secure_rtp_protect(s, SECURE_RTP_MEDIA, packet, &size), 0);
        assert_int_equal(size, sizeof(rtp) + tags[i]);
        assert_memory_equal(packet, rtp, 12); /* the header stays readable */
        again = size;
        memcpy(copy, packet, size);
        copy[20] ^= 1;
        assert_int_equal(secure_rtp_open(s, SECURE_RTP_MEDIA, copy, &again), -EBADMSG);
        memcpy(copy, packet, size);
        assert_int_equal(secure_rtp_open(s, SECURE_RTP_MEDIA, copy, &again), 0);
        assert_int_equal(again, sizeof(rtp));
        assert_memory_equal(copy, rtp, sizeof(rtp));
        memcpy(copy, packet, size);
        again = size;
        assert_int_equal(secure_rtp_open(s, SECURE_RTP_MEDIA, copy, &again), -EEXIST);
        size = sizeof(rtcp);
        memcpy(packet, rtcp, sizeof(rtcp));
        assert_int_equal(secure_rtp_protect(s, SECURE_RTP_CONTROL, packet, &size), 0);
        assert_in_range(size, sizeof(rtcp) + 14, sizeof(rtcp) + SECURE_RTP_TRAILER_MAX);
        assert_int_equal(secure_rtp_open(s, SECURE_RTP_CONTROL, packet, &size), 0);
        assert_int_equal(size, sizeof(rtcp));
        assert_memory_equal(packet, rtcp, sizeof(rtcp));
        secure_rtp_destroy(s);
    }
}

static void short_ones_are_refused(void **state)
{
    struct secure_rtp *s = secure_rtp_create(AES_CM_128_HMAC_SHA1_80, key);
    uint8_t packet[64] = {0x80};

    (void)state;
    for (uint32_t n = 0; n < 22; n++) {
        uint32_t size = n;
        assert_true(secure_rtp_open(s, SECURE_RTP_MEDIA, packet, &size) < 0);
        size = n;
        assert_true(secure_rtp_open(s, SECURE_RTP_CONTROL, packet, &size) < 0);
    }
    secure_rtp_destroy(s);
    secure_rtp_destroy(NULL);
    assert_null(secure_rtp_create(SECURE_RTP_NONE, key));
}

int main(void)
{
    struct err e = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_known_packet),
        cmocka_unit_test(every_suite_there_and_back),
        cmocka_unit_test(short_ones_are_refused),
    };

    if (secure_rtp_supported(&e) < 0) {
        print_message("%s\n", e.text);
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
