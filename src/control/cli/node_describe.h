/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * node_describe: what the node program here says of itself (`vaperf-node describe`). One thread.
 */
#ifndef VAPERF_CONTROL_CLI_NODE_DESCRIBE_H
#define VAPERF_CONTROL_CLI_NODE_DESCRIBE_H

#include "base/err.h"
#include "base/json.h"

/* New reference. path NULL: beside this program, else on PATH. */
int node_describe(const char *path, json_t **ret, struct err *e);

#endif
