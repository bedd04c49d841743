/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * source: where readings come from: one libvirt connection, read-only, and the host's CPUs. Guests
 * that vaperf did not start are read as any other, and nothing of them is changed. One thread.
 */
#ifndef VAPERF_CONTROL_TOP_SOURCE_H
#define VAPERF_CONTROL_TOP_SOURCE_H

#include <stdbool.h>
#include <stdio.h>

#include "control/top/reading.h"

struct top_source {
    struct virt *virt;
    const char *uri; /* lent */
    struct virt_node node;
    FILE *stat;       /* this host's /proc/stat when its guests are here; else NULL */
    bool tells_cpus;  /* libvirt gives the CPUs of that host */
    char missing[96]; /* why exits and halts may be unknown, in words */
};

int top_source_open(struct top_source *ret, const char *uri, struct err *e);
void top_source_close(struct top_source *s);

/* Into an empty reading, which is the caller's to finish after failure too. An error says that the
 * connection is lost or libvirt refuses. */
int top_source_read(struct top_source *s, struct top_reading *ret, struct err *e);

/* Does the URI mean guests on this machine (no host in it, and not libvirt's test driver)? */
bool top_source_is_local(const char *uri);

/* CPUs and their times out of the text of /proc/stat, `room` at most. Returns how many. */
size_t top_source_parse_stat(const char *text, uint64_t tick_ns, struct virt_cpu_time *ret,
                             size_t room);

#endif
