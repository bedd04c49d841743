/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * doctor_find: files and programs of a host, below the root that was given. Any thread.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "node/host/doctor_private.h"

bool doctor_load(const struct found *f, const char *path, struct buf *b)
{
    char full[512];

    str_printf(full, sizeof(full), "%s%s", f->root, path);
    buf_clear(b);
    return buf_load(b, full) == 0;
}

bool doctor_load_line(struct found *f, const char *path)
{
    struct buf b;
    bool there;

    buf_init(&b);
    there = doctor_load(f, path, &b);
    str_printf(f->text, sizeof(f->text), "%.*s", (int)strcspn(buf_str(&b), "\n"), buf_str(&b));
    buf_finish(&b);
    return there;
}

bool doctor_exists(const struct found *f, const char *path)
{
    char full[512];

    str_printf(full, sizeof(full), "%s%s", f->root, path);
    return access(full, F_OK) == 0;
}

bool doctor_has_program(struct found *f, const char *name)
{
    static const char *const folders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                          "/usr/bin",        "/sbin",          "/bin"};
    char path[160];

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        str_printf(path, sizeof(path), "%s/%s", folders[i], name);
        if (doctor_exists(f, path)) {
            str_printf(f->text, sizeof(f->text), "%s", path);
            return true;
        }
    }
    return false;
}

void doctor_add(struct found *f, const char *format, ...)
{
    size_t used = strlen(f->text);
    va_list args;

    if (used > 0) {
        used += str_printf(f->text + used, sizeof(f->text) - used, ", ");
    }
    if (used < sizeof(f->text)) {
        va_start(args, format);
        vsnprintf(f->text + used, sizeof(f->text) - used, format, args);
        va_end(args);
    }
}
