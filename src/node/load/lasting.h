/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * lasting: do warm-up and drain suffice for attempts that take time by themselves, such as calls
 * with a hold time? Pure; any thread.
 */
#ifndef VAPERF_NODE_LOAD_LASTING_H
#define VAPERF_NODE_LOAD_LASTING_H

#include "node/load/load.h"

/* 0, and sentences that are worth reading added to `notes`; -EINVAL: no trial could be valid. */
int lasting_check(const struct workload_ops *ops, const struct workload_shape *shape,
                  const struct load_options *o, json_t *notes, struct err *e);

#endif
