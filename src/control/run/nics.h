/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * nics: when interfaces interrupt (rx_usecs, rx_frames): of guests, through the node in them, and
 * of hosts, whose own settings come back when the trial's machines go. One thread, the loop's.
 */
#ifndef VAPERF_CONTROL_RUN_NICS_H
#define VAPERF_CONTROL_RUN_NICS_H

#include "control/run/site.h"

/* Of all machines and hosts that ask for it; the nodes talk. What a driver cannot do is -ENOTSUP
 * with whose it is. */
int nics_apply(struct site *s, struct err *e);
/* The hosts' as they were; while their nodes talk. Twice is fine. */
void nics_restore(struct site *s);

#endif
