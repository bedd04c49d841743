/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * domain_xml: no graphics, USB, balloon or sound: nothing in the guest that takes time of its own.
 * A guest that crashes or reboots is ended, so that it is seen. One thread.
 */
#include "control/virt/domain_xml.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/virt/xml.h"

static void metadata(struct xml *x, const struct domain_config *c)
{
    xml_open(x, "metadata");
    xml_open(x, "vaperf:mark");
    xml_attr(x, "xmlns:vaperf", DOMAIN_XML_NAMESPACE);
    xml_text(x, c->mark);
    xml_close(x);
    xml_close(x);
}

static void memory(struct xml *x, const struct domain_config *c)
{
    char text[24];
    str_printf(text, sizeof text, "%llu", (unsigned long long)(c->memory_bytes / 1024));
    xml_open(x, "memory");
    xml_attr(x, "unit", "KiB");
    xml_text(x, text);
    xml_close(x);
    bool shared = false; /* a vhost-user switch maps the guest's memory */
    for (unsigned i = 0; i < c->hostdev_count; i++)
        shared = shared || c->hostdevs[i].kind == HOSTDEV_VHOST_USER;
    if (!shared && !c->hugepages)
        return;
    xml_open(x, "memoryBacking");
    if (c->hugepages) {
        xml_open(x, "hugepages");
        xml_close(x);
    }
    if (shared) {
        xml_empty(x, "source", "type", "memfd");
        xml_empty(x, "access", "mode", "shared");
    }
    xml_close(x);
}

static void leaf_u64(struct xml *x, const char *element, uint64_t value)
{
    char text[24];
    str_printf(text, sizeof text, "%llu", (unsigned long long)value);
    xml_leaf(x, element, text);
}

static void pins(struct xml *x, const struct domain_config *c)
{
    char cpus[4096];
    cpu_set_format(&c->pin, cpus, sizeof cpus);
    for (uint64_t i = 0; i < c->vcpus; i++) {
        xml_open(x, "vcpupin");
        xml_attr_u64(x, "vcpu", i);
        xml_attr(x, "cpuset", cpus);
        xml_close(x);
    }
    xml_empty(x, "emulatorpin", "cpuset", cpus);
    for (uint64_t i = 1; i <= c->iothreads; i++) {
        xml_open(x, "iothreadpin");
        xml_attr_u64(x, "iothread", i);
        xml_attr(x, "cpuset", cpus);
        xml_close(x);
    }
}

static void tuning(struct xml *x, const struct domain_config *c)
{
    if (c->iothreads > 0)
        leaf_u64(x, "iothreads", c->iothreads);
    if (c->cpu_shares != 0 || c->quota_us != 0 || c->vcpu_quota_us != 0 || c->has_pin) {
        xml_open(x, "cputune");
        if (c->has_pin)
            pins(x, c);
        if (c->cpu_shares != 0)
            leaf_u64(x, "shares", c->cpu_shares);
        if (c->quota_us != 0) {
            leaf_u64(x, "global_period", c->period_us);
            leaf_u64(x, "global_quota", c->quota_us);
        }
        if (c->vcpu_quota_us != 0) {
            leaf_u64(x, "period", c->period_us);
            leaf_u64(x, "quota", c->vcpu_quota_us);
        }
        xml_close(x);
    }
    if (c->numa_node >= 0) {
        xml_open(x, "numatune");
        xml_open(x, "memory");
        xml_attr(x, "mode", "strict");
        xml_attr_u64(x, "nodeset", (uint64_t)c->numa_node);
        xml_close(x);
        xml_close(x);
    }
}

static void boot(struct xml *x, const struct domain_config *c)
{
    xml_open(x, "os");
    xml_open(x, "type");
    xml_attr(x, "arch", "x86_64");
    xml_attr(x, "machine", c->machine);
    xml_text(x, "hvm");
    xml_close(x);
    if (c->kernel != NULL) {
        xml_leaf(x, "kernel", c->kernel);
        if (c->initrd != NULL)
            xml_leaf(x, "initrd", c->initrd);
        if (c->arguments != NULL)
            xml_leaf(x, "cmdline", c->arguments);
    } else {
        xml_empty(x, "boot", "dev", c->disk.is_cd ? "cdrom" : "hd");
    }
    xml_close(x);
    xml_open(x, "features");
    xml_open(x, "acpi");
    xml_close(x);
    xml_open(x, "apic");
    xml_close(x);
    xml_close(x);
}

static void processor(struct xml *x, const struct domain_config *c)
{
    static const char *const modes[] = {"host-passthrough", "host-model", "maximum"};
    bool is_mode = false;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        is_mode = is_mode || strcmp(modes[i], c->cpu_model) == 0;
    xml_open(x, "cpu");
    xml_attr(x, "mode", is_mode ? c->cpu_model : "custom");
    if (!is_mode) {
        xml_attr(x, "match", "exact");
        xml_leaf(x, "model", c->cpu_model);
    }
    xml_close(x);
}

static void timer(struct xml *x, const char *name, bool present)
{
    xml_open(x, "timer");
    xml_attr(x, "name", name);
    xml_attr(x, "present", present ? "yes" : "no");
    xml_close(x);
}

static void clock_source(struct xml *x, const struct domain_config *c)
{
    xml_open(x, "clock");
    xml_attr(x, "offset", "utc");
    if (c->clock != NULL) {
        timer(x, "kvmclock", strcmp(c->clock, "kvmclock") == 0);
        timer(x, "hpet", strcmp(c->clock, "hpet") == 0);
    }
    xml_close(x);
}

static void disk(struct xml *x, const struct domain_config *c)
{
    const char *bus = c->disk.bus;
    const bool is_virtio = strcmp(bus, "virtio") == 0;
    xml_open(x, "disk");
    xml_attr(x, "type", "file");
    xml_attr(x, "device", c->disk.is_cd ? "cdrom" : "disk");
    xml_open(x, "driver");
    xml_attr(x, "name", "qemu");
    xml_attr(x, "type", c->disk.format);
    if (c->disk.cache != NULL)
        xml_attr(x, "cache", c->disk.cache);
    if (c->disk.io != NULL)
        xml_attr(x, "io", c->disk.io);
    if (is_virtio && c->iothreads > 0)
        xml_attr(x, "iothread", "1");
    xml_close(x);
    xml_empty(x, "source", "file", c->disk.path);
    xml_open(x, "target");
    xml_attr(x, "dev", is_virtio ? "vda" : strcmp(bus, "ide") == 0 ? "hda" : "sda");
    xml_attr(x, "bus", bus);
    xml_close(x);
    if (c->disk.is_cd) {
        xml_open(x, "readonly");
        xml_close(x);
    }
    xml_close(x);
    if (strcmp(bus, "scsi") == 0) {
        xml_open(x, "controller");
        xml_attr(x, "type", "scsi");
        xml_attr(x, "model", "virtio-scsi");
        if (c->iothreads > 0)
            xml_empty(x, "driver", "iothread", "1");
        xml_close(x);
    }
}

static void nic(struct xml *x, const struct domain_nic *n)
{
    xml_open(x, "interface");
    xml_attr(x, "type", "bridge");
    xml_empty(x, "mac", "address", n->mac);
    xml_empty(x, "source", "bridge", n->bridge);
    xml_empty(x, "target", "dev", n->tap);
    xml_empty(x, "model", "type", n->model);
    if (n->backend != NULL || n->queues > 1) {
        xml_open(x, "driver");
        if (n->backend != NULL)
            xml_attr(x, "name", n->backend);
        if (n->queues > 1)
            xml_attr_u64(x, "queues", n->queues);
        xml_close(x);
    }
    xml_empty(x, "rom", "enabled", "no");
    xml_close(x);
}

static void hex(struct xml *x, const char *name, unsigned value, int digits)
{
    char text[16];
    str_printf(text, sizeof text, "0x%0*x", digits, value);
    xml_attr(x, name, text);
}

static void pci_source(struct xml *x, const struct domain_hostdev *h)
{
    xml_open(x, "source");
    xml_open(x, "address");
    if (h->kind == HOSTDEV_VF)
        xml_attr(x, "type", "pci");
    hex(x, "domain", h->pci_domain, 4);
    hex(x, "bus", h->bus, 2);
    hex(x, "slot", h->slot, 2);
    hex(x, "function", h->function, 1);
    xml_close(x);
    xml_close(x);
}

static void hostdev(struct xml *x, const struct domain_hostdev *h)
{
    xml_open(x, h->kind == HOSTDEV_PCI ? "hostdev" : "interface");
    if (h->kind == HOSTDEV_PCI)
        xml_attr(x, "mode", "subsystem");
    xml_attr(x, "type",
             h->kind == HOSTDEV_PCI  ? "pci"
             : h->kind == HOSTDEV_VF ? "hostdev"
                                     : "vhostuser");
    if (h->kind != HOSTDEV_VHOST_USER)
        xml_attr(x, "managed", "yes");
    if (h->mac != NULL)
        xml_empty(x, "mac", "address", h->mac);
    if (h->kind == HOSTDEV_VHOST_USER) {
        xml_open(x, "source");
        xml_attr(x, "type", "unix");
        xml_attr(x, "path", h->socket);
        xml_attr(x, "mode", "client");
        xml_close(x);
        xml_empty(x, "model", "type", "virtio");
    } else {
        pci_source(x, h);
    }
    xml_close(x);
}

static void serial_ports(struct xml *x, const struct domain_config *c)
{
    if (c->console != NULL) {
        xml_open(x, "serial");
        xml_attr(x, "type", "file");
        xml_empty(x, "source", "path", c->console);
        xml_empty(x, "target", "port", "0");
        xml_close(x);
    }
    if (c->port != NULL) {
        xml_open(x, "channel");
        xml_attr(x, "type", "unix");
        xml_open(x, "source");
        xml_attr(x, "mode", "bind");
        xml_attr(x, "path", c->port_path);
        xml_close(x);
        xml_open(x, "target");
        xml_attr(x, "type", "virtio");
        xml_attr(x, "name", c->port);
        xml_close(x);
        xml_close(x);
    }
}

static void devices(struct xml *x, const struct domain_config *c)
{
    xml_open(x, "devices");
    if (c->disk.path != NULL)
        disk(x, c);
    xml_open(x, "controller");
    xml_attr(x, "type", "usb");
    xml_attr(x, "model", "none");
    xml_close(x);
    for (unsigned i = 0; i < c->nic_count; i++)
        nic(x, &c->nics[i]);
    for (unsigned i = 0; i < c->hostdev_count; i++)
        hostdev(x, &c->hostdevs[i]);
    serial_ports(x, c);
    xml_empty(x, "memballoon", "model", "none");
    xml_close(x);
}

/* QEMU's process is then known as ours even when libvirt's side is gone. */
static void environment(struct xml *x, const struct domain_config *c)
{
    char machine[160];
    str_printf(machine, sizeof machine, "%s/%s", c->mark, c->machine_name);
    xml_open(x, "qemu:commandline");
    xml_open(x, "qemu:env");
    xml_attr(x, "name", "VAPERF_MARK");
    xml_attr(x, "value", c->mark);
    xml_close(x);
    xml_open(x, "qemu:env");
    xml_attr(x, "name", "VAPERF_MACHINE");
    xml_attr(x, "value", machine);
    xml_close(x);
    xml_close(x);
}

int domain_xml_format(const struct domain_config *c, struct buf *ret, struct err *e)
{
    struct xml x;
    buf_clear(ret);
    xml_init(&x, ret);
    xml_open(&x, "domain");
    xml_attr(&x, "type", c->type);
    if (c->environment)
        xml_attr(&x, "xmlns:qemu", "http://libvirt.org/schemas/domain/qemu/1.0");
    xml_leaf(&x, "name", c->name);
    metadata(&x, c);
    memory(&x, c);
    leaf_u64(&x, "vcpu", c->vcpus);
    tuning(&x, c);
    boot(&x, c);
    processor(&x, c);
    clock_source(&x, c);
    xml_leaf(&x, "on_poweroff", "destroy");
    xml_leaf(&x, "on_reboot", "destroy");
    xml_leaf(&x, "on_crash", "destroy");
    devices(&x, c);
    xml_open(&x, "seclabel");
    xml_attr(&x, "type", "none");
    xml_close(&x);
    if (c->environment)
        environment(&x, c);
    xml_close(&x);
    return buf_failed(ret) ? err_set(e, -ENOMEM, "out of memory for a domain's XML") : 0;
}

/* One hexadecimal number up to `max`, then `end`; NULL when it is not so. */
static const char *parse_hex(const char *text, unsigned max, char end, unsigned *ret)
{
    char *after = NULL;
    if (!isxdigit((unsigned char)*text) || text[1] == 'x')
        return NULL;
    unsigned long value = strtoul(text, &after, 16);
    if (value > max || *after != end)
        return NULL;
    *ret = (unsigned)value;
    return end != '\0' ? after + 1 : after;
}

static bool parse_pci(struct domain_hostdev *h, const char *text)
{
    text = parse_hex(text, 0xffff, ':', &h->pci_domain);
    text = text != NULL ? parse_hex(text, 0xff, ':', &h->bus) : NULL;
    text = text != NULL ? parse_hex(text, 0x1f, '.', &h->slot) : NULL;
    return text != NULL && parse_hex(text, 7, '\0', &h->function) != NULL;
}

int domain_hostdev_parse(struct domain_hostdev *ret, const char *text, struct err *e)
{
    struct domain_hostdev h = {.kind = HOSTDEV_PCI};
    const char *at = strchr(text, ':');
    bool good = false;
    if (str_starts(text, "vhost-user:/")) {
        h.kind = HOSTDEV_VHOST_USER;
        h.socket = at + 1;
        good = true;
    } else if (str_starts(text, "vf:") || str_starts(text, "pci:")) {
        h.kind = text[0] == 'v' ? HOSTDEV_VF : HOSTDEV_PCI;
        good = parse_pci(&h, at + 1);
    }
    if (!good)
        return err_set(e, -EINVAL,
                       "hostdev: '%s' is none of pci:0000:03:00.0, vf:0000:03:10.2 and "
                       "vhost-user:/path/of/socket",
                       text);
    *ret = h;
    return 0;
}
