/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a plan says of a guest as libvirt's numbers and words: exactly, or refused with a reason.
 */
#include "base/test.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "control/platform/qemu_private.h"

static struct settings_scale scale_of(enum cgroup_layout layout)
{
    struct settings_scale s = {.layout = layout, .is_root = true};
    cpu_set_add(&s.cpus, 0);
    cpu_set_add(&s.cpus, 1);
    return s;
}

static struct qemu_settings resolve(enum cgroup_layout layout, enum qemu_cap cap_on,
                                    const struct machine_spec *spec)
{
    const struct settings_scale scale = scale_of(layout);
    struct qemu_settings q;
    struct err e;
    err_clear(&e);
    if (qemu_settings_resolve(&scale, cap_on, spec, &q, &e) < 0)
        fail_msg("%s", e.text);
    return q;
}

static void test_numbers(void **state)
{
    (void)state;
    struct machine_spec spec = {.name = "media",
                                .vcpus = 4,
                                .weight = 512,
                                .cap_pct = 40,
                                .cap_period_ns = 10 * NS_PER_MS,
                                .memory_bytes = UINT64_C(512) << 20,
                                .has_pin = true};
    cpu_set_add(&spec.pin, 1);
    struct qemu_settings q = resolve(CGROUP_V1, QEMU_CAP_GUEST, &spec);
    assert_int_equal(q.vcpus, 4); /* more than the pin and the host have: a guest may */
    assert_int_equal(q.cpu_shares, 2048);
    assert_int_equal(q.period_us, 10000);
    assert_int_equal(q.quota_us, 4000);
    assert_int_equal(q.vcpu_quota_us, 0);
    assert_int_equal(q.memory_bytes, UINT64_C(512) << 20);
    assert_true(q.has_pin && cpu_set_has(&q.pin, 1) && !cpu_set_has(&q.pin, 0));
    assert_int_equal(resolve(CGROUP_V2, QEMU_CAP_GUEST, &spec).cpu_shares, 200);
    q = resolve(CGROUP_V1, QEMU_CAP_VCPUS, &spec);
    assert_int_equal(q.quota_us, 0);
    assert_int_equal(q.vcpu_quota_us, 1000);
}

static void test_nothing_set(void **state)
{
    (void)state;
    const struct machine_spec spec = {.name = "media"};
    const struct qemu_settings q = resolve(CGROUP_V1, QEMU_CAP_VCPUS, &spec);
    assert_int_equal(q.vcpus, 2); /* as many as the host has */
    assert_true(q.memory_bytes >= UINT64_C(64) << 20);
    assert_int_equal(q.cpu_shares + q.quota_us + q.vcpu_quota_us, 0);
    assert_false(q.has_pin);
}

static void assert_refused(enum qemu_cap cap_on, const struct machine_spec *spec,
                           const char *setting, const char *word)
{
    const struct settings_scale scale = scale_of(CGROUP_V1);
    struct setting_check checks[MACHINE_CHECKS_MAX];
    struct qemu_settings q;
    struct err e;
    err_clear(&e);
    assert_int_equal(qemu_settings_resolve(&scale, cap_on, spec, &q, &e), -ENOTSUP);
    assert_non_null(strstr(e.text, word));
    int n = qemu_settings_check(&scale, cap_on, spec, checks, MACHINE_CHECKS_MAX), refused = 0;
    for (int i = 0; i < n; i++) {
        if (checks[i].state != SETTING_UNSUPPORTED)
            continue;
        assert_string_equal(checks[i].setting, setting);
        assert_non_null(strstr(checks[i].text, word));
        refused++;
    }
    assert_int_equal(refused, 1);
}

static void test_refused(void **state)
{
    (void)state;
    struct machine_spec pinned = {.name = "a", .has_pin = true};
    cpu_set_add(&pinned.pin, 7);
    const struct machine_spec vcpus = {.name = "a", .vcpus = 4096},
                              memory = {.name = "a", .memory_bytes = 1 << 20},
                              cap = {.name = "a", .vcpus = 3, .cap_pct = 40},
                              weight = {.name = "a", .weight = 1000000};
    assert_refused(QEMU_CAP_GUEST, &vcpus, "vcpus", "4096");
    assert_refused(QEMU_CAP_GUEST, &memory, "memory", "64M");
    assert_refused(QEMU_CAP_VCPUS, &cap, "cap", "3 VCPUs");
    assert_refused(QEMU_CAP_GUEST, &weight, "weight", "cpu.shares");
    assert_refused(QEMU_CAP_GUEST, &pinned, "pin", "CPU 7");
}

static void test_check_says_as_what(void **state)
{
    (void)state;
    const struct settings_scale scale = scale_of(CGROUP_V1);
    struct setting_check checks[MACHINE_CHECKS_MAX];
    struct machine_spec spec = {.name = "a", .vcpus = 2, .cap_pct = 40, .has_pin = true};
    cpu_set_add(&spec.pin, 1);
    spec.coalesce = (struct coalesce){.has_rx_usecs = true, .rx_usecs = 50};
    int n = qemu_settings_check(&scale, QEMU_CAP_VCPUS, &spec, checks, MACHINE_CHECKS_MAX);
    assert_int_equal(n, 6);
    for (int i = 0; i < n; i++) {
        if (strcmp(checks[i].setting, "coalesce") == 0)
            assert_string_equal(checks[i].text,
                                "rx-usecs 50 of the guest's interfaces, if their driver can");
        if (strcmp(checks[i].setting, "vcpus") == 0)
            assert_string_equal(checks[i].text, "2 VCPUs");
        if (strcmp(checks[i].setting, "pin") == 0)
            assert_string_equal(checks[i].text, "VCPUs and emulator on CPUs 1");
        if (strcmp(checks[i].setting, "cap") == 0)
            assert_string_equal(checks[i].text, "20000 us of every 100000 us for each VCPU");
        if (strcmp(checks[i].setting, "weight") == 0)
            assert_int_equal(checks[i].state, SETTING_DEFAULT);
    }
}

static struct qemu_options defaults(void)
{
    struct qemu_options o;
    opt_defaults(qemu_options_table, &o, sizeof o);
    return o;
}

static void set(struct qemu_options *o, const char *option, const char *text)
{
    assert_int_equal(opt_parse(opt_find(qemu_options_table, option), text, o, NULL, NULL), 0);
}

static void test_options_that_do_not_fit(void **state)
{
    (void)state;
    static const struct {
        const char *option, *text, *other, *other_text, *word;
    } cases[] = {
        {"initrd", "/i", "nic", "virtio", "kernel"},
        {"nic", "e1000", "queues", "4", "queues"},
        {"nic", "e1000", "vhost", "on", "vhost"},
        {"packages", "frr", "disk", "/d", "packages"},
        {"iothreads", "2", "nic", "virtio", "disk"},
        {"numa_node", "zero", "nic", "virtio", "zero"},
        {"hostdev", "pci:0000:03:00.0,eth0", "nic", "virtio", "eth0"},
        {"scratch", "1G", "disk", "/d", "scratch"},
        {"scratch", "1G", "agent", "no", "scratch"},
        {"scratch", "1M", "nic", "virtio", "at least 16M"},
        {"scratch", "1G", "disk_bus", "ide", "virtio and scsi"},
        {"scratch", "1G", "scratch_folder", "here", "begin with /"},
    };
    struct qemu_options o = defaults();
    assert_int_equal(qemu_options_check(&o, NULL), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e;
        err_clear(&e);
        o = defaults();
        set(&o, cases[i].option, cases[i].text);
        set(&o, cases[i].other, cases[i].other_text);
        assert_int_equal(qemu_options_check(&o, &e), -EINVAL);
        assert_non_null(strstr(e.text, cases[i].word));
    }
}

static void fill(struct platform *p, struct machine *m, struct bridge *net)
{
    *p = (struct platform){.env = {.mark = "a1b2c3"},
                           .options = defaults(),
                           .type = "qemu",
                           .kernel = "/k",
                           .initrd = "/i"};
    *net = (struct bridge){.name = "traffic", .bridge = "vpa1b2c3b0"};
    *m = (struct machine){
        .platform = p,
        .name = "media",
        .id = "vaperf-a1b2c3-media",
        .dir = "/s/qemu/media",
        .console = "/s/qemu/media/console",
        .socket = "/s/qemu/media/agent",
        .nets = {net},
        .links = {{.outside = "vpa1b2c3v0", .mac = "02:76:70:00:01:02", .address = "198.18.1.2"}},
        .link_count = 1,
        .settings = {.vcpus = 1, .memory_bytes = UINT64_C(128) << 20, .cpu_shares = 512},
    };
}

static void assert_has(const struct buf *xml, const char *text)
{
    if (strstr(buf_str(xml), text) == NULL)
        fail_msg("no %s in\n%s", text, buf_str(xml));
}

static void test_options_in_the_xml(void **state)
{
    (void)state;
    struct platform p;
    struct machine m;
    struct bridge net;
    struct buf xml;
    fill(&p, &m, &net);
    buf_init(&xml);
    assert_int_equal(qemu_xml(&m, &xml, NULL), 0);
    assert_has(&xml, "<cpu mode='maximum'/>");
    assert_has(&xml, "<shares>512</shares>");
    assert_has(&xml, "<kernel>/k</kernel>");
    assert_has(&xml, " vaperf.hostname=media vaperf.net=02:76:70:00:01:02,198.18.1.2/24</cmdline>");
    assert_has(&xml, "<target type='virtio' name='vaperf.agent'/>");
    assert_null(strstr(buf_str(&xml), "<disk "));
    set(&p.options, "scratch", "64M");
    m.scratch = "/var/tmp/vaperf-a1b2c3-media.disk";
    assert_int_equal(qemu_xml(&m, &xml, NULL), 0);
    assert_has(&xml, "<driver name='qemu' type='raw'/>");
    assert_has(&xml, "<source file='/var/tmp/vaperf-a1b2c3-media.disk'/>");
    assert_has(&xml, " vaperf.scratch=vda</cmdline>");
    set(&p.options, "scratch", "0");
    p.type = "kvm";
    set(&p.options, "disk", "/d.qcow2");
    set(&p.options, "disk_bus", "scsi");
    set(&p.options, "disk_cache", "none");
    set(&p.options, "disk_io", "native");
    set(&p.options, "iothreads", "2");
    set(&p.options, "vhost", "on");
    set(&p.options, "queues", "2");
    set(&p.options, "clock", "tsc");
    set(&p.options, "numa_node", "1");
    set(&p.options, "hugepages", "yes");
    set(&p.options, "arguments", "quiet");
    assert_int_equal(qemu_xml(&m, &xml, NULL), 0);
    assert_has(&xml, "<cpu mode='host-passthrough'/>");
    assert_has(&xml, "<driver name='qemu' type='qcow2' cache='none' io='native'/>");
    assert_has(&xml, "<source file='/s/qemu/media/disk.qcow2'/>"); /* never the user's own file */
    assert_has(&xml, "<driver iothread='1'/>");
    assert_has(&xml, "<driver name='vhost' queues='2'/>");
    assert_has(&xml, "<timer name='kvmclock' present='no'/>");
    assert_has(&xml, " clocksource=tsc quiet</cmdline>");
    assert_has(&xml, "<memory mode='strict' nodeset='1'/>");
    assert_has(&xml, "<hugepages/>");
    p.kernel = p.initrd = NULL;
    assert_int_equal(qemu_xml(&m, &xml, NULL), 0);
    assert_has(&xml, "<boot dev='hd'/>");
    buf_finish(&xml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_nothing_set),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_check_says_as_what),
        cmocka_unit_test(test_options_that_do_not_fit),
        cmocka_unit_test(test_options_in_the_xml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
