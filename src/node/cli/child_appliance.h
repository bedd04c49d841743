/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * child_appliance: an appliance in a child process of this very program, for a smoke test in one
 * command. The main thread's.
 */
#ifndef VAPERF_NODE_CLI_CHILD_APPLIANCE_H
#define VAPERF_NODE_CLI_CHILD_APPLIANCE_H

#include <sys/socket.h>

#include "base/err.h"
#include "node/load/workload.h"

struct child_appliance;

/* Does such an appliance (spec as below) answer a load of this shape? -EINVAL with what would be
 * right. */
int child_appliance_check(const char *spec, const struct workload_shape *shape, struct err *e);
/* spec: "media" or "media,work=20us,threads=1". address: where its sockets bind.
 * protocol: the load's, for an appliance that has such an option too (-EINVAL when spec has another
 * one); NULL: the load has none. */
int child_appliance_start(struct child_appliance **ret, const char *spec, const char *address,
                          const char *protocol, struct err *e);
/* As appliance_ops.endpoints, and endpoint_pairs. */
int child_appliance_endpoints(struct child_appliance *a, const struct sockaddr_storage *peers,
                              size_t count, struct sockaddr_storage *ret, struct err *e);
int child_appliance_endpoint_pairs(struct child_appliance *a, const struct sockaddr_storage *peers,
                                   size_t count, struct sockaddr_storage *ret, struct err *e);
void child_appliance_stop(struct child_appliance *a); /* NULL-safe */

#endif
