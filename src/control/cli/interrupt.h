/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * interrupt: Ctrl-C and its like go to the run that is under way, which ends cleanly. One thread.
 */
#ifndef VAPERF_CONTROL_CLI_INTERRUPT_H
#define VAPERF_CONTROL_CLI_INTERRUPT_H

#include "control/run/run.h"

/* SIGINT, SIGTERM and SIGHUP to this run (run_interrupt) until called again; NULL: as by default.
 */
void interrupt_watch(struct run *r);

#endif
