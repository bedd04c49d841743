/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * libvirt's figures of a guest as columns and values.
 */
#include "base/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "control/virt/figures.h"

enum { ROOM = 96 };

struct taken {
    size_t count;
    struct sample_column columns[ROOM];
    double values[ROOM];
};

/* Of a guest under emulation: VCPU 1 of three is not plugged in. */
static const char emulated[] =
    "{'state.state': 1, 'cpu.time': 5000000000, 'cpu.user': 3000000000, 'cpu.system': 2000000000,"
    " 'balloon.current': 262144, 'balloon.rss': 131072, 'balloon.major_fault': 7,"
    " 'balloon.swap_in': 2, 'vcpu.current': 2, 'vcpu.maximum': 3,"
    " 'vcpu.0.state': 1, 'vcpu.0.time': 4000000000, 'vcpu.0.wait': 0, 'vcpu.0.delay': 250,"
    " 'vcpu.0.halted': true, 'vcpu.2.time': 10, 'vcpu.2.delay': 20, 'vcpu.2.halted': false,"
    " 'net.count': 1, 'net.0.name': 'vnet7', 'net.0.rx.bytes': 100, 'net.0.rx.pkts': 3,"
    " 'net.0.rx.drop': 1, 'net.0.tx.bytes': 200, 'net.0.tx.pkts': 4,"
    " 'block.count': 2, 'block.0.name': 'vda', 'block.0.rd.reqs': 11, 'block.0.rd.times': 12,"
    " 'block.0.wr.bytes': 13, 'block.1.name': 'hdc', 'block.1.capacity': 14}";

static json_t *parse(const char *text)
{
    char plain[4096];
    struct err e = {0};
    size_t n = 0;
    for (; text[n] != '\0' && n < sizeof plain - 1; n++)
        plain[n] = text[n] == '\'' ? '"' : text[n];
    json_t *object = json_parse(plain, n, &e);
    if (object == NULL)
        fail_msg("%s", e.text);
    return object;
}

static void take(struct taken *t, const json_t *stats)
{
    t->count = virt_figures(stats, t->columns, t->values, ROOM);
    assert_true(t->count <= ROOM);
}

static const struct sample_column *find(const struct taken *t, const char *entity,
                                        const char *metric, double *ret)
{
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->columns[i].entity, entity) == 0 &&
            strcmp(t->columns[i].metric, metric) == 0) {
            *ret = t->values[i];
            return &t->columns[i];
        }
    }
    return NULL;
}

static void assert_figure(const struct taken *t, const char *entity, const char *metric,
                          const char *unit, enum sample_kind kind, double value)
{
    double got;
    const struct sample_column *c = find(t, entity, metric, &got);
    if (c == NULL)
        fail_msg("there is no %s of %s", metric, entity);
    assert_string_equal(c->unit, unit);
    assert_int_equal(c->kind, kind);
    assert_true(got == value);
}

static void test_names_units_kinds(void **state)
{
    (void)state;
    struct taken t;
    json_t *stats = parse(emulated);
    take(&t, stats);
    assert_figure(&t, "vmm", "cpu_ns", "ns", SAMPLE_COUNTER, 5e9);
    assert_figure(&t, "vmm", "user_ns", "ns", SAMPLE_COUNTER, 3e9);
    assert_figure(&t, "vmm", "system_ns", "ns", SAMPLE_COUNTER, 2e9);
    assert_figure(&t, "vmm", "vcpus", "1", SAMPLE_GAUGE, 2);
    assert_figure(&t, "vmm", "memory_bytes", "bytes", SAMPLE_GAUGE, 256 << 20);
    assert_figure(&t, "vmm", "resident_bytes", "bytes", SAMPLE_GAUGE, 128 << 20);
    assert_figure(&t, "vmm", "major_faults", "1", SAMPLE_COUNTER, 7);
    assert_figure(&t, "vmm", "swap_in_bytes", "bytes", SAMPLE_COUNTER, 2048);
    assert_figure(&t, "vmm/vcpu.0", "cpu_ns", "ns", SAMPLE_COUNTER, 4e9);
    assert_figure(&t, "vmm/vcpu.0", "run_queue_wait_ns", "ns", SAMPLE_COUNTER, 250);
    assert_figure(&t, "vmm/vcpu.0", "halted", "1", SAMPLE_GAUGE, 1);
    assert_figure(&t, "vmm/vcpu.2", "halted", "1", SAMPLE_GAUGE, 0);
    assert_figure(&t, "vmm/vcpu.2", "run_queue_wait_ns", "ns", SAMPLE_COUNTER, 20);
    assert_figure(&t, "vmm/net.vnet7", "rx_packets", "packets", SAMPLE_COUNTER, 3);
    assert_figure(&t, "vmm/net.vnet7", "rx_drops", "packets", SAMPLE_COUNTER, 1);
    assert_figure(&t, "vmm/net.vnet7", "tx_bytes", "bytes", SAMPLE_COUNTER, 200);
    assert_figure(&t, "vmm/block.vda", "reads", "1", SAMPLE_COUNTER, 11);
    assert_figure(&t, "vmm/block.vda", "read_ns", "ns", SAMPLE_COUNTER, 12);
    assert_figure(&t, "vmm/block.vda", "write_bytes", "bytes", SAMPLE_COUNTER, 13);
    assert_figure(&t, "vmm/block.hdc", "capacity_bytes", "bytes", SAMPLE_GAUGE, 14);
    assert_int_equal(t.count, 23);
    json_decref(stats);
}

static void test_what_is_not_given_is_no_column(void **state)
{
    (void)state;
    struct taken t;
    double value;
    json_t *stats = parse(emulated), *none = json_object();
    take(&t, stats);
    assert_null(find(&t, "vmm", "swap_out_bytes", &value));
    assert_null(find(&t, "vmm/vcpu.1", "cpu_ns", &value));
    assert_null(find(&t, "vmm/vcpu.0", "exits", &value));
    assert_null(find(&t, "vmm/net.vnet7", "tx_drops", &value));
    assert_false(virt_figures_have_exits(stats));
    take(&t, none);
    assert_int_equal(t.count, 0);
    assert_false(virt_figures_have_exits(none));
    json_decref(stats);
    json_decref(none);
}

static void test_kvm(void **state)
{
    (void)state;
    struct taken t;
    json_t *stats = parse(
        "{'vcpu.current': 1, 'vcpu.maximum': 2, 'vcpu.1.exits.sum': 100,"
        " 'cpu.haltpoll.success.time': 0, 'vcpu.1.io_exits.sum': 20, 'vcpu.1.halt_exits.sum': 30,"
        " 'vcpu.1.halt_wait_ns.sum': 40, 'vcpu.1.exits.cur': 9}");
    take(&t, stats);
    assert_true(virt_figures_have_exits(stats));
    assert_figure(&t, "vmm/vcpu.1", "exits", "1", SAMPLE_COUNTER, 100);
    assert_figure(&t, "vmm/vcpu.1", "io_exits", "1", SAMPLE_COUNTER, 20);
    assert_figure(&t, "vmm/vcpu.1", "halt_exits", "1", SAMPLE_COUNTER, 30);
    assert_figure(&t, "vmm/vcpu.1", "halt_wait_ns", "ns", SAMPLE_COUNTER, 40);
    assert_int_equal(t.count, 5);
    json_decref(stats);
}

static void test_room(void **state)
{
    (void)state;
    struct taken t;
    struct sample_column two[3];
    double values[3] = {0, 0, -1};
    json_t *stats = parse(emulated);
    take(&t, stats);
    memset(two, 0x55, sizeof two);
    assert_int_equal(virt_figures(stats, two, values, 2), t.count);
    assert_string_equal(two[1].metric, "user_ns");
    assert_int_equal(two[2].metric[0], 0x55);
    assert_true(values[2] == -1);
    assert_int_equal(virt_figures(stats, NULL, NULL, 0), t.count);
    json_decref(stats);
}

static void test_follow(void **state)
{
    (void)state;
    struct taken t;
    double values[ROOM];
    json_t *stats = parse(emulated);
    take(&t, stats);
    json_object_set_new(stats, "cpu.time", json_integer(6000000000));
    json_object_del(stats, "cpu.user"); /* all behind it move */
    json_object_set_new(stats, "balloon.swap_out", json_integer(1));
    json_object_set_new(stats, "net.0.tx.pkts", json_integer(44));
    assert_int_equal(virt_figures_follow(stats, t.columns, t.count, values), 0);
    for (size_t i = 0; i < t.count; i++) {
        const char *metric = t.columns[i].metric;
        if (strcmp(t.columns[i].entity, "vmm") == 0 && strcmp(metric, "cpu_ns") == 0)
            assert_true(values[i] == 6e9);
        else if (strcmp(metric, "user_ns") == 0)
            assert_true(isnan(values[i]));
        else if (strcmp(metric, "tx_packets") == 0)
            assert_true(values[i] == 44);
        else
            assert_true(values[i] == t.values[i]);
    }
    json_decref(stats);
}

static void test_hostile_names(void **state)
{
    (void)state;
    struct taken t;
    char text[512];
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    snprintf(text, sizeof text,
             "{'net.count': 2, 'net.0.name': '%s', 'net.0.rx.pkts': 1, 'net.1.rx.pkts': 'x'}",
             name);
    json_t *stats = parse(text);
    take(&t, stats);
    assert_int_equal(t.count, 1);
    assert_int_equal(strlen(t.columns[0].entity), SAMPLE_NAME_MAX - 1);
    json_decref(stats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_units_kinds),
        cmocka_unit_test(test_what_is_not_given_is_no_column),
        cmocka_unit_test(test_kvm),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_follow),
        cmocka_unit_test(test_hostile_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
