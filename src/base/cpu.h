/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cpu: sets of CPUs, affinity and scheduling class of a thread. Functions without a pid act on the
 * calling thread.
 */
#ifndef VAPERF_BASE_CPU_H
#define VAPERF_BASE_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { CPU_MAX = 1024 };
struct cpu_set {
    uint64_t bits[CPU_MAX / 64];
};

/* "0-3,8" (the kernel's list format). -EINVAL. */
int cpu_set_parse(struct cpu_set *ret, const char *text, struct err *e);
const char *cpu_set_format(const struct cpu_set *s, char *buffer, size_t size);
bool cpu_set_has(const struct cpu_set *s, unsigned cpu);
void cpu_set_add(struct cpu_set *s, unsigned cpu);
unsigned cpu_set_count(const struct cpu_set *s);
/* The n-th CPU of the set (0-based), -ENOENT. */
int cpu_set_nth(const struct cpu_set *s, unsigned n);
/* CPUs this process may use, and those online. */
int cpu_set_allowed(struct cpu_set *ret);
unsigned cpu_online_count(void);

int cpu_pin(const struct cpu_set *s);
/* SCHED_FIFO at a priority for the calling thread. -EPERM where that is not allowed. */
int cpu_set_fifo(int priority);
/* "fifo:10", "other": what the calling thread really got. Returns `buffer`. */
const char *cpu_sched_name(char *buffer, size_t size);

#endif
