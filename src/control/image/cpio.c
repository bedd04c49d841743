/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cpio: headers, names and padding; and a walk over a folder. One thread.
 */
#include "control/image/cpio.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

enum { PIECE_BYTES = 1 << 16 };

struct entry {
    const char *name;
    unsigned mode;
    uint32_t size, links, device_major, device_minor;
};

int cpio_open(struct cpio *c, const char *path, struct err *e)
{
    *c = (struct cpio){.out = fopen(path, "we"), .path = path};
    return c->out == NULL ? err_set(e, -errno, "%s: %s", path, strerror(errno)) : 0;
}

static void put(struct cpio *c, const void *bytes, size_t size)
{
    if (c->failed == 0 && fwrite(bytes, 1, size, c->out) != size)
        c->failed = errno != 0 ? -errno : -EIO;
}

static void pad(struct cpio *c, size_t size)
{
    static const char zeros[4];
    put(c, zeros, (4 - size % 4) % 4);
}

static void put_header(struct cpio *c, const struct entry *x, uint32_t number)
{
    char header[6 + 13 * 8 + 1];
    const size_t name = strlen(x->name) + 1;
    str_printf(header, sizeof header,
               "070701"
               "%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
               number, x->mode, 0, 0, x->links, 0, x->size, 0, 0, x->device_major, x->device_minor,
               (unsigned)name, 0);
    put(c, header, sizeof header - 1);
    put(c, x->name, name);
    pad(c, sizeof header - 1 + name);
}

static void put_entry(struct cpio *c, const struct entry *x, const void *content)
{
    put_header(c, x, ++c->entries);
    put(c, content, x->size);
    pad(c, x->size);
}

void cpio_add_folder(struct cpio *c, const char *name, unsigned mode)
{
    put_entry(c, &(struct entry){.name = name, .mode = S_IFDIR | mode, .links = 2}, "");
}

void cpio_add_text(struct cpio *c, const char *name, unsigned mode, const void *text, size_t size)
{
    put_entry(
        c,
        &(struct entry){.name = name, .mode = S_IFREG | mode, .size = (uint32_t)size, .links = 1},
        text);
}

void cpio_add_link(struct cpio *c, const char *name, const char *target)
{
    put_entry(
        c,
        &(struct entry){
            .name = name, .mode = S_IFLNK | 0777, .size = (uint32_t)strlen(target), .links = 1},
        target);
}

void cpio_add_device(struct cpio *c, const char *name, unsigned mode, unsigned major,
                     unsigned minor)
{
    put_entry(c,
              &(struct entry){.name = name,
                              .mode = S_IFCHR | mode,
                              .links = 1,
                              .device_major = major,
                              .device_minor = minor},
              "");
}

/* Exactly x->size bytes follow the header, or the archive is broken: a file that shrinks while it
 * is read is a failure. */
static int copy_content(struct cpio *c, FILE *in, uint32_t size)
{
    char piece[PIECE_BYTES];
    for (uint32_t left = size; left > 0;) {
        const size_t want = left < sizeof piece ? left : sizeof piece;
        const size_t n = fread(piece, 1, want, in);
        if (n == 0)
            return ferror(in) ? -errno : -ESTALE;
        put(c, piece, n);
        left -= (uint32_t)n;
    }
    pad(c, size);
    return 0;
}

int cpio_add_file(struct cpio *c, const char *name, unsigned mode, const char *source,
                  struct err *e)
{
    struct stat st = {0};
    FILE *in = fopen(source, "re");
    int r = 0;
    if (in == NULL || fstat(fileno(in), &st) < 0)
        r = -errno;
    else if (!S_ISREG(st.st_mode))
        r = -EISDIR;
    else if (st.st_size > UINT32_MAX)
        r = -EFBIG;
    if (r == 0) {
        const struct entry x = {
            .name = name, .mode = S_IFREG | mode, .size = (uint32_t)st.st_size, .links = 1};
        put_header(c, &x, ++c->entries);
        r = copy_content(c, in, x.size);
    }
    if (in != NULL)
        fclose(in);
    return r < 0 ? err_set(e, r, "%s: %s", source, strerror(-r)) : 0;
}

static int add_found_link(struct cpio *c, const char *name, const char *source, struct err *e)
{
    char target[PATH_MAX];
    const ssize_t n = readlink(source, target, sizeof target - 1);
    if (n < 0)
        return err_set(e, -errno, "%s: %s", source, strerror(errno));
    target[n] = '\0';
    cpio_add_link(c, name, target);
    return 0;
}

static int add_below(struct cpio *c, const char *source, const char *name, struct err *e);

static int add_found(struct cpio *c, const char *source, const char *name, struct err *e)
{
    struct stat st;
    if (lstat(source, &st) < 0)
        return err_set(e, -errno, "%s: %s", source, strerror(errno));
    const unsigned mode = st.st_mode & 07777;
    if (S_ISREG(st.st_mode))
        return cpio_add_file(c, name, mode, source, e);
    if (S_ISLNK(st.st_mode))
        return add_found_link(c, name, source, e);
    if (!S_ISDIR(st.st_mode))
        return 0;
    cpio_add_folder(c, name, mode);
    return add_below(c, source, name, e);
}

/* name: of the folder in the archive, "" for its top. */
static int add_below(struct cpio *c, const char *source, const char *name, struct err *e)
{
    struct dirent **found;
    const int count = scandir(source, &found, NULL, alphasort);
    int r = count < 0 ? err_set(e, -errno, "%s: %s", source, strerror(errno)) : 0;
    for (int i = 0; i < count; i++) {
        const char *last = found[i]->d_name;
        char from[PATH_MAX], to[PATH_MAX];
        const size_t n = str_printf(from, sizeof from, "%s/%s", source, last);
        str_printf(to, sizeof to, "%s%s%s", name, *name != '\0' ? "/" : "", last);
        if (r == 0 && n >= sizeof from - 1)
            r = err_set(e, -ENAMETOOLONG, "%s/%s: %s", source, last, strerror(ENAMETOOLONG));
        if (r == 0 && strcmp(last, ".") != 0 && strcmp(last, "..") != 0)
            r = add_found(c, from, to, e);
        free(found[i]);
    }
    if (count >= 0)
        free(found);
    return r;
}

int cpio_add_tree(struct cpio *c, const char *source, struct err *e)
{
    return add_below(c, source, "", e);
}

int cpio_close(struct cpio *c, struct err *e)
{
    if (c == NULL || c->out == NULL)
        return 0;
    put_header(c, &(struct entry){.name = "TRAILER!!!", .links = 1}, 0);
    if (c->failed == 0 && (fflush(c->out) != 0 || fsync(fileno(c->out)) < 0))
        c->failed = -errno;
    if (fclose(c->out) != 0 && c->failed == 0)
        c->failed = -errno;
    c->out = NULL;
    return c->failed < 0 ? err_set(e, c->failed, "%s: %s", c->path, strerror(-c->failed)) : 0;
}
