/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cgroup: control groups of ours on a host, v1 (one tree a controller) or v2. Names are relative to
 * the root of the tree and start with "vaperf-". One thread.
 */
#ifndef VAPERF_CONTROL_PLATFORM_CGROUP_H
#define VAPERF_CONTROL_PLATFORM_CGROUP_H

#include "control/platform/settings.h"

/* Makes it and writes what is set; a failure leaves nothing. */
int cgroup_create(const struct host *h, enum cgroup_layout layout, const char *name,
                  const struct settings *s, struct err *e);
/* Writes all values: what is not set becomes the kernel's default. */
int cgroup_set(const struct host *h, enum cgroup_layout layout, const char *name,
               const struct settings *s, struct err *e);
/* Moves processes ("12,34") into it. */
int cgroup_add_pids(const struct host *h, enum cgroup_layout layout, const char *name,
                    const char *pids, struct err *e);
/* Kills what is in it and in groups below, removes them under every controller. What is not there
 * is fine. */
int cgroup_remove(const struct host *h, const char *name, struct err *e);
/* Removes it unless something is in it. */
void cgroup_remove_empty(const struct host *h, const char *name);
/* Names of groups that carry the mark ("vaperf-MARK", "vaperf-MARK-*"), one a line. */
int cgroup_list(const struct host *h, const char *mark, struct buf *ret, struct err *e);
/* Processes in it and below, as "12,34". */
int cgroup_pids(const struct host *h, enum cgroup_layout layout, const char *name, struct buf *ret,
                struct err *e);
/* Its cgroup.procs files, colon-separated, for a shell that moves itself. Returns `buffer`. */
const char *cgroup_procs_files(enum cgroup_layout layout, const char *name, char *buffer,
                               size_t size);

#endif
