/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * null: a bench that does next to nothing: what repeating and timing cost.
 */
#include <errno.h>

#include "node/bench/bench.h"
#include "node/bench/count.h"

struct null_state {
    uint64_t count, done;
};

static const struct opt options[] = {COUNT_OPTIONS("1000", "additions a round")};

static int prepare(void *state, const void *given, struct err *e)
{
    (void)e;
    ((struct null_state *)state)->count = ((const struct count_options *)given)->count;
    return 0;
}

static int run(void *state, unsigned round, const atomic_bool *stop, struct err *e)
{
    struct null_state *s = state;
    volatile uint64_t sum = 0;

    (void)round;
    (void)stop;
    (void)e;
    for (uint64_t i = 0; i < s->count; i++) {
        sum = sum + 1;
    }
    s->done = sum;
    return 0;
}

static int verify(void *state, struct err *e)
{
    const struct null_state *s = state;
    return s->done == s->count ? 0
                               : err_set(e, -EBADMSG, "null: %llu additions of %llu were done",
                                         (unsigned long long)s->done, (unsigned long long)s->count);
}

extern const struct bench_ops bench_null;
const struct bench_ops bench_null = {
    .name = "null",
    .summary = "counts: what repeating and timing cost",
    .options = options,
    .options_size = sizeof(struct count_options),
    .state_size = sizeof(struct null_state),
    .prepare = prepare,
    .run = run,
    .verify = verify,
};
