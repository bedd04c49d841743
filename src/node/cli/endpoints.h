/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * endpoints: the addresses of --to and --listen: "10.0.0.1:5000", "10.0.0.1:5000-5199", several
 * with commas. Pure but for the arena.
 */
#ifndef VAPERF_NODE_CLI_ENDPOINTS_H
#define VAPERF_NODE_CLI_ENDPOINTS_H

#include <sys/socket.h>

#include "base/arena.h"
#include "base/err.h"

/* Every address the text names, a range of ports one by one, or every `step`th. -EINVAL. */
int endpoints_parse(const char *text, unsigned step, struct arena *a, struct sockaddr_storage **ret,
                    size_t *ret_count, struct err *e);
/* `wanted` addresses from those given, in turn. */
struct sockaddr_storage *endpoints_spread(const struct sockaddr_storage *given, size_t count,
                                          size_t wanted, struct arena *a);

/* The local address for sending to `to`: `bind` itself, but where that is the loopback and `to` is
 * not, the one the host's routes give. Lives in the arena. */
int endpoints_local(const char *bind, const struct sockaddr_storage *to, struct arena *a,
                    const char **ret, struct err *e);

#endif
