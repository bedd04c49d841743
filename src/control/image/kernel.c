/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kernel: what a guest needs of Debian's kernel for virtual machines: the kernel itself, and the
 * modules that make a virtio guest with a network and an agent. One thread.
 */
#include "control/image/image_private.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/tree.h"

/* By enum image_kernel. */
static const char *const modules[][8] = {
    {"virtio_pci", "virtio_net", "virtio_console", NULL},
    {"virtio_pci", "virtio_net", "virtio_console", "e1000", "e1000e", NULL},
};
/* What a guest inserts besides when it has a disk; a file system is in the kernel or comes too. */
static const char *const disk_modules[][8] = {
    {"virtio_blk", "virtio_scsi", "sd_mod", NULL},
    {"virtio_blk", "virtio_scsi", "sd_mod", "ext4", "crc32c_generic", NULL},
};

enum { WANTED_MAX = 16 };

#define ORDER "order"
#define DISK_ORDER "order.disk"

/* A package that depends on the kernel of the day. */
static const char *package_name(const struct making *m)
{
    static const char *const names[][2] = {
        {"linux-image-cloud-amd64", "linux-image-cloud-arm64"},
        {"linux-image-amd64", "linux-image-arm64"},
    };
    struct utsname u;
    return names[m->kernel][uname(&u) == 0 && strcmp(u.machine, "aarch64") == 0];
}

static const char *folder_of_kind(struct making *m)
{
    return arena_printf(&m->arena, "%s/kernels/%s", m->cache, image_kernel_names[m->kernel]);
}

/* With all that this program takes out of the package; an older one took less. */
static bool is_whole(struct making *m, const char *folder)
{
    return access(arena_printf(&m->arena, "%s/modules/" DISK_ORDER, folder), F_OK) == 0;
}

/* By age: the one that came last. */
static const char *newest_folder(struct making *m)
{
    const char *folder = folder_of_kind(m), *best = NULL;
    time_t best_time = 0;
    DIR *d = opendir(folder);
    if (d == NULL)
        return NULL;
    for (const struct dirent *x; (x = readdir(d)) != NULL;) {
        struct stat st;
        const char *path = arena_printf(&m->arena, "%s/%s", folder, x->d_name);
        if (x->d_name[0] == '.' || !is_whole(m, path) || stat(path, &st) < 0 ||
            (best != NULL && st.st_mtime < best_time))
            continue;
        best = path;
        best_time = st.st_mtime;
    }
    closedir(d);
    return best;
}

static void use(struct making *m, const char *folder)
{
    m->kernel_folder = folder;
    m->kernel_version = arena_strdup(&m->arena, strrchr(folder, '/') + 1);
}

static int move_into(const char *from, const char *to, struct err *e)
{
    return rename(from, to) < 0 ? err_set(e, -errno, "%s: %s", from, strerror(errno)) : 0;
}

static bool is_among(const char *path, const char *const *paths)
{
    for (; *paths != NULL; paths++)
        if (strcmp(*paths, path) == 0)
            return true;
    return false;
}

/* Moves those that are not among `others` to a folder, and lists them. */
static int take_list(struct making *m, const char *const *paths, const char *const *others,
                     const char *to, const char *name, struct err *e)
{
    const char *list = arena_printf(&m->arena, "%s/%s", to, name);
    int r = 0;
    FILE *f = fopen(list, "we");
    if (f == NULL)
        return err_set(e, -errno, "%s: %s", list, strerror(errno));
    for (size_t i = 0; r == 0 && paths[i] != NULL; i++) {
        const char *file = strrchr(paths[i], '/') + 1;
        if (is_among(paths[i], others))
            continue;
        fprintf(f, "%s\n", file);
        r = move_into(paths[i], arena_printf(&m->arena, "%s/%s", to, file), e);
    }
    if (fclose(f) != 0 && r == 0)
        r = err_set(e, -errno, "%s: %s", list, strerror(errno));
    return r;
}

/* modules/ with the files, modules/order and modules/order.disk. */
static int take_modules(struct making *m, const char *root, const char *folder, struct err *e)
{
    static const char *const none[] = {NULL};
    const char *const *paths, *const *all, *to = arena_printf(&m->arena, "%s/modules", folder);
    const char *wanted[WANTED_MAX] = {NULL};
    size_t n = 0;
    for (size_t i = 0; modules[m->kernel][i] != NULL; i++)
        wanted[n++] = modules[m->kernel][i];
    for (size_t i = 0; disk_modules[m->kernel][i] != NULL; i++)
        wanted[n++] = disk_modules[m->kernel][i];
    int r = modules_order(&m->arena, root, modules[m->kernel], &paths, e);
    if (r == 0)
        r = modules_order(&m->arena, root, wanted, &all, e);
    if (r == 0)
        r = cache_make_folder(to, e);
    if (r == 0)
        r = take_list(m, paths, none, to, ORDER, e);
    return r == 0 ? take_list(m, all, paths, to, DISK_ORDER, e) : r;
}

static int take_kernel(struct making *m, const char *root, const char *folder, struct err *e)
{
    const char *boot = arena_printf(&m->arena, "%s/boot", root), *found = NULL;
    DIR *d = opendir(boot);
    for (const struct dirent *x; d != NULL && (x = readdir(d)) != NULL;)
        if (str_starts(x->d_name, "vmlinu"))
            found = arena_printf(&m->arena, "%s/%s", boot, x->d_name);
    if (d != NULL)
        closedir(d);
    if (found == NULL)
        return err_set(e, -ENOENT, "the package of kernel %s has no kernel", m->kernel_version);
    return move_into(found, arena_printf(&m->arena, "%s/vmlinuz", folder), e);
}

static int unpack(struct making *m, const struct debian_package *p, const char *final,
                  struct err *e)
{
    const char *made = arena_printf(&m->arena, "%s/.new", folder_of_kind(m));
    const char *root = arena_printf(&m->arena, "%s/root", made);
    making_tell(m, "unpacking kernel %s", p->version);
    tree_remove(made);
    int r = cache_make_folder(root, e);
    if (r == 0)
        r = debian_unpack(m, p, root, e);
    if (r == 0)
        r = take_kernel(m, root, made, e);
    if (r == 0)
        r = take_modules(m, root, made, e);
    if (r == 0 && (r = tree_remove(root)) < 0)
        err_set(e, r, "%s: %s", root, strerror(-r));
    if (r == 0)
        r = move_into(made, final, e);
    tree_remove(made);
    if (r == 0) /* what is needed of it was taken out */
        debian_forget(m, p);
    return r;
}

/* The package behind the name that only points to it. */
static const struct debian_package *find_real(const struct debian_package *p, int count,
                                              const char *name)
{
    for (int i = 0; i < count; i++)
        if (str_starts(p[i].name, "linux-image-") && strpbrk(p[i].name, "0123456789") != NULL &&
            strcmp(p[i].name, name) != 0)
            return &p[i];
    return NULL;
}

int kernel_ensure(struct making *m, struct err *e)
{
    const char *const names[] = {package_name(m), NULL}, *have = newest_folder(m);
    struct debian_package *p = NULL;
    if (have != NULL && (m->flags & IMAGE_UPDATE) == 0) {
        use(m, have);
        return 0;
    }
    int r = debian_refresh(m, e);
    if (r < 0)
        return r;
    const int count = debian_resolve(m, names, &p, e);
    if (count == -EINVAL) /* it is not the user who named it */
        return err_set(e, -ENOENT, "this host's apt has no package %s", names[0]);
    if (count < 0)
        return count;
    const struct debian_package *real = find_real(p, count, names[0]);
    if (real == NULL)
        return err_set(e, -ENOENT, "Debian's %s points to no kernel", names[0]);
    const char *folder = arena_printf(&m->arena, "%s/%s", folder_of_kind(m), real->version);
    use(m, folder);
    if (is_whole(m, folder))
        return 0;
    tree_remove(folder);
    r = debian_fetch(m, real, 1, e);
    return r < 0 ? r : unpack(m, real, folder, e);
}
