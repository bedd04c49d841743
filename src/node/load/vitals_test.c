/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The kernel's texts, and readings of this very machine.
 */
#include "base/test.h"

#include <string.h>

#include "base/clock.h"
#include "node/load/vitals.h"

static void stat_counts_the_cpus_of_the_thread_only(void **state)
{
    static const char text[] = "cpu  1 1 1 1 1 1 1 99 0 0\n"
                               "cpu0 10 20 30 40 50 60 70 5 7 7\n"
                               "cpu1 1000 0 0 0 0 0 0 1000 0 0\n"
                               "cpu2 1 1 1 1 1 1 1 2 0 0\nintr 9 9\n";
    struct cpu_set cpus = {{0}};
    struct vitals_reading r = {0};

    (void)state;
    cpu_set_add(&cpus, 0);
    cpu_set_add(&cpus, 2);
    assert_true(vitals_parse_stat(text, &cpus, &r));
    assert_int_equal(r.steal_ticks, 7);
    assert_int_equal(r.all_ticks, 280 + 5 + 9);
    assert_false(vitals_parse_stat("intr 9\n", &cpus, &r));
    assert_false(vitals_parse_stat("", &cpus, &r));
    memset(&cpus, 0, sizeof(cpus));
    assert_false(vitals_parse_stat(text, &cpus, &r));
}

static void schedstat_gives_the_wait(void **state)
{
    struct vitals_reading r = {0};

    (void)state;
    assert_true(vitals_parse_schedstat("123 4567 8\n", &r));
    assert_int_equal(r.wait_ns, 4567);
    assert_false(vitals_parse_schedstat("123", &r));
    assert_false(vitals_parse_schedstat("", &r));
}

static void snmp_gives_what_was_dropped_below(void **state)
{
    static const char v4[] = "Tcp: A SndbufErrors\nTcp: 1 2\n"
                             "Udp: InDatagrams NoPorts RcvbufErrors SndbufErrors InCsumErrors\n"
                             "Udp: 10 11 12 13 14\n";
    static const char v6[] = "Udp6RcvbufErrors   \t1\nUdp6SndbufErrors   \t17\n";
    struct vitals_reading r = {0};

    (void)state;
    assert_true(vitals_parse_snmp(v4, false, &r));
    assert_int_equal(r.send_errors, 13);
    assert_true(vitals_parse_snmp(v6, true, &r));
    assert_int_equal(r.send_errors, 17);
    assert_false(vitals_parse_snmp("Udp: A B\nUdp: 1 2\n", false, &r));
    assert_false(vitals_parse_snmp("Udp: A SndbufErrors\nUdp: 1\n", false, &r));
    assert_false(vitals_parse_snmp("Udp: A SndbufErrors\n", false, &r));
    assert_false(vitals_parse_snmp("", false, &r));
    assert_false(vitals_parse_snmp("", true, &r));
}

static void readings_of_this_thread_grow(void **state)
{
    static struct vitals v;
    struct vitals_reading before, after;
    uint64_t until;

    (void)state;
    vitals_open(&v, false);
    vitals_read(&v, &before);
    until = clock_now_ns() + 100 * NS_PER_MS;
    while (clock_now_ns() < until) {
    }
    vitals_read(&v, &after);
    assert_true(after.cpu_ns > before.cpu_ns);
    assert_true(after.faults >= before.faults);
    if (before.steal_known) {
        assert_true(after.all_ticks > before.all_ticks && after.steal_ticks >= before.steal_ticks);
    }
    if (before.wait_known) {
        assert_true(after.wait_ns >= before.wait_ns);
    }
    if (before.send_errors_known) {
        assert_true(after.send_errors >= before.send_errors);
    }
    vitals_close(&v);
    vitals_read(&v, &after);
    assert_false(after.steal_known || after.wait_known || after.send_errors_known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stat_counts_the_cpus_of_the_thread_only),
        cmocka_unit_test(schedstat_gives_the_wait),
        cmocka_unit_test(snmp_gives_what_was_dropped_below),
        cmocka_unit_test(readings_of_this_thread_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
