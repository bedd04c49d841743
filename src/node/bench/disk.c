/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * disk: see disk.h.
 */
#include "node/bench/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

void *disk_buffer(size_t size)
{
    void *at = aligned_alloc(DISK_ALIGN, (size + DISK_ALIGN - 1) / DISK_ALIGN * DISK_ALIGN);
    return at != NULL ? memset(at, 0, size) : NULL;
}

int disk_open_nameless(const char *who, const char *folder, unsigned flags, int *ret_fd,
                       struct err *e)
{
    char path[PATH_MAX];
    const bool direct = (flags & DISK_DIRECT) != 0;

    str_printf(path, sizeof path, "%s/vaperf-%s.XXXXXX", folder, who);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        return err_set(e, -errno, "%s: make a file in %s: %s", who, folder, strerror(errno));
    }
    (void)unlink(path);
    if (direct && fcntl(fd, F_SETFL, O_DIRECT) < 0) {
        const int code = -errno;
        close(fd);
        return err_set(e, code, "%s: the file system of %s does not take O_DIRECT: %s", who, folder,
                       strerror(-code));
    }
    *ret_fd = fd;
    return 0;
}

static int fail(const char *who, const char *what, uint64_t at, int code, struct err *e)
{
    return err_set(e, code, "%s: %s at byte %llu: %s", who, what, (unsigned long long)at,
                   code == -ENOSPC  ? "the disk is full"
                   : code == -EROFS ? "the disk became read-only"
                   : code == -EIO   ? "the disk failed (I/O error)"
                                    : strerror(-code));
}

int disk_write(const char *who, int fd, const void *bytes, size_t size, uint64_t at, struct err *e)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = pwrite(fd, (const char *)bytes + done, size - done, (off_t)(at + done));
        if (n < 0 && errno != EINTR) {
            return fail(who, "write", at + done, -errno, e);
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int disk_read(const char *who, int fd, void *bytes, size_t size, uint64_t at, struct err *e)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = pread(fd, (char *)bytes + done, size - done, (off_t)(at + done));
        if (n < 0 && errno != EINTR) {
            return fail(who, "read", at + done, -errno, e);
        }
        if (n == 0) {
            const unsigned long long end = at + done;
            return err_set(e, -EBADMSG, "%s: the file ends at byte %llu", who, end);
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int disk_sync(const char *who, int fd, struct err *e)
{
    return fsync(fd) == 0 ? 0 : err_set(e, -errno, "%s: fsync: %s", who, strerror(errno));
}

void disk_forget(int fd)
{
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

void disk_close(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}
