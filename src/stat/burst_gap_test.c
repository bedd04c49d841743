/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <math.h>
#include <string.h>

#include "base/rand.h"
#include "stat/burst_gap.h"

/* 1 received, 0 lost, X discarded. */
static struct burst_gap_metrics metrics_of(const char *pattern)
{
    struct burst_gap b = {0};
    struct burst_gap_metrics m;

    for (; *pattern != '\0'; pattern++) {
        burst_gap_note(&b, *pattern == '1'   ? PACKET_RECEIVED
                           : *pattern == '0' ? PACKET_LOST
                                             : PACKET_DISCARDED);
    }
    burst_gap_read(&b, &m);
    return m;
}

/* RFC 3611 §4.7.2: 64 packets of 10 ms, a gap of 23, a burst of 12 and a gap of 29. It gives the
 * densities in whole percent, and the rates and durations exactly. */
static void the_example_of_the_standard(void **state)
{
    struct burst_gap_metrics m = metrics_of("11110111111111111111111"
                                            "X111X1011110"
                                            "111111111111111111X1111111111");

    (void)state;
    assert_int_equal((int)(256 * m.loss_rate), 12);
    assert_int_equal((int)(256 * m.discard_rate), 12);
    assert_int_equal(lround(100 * m.burst_density), 33);
    assert_int_equal(lround(100 * m.gap_density), 4);
    assert_true(10 * m.burst_packets == 120);
    assert_true(10 * m.gap_packets == 520);
    assert_int_equal(m.bursts, 1);
}

static void edges(void **state)
{
    struct burst_gap_metrics m = metrics_of("");

    (void)state;
    assert_true(m.loss_rate == 0 && m.gap_packets == 0 && m.bursts == 0);
    m = metrics_of("1111"); /* no burst: all is one gap */
    assert_true(m.gap_packets == 4 && m.gap_density == 0 && m.burst_packets == 0);
    m = metrics_of("0"); /* one alone is in a gap */
    assert_true(m.bursts == 0 && m.gap_density == 1);
    m = metrics_of("00");
    assert_true(m.bursts == 1 && m.burst_packets == 2 && m.burst_density == 1);
    m = metrics_of("01111111111111110"); /* 15 between: one burst */
    assert_true(m.bursts == 1 && m.burst_packets == 17);
    m = metrics_of("011111111111111110"); /* 16 between: none */
    assert_true(m.bursts == 0 && m.gap_packets == 18);
    m = metrics_of("00111111111111111111X0"); /* two of two */
    assert_true(m.bursts == 2 && m.burst_packets == 2 && m.gap_packets == 9);
}

/* Whatever comes, bursts and gaps hold all packets and all that are missing. */
static void nothing_is_counted_twice(void **state)
{
    struct rand_state r;

    (void)state;
    rand_init(&r, 3);
    for (int round = 0; round < 200; round++) {
        struct burst_gap b = {0};
        struct burst_gap_metrics m;
        double missing, share = rand_double(&r);
        for (int i = 0; i < 500; i++) {
            double v = rand_double(&r);
            burst_gap_note(&b, v > share       ? PACKET_RECEIVED
                               : v > share / 2 ? PACKET_LOST
                                               : PACKET_DISCARDED);
        }
        burst_gap_read(&b, &m);
        missing = m.bursts * m.burst_packets * m.burst_density +
                  (m.bursts > 0 ? m.bursts : 1) * m.gap_packets * m.gap_density;
        assert_true(fabs(missing - 500 * (m.loss_rate + m.discard_rate)) < 1e-6);
        assert_true(fabs(m.bursts * m.burst_packets +
                         (m.bursts > 0 ? m.bursts : 1) * m.gap_packets - 500) < 1e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_standard),
        cmocka_unit_test(edges),
        cmocka_unit_test(nothing_is_counted_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
