/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * room: is there room for what a bench is about to use? Asked before anything is touched, so that
 * a bench is refused with numbers and does not fill a disk or wake the OOM killer. Any thread.
 */
#ifndef VAPERF_NODE_BENCH_ROOM_H
#define VAPERF_NODE_BENCH_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* MemAvailable must be above size by a tenth of what there is: -ENOMEM with both numbers. */
int room_check_memory(const char *who, uint64_t size_bytes, struct err *e);
/* The folder must be writable and have size_bytes free, with a twentieth of the disk to spare at
 * most 64 MiB: -ENOSPC, -EROFS, -ENOENT, -ENOTDIR, -EACCES in words. ret_in_memory (may be NULL):
 * it is a file system in memory (tmpfs, ramfs), which is no disk. */
int room_check_disk(const char *who, const char *folder, uint64_t size_bytes, bool *ret_in_memory,
                    struct err *e);
/* Anonymous memory of this process that lies in huge pages now; 0 also when it is not known. */
uint64_t room_huge_bytes(void);

#endif
