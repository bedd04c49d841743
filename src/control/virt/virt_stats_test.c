/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Figures of all guests and of the host from libvirt's own test driver, whose one guest always uses
 * exactly one CPU; and that a read-only connection can change nothing.
 */
#include "base/test.h"

#include <errno.h>
#include <string.h>

#include "control/virt/domain.h"
#include "control/virt/figures.h"
#include "control/virt/virt_stats.h"

static struct virt *open_test(void)
{
    struct virt *v = NULL;
    struct err e = {0};
    if (virt_open_read_only(&v, "test:///default", &e) < 0)
        fail_msg("%s", e.text);
    return v;
}

struct seen {
    unsigned guests;
    double cpu_ns;
};

static void see(void *arg, const struct virt_guest *g)
{
    struct seen *s = arg;
    struct sample_column columns[32];
    double values[32];
    s->guests++;
    assert_string_equal(g->name, "test");
    assert_string_equal(g->uuid, "6695eb01-f6a4-8304-79aa-97f2502e193f");
    assert_int_equal(g->id, 1);
    assert_string_equal(g->state, "running");
    const size_t n = virt_figures(g->stats, columns, values, 32);
    assert_true(n >= 5 && n <= 32);
    assert_string_equal(columns[0].metric, "cpu_ns");
    s->cpu_ns = values[0];
    assert_string_equal(columns[n - 1].entity, "vmm/vcpu.1");
    assert_true(json_u64_or(g->stats, "balloon.current", 0) > 0);
}

static void test_guests(void **state)
{
    (void)state;
    struct virt *v = open_test();
    struct seen first = {0}, second = {0};
    struct err e = {0};
    assert_int_equal(virt_each_stats(v, see, &first, &e), 1);
    assert_int_equal(virt_each_stats(v, see, &second, &e), 1);
    assert_int_equal(first.guests + second.guests, 2);
    assert_true(first.cpu_ns > 0 && second.cpu_ns > first.cpu_ns);
    virt_close(v);
}

static void test_node(void **state)
{
    (void)state;
    struct virt *v = open_test();
    struct virt_node node;
    struct virt_cpu_time cpus[64];
    struct err e = {0};
    assert_int_equal(virt_get_node(v, &node, &e), 0);
    assert_true(strncmp(node.hypervisor, "TEST ", 5) == 0);
    assert_int_equal(node.cpus, 16);
    assert_int_equal(node.memory_bytes, UINT64_C(3145728) * 1024);
    assert_true(node.hostname[0] != '\0');
    const int n = virt_get_node_cpus(v, cpus, 64, &e);
    assert_true(n > 1);
    assert_true(cpus[n - 1].busy_ns > 0 && cpus[n - 1].idle_ns > 0);
    assert_int_equal(virt_get_node_cpus(v, cpus, 1, &e), 1);
    virt_close(v);
}

static void test_nothing_can_be_changed(void **state)
{
    (void)state;
    struct virt *v = open_test();
    struct domain *d = NULL;
    struct err e = {0};
    assert_int_equal(domain_find(v, "test", &d, &e), 0);
    assert_int_equal(domain_destroy(d, &e), -EACCES);
    assert_non_null(strstr(e.text, "read only"));
    assert_int_equal(domain_check_running(d, &e), 1);
    domain_free(d);
    virt_close(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guests),
        cmocka_unit_test(test_node),
        cmocka_unit_test(test_nothing_can_be_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
