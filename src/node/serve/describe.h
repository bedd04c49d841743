/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * describe: what this node is and can do, as control and people ask for it. Any thread.
 */
#ifndef VAPERF_NODE_SERVE_DESCRIBE_H
#define VAPERF_NODE_SERVE_DESCRIBE_H

#include "base/json.h"

/* Grows when a method changes its meaning; new methods and members do not count. */
enum { NODE_PROTOCOL = 1 };

/* {program, version, protocol, drivers, load_options, commands}. commands is lent, may be NULL. */
json_t *describe_node(const json_t *commands);
/* {pid, tids, cgroup, hostname}: which process this is, for probes on its host. */
json_t *describe_identity(void);
/* {monotonic_ns, realtime_ns}, read together. */
json_t *describe_clock(void);

#endif
