/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * progress: live lines on stderr: one line written over again on a terminal, a line an interval
 * elsewhere. The main thread's.
 */
#ifndef VAPERF_NODE_CLI_PROGRESS_H
#define VAPERF_NODE_CLI_PROGRESS_H

#include <stdbool.h>

struct progress {
    bool quiet, terminal, open; /* open: the terminal's line is not ended yet */
};

void progress_init(struct progress *p, bool quiet);
void progress_show(struct progress *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Ends the line, so that other output may follow. */
void progress_end(struct progress *p);

#endif
