/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * switch: what handing over to another thread costs: two threads on one CPU wake each other
 * through pipes. The second thread lives as long as a round.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/bench/bench.h"
#include "node/bench/count.h"

enum { STOP_EVERY = 256 };

struct switch_state {
    uint64_t count, there, back, round_ns;
    int to[2], from[2]; /* pipes */
};

static const struct opt options[] = {
    COUNT_OPTIONS("100000", "handings-over there and back a round")};

static void close_both(int pipe_fds[2])
{
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

static int prepare(void *state, const void *given, struct err *e)
{
    struct switch_state *s = state;

    *s = (struct switch_state){.count = ((const struct count_options *)given)->count};
    if (pipe2(s->to, O_CLOEXEC) < 0) {
        return err_set(e, -errno, "switch: pipe: %s", strerror(errno));
    }
    if (pipe2(s->from, O_CLOEXEC) < 0) {
        const int code = -errno;
        close_both(s->to);
        return err_set(e, code, "switch: pipe: %s", strerror(-code));
    }
    return 0;
}

/* Answers until it reads an end. */
static void *answer(void *arg)
{
    struct switch_state *s = arg;
    char byte;

    while (read(s->to[0], &byte, 1) == 1 && byte != 'e') {
        s->there++;
        if (write(s->from[1], &byte, 1) != 1) {
            break;
        }
    }
    return NULL;
}

static int hand_over(struct switch_state *s, const atomic_bool *stop)
{
    char byte = 'x';
    for (uint64_t i = 0; i < s->count; i++) {
        if (write(s->to[1], &byte, 1) != 1 || read(s->from[0], &byte, 1) != 1) {
            return -errno;
        }
        s->back++;
        if (i % STOP_EVERY == 0 && atomic_load_explicit(stop, memory_order_relaxed)) {
            return -ECANCELED;
        }
    }
    return 0;
}

static int run(void *state, unsigned round, const atomic_bool *stop, struct err *e)
{
    struct switch_state *s = state;
    const char end = 'e';
    cpu_set_t before, one;
    pthread_t other;

    (void)round;
    (void)sched_getaffinity(0, sizeof before, &before);
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    (void)sched_setaffinity(0, sizeof one, &one); /* the other thread inherits it */
    s->there = s->back = 0;
    int r = -pthread_create(&other, NULL, answer, s);
    if (r == 0) {
        const uint64_t start = clock_now_ns();
        r = hand_over(s, stop);
        s->round_ns = clock_now_ns() - start;
        (void)!write(s->to[1], &end, 1);
        (void)pthread_join(other, NULL);
    }
    (void)sched_setaffinity(0, sizeof before, &before);
    return r < 0 && r != -ECANCELED ? err_set(e, r, "switch: %s", strerror(-r)) : r;
}

static int verify(void *state, struct err *e)
{
    const struct switch_state *s = state;
    return s->there == s->count && s->back == s->count
               ? 0
               : err_set(e, -EBADMSG, "switch: %llu there and %llu back of %llu",
                         (unsigned long long)s->there, (unsigned long long)s->back,
                         (unsigned long long)s->count);
}

static json_t *figures(void *state)
{
    const struct switch_state *s = state;
    return json_pack("{s:f}", "switch_ns", (double)s->round_ns / (double)s->count / 2);
}

static void cleanup(void *state)
{
    struct switch_state *s = state;
    close_both(s->to);
    close_both(s->from);
}

extern const struct bench_ops bench_switch;
const struct bench_ops bench_switch = {
    .name = "switch",
    .summary = "what handing over to another thread costs",
    .options = options,
    .options_size = sizeof(struct count_options),
    .state_size = sizeof(struct switch_state),
    .prepare = prepare,
    .run = run,
    .verify = verify,
    .figures = figures,
    .cleanup = cleanup,
};
