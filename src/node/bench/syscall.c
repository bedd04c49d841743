/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * syscall: what entering the kernel costs: a call that does next to nothing, many times.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/bench/bench.h"
#include "node/bench/count.h"

enum { STOP_EVERY = 4096 };

struct syscall_state {
    uint64_t count, right, round_ns;
};

static const struct opt options[] = {COUNT_OPTIONS("1000000", "calls a round")};

static int prepare(void *state, const void *given, struct err *e)
{
    (void)e;
    *(struct syscall_state *)state =
        (struct syscall_state){.count = ((const struct count_options *)given)->count};
    return 0;
}

static int run(void *state, unsigned round, const atomic_bool *stop, struct err *e)
{
    struct syscall_state *s = state;
    const uint64_t start = clock_now_ns();
    const long parent = getppid();

    (void)round;
    (void)e;
    s->right = 0;
    for (uint64_t i = 0; i < s->count; i++) {
        s->right += syscall(SYS_getppid) == parent;
        if (i % STOP_EVERY == 0 && atomic_load_explicit(stop, memory_order_relaxed)) {
            return -ECANCELED;
        }
    }
    s->round_ns = clock_now_ns() - start;
    return 0;
}

static int verify(void *state, struct err *e)
{
    const struct syscall_state *s = state;
    return s->right == s->count
               ? 0
               : err_set(e, -EBADMSG, "syscall: %llu calls of %llu gave the parent's number",
                         (unsigned long long)s->right, (unsigned long long)s->count);
}

static json_t *figures(void *state)
{
    const struct syscall_state *s = state;
    return json_pack("{s:f}", "call_ns", (double)s->round_ns / (double)s->count);
}

extern const struct bench_ops bench_syscall;
const struct bench_ops bench_syscall = {
    .name = "syscall",
    .summary = "what entering the kernel costs",
    .options = options,
    .options_size = sizeof(struct count_options),
    .state_size = sizeof(struct syscall_state),
    .prepare = prepare,
    .run = run,
    .verify = verify,
    .figures = figures,
};
