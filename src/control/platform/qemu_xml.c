/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * qemu_xml: options, settings and networks of one machine as domain_config. Addresses reach the
 * guest as words for its kernel: vaperf.net=MAC,ADDRESS/PREFIX for each interface. One thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/platform/qemu_private.h"

static const char *arguments(const struct machine *m, struct arena *a)
{
    const struct qemu_options *o = &m->platform->options;
    const char *clock = qemu_choice("clock", o->clock);
    struct buf b;
    buf_init(&b);
    buf_printf(&b, "%s vaperf.hostname=%s", image_command_line, m->name);
    for (size_t i = 0; i < m->link_count; i++)
        buf_printf(&b, " vaperf.net=%s,%s/24", m->links[i].mac, m->links[i].address);
    if (clock != NULL)
        buf_printf(&b, " clocksource=%s", strcmp(clock, "kvmclock") == 0 ? "kvm-clock" : clock);
    if (o->scratch_bytes > 0)
        buf_printf(&b, " vaperf.scratch=%s", qemu_options_device(o));
    if (o->arguments != NULL)
        buf_printf(&b, " %s", o->arguments);
    const char *text = arena_strdup(a, buf_str(&b));
    buf_finish(&b);
    return text;
}

static void put_nics(const struct machine *m, struct domain_config *ret)
{
    const struct qemu_options *o = &m->platform->options;
    for (size_t i = 0; i < m->link_count; i++)
        ret->nics[ret->nic_count++] = (struct domain_nic){
            .bridge = m->nets[i]->bridge,
            .tap = m->links[i].outside,
            .mac = m->links[i].mac,
            .model = qemu_choice("nic", o->nic),
            .backend = o->vhost == QEMU_ON    ? "vhost"
                       : o->vhost == QEMU_OFF ? "qemu"
                                              : NULL,
            .queues = o->queues,
        };
}

/* It is of the board's own bus: a BIOS finds no CD on virtio. */
static void put_cd(const struct machine *m, struct arena *a, struct domain_config *ret)
{
    const struct qemu_options *o = &m->platform->options;
    const char *bus = qemu_choice("disk_bus", o->disk_bus);
    const char *board = strcmp(qemu_choice("machine", o->machine), "pc") == 0 ? "ide" : "sata";
    ret->disk.path = arena_printf(a, "%s/disk.iso", m->dir);
    ret->disk.format = "raw";
    ret->disk.bus = strcmp(bus, "virtio") == 0 ? board : bus;
    ret->disk.is_cd = true;
}

static void put_disk(const struct machine *m, struct arena *a, struct domain_config *ret)
{
    const struct qemu_options *o = &m->platform->options;
    if (o->disk != NULL && o->disk_format == QEMU_FORMAT_ISO)
        put_cd(m, a, ret);
    else if (o->disk != NULL || o->scratch_bytes > 0) {
        ret->disk.path = o->disk != NULL ? arena_printf(a, "%s/disk.qcow2", m->dir) : m->scratch;
        ret->disk.format = o->disk != NULL ? "qcow2" : "raw";
        ret->disk.bus = qemu_choice("disk_bus", o->disk_bus);
        ret->disk.cache = qemu_choice("disk_cache", o->disk_cache);
        ret->disk.io = qemu_choice("disk_io", o->disk_io);
    }
}

int qemu_xml(const struct machine *m, struct buf *ret, struct err *e)
{
    const struct platform *p = m->platform;
    const struct qemu_options *o = &p->options;
    const bool is_kvm = strcmp(p->type, "kvm") == 0;
    struct arena a;
    arena_init(&a);
    struct domain_config c = {
        .name = m->id,
        .mark = p->env.mark,
        .machine_name = m->name,
        .environment = true,
        .type = p->type,
        .machine = qemu_choice("machine", o->machine),
        .cpu_model = strcmp(o->cpu_model, "auto") != 0 ? o->cpu_model
                     : is_kvm                          ? "host-passthrough"
                                                       : "maximum",
        .clock = qemu_choice("clock", o->clock),
        .kernel = p->kernel,
        .initrd = p->initrd,
        .arguments = arguments(m, &a),
        .console = m->console,
        .port = image_port_name,
        .port_path = m->socket,
        .iothreads = o->iothreads,
        .numa_node = o->numa_node != NULL ? (int)strtol(o->numa_node, NULL, 10) : -1,
        .hugepages = o->hugepages,
    };
    put_disk(m, &a, &c);
    put_nics(m, &c);
    qemu_settings_put(&m->settings, &c);
    int r = qemu_options_hostdevs(o, &c, &a, e);
    if (r == 0)
        r = domain_xml_format(&c, ret, e);
    arena_finish(&a);
    return r;
}
