/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tunable: settings of the kernel that are files (sysctls, RPS, interrupts): written, with what
 * stood there before kept, and put back. One thread.
 */
#ifndef VAPERF_NODE_APPLIANCE_TUNABLE_H
#define VAPERF_NODE_APPLIANCE_TUNABLE_H

#include <stddef.h>

#include "base/cpu.h"
#include "base/err.h"

struct tunable;

struct tunables { /* zeroed: none */
    struct tunable *list;
    size_t count;
};

/* Writes `value`; one that stands there already is left. -ENOENT, -EACCES, -EROFS with the words of
 * what was asked for: "sysctl net.ipv4.ip_forward". */
int tunables_set(struct tunables *t, const char *path, const char *value, const char *what,
                 struct err *e);
/* "net.ipv4.ip_forward", dots for slashes (sysctl(8)); a slash stands for a dot in a name. */
int tunables_set_sysctl(struct tunables *t, const char *name, const char *value, struct err *e);
/* "NAME=VALUE NAME=VALUE": values without spaces. -EINVAL. */
int tunables_set_sysctls(struct tunables *t, const char *text, struct err *e);
/* Receive packet steering of every queue of an interface (Documentation/networking/scaling.rst). */
int tunables_set_rps(struct tunables *t, const char *interface, const struct cpu_set *cpus,
                     struct err *e);
/* Where its interrupts go; -ENOTSUP: it has none of its own. */
int tunables_set_irqs(struct tunables *t, const char *interface, const struct cpu_set *cpus,
                      struct err *e);
/* Puts everything back, the last first. */
void tunables_restore(struct tunables *t);

#endif
