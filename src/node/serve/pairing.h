/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pairing: do a load and who answers it go together? Asked where both are known. Any thread.
 */
#ifndef VAPERF_NODE_SERVE_PAIRING_H
#define VAPERF_NODE_SERVE_PAIRING_H

#include "base/err.h"
#include "base/json.h"
#include "node/load/workload.h"

/* appliance: {"type", "options", "links": how many its machine has, if that is known}, or NULL: not
 * known. What is wrong with it alone is not said here. -EINVAL with what would be right. */
int pairing_check(const struct workload_shape *shape, const json_t *appliance, struct err *e);

#endif
