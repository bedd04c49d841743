/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * room: see room.h.
 */
#include "node/bench/room.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"

enum { TEXT = 32, SPARE_BYTES = 64 << 20 };

/* For people: "1.5 GiB". */
static const char *say_size(uint64_t bytes, char *buffer)
{
    const double mib = (double)bytes / 1048576.0;
    str_printf(buffer, TEXT, mib < 1024 ? "%.1f MiB" : "%.1f GiB", mib < 1024 ? mib : mib / 1024);
    return buffer;
}

/* "Name:   123 kB" of a file of the kernel's, in bytes; 0 when there is none. */
static uint64_t read_kb(const char *path, const char *name)
{
    struct buf b;
    uint64_t bytes = 0;

    buf_init(&b);
    if (buf_load(&b, path) == 0) {
        const char *line = strstr(buf_str(&b), name);
        bytes = line != NULL ? strtoull(line + strlen(name), NULL, 10) * 1024 : 0;
    }
    buf_finish(&b);
    return bytes;
}

uint64_t room_huge_bytes(void)
{
    return read_kb("/proc/self/smaps_rollup", "AnonHugePages:");
}

int room_check_memory(const char *who, uint64_t size_bytes, struct err *e)
{
    const uint64_t free_bytes = read_kb("/proc/meminfo", "MemAvailable:");
    const uint64_t usable = free_bytes - free_bytes / 10;
    char want[TEXT], have[TEXT];

    if (free_bytes == 0 || size_bytes <= usable) {
        return 0;
    }
    return err_set(e, -ENOMEM,
                   "%s: it wants %s of memory, and %s are available: give a smaller size", who,
                   say_size(size_bytes, want), say_size(free_bytes, have));
}

static int fail_folder(const char *who, const char *folder, int code, struct err *e)
{
    return err_set(e, code, "%s: folder %s: %s", who, folder,
                   code == -EROFS     ? "the disk is read-only"
                   : code == -ENOTDIR ? "it is no folder"
                                      : strerror(-code));
}

int room_check_disk(const char *who, const char *folder, uint64_t size_bytes, bool *ret_in_memory,
                    struct err *e)
{
    struct statfs f;
    struct stat st;
    char want[TEXT], have[TEXT];

    if (stat(folder, &st) < 0 || statfs(folder, &f) < 0) {
        return fail_folder(who, folder, -errno, e);
    }
    if (!S_ISDIR(st.st_mode)) {
        return fail_folder(who, folder, -ENOTDIR, e);
    }
    if (access(folder, W_OK) < 0) {
        return fail_folder(who, folder, -errno, e);
    }
    const uint64_t unit = (uint64_t)f.f_bsize, total = (uint64_t)f.f_blocks * unit;
    const uint64_t spare = total / 20 < SPARE_BYTES ? total / 20 : SPARE_BYTES;
    const uint64_t left = (uint64_t)f.f_bavail * unit;
    const bool in_memory = f.f_type == TMPFS_MAGIC || f.f_type == RAMFS_MAGIC;
    if (total > 0 && left < size_bytes + spare) {
        return err_set(e, -ENOSPC, "%s: folder %s has %s free, and %s are needed%s", who, folder,
                       say_size(left, have), say_size(size_bytes + spare, want),
                       ": give a smaller size, or another folder");
    }
    if (ret_in_memory != NULL) {
        *ret_in_memory = in_memory;
    }
    return in_memory ? room_check_memory(who, size_bytes, e) : 0;
}
