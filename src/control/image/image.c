/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * image: from what is wanted to files a hypervisor boots. Any thread; one struct making each.
 */
#include "control/image/image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/tree.h"
#include "control/image/cpio.h"
#include "control/image/image_private.h"

/* Part of what an image is: a change of what is written below makes other images. */
#define RECIPE "3"

/* panic=-1: a guest that cannot go on ends (QEMU with -no-reboot) instead of hanging. */
/* The kernel's tests of its own ciphers are a third of a second of an emulated guest's boot. */
const char image_command_line[] = "console=ttyS0 quiet panic=-1 cryptomgr.notests";
const char image_port_name[] = "vaperf.agent";
const char *const image_kernel_names[] = {"cloud", "generic", NULL};

static const struct text_file {
    const char *name, *text;
} text_files[] = {
    {"etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"},
    /* With users whom packages' installation scripts would make: no script runs. */
    {"etc/passwd", "root:x:0:0:root:/root:/bin/sh\nfrr:x:100:100:frr:/nonexistent:/bin/false\n"
                   "nobody:x:65534:65534:nobody:/:/bin/false\n"},
    {"etc/group", "root:x:0:\nfrr:x:100:\nfrrvty:x:101:frr\nnogroup:x:65534:\n"},
    {"etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"},
};

void making_tell(const struct making *m, const char *format, ...)
{
    char text[256];
    va_list args;
    if (m->tell == NULL)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    m->tell(m->arg, text);
}

int hash_of(struct arena *a, const char *file, const char *text, const char **ret, struct err *e)
{
    char *const argv[] = {arena_strdup(a, "sha256sum"), arena_strdup(a, file != NULL ? file : "-"),
                          NULL};
    struct buf out;
    buf_init(&out);
    int r = proc_run(argv, text, &out, 60 * NS_PER_S, e);
    /* Before a file name with odd characters stands a backslash. */
    const char *hash = buf_str(&out) + (buf_str(&out)[0] == '\\');
    if (r == 0 && strspn(hash, "0123456789abcdef") == 64)
        *ret = arena_strndup(a, hash, 64);
    else if (r >= 0)
        r = r > 0 ? e->code = -EIO : err_set(e, -EIO, "sha256sum says '%s'", buf_str(&out));
    buf_finish(&out);
    return r;
}

/* A program that asks for a loader finds none in a guest. */
static int check_static(const char *path, struct err *e)
{
    Elf64_Ehdr h;
    Elf64_Phdr p;
    int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0;
    if (fd < 0)
        return err_set(e, -errno,
                       "the static node %s: %s (vaperf-node-static is installed beside vaperf)",
                       path, strerror(errno));
    if (read(fd, &h, sizeof h) != (ssize_t)sizeof h || memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 ||
        h.e_ident[EI_CLASS] != ELFCLASS64)
        r = err_set(e, -ENOEXEC, "%s is no 64-bit program", path);
    for (unsigned i = 0; r == 0 && i < h.e_phnum; i++) {
        const off_t at = (off_t)(h.e_phoff + i * sizeof p);
        if (pread(fd, &p, sizeof p, at) != (ssize_t)sizeof p)
            r = err_set(e, -ENOEXEC, "%s is cut off", path);
        else if (p.p_type == PT_INTERP)
            r = err_set(e, -ENOEXEC, "%s is not linked static: a guest cannot run it", path);
    }
    close(fd);
    return r;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int take_packages(struct making *m, const char *const *names, struct err *e)
{
    size_t count = 0, kept = 0;
    while (names != NULL && names[count] != NULL)
        count++;
    const char **sorted = ARENA_ARRAY(&m->arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (!debian_is_name(names[i]))
            return err_set(e, -EINVAL, "'%s' cannot be the name of a Debian package", names[i]);
        sorted[i] = arena_strdup(&m->arena, names[i]);
    }
    qsort(sorted, count, sizeof *sorted, by_name);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || strcmp(sorted[kept - 1], sorted[i]) != 0)
            sorted[kept++] = sorted[i];
    sorted[kept] = NULL;
    m->packages = sorted;
    return 0;
}

/* All that was asked for, unpacked below folder; fills versions. */
static int unpack_packages(struct making *m, const char *folder, struct err *e)
{
    struct debian_package *p = NULL;
    int count = 0, r = 0;
    if (m->packages[0] != NULL) {
        r = debian_refresh(m, e);
        if (r == 0)
            r = count = debian_resolve(m, m->packages, &p, e);
        if (r >= 0)
            r = debian_fetch(m, p, count, e);
        if (r == 0)
            making_tell(m, "unpacking %d packages", count);
    }
    const char **versions = ARENA_ARRAY(&m->arena, const char *, (size_t)(r < 0 ? 0 : count) + 1);
    for (int i = 0; r >= 0 && i < count; i++) {
        versions[i] = arena_printf(&m->arena, "%s=%s", p[i].name, p[i].version);
        r = debian_unpack(m, &p[i], folder, e);
    }
    m->versions = versions;
    return r < 0 ? r : 0;
}

/* What people read; nobody does in a guest. */
static int leave_out(struct making *m, const char *tree, struct err *e)
{
    static const char *const folders[] = {"doc", "info", "lintian", "locale", "man"};
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof folders / sizeof folders[0]; i++) {
        const char *folder = arena_printf(&m->arena, "%s/usr/share/%s", tree, folders[i]);
        if ((r = tree_remove(folder)) < 0)
            err_set(e, r, "%s: %s", folder, strerror(-r));
    }
    return r;
}

static int write_initrd(struct making *m, const char *path, const char *tree, struct err *e)
{
    static const char *const folders[] = {"dev", "etc", "modules", "proc", "root",
                                          "run", "sys", "tmp",     "var"};
    struct cpio c;
    int r = cpio_open(&c, path, e);
    if (r < 0)
        return r;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        cpio_add_folder(&c, folders[i], 0755);
    cpio_add_device(&c, "dev/console", 0600, 5, 1);
    for (size_t i = 0; i < sizeof text_files / sizeof text_files[0]; i++)
        cpio_add_text(&c, text_files[i].name, 0644, text_files[i].text, strlen(text_files[i].text));
    r = cpio_add_tree(&c, tree, e);
    if (r == 0)
        r = cpio_add_file(&c, "init", 0755, m->node, e);
    struct err closing;
    int closed = cpio_close(&c, &closing);
    return r == 0 && closed < 0 ? err_set(e, closed, "%s", closing.text) : r;
}

/* The kernel's modules go where system.c of the node looks for them. */
static int copy_into(struct making *m, const char *from, const char *to, struct err *e)
{
    struct arena *a = &m->arena;
    char *const argv[] = {arena_strdup(a, "cp"), arena_strdup(a, "-R"), arena_strdup(a, "--"),
                          arena_strdup(a, from), arena_strdup(a, to),   NULL};
    int r = proc_run(argv, NULL, NULL, 0, e);
    return r > 0 ? e->code = -EIO : r;
}

static int compose_id(struct making *m, char id[IMAGE_ID_MAX], struct err *e)
{
    struct buf b;
    const char *hash = "";
    buf_init(&b);
    buf_printf(&b, "recipe " RECIPE "\nkernel %s %s\nnode %s\n", image_kernel_names[m->kernel],
               m->kernel_version, m->node_hash);
    for (size_t i = 0; m->packages[i] != NULL; i++)
        buf_printf(&b, "package %s\n", m->packages[i]);
    for (size_t i = 0; m->versions[i] != NULL; i++)
        buf_printf(&b, "version %s\n", m->versions[i]);
    int r = buf_failed(&b) ? err_set(e, -ENOMEM, "no memory")
                           : hash_of(&m->arena, NULL, buf_str(&b), &hash, e);
    if (r == 0)
        str_printf(id, IMAGE_ID_MAX, "%.12s", hash);
    buf_finish(&b);
    return r;
}

static uint64_t bytes_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void name_files(const struct making *m, const char *folder, struct image *x)
{
    str_printf(x->kernel, sizeof x->kernel, "%s/kernel", folder);
    str_printf(x->initrd, sizeof x->initrd, "%s/initrd", folder);
    str_printf(x->kernel_version, sizeof x->kernel_version, "%s", m->kernel_version);
}

/* Everything of an image in a folder that is not one yet. */
static int fill(struct making *m, const char *folder, struct image *x, struct err *e)
{
    const char *tree = arena_printf(&m->arena, "%s/tree", folder);
    int r = cache_make_folder(tree, e);
    if (r == 0)
        r = unpack_packages(m, tree, e);
    if (r == 0)
        r = leave_out(m, tree, e);
    if (r == 0)
        r = compose_id(m, x->id, e);
    if (r == 0)
        r = copy_into(m, arena_printf(&m->arena, "%s/modules", m->kernel_folder), tree, e);
    name_files(m, folder, x);
    if (r == 0)
        r = copy_into(m, arena_printf(&m->arena, "%s/vmlinuz", m->kernel_folder), x->kernel, e);
    if (r == 0) {
        making_tell(m, "writing image %s", x->id);
        r = write_initrd(m, x->initrd, tree, e);
    }
    x->bytes = bytes_of(x->kernel) + bytes_of(x->initrd);
    x->made_real_ns = clock_real_ns();
    if (r == 0 && (r = tree_remove(tree)) < 0)
        err_set(e, r, "%s: %s", tree, strerror(-r));
    return r < 0 ? r : cache_describe(m, x, folder, e);
}

/* Under the cache's lock. An image of the same content stays as it is: a guest may use it. */
static int make(struct making *m, struct image *ret, struct err *e)
{
    const char *folder = arena_printf(&m->arena, "%s/images/.new", m->cache);
    struct image x = {0};
    int r = kernel_ensure(m, e);
    tree_remove(folder);
    if (r == 0)
        r = fill(m, folder, &x, e);
    const char *final = arena_printf(&m->arena, "%s/images/%s", m->cache, x.id);
    if (r == 0 && access(final, F_OK) < 0 && rename(folder, final) < 0)
        r = err_set(e, -errno, "%s: %s", final, strerror(errno));
    tree_remove(folder);
    if (r < 0)
        return r;
    name_files(m, final, &x);
    *ret = x;
    return 0;
}

static int find_or_make(struct making *m, struct image *ret, struct err *e)
{
    const bool update = (m->flags & IMAGE_UPDATE) != 0;
    int r = update ? 0 : cache_find(m, ret, e);
    if (r == 0)
        r = cache_make_folder(arena_printf(&m->arena, "%s/images", m->cache), e);
    if (r == 0)
        r = cache_make_folder(arena_printf(&m->arena, "%s/kernels", m->cache), e);
    if (r != 0)
        return r;
    int lock = cache_lock(m->cache, e);
    if (lock < 0)
        return lock;
    r = update ? 0 : cache_find(m, ret, e); /* another may just have made it */
    if (r == 0)
        r = make(m, ret, e);
    close(lock);
    return r;
}

int image_ensure(const struct image_want *want, struct image *ret,
                 void (*tell)(void *arg, const char *what), void *arg, struct err *e)
{
    struct err own;
    struct making m = {
        .node = want->node, .flags = want->flags, .kernel = want->kernel, .tell = tell, .arg = arg};
    e = e != NULL ? e : &own;
    arena_init(&m.arena);
    m.cache = want->cache != NULL ? want->cache : image_cache_folder(&m.arena);
    int r = take_packages(&m, want->packages, e);
    if (r == 0 && m.cache[0] != '/')
        r = err_set(e, -EINVAL, "the cache folder '%s' does not begin with /", m.cache);
    if (r == 0)
        r = check_static(m.node, e);
    if (r == 0)
        r = hash_of(&m.arena, m.node, NULL, &m.node_hash, e);
    if (r == 0)
        r = find_or_make(&m, ret, e);
    arena_finish(&m.arena);
    return r < 0 ? r : 0;
}
