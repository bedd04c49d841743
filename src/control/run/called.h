/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * called: the other end of a load whose plan names one (`called:`). One thread, the loop's.
 */
#ifndef VAPERF_CONTROL_RUN_CALLED_H
#define VAPERF_CONTROL_RUN_CALLED_H

#include "control/run/trial_private.h"

/* Opens it in the generator's node, at the generator's address on the load's network; its rows are
 * those of an appliance "called.<load>". *peers, the load's own addresses, become its addresses.
 * Nothing when the plan names none. */
int called_open(struct trial *t, struct trial_load *l, json_t **peers, struct err *e);
/* Whether it lost packets that had come; why: that. */
bool called_says_void(const struct trial *t, const struct trial_load *l, struct buf *why);

#endif
