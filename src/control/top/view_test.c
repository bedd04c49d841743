/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rates of two readings, what has none, and the order of guests.
 */
#include "base/test.h"

#include <math.h>

#include "control/top/fixture.h"
#include "control/top/view.h"

static void assert_near(double value, double wanted)
{
    if (!(fabs(value - wanted) <= 1e-6 * (1 + fabs(wanted))))
        fail_msg("%g is not %g", value, wanted);
}

static const char before_text[] =
    "{'cpu.time': 1000000000, 'cpu.user': 600000000, 'cpu.system': 400000000,"
    " 'balloon.current': 1024, 'balloon.rss': 512, 'vcpu.current': 2, 'vcpu.maximum': 2,"
    " 'vcpu.0.time': 500000000, 'vcpu.0.delay': 0, 'vcpu.0.halted': false,"
    " 'vcpu.0.exits.sum': 100, 'vcpu.0.halt_exits.sum': 10,"
    " 'vcpu.1.time': 500000000, 'vcpu.1.delay': 100000000, 'vcpu.1.halted': true,"
    " 'vcpu.1.exits.sum': 200, 'vcpu.1.halt_exits.sum': 20,"
    " 'net.count': 2, 'net.0.name': 'a', 'net.0.rx.bytes': 0, 'net.0.rx.pkts': 0,"
    " 'net.0.rx.drop': 0, 'net.0.tx.drop': 5, 'net.0.tx.bytes': 0, 'net.0.tx.pkts': 7,"
    " 'net.1.name': 'b', 'net.1.rx.bytes': 50, 'net.1.rx.pkts': 1, 'net.1.tx.pkts': 3,"
    " 'block.count': 1, 'block.0.name': 'vda', 'block.0.rd.reqs': 1, 'block.0.wr.reqs': 2}";

/* Two seconds later. */
static const char now_text[] =
    "{'cpu.time': 3000000000, 'cpu.user': 1600000000, 'cpu.system': 1400000000,"
    " 'balloon.current': 2048, 'balloon.rss': 768, 'vcpu.current': 2, 'vcpu.maximum': 2,"
    " 'vcpu.0.time': 2300000000, 'vcpu.0.delay': 200000000, 'vcpu.0.halted': false,"
    " 'vcpu.0.exits.sum': 300, 'vcpu.0.halt_exits.sum': 10,"
    " 'vcpu.1.time': 600000000, 'vcpu.1.delay': 300000000, 'vcpu.1.halted': true,"
    " 'vcpu.1.exits.sum': 800, 'vcpu.1.halt_exits.sum': 60,"
    " 'net.count': 2, 'net.0.name': 'a', 'net.0.rx.bytes': 1000, 'net.0.rx.pkts': 10,"
    " 'net.0.rx.drop': 4, 'net.0.tx.drop': 7, 'net.0.tx.bytes': 500, 'net.0.tx.pkts': 17,"
    " 'net.1.name': 'b', 'net.1.rx.bytes': 250, 'net.1.rx.pkts': 5, 'net.1.tx.pkts': 3,"
    " 'block.count': 1, 'block.0.name': 'vda', 'block.0.rd.reqs': 5, 'block.0.wr.reqs': 8}";

static void make_rates(struct top_view *v)
{
    struct top_reading before, now;
    fixture_start(&before, 10);
    fixture_start(&now, 12);
    fixture_add(&before, "g", "u", 4, before_text);
    fixture_add(&now, "g", "u", 4, now_text);
    fixture_cpus(&before, 100, 100);
    fixture_cpus(&now, 400, 200);
    top_view_make(v, &before, &now);
    top_reading_finish(&before); /* the view holds copies */
    top_reading_finish(&now);
}

static void test_rates(void **state)
{
    static const struct {
        const char *name;
        double value;
    } wanted[TOP_COLUMN_COUNT] = {
        {"vcpus", 2},
        {"cpu_pct", 100},
        {"run_queue_wait_pct", 20},
        {"user_pct", 50},
        {"system_pct", 50},
        {"memory_bytes", 2 << 20},
        {"resident_bytes", 768 << 10},
        {"rx_packets_per_s", 7},
        {"tx_packets_per_s", 5},
        {"rx_bits_per_s", 4800},
        {"tx_bits_per_s", 2000},
        {"drops_per_s", 3},
        {"disk_requests_per_s", 5},
        {"exits_per_s", 400},
        {"halts_per_s", 20},
    };
    (void)state;
    struct top_view v;
    make_rates(&v);
    assert_int_equal(v.guest_count, 1);
    assert_string_equal(v.guests[0].name, "g");
    for (size_t i = 0; i < TOP_COLUMN_COUNT; i++)
        assert_near(fixture_value(&v.guests[0], wanted[i].name), wanted[i].value);
    assert_false(top_view_lacks(&v, TOP_RAW_EXITS));
    top_view_finish(&v);
}

static void test_vcpus_and_host(void **state)
{
    (void)state;
    struct top_view v;
    make_rates(&v);
    assert_near(v.interval_s, 2);
    assert_near(v.own_cpu_pct, 0.5);
    assert_int_equal(v.cpu_count, 2);
    assert_int_equal(v.cpus[1].number, 3);
    assert_near(v.cpus[0].busy_pct, 75);
    assert_near(v.cpus[1].busy_pct, 25);
    assert_int_equal(v.guests[0].vcpu_count, 2);
    const struct top_row *vcpus = v.guests[0].vcpus;
    assert_string_equal(vcpus[0].state, "running");
    assert_string_equal(vcpus[1].state, "halted");
    assert_int_equal(vcpus[1].vcpu, 1);
    assert_near(fixture_value(&vcpus[0], "cpu_pct"), 90);
    assert_near(fixture_value(&vcpus[1], "cpu_pct"), 5);
    assert_near(fixture_value(&vcpus[1], "run_queue_wait_pct"), 10);
    assert_near(fixture_value(&vcpus[1], "exits_per_s"), 300);
    assert_true(isnan(fixture_value(&vcpus[0], "memory_bytes")));
    top_view_finish(&v);
}

static void test_no_rate_of_one_reading(void **state)
{
    (void)state;
    struct top_reading before, now;
    struct top_view v;
    fixture_start(&before, 1);
    fixture_start(&now, 2);
    fixture_add(&before, "restarted", "u1", 4, before_text);
    fixture_add(&now, "restarted", "u1", 5, now_text); /* its counters are larger by chance */
    fixture_add(&now, "new", "u2", 6, now_text);
    fixture_add(&before, "reset", "u3", 7, now_text);
    fixture_add(&now, "reset", "u3", 7, before_text);
    fixture_cpus(&now, 1, 1); /* and the CPUs were not told before */
    top_view_make(&v, &before, &now);
    for (size_t i = 0; i < 3; i++) {
        assert_true(isnan(fixture_value(&v.guests[i], "cpu_pct")));
        assert_true(isnan(fixture_value(&v.guests[i], "rx_bits_per_s")));
        assert_true(isnan(fixture_value(&v.guests[i].vcpus[0], "cpu_pct")));
        assert_near(fixture_value(&v.guests[i], "vcpus"), 2);
    }
    assert_true(isnan(v.cpus[0].busy_pct));
    top_view_finish(&v);
    top_reading_finish(&before);
    top_reading_finish(&now);
}

static void test_unknown_is_not_nought(void **state)
{
    (void)state;
    struct top_reading before, now;
    struct top_view v;
    fixture_start(&before, 1);
    fixture_start(&now, 2);
    fixture_add(&before, "bare", "u", 1, "{}");
    fixture_add(&now, "bare", "u", 1, "{}");
    fixture_add_busy(&before, "tcg", "v", 0, 0);
    fixture_add_busy(&now, "tcg", "v", 0, 0);
    top_view_make(&v, &before, &now);
    for (size_t i = 0; i < TOP_COLUMN_COUNT; i++)
        assert_true(isnan(v.guests[0].values[i]));
    assert_near(fixture_value(&v.guests[1], "cpu_pct"), 0);
    assert_true(isnan(fixture_value(&v.guests[1], "exits_per_s")));
    assert_true(top_view_lacks(&v, TOP_RAW_EXITS));
    assert_false(top_view_lacks(&v, TOP_RAW_CPU_NS));
    assert_int_equal(top_view_running(&v), 2);
    top_view_finish(&v);
    top_reading_finish(&before);
    top_reading_finish(&now);
}

static void assert_order(const struct top_view *v, const char *wanted)
{
    char got[8] = "";
    for (size_t i = 0; i < v->guest_count; i++)
        str_printf(got + i, sizeof got - i, "%s", v->guests[i].name);
    assert_string_equal(got, wanted);
}

static void test_order(void **state)
{
    (void)state;
    struct top_reading before, now;
    struct top_view v;
    fixture_start(&before, 1);
    fixture_start(&now, 2);
    static const struct {
        const char *name;
        unsigned cpu, wait;
    } guests[] = {{"c", 500, 0}, {"a", 100, 300}, {"d", 500, 200}, {"b", 900, 100}};
    for (size_t i = 0; i < 4; i++) {
        fixture_add_busy(&before, guests[i].name, guests[i].name, 0, 0);
        fixture_add_busy(&now, guests[i].name, guests[i].name, guests[i].cpu, guests[i].wait);
    }
    fixture_add_busy(&now, "x", "x", 999, 999);
    top_view_make(&v, &before, &now);
    top_view_sort(&v, TOP_SORT_CPU, TOP_LARGEST_FIRST);
    assert_order(&v, "bcdax");
    top_view_sort(&v, TOP_SORT_CPU, TOP_SMALLEST_FIRST);
    assert_order(&v, "acdbx");
    assert_string_equal(top_sort_words[3], "wait");
    top_view_sort(&v, 3, TOP_LARGEST_FIRST);
    assert_order(&v, "adbcx");
    top_view_sort(&v, TOP_SORT_NAME, TOP_LARGEST_FIRST);
    assert_order(&v, "abcdx");
    top_view_sort(&v, TOP_SORT_NAME, TOP_SMALLEST_FIRST);
    assert_order(&v, "xdcba");
    assert_near(fixture_value(&v.guests[4].vcpus[0], "cpu_pct"), 10); /* VCPUs go along */
    top_view_finish(&v);
    top_reading_finish(&before);
    top_reading_finish(&now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_vcpus_and_host),
        cmocka_unit_test(test_no_rate_of_one_reading),
        cmocka_unit_test(test_unknown_is_not_nought),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
