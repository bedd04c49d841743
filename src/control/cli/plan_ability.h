/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * plan_ability: what this machine cannot do of a plan, all of it and not only the first. Asks
 * platforms and the node's description; makes nothing. One thread.
 */
#ifndef VAPERF_CONTROL_CLI_PLAN_ABILITY_H
#define VAPERF_CONTROL_CLI_PLAN_ABILITY_H

#include <stdio.h>

#include "control/plan/plan.h"

struct plan_ability {
    FILE *cannot, *worth; /* a line for each thing that cannot be, or is worth reading; each once */
    size_t cannot_count, worth_count;
    struct err wrong; /* the first thing that is wrong in a load or a file it names; code 0: none */
};
/* Fills the counts and `wrong`; the files are the caller's. */
void plan_ability_check(struct plan_ability *ret, const struct plan *p, const json_t *describe,
                        const char *node_path);

#endif
