/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <string.h>

#include "node/codec/rtcp_xr.h"

/* The layout of RFC 3611 §2 and §4.7, octet by octet, with the values of the example of §4.7.2. */
static const uint8_t golden[] = {
    0x80, 207, 0,  10, 1,    2,   3,   4,  /* ten words behind the first, reporter */
    7,    0,   0,  8,  5,    6,   7,   8,  /* VoIP metrics, eight words behind, stream */
    12,   12,  84, 10, 0,    120, 2,   8,  /* rates, densities, burst 120 ms, gap 520 ms */
    0,    30,  0,  80, 127,  127, 127, 16, /* round trip, end system, levels, Gmin */
    93,   127, 44, 43, 0xb0, 0,   0,   40, 0, 80, 0, 120};

static const struct rtcp_xr example = {.ssrc = 0x01020304,
                                       .has_voip = true,
                                       .voip = {.ssrc = 0x05060708,
                                                .loss_rate = 12,
                                                .discard_rate = 12,
                                                .burst_density = 84,
                                                .gap_density = 10,
                                                .burst_ms = 120,
                                                .gap_ms = 520,
                                                .round_trip_ms = 30,
                                                .end_system_ms = 80,
                                                .signal_level = 127,
                                                .noise_level = 127,
                                                .residual_echo_loss = 127,
                                                .gmin = 16,
                                                .r_factor = 93,
                                                .external_r_factor = 127,
                                                .mos_lq = 44,
                                                .mos_cq = 43,
                                                .config = 0xb0,
                                                .jitter_nominal_ms = 40,
                                                .jitter_maximum_ms = 80,
                                                .jitter_absolute_ms = 120}};

static void the_block_is_the_golden_one(void **state)
{
    uint8_t bytes[64];
    struct rtcp_xr x;

    (void)state;
    assert_int_equal(rtcp_xr_encode(&example, bytes, sizeof(bytes)), sizeof(golden));
    assert_memory_equal(bytes, golden, sizeof(golden));
    assert_int_equal(rtcp_xr_encode(&example, bytes, sizeof(golden) - 1), -ENOBUFS);
    assert_int_equal(rtcp_xr_decode(&x, golden, sizeof(golden)), sizeof(golden));
    assert_true(x.has_voip);
    assert_int_equal(x.ssrc, example.ssrc);
    assert_memory_equal(&x.voip, &example.voip, sizeof(x.voip));
}

static void cut_and_wrong_ones_are_refused(void **state)
{
    uint8_t bytes[sizeof(golden)];
    struct rtcp_xr x;

    (void)state;
    for (size_t size = 0; size < sizeof(golden); size++) {
        assert_int_equal(rtcp_xr_decode(&x, golden, size), -EBADMSG);
    }
    for (int i = 0; i < 3; i++) {
        static const struct {
            int at;
            uint8_t value;
        } wrong[] = {{1, 200}, {11, 7}, {11, 9}};
        memcpy(bytes, golden, sizeof(bytes));
        bytes[wrong[i].at] = wrong[i].value;
        assert_int_equal(rtcp_xr_decode(&x, bytes, sizeof(bytes)), -EBADMSG);
    }
}

static void other_blocks_are_stepped_over(void **state)
{
    const uint8_t other[] = {0x80, 207, 0, 3, 0, 0, 0, 9, 4, 0, 0, 1, 1, 2, 3, 4};
    struct rtcp_xr x;

    (void)state;
    assert_int_equal(rtcp_xr_decode(&x, other, sizeof(other)), sizeof(other));
    assert_false(x.has_voip);
    assert_int_equal(x.ssrc, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_block_is_the_golden_one),
        cmocka_unit_test(cut_and_wrong_ones_are_refused),
        cmocka_unit_test(other_blocks_are_stepped_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
