/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * loadcheck: what a node finds wrong with drivers that would run in it, before anything is made:
 * whether options go together, and whether the files they name (scenarios, injection files, media)
 * are there and right, whether a bench finds the memory, folder or program that it wants. One
 * thread.
 */
#ifndef VAPERF_CONTROL_RUN_LOADCHECK_H
#define VAPERF_CONTROL_RUN_LOADCHECK_H

#include "control/plan/plan.h"
#include "control/run/nodelink.h"
#include "control/run/run.h"

struct loadcheck { /* lent */
    const struct plan *plan;
    const struct run_findings *findings;
    bool (*wants)(void *arg, const struct plan_setup *s); /* NULL: every setup */
    void *arg;
};

/* The options of a load at a level (NULL: as its driver has it). New reference. */
json_t *loadcheck_options(const struct plan_load *l, const char *level);
/* Is there anything that its node can say something about? */
bool loadcheck_concerns(const struct loadcheck *c, const struct host *h);
/* Asks the host's node about every load that comes from there and who it calls, and about the
 * appliances and benches of machines that see the host's files. -errno: the node was lost. */
int loadcheck_host(const struct loadcheck *c, struct nodelink *n, const struct host *h,
                   struct err *e);

#endif
