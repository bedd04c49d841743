/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * disk: what zfg and files do to a disk, with errors that say where and of whom. Any thread.
 */
#ifndef VAPERF_NODE_BENCH_DISK_H
#define VAPERF_NODE_BENCH_DISK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum disk_flag { DISK_DIRECT = 1 };
enum { DISK_ALIGN = 4096 };

/* A zeroed buffer fit for direct I/O; free() it. NULL without memory. */
void *disk_buffer(size_t size);
/* A new file in the folder that has no name any more, for reading and writing. */
int disk_open_nameless(const char *who, const char *folder, unsigned flags, int *ret_fd,
                       struct err *e);
/* All of it, or an error: -ENOSPC, -EROFS, -EIO ... in words. */
int disk_write(const char *who, int fd, const void *bytes, size_t size, uint64_t at, struct err *e);
int disk_read(const char *who, int fd, void *bytes, size_t size, uint64_t at, struct err *e);
int disk_sync(const char *who, int fd, struct err *e);
/* Forgets what the kernel keeps of the file, so that reading asks the disk. */
void disk_forget(int fd);
void disk_close(int *fd); /* twice-safe: becomes -1 */

#endif
