/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * signals: SIGINT and SIGTERM as events of the main thread. Opened before other threads start, so
 * that none of them is interrupted. One in a program.
 */
#ifndef VAPERF_NODE_CLI_SIGNALS_H
#define VAPERF_NODE_CLI_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct signals {
    int fd;
};

int signals_open(struct signals *s, struct err *e);
void signals_close(struct signals *s);
/* When something that began at from_ns ends; a duration of 0: never. */
uint64_t signals_until(uint64_t from_ns, uint64_t duration_ns);
/* True when the program is asked to end, false when it is until_ns (UINT64_MAX: never) or, with
 * other_fd >= 0, something can be read there. */
bool signals_wait(struct signals *s, uint64_t until_ns, int other_fd);

#endif
