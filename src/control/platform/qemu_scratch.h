/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * qemu_scratch: a disk of its own for a guest of vaperf's: a raw file with an empty ext4, in a
 * folder of the plan's; a link in the machine's folder tells whoever sweeps where it is. One
 * thread.
 */
#ifndef VAPERF_CONTROL_PLATFORM_QEMU_SCRATCH_H
#define VAPERF_CONTROL_PLATFORM_QEMU_SCRATCH_H

#include "base/buf.h"
#include "control/platform/qemu_options.h"

/* A row of platform_ops.check: is there room, and the program that makes file systems? */
void qemu_scratch_describe(const struct host *h, const struct qemu_options *o,
                           struct setting_check *ret);
/* Makes `file` for the machine whose folder is `dir`, its room taken at once. Whatever the answer,
 * qemu_scratch_remove undoes it. -EIO with both numbers when there is no room. */
int qemu_scratch_create(const struct host *h, const struct qemu_options *o, const char *dir,
                        const char *file, struct err *e);
int qemu_scratch_remove(const struct host *h, const char *dir, struct err *e);
/* Folders, one a line, of a run's machines (in `run_dir`) that have such a disk. */
int qemu_scratch_list(const struct host *h, const char *run_dir, struct buf *ret, struct err *e);

#endif
