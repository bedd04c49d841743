/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * null: counts its own samples: what sampling itself costs.
 */
#include "node/probe/columns.h"
#include "node/probe/probe.h"

struct null_state {
    double samples;
};

static const struct opt options[] = {OPT_END};

static int open_null(void *state, const void *given, struct err *e)
{
    (void)given;
    (void)e;
    ((struct null_state *)state)->samples = 0;
    return 0;
}

static size_t columns(const void *state, struct sample_column *ret, size_t room)
{
    (void)state;
    return columns_add(ret, room, 0, "null", "samples", "1", SAMPLE_COUNTER);
}

static int sample(void *state, uint64_t now_ns, double *ret_values, size_t count)
{
    (void)now_ns;
    (void)columns_put(ret_values, count, 0, ++((struct null_state *)state)->samples);
    return 0;
}

static void close_null(void *state)
{
    (void)state;
}

extern const struct probe_ops probe_null;
const struct probe_ops probe_null = {
    .name = "null",
    .summary = "counts its own samples",
    .options = options,
    .options_size = 0,
    .state_size = sizeof(struct null_state),
    .open = open_null,
    .columns = columns,
    .sample = sample,
    .close = close_null,
};
