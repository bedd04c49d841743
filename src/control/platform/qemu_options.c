/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * qemu_options: the table, and questions to the host by small scripts. One thread.
 */
#include "control/platform/qemu_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/kvm_trial.h"
#include "base/str.h"
#include "control/platform/qemu_scratch.h"

#define SCRATCH_MIN_BYTES (UINT64_C(16) << 20)
#define AT(member) offsetof(struct qemu_options, member)

static const char *const accels[] = {"auto", "kvm", "tcg", NULL};
static const char *const machines[] = {"pc", "q35", NULL};
static const char *const clocks[] = {"auto", "kvmclock", "tsc", "hpet", "acpi_pm", NULL};
static const char *const formats[] = {"qcow2", "raw", "iso", NULL};
static const char *const buses[] = {"virtio", "scsi", "sata", "ide", NULL};
static const char *const caches[] = {"default",    "none",   "writeback", "writethrough",
                                     "directsync", "unsafe", NULL};
static const char *const ios[] = {"default", "threads", "native", "io_uring", NULL};
static const char *const nics[] = {"virtio", "e1000", "e1000e", "rtl8139", NULL};
static const char *const switches[] = {"auto", "on", "off", NULL};
static const char *const caps[] = {"guest", "vcpus", NULL};

const struct opt qemu_options_table[] = {
    {"uri", OPT_STRING, "embedded", "embedded: no daemon; or libvirt's, such as qemu:///system", 0,
     0, NULL, AT(uri), 0},
    {"accel", OPT_CHOICE, "auto", "kvm, or emulation (tcg); auto: kvm where the host has it", 0, 0,
     accels, AT(accel), 0},
    {"machine", OPT_CHOICE, "pc", "QEMU's board", 0, 0, machines, AT(machine), 0},
    {"cpu_model", OPT_STRING, "auto",
     "host-passthrough, host-model, maximum, or a model of QEMU; auto: the first with kvm, else "
     "maximum",
     0, 0, NULL, AT(cpu_model), 0},
    {"clock", OPT_CHOICE, "auto", "clock source of the guest; auto: it chooses", 0, 0, clocks,
     AT(clock), 0},
    {"kernel", OPT_STRING, NULL, "a kernel of your own, instead of vaperf's guest", 0, 0, NULL,
     AT(kernel), 0},
    {"initrd", OPT_STRING, NULL, "the initial file system that goes with it", 0, 0, NULL,
     AT(initrd), 0},
    {"arguments", OPT_STRING, NULL, "more words for the guest's kernel", 0, 0, NULL, AT(arguments),
     0},
    {"packages", OPT_STRING, NULL, "of Debian, for vaperf's guest, with commas between", 0, 0, NULL,
     AT(packages), 0},
    {"disk", OPT_STRING, NULL,
     "an image with a system of your own and vaperf-node in it; what a guest writes is discarded",
     0, 0, NULL, AT(disk), 0},
    {"scratch", OPT_SIZE, "0",
     "a disk of its own for each of vaperf's guests: an empty ext4 on /var/tmp, gone afterwards; "
     "0: "
     "none",
     0, 0, NULL, AT(scratch_bytes), 0},
    {"scratch_folder", OPT_STRING, "/var/tmp", "folder of the host that holds such disks", 0, 0,
     NULL, AT(scratch_folder), 0},
    {"disk_format", OPT_CHOICE, "qcow2", "of that image; iso: a CD that the guest boots from", 0, 0,
     formats, AT(disk_format), 0},
    {"disk_bus", OPT_CHOICE, "virtio", "how the guest sees its disk", 0, 0, buses, AT(disk_bus), 0},
    {"disk_cache", OPT_CHOICE, "default", "QEMU's cache mode", 0, 0, caches, AT(disk_cache), 0},
    {"disk_io", OPT_CHOICE, "default", "QEMU's I/O mode", 0, 0, ios, AT(disk_io), 0},
    {"iothreads", OPT_COUNT, "0", "threads of its own for the disk", 0, 16, NULL, AT(iothreads), 0},
    {"nic", OPT_CHOICE, "virtio", "model of its network interfaces", 0, 0, nics, AT(nic), 0},
    {"vhost", OPT_CHOICE, "auto", "virtio's host side in the kernel (on) or in QEMU (off)", 0, 0,
     switches, AT(vhost), 0},
    {"queues", OPT_COUNT, "1", "pairs of queues of each virtio interface", 1, 64, NULL, AT(queues),
     0},
    {"numa_node", OPT_STRING, NULL, "the node all its memory comes from", 0, 0, NULL, AT(numa_node),
     0},
    {"hugepages", OPT_FLAG, "no", "memory of huge pages", 0, 0, NULL, AT(hugepages), 0},
    {"hostdev", OPT_STRING, NULL,
     "past the hypervisor: pci:0000:03:00.0, vf:0000:03:10.2 or vhost-user:/socket, with commas "
     "between",
     0, 0, NULL, AT(hostdev), 0},
    {"cap", OPT_CHOICE, "guest", "a cap holds the whole guest, or its VCPUs alone in equal parts",
     0, 0, caps, AT(cap), 0},
    {"agent", OPT_FLAG, "yes",
     "no: the guest has no node; it is a black box, measured as an appliance of type external", 0,
     0, NULL, AT(agent), 0},
    {"tester", OPT_STRING, NULL,
     "the tester's address and prefix on the networks, such as 192.0.2.1/24, for a guest that has "
     "an address of its own; else one of 198.18.0.0/15",
     0, 0, NULL, AT(tester), 0},
    {"ready", OPT_DURATION, "60s", "how long a guest may take until its node is there", 1e9, 3.6e12,
     NULL, AT(ready_ns), 0},
    OPT_END,
};

bool qemu_is_embedded(const struct qemu_options *o)
{
    return strcmp(o->uri, "embedded") == 0;
}

const char *qemu_choice(const char *option, int value)
{
    const char *word = opt_find(qemu_options_table, option)->choices[value];
    return strcmp(word, "auto") == 0 || strcmp(word, "default") == 0 ? NULL : word;
}

const char *qemu_options_device(const struct qemu_options *o)
{
    return strcmp(buses[o->disk_bus], "virtio") == 0 ? "vda" : "sda";
}

static int check_scratch(const struct qemu_options *o, struct err *e)
{
    const char *bus = buses[o->disk_bus];
    char text[32];
    if (o->scratch_bytes == 0)
        return 0;
    if (o->disk != NULL || !o->agent)
        return err_set(e, -EINVAL, "scratch: it is for vaperf's own guest, not for yours");
    if (o->scratch_bytes < SCRATCH_MIN_BYTES || o->scratch_bytes % 4096 != 0)
        return err_set(e, -EINVAL, "scratch: %s; a disk has at least 16M, in whole 4 KiB",
                       str_format_size(o->scratch_bytes, text, sizeof text));
    if (strcmp(bus, "virtio") != 0 && strcmp(bus, "scsi") != 0)
        return err_set(e, -EINVAL,
                       "scratch: vaperf's guest has drivers for disk_bus virtio and scsi, not %s",
                       bus);
    if (o->scratch_folder[0] != '/')
        return err_set(e, -EINVAL, "scratch_folder: '%s' does not begin with /", o->scratch_folder);
    return 0;
}

int qemu_options_check(const struct qemu_options *o, struct err *e)
{
    const char *model = qemu_choice("nic", o->nic);
    struct domain_config unused = {0};
    struct arena a;
    if (o->kernel == NULL && o->initrd != NULL)
        return err_set(e, -EINVAL, "initrd: without a kernel of your own it says nothing");
    if ((o->kernel != NULL || o->disk != NULL) && o->packages != NULL)
        return err_set(e, -EINVAL, "packages: they are for vaperf's own guest, not for yours");
    if (strcmp(model, "virtio") != 0 && (o->queues > 1 || o->vhost == QEMU_ON))
        return err_set(e, -EINVAL, "%s: only nic virtio has it, not %s",
                       o->queues > 1 ? "queues" : "vhost", model);
    if (o->disk == NULL && o->scratch_bytes == 0 && o->iothreads > 0)
        return err_set(e, -EINVAL, "iothreads: they serve a disk, and there is none");
    if (o->disk_format == QEMU_FORMAT_ISO && o->iothreads > 0)
        return err_set(e, -EINVAL, "iothreads: they serve a virtio disk, and an ISO is a CD");
    if (o->numa_node != NULL && (o->numa_node[0] == '\0' || strlen(o->numa_node) > 4 ||
                                 strspn(o->numa_node, "0123456789") != strlen(o->numa_node)))
        return err_set(e, -EINVAL, "numa_node: '%s' is not the number of a node", o->numa_node);
    int r = check_scratch(o, e);
    if (r < 0)
        return r;
    arena_init(&a);
    r = qemu_options_hostdevs(o, &unused, &a, e);
    arena_finish(&a);
    return r;
}

int qemu_options_hostdevs(const struct qemu_options *o, struct domain_config *ret, struct arena *a,
                          struct err *e)
{
    char *rest = NULL, *texts = o->hostdev != NULL ? arena_strdup(a, o->hostdev) : NULL;
    ret->hostdev_count = 0;
    for (char *text = texts != NULL ? strtok_r(texts, ", ", &rest) : NULL; text != NULL;
         text = strtok_r(NULL, ", ", &rest)) {
        if (ret->hostdev_count == DOMAIN_XML_HOSTDEVS_MAX)
            return err_set(e, -EINVAL, "hostdev: at most %d", DOMAIN_XML_HOSTDEVS_MAX);
        int r = domain_hostdev_parse(&ret->hostdevs[ret->hostdev_count++], text, e);
        if (r < 0)
            return r;
    }
    return 0;
}

static bool has_kvm(const struct host *h, const struct qemu_options *o, struct err *e)
{
    /* With a CPU model of the user's own QEMU may do better than with the host's: it will say. */
    const bool is_own = o->accel == QEMU_ACCEL_KVM && strcmp(o->cpu_model, "auto") != 0;
    const char *args[] = {is_own ? "open" : "", NULL};
    return host_sh(h, kvm_trial_script, args, NULL, e) == 0;
}

int qemu_options_accel(const struct host *h, const struct qemu_options *o, const char **ret,
                       struct err *e)
{
    struct err why = {0};
    const bool kvm = o->accel != QEMU_ACCEL_TCG && has_kvm(h, o, &why);
    if (o->accel == QEMU_ACCEL_KVM && !kvm)
        return err_set(
            e, -ENOTSUP,
            "accel: kvm: host %s has no /dev/kvm that QEMU can use (%s): switch virtualization on "
            "in its firmware and load kvm_intel or kvm_amd, or take accel tcg",
            h->name, why.text);
    *ret = kvm ? "kvm" : "qemu";
    return 0;
}

struct question {
    const char *setting;
    const char *script;   /* exits 0 when the host can do it; $1 the value */
    const char *argument; /* NULL: not asked for */
    const char *text;     /* what it becomes */
    const char *remedy;
    bool is_file; /* so the value is a part of the remedy */
};

static void ask(const struct host *h, const struct question *q, struct setting_check *ret)
{
    const char *args[] = {q->argument, NULL};
    *ret = (struct setting_check){.setting = q->setting, .state = SETTING_APPLIED};
    if (host_sh(h, q->script, args, NULL, NULL) == 0) {
        str_printf(ret->text, sizeof ret->text, "%s", q->text);
    } else {
        ret->state = SETTING_UNSUPPORTED;
        str_printf(ret->text, sizeof ret->text, "%.80s%s%s", q->is_file ? q->argument : "",
                   q->is_file ? ": " : "", q->remedy);
    }
}

/* PCI devices behind an IOMMU, sockets that are there. */
static const char hostdev_script[] = "for d in $(echo \"$1\" | tr ',' ' '); do case $d in\n"
                                     "  vhost-user:*) [ -S ${d#*:} ] ;;\n"
                                     "  *) [ -e /sys/bus/pci/devices/${d#*:}/iommu_group ] ;;\n"
                                     "esac || exit 1; done";

static const char file_script[] = "[ -f \"$1\" ] && [ -r \"$1\" ]";

int qemu_options_describe(const struct host *h, const struct qemu_options *o, const char *type,
                          struct setting_check *ret, size_t room)
{
    const struct question questions[] = {
        {"vhost", "[ -w /dev/vhost-net ]", o->vhost == QEMU_ON ? "on" : NULL, "vhost-net",
         "no /dev/vhost-net: modprobe vhost_net, or take vhost off", false},
        {"hugepages", "[ \"$(sed -n 's/^HugePages_Free: *//p' /proc/meminfo)\" -gt 0 ]",
         o->hugepages ? "yes" : NULL, "huge pages of the host's default size",
         "no huge page is free: sysctl vm.nr_hugepages=N", false},
        {"numa_node", "[ -d /sys/devices/system/node/node\"$1\" ]", o->numa_node,
         "memory of that node, strictly", "this host has no such node", false},
        {"hostdev", hostdev_script, o->hostdev, "given to the guest",
         "no such device behind an IOMMU, or no such socket: switch the IOMMU on "
         "(intel_iommu=on), make the virtual function, start the switch",
         false},
        {"kernel", file_script, o->kernel, "your own", "this file cannot be read", true},
        {"initrd", file_script, o->initrd, "your own", "this file cannot be read", true},
        {"disk", "[ -r \"$1\" ] && [ ! -d \"$1\" ] && command -v qemu-img", o->disk,
         o->disk_format == QEMU_FORMAT_ISO ? "a CD that it boots from"
                                           : "an overlay of its own, discarded afterwards",
         "this file cannot be read, or qemu-img is missing: apt install qemu-utils", true},
    };
    size_t n = 0;
    if (n < room) {
        const bool is_kvm = strcmp(type, "kvm") == 0;
        ret[n] = (struct setting_check){.setting = "accel", .state = SETTING_APPLIED};
        str_printf(ret[n++].text, sizeof ret->text, "%s",
                   is_kvm ? "kvm" : "tcg: emulation, figures are not KVM's");
    }
    if (o->scratch_bytes > 0 && n < room)
        qemu_scratch_describe(h, o, &ret[n++]);
    for (size_t i = 0; i < sizeof questions / sizeof *questions && n < room; i++)
        if (questions[i].argument != NULL)
            ask(h, &questions[i], &ret[n++]);
    return (int)n;
}
