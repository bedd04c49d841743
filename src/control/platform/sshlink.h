/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sshlink: one ssh that is connected to a host for as long as it is open; commands of host.h share
 * it, so that each takes a round trip instead of a login. It ends with this process, however that
 * ends. Without it everything works too, slower. One thread.
 */
#ifndef VAPERF_CONTROL_PLATFORM_SSHLINK_H
#define VAPERF_CONTROL_PLATFORM_SSHLINK_H

#include "base/err.h"
#include "base/proc.h"
#include "control/platform/host.h"

enum { SSHLINK_PATH_MAX = 104 };

struct sshlink {
    struct proc master;
    char control[SSHLINK_PATH_MAX]; /* its socket; "" when closed */
};

/* Connects to the host; the socket is made in the folder `dir` (of this user alone). Lends
 * ret->control to the caller, who may put it into h->control. -EHOSTUNREACH: why, and what to do.
 */
int sshlink_open(struct sshlink *ret, const struct host *h, const char *dir, struct err *e);
void sshlink_close(struct sshlink *l); /* zeroed and twice are fine */

#endif
