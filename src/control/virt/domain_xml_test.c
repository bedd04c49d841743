/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The XML of a guest: one text to the letter, every variant against libvirt's own schema.
 */
#include "base/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/proc.h"
#include "control/virt/domain_xml.h"

#define SCHEMA "/usr/share/libvirt/schemas/domain.rng"

static struct domain_config plain(void)
{
    return (struct domain_config){
        .name = "vaperf-a1b2c3-media",
        .mark = "a1b2c3",
        .machine_name = "media",
        .type = "qemu",
        .machine = "pc",
        .cpu_model = "maximum",
        .vcpus = 2,
        .memory_bytes = UINT64_C(256) << 20,
        .kernel = "/k",
        .initrd = "/i",
        .arguments = "console=ttyS0 a='b' <&>",
        .console = "/c",
        .port = "vaperf.agent",
        .port_path = "/p",
        .numa_node = -1,
    };
}

static const char wanted[] =
    "<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
    "  <name>vaperf-a1b2c3-media</name>\n"
    "  <metadata>\n"
    "    <vaperf:mark xmlns:vaperf='" DOMAIN_XML_NAMESPACE "'>a1b2c3</vaperf:mark>\n"
    "  </metadata>\n"
    "  <memory unit='KiB'>262144</memory>\n"
    "  <vcpu>2</vcpu>\n"
    "  <cputune>\n"
    "    <vcpupin vcpu='0' cpuset='1,3'/>\n"
    "    <vcpupin vcpu='1' cpuset='1,3'/>\n"
    "    <emulatorpin cpuset='1,3'/>\n"
    "    <shares>2048</shares>\n"
    "    <period>10000</period>\n"
    "    <quota>2000</quota>\n"
    "  </cputune>\n"
    "  <os>\n"
    "    <type arch='x86_64' machine='pc'>hvm</type>\n"
    "    <kernel>/k</kernel>\n"
    "    <initrd>/i</initrd>\n"
    "    <cmdline>console=ttyS0 a=&apos;b&apos; &lt;&amp;&gt;</cmdline>\n"
    "  </os>\n"
    "  <features>\n"
    "    <acpi/>\n"
    "    <apic/>\n"
    "  </features>\n"
    "  <cpu mode='maximum'/>\n"
    "  <clock offset='utc'/>\n"
    "  <on_poweroff>destroy</on_poweroff>\n"
    "  <on_reboot>destroy</on_reboot>\n"
    "  <on_crash>destroy</on_crash>\n"
    "  <devices>\n"
    "    <controller type='usb' model='none'/>\n"
    "    <interface type='bridge'>\n"
    "      <mac address='02:76:70:00:01:02'/>\n"
    "      <source bridge='vpa1b2c3b0'/>\n"
    "      <target dev='vpa1b2c3v0'/>\n"
    "      <model type='virtio'/>\n"
    "      <rom enabled='no'/>\n"
    "    </interface>\n"
    "    <serial type='file'>\n"
    "      <source path='/c'/>\n"
    "      <target port='0'/>\n"
    "    </serial>\n"
    "    <channel type='unix'>\n"
    "      <source mode='bind' path='/p'/>\n"
    "      <target type='virtio' name='vaperf.agent'/>\n"
    "    </channel>\n"
    "    <memballoon model='none'/>\n"
    "  </devices>\n"
    "  <seclabel type='none'/>\n"
    "  <qemu:commandline>\n"
    "    <qemu:env name='VAPERF_MARK' value='a1b2c3'/>\n"
    "    <qemu:env name='VAPERF_MACHINE' value='a1b2c3/media'/>\n"
    "  </qemu:commandline>\n"
    "</domain>\n";

static void test_to_the_letter(void **state)
{
    (void)state;
    struct domain_config c = plain();
    struct buf out;
    buf_init(&out);
    c.cpu_shares = 2048;
    c.period_us = 10000;
    c.vcpu_quota_us = 2000;
    c.has_pin = c.environment = true;
    cpu_set_add(&c.pin, 1);
    cpu_set_add(&c.pin, 3);
    c.nics[c.nic_count++] = (struct domain_nic){
        .bridge = "vpa1b2c3b0", .tap = "vpa1b2c3v0", .mac = "02:76:70:00:01:02", .model = "virtio"};
    assert_int_equal(domain_xml_format(&c, &out, NULL), 0);
    assert_string_equal(buf_str(&out), wanted);
    buf_finish(&out);
}

static int validate(const char *text, struct err *e)
{
    char path[] = "/tmp/vaperf-domain-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    const char *words[] = {"xmllint", "--noout", "--relaxng", SCHEMA, path, NULL};
    struct buf out;
    buf_init(&out);
    int r = proc_run((char *const *)(void *)words, NULL, &out, 0, e);
    buf_finish(&out);
    unlink(path);
    return r;
}

static void need_schema(void)
{
    struct err e;
    err_clear(&e);
    if (access(SCHEMA, R_OK) == 0 &&
        validate("<domain type='qemu'><name>a</name><memory>9999</memory><os><type>hvm</type></os>"
                 "</domain>",
                 &e) == 0)
        return;
    printf("skipped: no %s, or no xmllint: %s\n", SCHEMA, e.text);
    skip();
}

static void assert_valid(const struct domain_config *c)
{
    struct buf out;
    struct err e;
    buf_init(&out);
    err_clear(&e);
    assert_int_equal(domain_xml_format(c, &out, &e), 0);
    if (validate(buf_str(&out), &e) != 0)
        fail_msg("%s\n%s", e.text, buf_str(&out));
    buf_finish(&out);
}

static void test_schema_refuses(void **state)
{
    (void)state;
    need_schema();
    assert_int_not_equal(
        validate("<domain type='qemu'><name>a</name><vcpus>1</vcpus></domain>", NULL), 0);
}

static void test_every_variant_fits_the_schema(void **state)
{
    (void)state;
    static const char *const models[] = {"virtio", "e1000", "e1000e", "rtl8139"};
    static const char *const buses[] = {"virtio", "scsi", "sata", "ide"};
    static const char *const clocks[] = {"kvmclock", "tsc", "hpet", "acpi_pm"};
    static const char *const cpus[] = {"host-passthrough", "host-model", "maximum", "Nehalem"};
    need_schema();
    for (unsigned i = 0; i < 4; i++) {
        struct domain_config c = plain();
        c.type = i % 2 == 0 ? "kvm" : "qemu";
        c.machine = i % 2 == 0 ? "q35" : "pc";
        c.cpu_model = cpus[i];
        c.clock = clocks[i];
        c.iothreads = i;
        c.numa_node = (int)i - 1;
        c.hugepages = i % 2 == 0;
        c.environment = i > 1;
        c.has_pin = i > 0;
        cpu_set_add(&c.pin, 0);
        c.cpu_shares = 1024 * i;
        c.quota_us = 5000 * i;
        c.period_us = 10000;
        c.kernel = i == 3 ? NULL : c.kernel;
        c.disk.path = "/d.qcow2";
        c.disk.format = i % 2 == 0 ? "qcow2" : "raw";
        c.disk.bus = buses[i];
        c.disk.cache = i > 0 ? "none" : NULL;
        c.disk.io = i > 0 ? "native" : NULL;
        c.disk.is_cd = i == 3;
        c.nics[c.nic_count++] = (struct domain_nic){.bridge = "b",
                                                    .tap = "t",
                                                    .mac = "02:76:70:00:01:02",
                                                    .model = models[i],
                                                    .backend = i == 0 ? "vhost" : NULL,
                                                    .queues = i == 0 ? 4 : 0};
        assert_valid(&c);
    }
}

static void test_past_the_hypervisor(void **state)
{
    (void)state;
    static const char *const texts[] = {"pci:0000:03:00.0", "vf:0000:3b:02.1",
                                        "vhost-user:/run/vpp/vhost0"};
    struct domain_config c = plain();
    struct buf out;
    buf_init(&out);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(domain_hostdev_parse(&c.hostdevs[c.hostdev_count++], texts[i], NULL), 0);
    c.hostdevs[1].mac = c.hostdevs[2].mac = "02:76:70:00:01:03";
    assert_int_equal(domain_xml_format(&c, &out, NULL), 0);
    assert_non_null(strstr(buf_str(&out), "<hostdev mode='subsystem' type='pci' managed='yes'>"));
    assert_non_null(strstr(buf_str(&out), "<address type='pci' domain='0x0000' bus='0x3b' "
                                          "slot='0x02' function='0x1'/>"));
    assert_non_null(strstr(buf_str(&out), "<access mode='shared'/>"));
    buf_finish(&out);
    need_schema();
    assert_valid(&c);
}

static void test_hostdev_texts(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "03:00.0",
                                      "pci:03:00.0",
                                      "pci:0000:03:00",
                                      "vf:eth0",
                                      "pci:0000:03:20.0",
                                      "vhost-user:",
                                      "vhost-user:a",
                                      "pci:0000:03:00.0x"};
    struct domain_hostdev h;
    struct err e;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err_clear(&e);
        assert_int_equal(domain_hostdev_parse(&h, bad[i], &e), -EINVAL);
        assert_non_null(strstr(e.text, "pci:0000:03:00.0"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_to_the_letter),
        cmocka_unit_test(test_schema_refuses),
        cmocka_unit_test(test_every_variant_fits_the_schema),
        cmocka_unit_test(test_past_the_hypervisor),
        cmocka_unit_test(test_hostdev_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
