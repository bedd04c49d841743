/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * qemu_host: what platform qemu needs of a host, and the way to its libvirt. The embedded driver
 * keeps to one folder as long as this process lives, while runs come and go: the folder has a
 * record (mark.h) of its own, which goes at exit, or by a sweep when we are killed. One thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "control/platform/mark.h"
#include "control/platform/qemu_private.h"

/* Of this process, as libvirt's own state is. */
static struct mark record;
static pid_t record_owner;

static void release_record(void)
{
    if (record_owner == getpid())
        mark_release(&record);
}

static int embedded_root(char root[MARK_PATH_MAX + 16], struct err *e)
{
    if (record_owner != 0 && record_owner != getpid())
        return err_set(e, -ENOTSUP, "libvirt does not live on in a forked process");
    int r = record_owner == 0 ? mark_create(&record, e) : 0;
    if (r < 0)
        return r;
    if (record_owner == 0)
        atexit(release_record);
    record_owner = getpid();
    str_printf(root, MARK_PATH_MAX + 16, "%s/libvirt", record.dir);
    return 0;
}

int qemu_connect(const struct host *h, const struct qemu_options *o, struct virt **ret,
                 struct err *e)
{
    char root[MARK_PATH_MAX + 16];
    if (!qemu_is_embedded(o))
        return virt_open(ret, o->uri, e);
    if (!host_is_local(h))
        return err_set(e, -ENOTSUP,
                       "host %s: an embedded libvirt is for this host alone: give its URI, such as "
                       "qemu+ssh://host/system",
                       h->name);
    int r = embedded_root(root, e);
    if (r < 0)
        return r;
    struct arena a;
    arena_init(&a);
    r = virt_open_embedded(ret, root, arena_printf(&a, "%s/libvirt", image_cache_folder(&a)), e);
    arena_finish(&a);
    return r;
}

int qemu_find_image(struct platform *p, struct err *e)
{
    const struct qemu_options *o = &p->options;
    const char *names[64] = {NULL};
    struct image image;
    char *rest = NULL;
    size_t n = 0;
    p->kernel = o->kernel;
    p->initrd = o->initrd;
    if (o->kernel != NULL || o->disk != NULL)
        return 0;
    char *words = o->packages != NULL ? arena_strdup(&p->arena, o->packages) : NULL;
    for (char *w = words != NULL ? strtok_r(words, ", ", &rest) : NULL; w != NULL && n < 63;
         w = strtok_r(NULL, ", ", &rest))
        names[n++] = w;
    const char *nic = qemu_choice("nic", o->nic);
    const struct image_want want = {.node = p->env.node_static_path,
                                    .packages = names,
                                    .kernel = nic != NULL && strcmp(nic, "virtio") != 0
                                                  ? IMAGE_KERNEL_GENERIC
                                                  : IMAGE_KERNEL_CLOUD};
    if (p->env.node_static_path == NULL)
        return err_set(e, -ENOENT, "no static node for the guest: install vaperf-node-static");
    int r = image_ensure(&want, &image, NULL, NULL, e);
    if (r < 0) {
        err_prefix(e, "guest image: ");
        return r;
    }
    p->kernel = arena_strdup(&p->arena, image.kernel);
    p->initrd = arena_strdup(&p->arena, image.initrd);
    return 0;
}

struct need {
    const char *program, *package;
};

static int check_programs(const struct host *h, const struct need *needs, struct err *e)
{
    for (; needs->program != NULL; needs++)
        if (!host_has_program(h, needs->program))
            return err_set(e, -ENOTSUP,
                           "platform qemu: %s is not installed on host %s: apt install %s",
                           needs->program, h->name, needs->package);
    return 0;
}

static int check_embedded(const struct host *h, struct err *e)
{
    static const char script[] =
        "for f in /usr/lib/*/libvirt/connection-driver/libvirt_driver_qemu.so "
        "/usr/lib*/libvirt/connection-driver/libvirt_driver_qemu.so; do [ ! -e $f ] || exit 0; "
        "done; exit 1";
    if (!host_is_local(h))
        return err_set(e, -ENOTSUP,
                       "platform qemu: uri embedded is for this host alone; host %s needs the URI "
                       "of its libvirt, such as qemu+ssh://host/system",
                       h->name);
    if (host_sh(h, script, NULL, NULL, NULL) < 0)
        return err_set(e, -ENOTSUP,
                       "platform qemu: libvirt's qemu driver is not installed: "
                       "apt install libvirt-daemon-driver-qemu");
    int r = virt_check_embedded(e);
    if (r < 0)
        err_prefix(e, "platform qemu: ");
    return r;
}

static int check_daemon(const struct qemu_options *o, const char *type, struct err *e)
{
    struct virt *v = NULL;
    struct err own = {0};
    int r = virt_open(&v, o->uri, &own);
    if (r == -EACCES)
        return err_set(e, r, "platform qemu: %s", own.text);
    if (r < 0)
        return err_set(e, r,
                       "platform qemu: %s; is there such a libvirt, and does it run? uri "
                       "embedded needs no daemon",
                       own.text);
    r = virt_check_type(v, type, e);
    virt_close(v);
    if (r < 0)
        err_prefix(e, "platform qemu: libvirt %s: ", o->uri);
    return r;
}

int qemu_host_supported(const struct host *h, const struct qemu_options *o, struct err *e)
{
    static const struct need needs[] = {
        {"qemu-system-x86_64", "qemu-system-x86"}, {"ip", "iproute2"}, {NULL, NULL}};
    struct settings_scale scale = {0};
    const char *type = NULL;
    int r = host_check_uri(h->uri, e);
    if (r == 0)
        r = qemu_options_check(o, e);
    if (r == 0)
        r = settings_scale_load(h, &scale, e);
    if (r < 0)
        return r;
    if (!scale.is_root)
        return err_set(e, -ENOTSUP,
                       "platform qemu needs root on host %s, for bridges and guests: run vaperf "
                       "with sudo",
                       h->name);
    if (!host_is_local(h) && o->kernel == NULL && o->disk == NULL)
        return err_set(
            e, -ENOTSUP,
            "platform qemu: vaperf's guest is on this host: copy what vaperf image build "
            "made to host %s, and give its kernel and initrd",
            h->name);
    r = check_programs(h, needs, e);
    if (r == 0)
        r = qemu_options_accel(h, o, &type, e);
    if (r < 0)
        return r;
    return qemu_is_embedded(o) ? check_embedded(h, e) : check_daemon(o, type, e);
}
