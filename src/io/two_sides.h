/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * two_sides: for tests that need a real link: two network namespaces of this process with a
 * veth between them, "left" with 10.77.0.1 and fd77::1, "right" with .2 and ::2. All goes with the
 * process. The threads that a test starts are in the namespace its starter was in.
 */
#ifndef VAPERF_IO_TWO_SIDES_H
#define VAPERF_IO_TWO_SIDES_H

#include "base/test.h"

#include <stdbool.h>

enum side { HOME, LEFT, RIGHT, SIDES };

struct two_sides {
    int space[SIDES]; /* descriptors of the namespaces; HOME: where the test began */
};

/* false: not permitted here. */
bool two_sides_open(struct two_sides *t, unsigned queues);
void two_sides_close(struct two_sides *t);
/* From now on sockets of this thread are of that side. */
void two_sides_enter(const struct two_sides *t, enum side where);
/* A shell's command there; it must succeed. */
void two_sides_run(const struct two_sides *t, enum side where, const char *command);

#endif
