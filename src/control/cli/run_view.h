/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * run_view: what a person sees of a run while it goes on: a live line on a terminal, a line per
 * trial. One thread.
 */
#ifndef VAPERF_CONTROL_CLI_RUN_VIEW_H
#define VAPERF_CONTROL_CLI_RUN_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "control/run/run.h"

struct run_view {
    FILE *out;
    bool live, quiet, drawn; /* live: a terminal */
};

void run_view_init(struct run_view *v, bool quiet);
struct run_listener run_view_listener(struct run_view *v);
/* The table of a result file, on stdout. */
int run_view_table(const char *file, struct err *e);
/* Where calibrations are kept. The arena's. */
const char *run_view_calibration_file(struct arena *a);
void run_view_clear(struct run_view *v); /* takes the live line away */

#endif
