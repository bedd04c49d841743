/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * children: processes of a run, known by a variable in their environment and by nothing else:
 * VAPERF_MARK=a1b2c3 (of the run), VAPERF_MACHINE=a1b2c3/media (of one machine). One thread.
 */
#ifndef VAPERF_CONTROL_PLATFORM_CHILDREN_H
#define VAPERF_CONTROL_PLATFORM_CHILDREN_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "control/platform/host.h"
#include "control/platform/mark.h"
#include "control/platform/platform.h"

enum { CHILDREN_VAR_MAX = 160 };

/* "VAPERF_MARK=mark", or with a machine "VAPERF_MACHINE=mark/machine". Returns `buffer`. */
const char *children_variable(char buffer[CHILDREN_VAR_MAX], const char *mark, const char *machine);

/* The words that start a node of a machine on the host: the variables, what stands in front of it
 * (NULL-ended, may be NULL), `vaperf-node serve`. The arena's; NULL when the host is none. */
char *const *children_node_words(const struct platform_env *env, const char *machine,
                                 char *const in_front[], struct arena *a);

/* Where a machine that is a process of its host is reached, and where the tester is: the loopback,
 * or between two hosts the addresses that the plan gives of them. */
int children_check_addresses(const struct platform_env *env, struct err *e);
const char *children_address(const struct platform_env *env);
const char *children_tester_address(const struct platform_env *env);

/* Their process ids as "12,345", "" when there is none; replaces what is in `ret`. Returns 0,
 * -errno. */
int children_find(const struct host *h, const char *variable, struct buf *ret, struct err *e);

/* Waits up to timeout_ns for their own end, then SIGTERM, waits as long again, then SIGKILL;
 * returns when none is left. */
int children_stop(const struct host *h, const char *variable, uint64_t timeout_ns, struct err *e);

/* Processes of runs that are dead: ends them. As platform_ops.sweep. */
int children_sweep(const struct host *h, bool dry, void (*told)(void *, const char *),
                   void *told_arg, struct err *e);

#endif
