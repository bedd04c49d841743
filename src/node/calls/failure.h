/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * failure: an example of a cause of failure: where in its scenario the first call stood that ended
 * by it, and what it was told there. One writer, which notes it once; any thread reads.
 */
#ifndef VAPERF_NODE_CALLS_FAILURE_H
#define VAPERF_NODE_CALLS_FAILURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "node/scenario/call.h"

enum { FAILURE_LINE_MAX = 100 };

struct failure { /* zeroed: none */
    _Atomic bool is_noted;
    bool has_received;
    const struct scenario *scenario; /* lent */
    unsigned step;
    char received[FAILURE_LINE_MAX]; /* its first line; what is no printable ASCII is '?' */
};

/* The call ended by `cause` at its scenario's step; `bytes`: the message at hand, NULL: none. The
 * scenario outlives it. Later ones change nothing. */
void failure_note(struct failure *f, enum call_cause cause, const struct call *c, const char *bytes,
                  size_t size);
/* {"cause", "scenario", "step", "line", "kind", "expected", "received", "text", "hint"}: expected
 * is null where no message was waited for, received where none ended the call; text says it in a
 * line; hint is there only where it may be of use. NULL: none is noted. The caller's. */
json_t *failure_to_json(const struct failure *f, enum call_cause cause);

#endif
