/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * agent: serves controllers over a virtio-serial port, one after the other, each by a node of its
 * own (a child, `vaperf-node serve`): when a controller goes, or another one begins (hello.h), the
 * node ends and with it everything it started. A node that dies takes no guest with it. Tells on
 * stderr what goes wrong. One thread, and the process's SIGCHLD, SIGPWR, SIGTERM and SIGINT.
 */
#ifndef VAPERF_NODE_GUEST_AGENT_H
#define VAPERF_NODE_GUEST_AGENT_H

#include "base/err.h"

enum agent_flag {
    AGENT_SOLE = 1, /* process 1: reaps orphans, and kills what a conversation left behind */
};

struct agent_options {
    const char *port; /* name of the virtio-serial port; waited for, for ever when AGENT_SOLE */
    unsigned flags;   /* enum agent_flag */
};

enum agent_end { AGENT_STOPPED /* SIGTERM, SIGINT */, AGENT_POWER_OFF /* SIGPWR */ };

/* An enum agent_end, or -errno. */
int agent_run(const struct agent_options *o, struct err *e);

#endif
