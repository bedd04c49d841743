/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bridge_set: the networks of one platform, by their names in the plan. One thread.
 */
#ifndef VAPERF_CONTROL_PLATFORM_BRIDGE_SET_H
#define VAPERF_CONTROL_PLATFORM_BRIDGE_SET_H

#include "control/platform/bridge.h"

enum { BRIDGE_SET_MAX = 16 };

struct bridge_set {
    struct bridge nets[BRIDGE_SET_MAX]; /* they stay where they are */
    unsigned count;
};

/* Makes the network; one that is there already is fine. */
int bridge_set_add(struct bridge_set *s, const struct platform_env *env, const char *name,
                   struct err *e);
/* NULL, with a message, if there is none of that name. */
struct bridge *bridge_set_find(struct bridge_set *s, const char *name, struct err *e);
/* The tester's address on it; on NULL the first. NULL if there is none. */
const char *bridge_set_tester(struct bridge_set *s, const char *name);
void bridge_set_finish(struct bridge_set *s);

#endif
