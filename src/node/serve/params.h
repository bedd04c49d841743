/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * params: readers of what several methods take: options after a table, lists of addresses. Pure
 * but for the arena.
 */
#ifndef VAPERF_NODE_SERVE_PARAMS_H
#define VAPERF_NODE_SERVE_PARAMS_H

#include <sys/socket.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/opt.h"
#include "node/serve/drivers.h"

/* Member `key` (absent: all defaults) after a table, in the arena. */
int params_options(const json_t *params, const char *key, const struct opt *table, size_t size,
                   struct arena *a, void **ret, struct err *e);
/* Member `type` names a driver that is supported here; its member `options`. */
int params_driver(const json_t *params, enum driver_kind kind, struct arena *a,
                  struct driver *ret_driver, void **ret_options, struct err *e);
/* Member `key`: ["ip:port", ...], in the arena. */
int params_addresses(const json_t *params, const char *key, struct arena *a,
                     struct sockaddr_storage **ret, size_t *ret_count, struct err *e);
json_t *params_addresses_to_json(const struct sockaddr_storage *list, size_t count);
/* An interval in ns, 1 ms or longer. */
int params_interval(const json_t *params, uint64_t *ret_ns, struct err *e);

#endif
