/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Numbers for people, CSV, JSON, the table and its lines.
 */
#include "base/test.h"

#include <math.h>
#include <stdlib.h>

#include "control/top/fixture.h"

static void assert_format(enum top_form form, double value, const char *wanted)
{
    char text[TOP_TEXT_MAX];
    assert_string_equal(top_format(form, value, text), wanted);
    assert_true(strlen(text) <= 6);
}

static void test_format(void **state)
{
    (void)state;
    assert_format(TOP_FORM_PCT, (double)NAN, "-");
    assert_format(TOP_FORM_PCT, 0, "0.0");
    assert_format(TOP_FORM_PCT, 99.96, "100.0");
    assert_format(TOP_FORM_PCT, 1600.4, "1600");
    assert_format(TOP_FORM_PLAIN, 128, "128");
    assert_format(TOP_FORM_METRIC, 0.4, "0");
    assert_format(TOP_FORM_METRIC, 9999, "9999");
    assert_format(TOP_FORM_METRIC, 10000, "10.0k");
    assert_format(TOP_FORM_METRIC, 999999, "1.0M");
    assert_format(TOP_FORM_METRIC, 123456789, "123M");
    assert_format(TOP_FORM_METRIC, 9.87e9, "9.9G");
    assert_format(TOP_FORM_BYTES, 512.0 * 1024 * 1024, "512M");
    assert_format(TOP_FORM_BYTES, 1.5 * 1024 * 1024 * 1024, "1.5G");
    assert_format(TOP_FORM_BYTES, 0, "0");
}

static void test_table_of_columns(void **state)
{
    (void)state;
    for (size_t i = 0; i < TOP_COLUMN_COUNT; i++) {
        const struct top_column *c = &top_columns[i];
        assert_string_equal(top_sort_words[i + 1], c->sort);
        assert_true((int)strlen(c->heading) <= c->width);
        assert_null(strchr("qapvrsSh?+-=<> ", c->key));
        for (size_t n = 0; n < i; n++)
            assert_true(top_columns[n].key != c->key && strcmp(top_columns[n].name, c->name) != 0);
    }
    assert_null(top_sort_words[TOP_SORT_COUNT]);
    assert_string_equal(top_sort_words[TOP_SORT_CPU], "cpu");
}

struct made {
    struct top_reading before, now;
    struct top_view view;
    struct top_source source;
    struct buf out;
};

static void make(struct made *m)
{
    memset(m, 0, sizeof *m);
    fixture_start(&m->before, 1);
    fixture_start(&m->now, 2);
    fixture_add_busy(&m->before, "a,\"b\"", "u-1", 0, 0);
    fixture_add_busy(&m->now, "a,\"b\"", "u-1", 333, 250);
    fixture_add(&m->now, "new", "u-2", 9, "{'balloon.current': 1}");
    fixture_cpus(&m->before, 0, 0);
    fixture_cpus(&m->now, 3, 1);
    top_view_make(&m->view, &m->before, &m->now);
    m->source.uri = "test:///default";
    str_printf(m->source.node.hypervisor, sizeof m->source.node.hypervisor, "TEST 2");
    str_printf(m->source.node.hostname, sizeof m->source.node.hostname, "lab");
    m->source.node.cpus = 2;
    str_printf(m->source.missing, sizeof m->source.missing, "nobody counts them");
    buf_init(&m->out);
}

static void unmake(struct made *m)
{
    buf_finish(&m->out);
    top_view_finish(&m->view);
    top_reading_finish(&m->before);
    top_reading_finish(&m->now);
}

static void test_csv(void **state)
{
    (void)state;
    struct made m;
    make(&m);
    batch_csv_header(&m.out);
    assert_string_equal(
        buf_str(&m.out),
        "at,interval_s,guest,uuid,vcpu,state,vcpus,cpu_pct,run_queue_wait_pct,user_pct,system_pct,"
        "memory_bytes,resident_bytes,rx_packets_per_s,tx_packets_per_s,rx_bits_per_s,tx_bits_per_s,"
        "drops_per_s,disk_requests_per_s,exits_per_s,halts_per_s\r\n");
    buf_clear(&m.out);
    batch_csv(&m.out, &m.view, TOP_GUESTS);
    assert_string_equal(
        buf_str(&m.out),
        "2026-09-21T14:13:22.000Z,1.000,\"a,\"\"b\"\"\",u-1,,running,1,33.300,25,,,,,,,,,,,,\r\n"
        "2026-09-21T14:13:22.000Z,1.000,new,u-2,,running,,,,,,1024,,,,,,,,,\r\n");
    buf_clear(&m.out);
    batch_csv(&m.out, &m.view, TOP_GUESTS_AND_VCPUS);
    assert_non_null(strstr(buf_str(&m.out),
                           ",u-1,0,running,,33.300,25,,,,,,,,,,,,\r\n2026-09-21T14:13:22.000Z"));
    unmake(&m);
}

static void test_json(void **state)
{
    (void)state;
    struct made m;
    struct err e = {0};
    make(&m);
    assert_int_equal(batch_json(&m.out, &m.view, &m.source, TOP_GUESTS_AND_VCPUS), 0);
    assert_ptr_equal(strchr(buf_str(&m.out), '\n'), m.out.data + m.out.size - 1);
    json_t *all = json_parse(m.out.data, m.out.size, &e);
    assert_non_null(all);
    const json_t *guests = json_object_get(all, "guests"), *first = json_array_get(guests, 0);
    assert_int_equal(json_array_size(guests), 2);
    assert_string_equal(json_str_or(first, "guest", ""), "a,\"b\"");
    assert_true(json_number_or(first, "cpu_pct", 0) == 33.3);
    assert_true(json_is_null(json_object_get(first, "exits_per_s")));
    assert_true(json_is_null(json_object_get(json_array_get(guests, 1), "cpu_pct")));
    const json_t *vcpu = json_array_get(json_object_get(first, "vcpu_rows"), 0);
    assert_int_equal(json_u64_or(vcpu, "vcpu", 9), 0);
    assert_true(json_number_or(vcpu, "run_queue_wait_pct", 0) == 25);
    const json_t *cpu = json_array_get(json_object_get(json_object_get(all, "host"), "cpus"), 1);
    assert_int_equal(json_u64_or(cpu, "cpu", 0), 3);
    assert_true(json_number_or(cpu, "busy_pct", 0) == 25);
    assert_true(json_number_or(json_object_get(all, "own_cost"), "cpu_pct", 0) == 0.5);
    json_decref(all);
    buf_clear(&m.out);
    assert_int_equal(batch_json(&m.out, &m.view, &m.source, TOP_GUESTS), 0);
    assert_null(strstr(buf_str(&m.out), "vcpu_rows"));
    unmake(&m);
}

static void test_table(void **state)
{
    (void)state;
    struct made m;
    make(&m);
    batch_table(&m.out, &m.view, &m.source, TOP_GUESTS_AND_VCPUS);
    const char *text = buf_str(&m.out);
    assert_non_null(strstr(text, "test:///default  TEST 2 on lab, 2 CPUs  guests: 2, running 2\n"
                                 "host CPUs busy %:  0: 75.0  3: 25.0\n"
                                 "interval 1.00 s  vaperf itself: 0.5 % of a CPU; "
                                 "libvirt answered in 1.5 ms\nGUEST"));
    assert_non_null(strstr(text, "\n  vcpu 0             running       -   33.3   25.0      -"));
    assert_non_null(strstr(text, "EXIT, HALT: nobody counts them\n"));
    unmake(&m);
}

static void test_many_cpus(void **state)
{
    (void)state;
    struct top_cpu cpus[300];
    const struct top_view v = {.cpus = cpus, .cpu_count = 300};
    char line[BATCH_LINE_MAX];
    size_t next = 0, lines = 0;
    for (unsigned i = 0; i < 300; i++)
        cpus[i] = (struct top_cpu){i, 100};
    for (; next < 300 && lines < 300; lines++) {
        batch_line_cpus(line, &v, 80, &next);
        assert_true(strlen(line) <= 80);
    }
    assert_true(next == 300 && lines > 20 && lines < 80);
    next = 0;
    batch_line_cpus(line, &v, 5, &next); /* a window too small gets on too */
    assert_int_equal(next, 1);
    next = 0;
    batch_line_cpus(line, &(struct top_view){0}, 80, &next);
    assert_non_null(strstr(line, "libvirt does not tell"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format), cmocka_unit_test(test_table_of_columns),
        cmocka_unit_test(test_csv),    cmocka_unit_test(test_json),
        cmocka_unit_test(test_table),  cmocka_unit_test(test_many_cpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
