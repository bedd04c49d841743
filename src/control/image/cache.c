/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cache: the folder of what was made: found again, listed, removed. One thread.
 */
#include "control/image/image_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "base/tree.h"

enum { IMAGES_MAX = 1024 };

const char *image_cache_folder(struct arena *a)
{
    const char *set = getenv("VAPERF_CACHE_DIR"), *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    if (set != NULL && *set != '\0')
        return arena_strdup(a, set);
    if (xdg != NULL && *xdg == '/')
        return arena_printf(a, "%s/vaperf", xdg);
    if (geteuid() == 0 || home == NULL || *home != '/')
        return arena_strdup(a, "/var/cache/vaperf");
    return arena_printf(a, "%s/.cache/vaperf", home);
}

int cache_make_folder(const char *path, struct err *e)
{
    char part[IMAGE_PATH_MAX];
    if (strlen(path) >= sizeof part)
        return err_set(e, -ENAMETOOLONG, "%s: %s", path, strerror(ENAMETOOLONG));
    for (size_t i = 1; i <= strlen(path); i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        str_printf(part, sizeof part, "%.*s", (int)i, path);
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            return err_set(e, -errno, "%s: %s", part, strerror(errno));
    }
    return 0;
}

int cache_lock(const char *cache, struct err *e)
{
    char path[IMAGE_PATH_MAX];
    str_printf(path, sizeof path, "%s/lock", cache);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644), r = 0;
    if (fd < 0)
        return err_set(e, -errno, "%s: %s", path, strerror(errno));
    do
        r = flock(fd, LOCK_EX);
    while (r < 0 && errno == EINTR);
    if (r == 0)
        return fd;
    r = err_set(e, -errno, "%s: %s", path, strerror(errno));
    close(fd);
    return r;
}

static json_t *names_to_json(const char *const *names)
{
    json_t *list = json_array();
    for (size_t i = 0; names[i] != NULL; i++)
        json_array_append_new(list, json_string(names[i]));
    return list;
}

int cache_describe(const struct making *m, const struct image *image, const char *folder,
                   struct err *e)
{
    char path[IMAGE_PATH_MAX + 16];
    str_printf(path, sizeof path, "%s/image.json", folder);
    json_t *o =
        json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "id", image->id, "kind",
                  image_kernel_names[m->kernel], "kernel", m->kernel_version, "node", m->node_hash,
                  "packages", names_to_json(m->packages), "versions", names_to_json(m->versions),
                  "bytes", json_u64(image->bytes), "made_real_ns", json_u64(image->made_real_ns));
    int r = json_dump_file(o, path, JSON_INDENT(2)) < 0 ? -EIO : 0;
    json_decref(o);
    return r < 0 ? err_set(e, r, "%s: cannot be written", path) : 0;
}

static const char *const *names_of(const json_t *list, struct arena *a)
{
    const char **names = ARENA_ARRAY(a, const char *, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        names[i] = arena_strdup(a, name != NULL ? name : "");
    }
    return names;
}

/* What is no image, or a broken one, is no failure: it is not listed. */
static bool read_entry(const char *folder, struct arena *a, struct image_entry *ret)
{
    struct buf b;
    struct image_entry x = {0};
    buf_init(&b);
    json_t *o = buf_load(&b, arena_printf(a, "%s/image.json", folder)) < 0
                    ? NULL
                    : json_parse(buf_str(&b), b.size, NULL);
    buf_finish(&b);
    str_printf(x.image.id, sizeof x.image.id, "%s", json_str_or(o, "id", ""));
    str_printf(x.image.kernel, sizeof x.image.kernel, "%s/kernel", folder);
    str_printf(x.image.initrd, sizeof x.image.initrd, "%s/initrd", folder);
    str_printf(x.image.kernel_version, sizeof x.image.kernel_version, "%s",
               json_str_or(o, "kernel", ""));
    x.image.bytes = json_u64_or(o, "bytes", 0);
    x.image.made_real_ns = json_u64_or(o, "made_real_ns", 0);
    if (strcmp(json_str_or(o, "kind", ""), image_kernel_names[IMAGE_KERNEL_GENERIC]) == 0)
        x.kernel = IMAGE_KERNEL_GENERIC;
    x.node_hash = arena_strdup(a, json_str_or(o, "node", ""));
    x.packages = names_of(json_object_get(o, "packages"), a);
    x.versions = names_of(json_object_get(o, "versions"), a);
    json_decref(o);
    if (x.image.id[0] == '\0' || access(x.image.kernel, R_OK) < 0 ||
        access(x.image.initrd, R_OK) < 0)
        return false;
    *ret = x;
    return true;
}

static int newer_first(const void *a, const void *b)
{
    const struct image_entry *x = a, *y = b;
    return (x->image.made_real_ns < y->image.made_real_ns) -
           (x->image.made_real_ns > y->image.made_real_ns);
}

int image_list(const char *cache, struct arena *a, const struct image_entry **ret, struct err *e)
{
    const char *folder =
        arena_printf(a, "%s/images", cache != NULL ? cache : image_cache_folder(a));
    struct image_entry *entries = ARENA_ARRAY(a, struct image_entry, IMAGES_MAX);
    size_t count = 0;
    DIR *d = opendir(folder);
    if (d == NULL && errno != ENOENT)
        return err_set(e, -errno, "%s: %s", folder, strerror(errno));
    for (const struct dirent *x; d != NULL && count < IMAGES_MAX && (x = readdir(d)) != NULL;)
        if (x->d_name[0] != '.' &&
            read_entry(arena_printf(a, "%s/%s", folder, x->d_name), a, &entries[count]))
            count++;
    if (d != NULL)
        closedir(d);
    qsort(entries, count, sizeof *entries, newer_first);
    *ret = entries;
    return (int)count;
}

static bool same_names(const char *const *a, const char *const *b)
{
    size_t i = 0;
    while (a[i] != NULL && b[i] != NULL && strcmp(a[i], b[i]) == 0)
        i++;
    return a[i] == NULL && b[i] == NULL;
}

int cache_find(struct making *m, struct image *ret, struct err *e)
{
    const struct image_entry *list = NULL;
    int count = image_list(m->cache, &m->arena, &list, e);
    for (int i = 0; list != NULL && i < count; i++) {
        if (strcmp(list[i].node_hash, m->node_hash) != 0 || list[i].kernel != m->kernel ||
            !same_names(list[i].packages, m->packages))
            continue;
        *ret = list[i].image;
        return 1;
    }
    return count < 0 ? count : 0;
}

static int find_one(const char *cache, const char *id, struct arena *a, const char **ret,
                    struct err *e)
{
    const struct image_entry *list = NULL;
    int count = image_list(cache, a, &list, e), found = 0;
    for (int i = 0; list != NULL && i < count; i++) {
        if (*id == '\0' || !str_starts(list[i].image.id, id))
            continue;
        *ret = list[i].image.id;
        found++;
    }
    if (count < 0)
        return count;
    if (found > 1)
        return err_set(e, -EINVAL, "%d images begin with '%s'", found, id);
    return found == 1 ? 0 : err_set(e, -EINVAL, "there is no image '%s' (vaperf image list)", id);
}

int image_remove(const char *cache, const char *id, struct err *e)
{
    struct arena a;
    const char *whole = NULL;
    arena_init(&a);
    if (cache == NULL)
        cache = image_cache_folder(&a);
    int r = find_one(cache, id, &a, &whole, e);
    const int lock = r == 0 ? r = cache_lock(cache, e) : -1;
    if (lock >= 0) {
        const char *folder = arena_printf(&a, "%s/images/%s", cache, whole);
        r = tree_remove(folder);
        if (r < 0)
            err_set(e, r, "%s: %s", folder, strerror(-r));
        close(lock);
    }
    arena_finish(&a);
    return r;
}

int image_remove_all(const char *cache, struct err *e)
{
    static const char *const ours[] = {"images", "kernels", "debs", "apt", NULL};
    struct arena a;
    const struct image_entry *list;
    arena_init(&a);
    if (cache == NULL)
        cache = image_cache_folder(&a);
    int count = image_list(cache, &a, &list, e), r = count;
    int lock = r < 0 || access(cache, F_OK) < 0 ? -1 : cache_lock(cache, e);
    for (size_t i = 0; lock >= 0 && r >= 0 && ours[i] != NULL; i++) {
        const char *folder = arena_printf(&a, "%s/%s", cache, ours[i]);
        if ((r = tree_remove(folder)) < 0)
            err_set(e, r, "%s: %s", folder, strerror(-r));
    }
    if (lock >= 0)
        close(lock);
    arena_finish(&a);
    return r < 0 ? r : count;
}
