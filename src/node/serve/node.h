/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * node: serves the methods of src/rpc/README.md to one peer. It owns what it was asked to start:
 * appliances, benches, probes and loads, by id, as many at once as asked for. All on the loop's
 * thread; drivers have their own threads.
 */
#ifndef VAPERF_NODE_SERVE_NODE_H
#define VAPERF_NODE_SERVE_NODE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"
#include "io/loop.h"

struct node;

/* commands: for `describe`, lent, may be NULL. The descriptors stay the caller's. */
int node_open(struct node **ret, struct loop *l, int in_fd, int out_fd, const json_t *commands,
              struct err *e);
/* The peer has gone or asked for shutdown: time to close. */
bool node_has_ended(const struct node *n);
/* Stops everything that was started, newest first. NULL-safe. */
void node_close(struct node *n);

/* Serves until the input ends, `shutdown`, SIGTERM or SIGINT. */
int node_serve(int in_fd, int out_fd, const json_t *commands, struct err *e);

#endif
