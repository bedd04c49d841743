/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <math.h>

#include "base/clock.h"
#include "node/workload/rtp_talk.h"

static const struct rtp_talk_plan p59 = {1004 * NS_PER_MS, 1587 * NS_PER_MS, 20 * NS_PER_MS};

/* Two hundred streams of ten minutes: the means, and the share of spurts that are longer than the
 * mean, which for an exponential is 1/e. A spurt of less than a packet time may not be seen. */
static void spurts_are_as_in_p59(void **state)
{
    uint32_t ticks = 0, talked = 0, spurts = 0, longer = 0;
    struct rand_state r;

    (void)state;
    rand_init(&r, 11);
    for (int stream = 0; stream < 200; stream++) {
        struct rtp_talk t = {0};
        uint32_t length = 0;
        for (int i = 0; i < 30000; i++) {
            enum rtp_talk_now now = rtp_talk_tick(&t, &p59, &r);
            ticks++;
            if (now == RTP_TALK_FIRST) {
                spurts++;
                longer += length * UINT64_C(20) > 1004;
                length = 0;
            }
            talked += now != RTP_TALK_SILENT;
            length += now != RTP_TALK_SILENT;
        }
        assert_int_equal(t.ticks, 30000);
    }
    assert_true(fabs((double)talked / ticks - 0.3875) < 0.01);
    assert_true(fabs(talked * 0.02 / spurts - 1.004) < 0.03);
    assert_true(fabs((double)longer / spurts - exp(-1)) < 0.02);
}

/* The first packet of each spurt, and no other, is marked. */
static void every_spurt_begins_once(void **state)
{
    enum rtp_talk_now before = RTP_TALK_SILENT;
    struct rtp_talk t = {0};
    struct rand_state r;

    (void)state;
    rand_init(&r, 5);
    for (int i = 0; i < 100000; i++) {
        enum rtp_talk_now now = rtp_talk_tick(&t, &p59, &r);
        assert_false(now == RTP_TALK_ON && before == RTP_TALK_SILENT);
        before = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spurts_are_as_in_p59),
        cmocka_unit_test(every_spurt_begins_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
