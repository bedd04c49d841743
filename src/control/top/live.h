/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * live: the view in the terminal until it is left. One thread beside the reader's.
 */
#ifndef VAPERF_CONTROL_TOP_LIVE_H
#define VAPERF_CONTROL_TOP_LIVE_H

#include "control/top/top.h"

/* Takes the source. An exit code or -errno. */
int live_run(const struct top_options *o, struct top_source *source, struct err *e);

#endif
