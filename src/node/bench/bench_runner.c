/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench_runner: see bench_runner.h. The idle gap ends early when stopped.
 */
#include "node/bench/bench_runner.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

struct bench_runner {
    const struct bench_ops *ops;
    struct bench_runner_options options;
    void *state;
    pthread_t thread;
    bool prepared, started, joined;
    int done_fd;
    atomic_bool stop, done;
    _Atomic uint64_t rounds;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    /* The thread's own until it ended. */
    int result;
    struct err err;
    uint64_t start_ns, end_ns, wall_ns, cpu_ns;
    uint64_t round_wall_ns[BENCH_ROUNDS_KEPT], round_cpu_ns[BENCH_ROUNDS_KEPT];
    json_t *figures;
    uint64_t sorted_wall_ns[BENCH_ROUNDS_KEPT], sorted_cpu_ns[BENCH_ROUNDS_KEPT];
};

static void rest(struct bench_runner *r)
{
    uint64_t until = clock_now_ns() + r->options.idle_ns;
    struct timespec at = {(time_t)(until / NS_PER_S), (long)(until % NS_PER_S)};

    (void)pthread_mutex_lock(&r->lock);
    while (!atomic_load(&r->stop) && pthread_cond_timedwait(&r->wake, &r->lock, &at) != ETIMEDOUT) {
    }
    (void)pthread_mutex_unlock(&r->lock);
}

/* A set of figures a round; the oldest goes when there are too many. */
static void keep_figures(struct bench_runner *r)
{
    json_t *one = r->ops->figures != NULL ? r->ops->figures(r->state) : NULL;

    if (one == NULL) {
        return;
    }
    if (r->figures == NULL) {
        r->figures = json_array();
    }
    if (json_array_size(r->figures) == BENCH_FIGURES_KEPT) {
        (void)json_array_remove(r->figures, 0);
    }
    (void)json_array_append_new(r->figures, one);
}

static int tell(struct bench_runner *r, enum bench_mark what, uint64_t round)
{
    return r->options.mark != NULL ? r->options.mark(r->options.mark_arg, what, round, &r->err) : 0;
}

static int run_round(struct bench_runner *r, uint64_t round)
{
    int result =
        r->ops->arrange != NULL ? r->ops->arrange(r->state, (unsigned)round, &r->stop, &r->err) : 0;
    if (result == 0) {
        result = tell(r, BENCH_START, round);
    }
    if (result < 0) {
        return result;
    }
    uint64_t wall = clock_now_ns(), cpu = clock_thread_cpu_ns();
    result = r->ops->run(r->state, (unsigned)round, &r->stop, &r->err);
    if (result < 0) {
        return result;
    }
    wall = clock_now_ns() - wall;
    cpu = clock_thread_cpu_ns() - cpu;
    result = tell(r, BENCH_END, round);
    if (result < 0) {
        return result;
    }
    keep_figures(r);
    r->round_wall_ns[round % BENCH_ROUNDS_KEPT] = wall;
    r->round_cpu_ns[round % BENCH_ROUNDS_KEPT] = cpu;
    r->wall_ns += wall;
    r->cpu_ns += cpu;
    atomic_fetch_add(&r->rounds, 1);
    return 0;
}

static void *run(void *arg)
{
    struct bench_runner *r = arg;
    uint64_t one = 1;

    r->start_ns = clock_now_ns();
    for (uint64_t i = 0;
         !atomic_load(&r->stop) && (r->options.rounds == 0 || i < r->options.rounds); i++) {
        if (i > 0 && r->options.idle_ns > 0) {
            rest(r);
        }
        if (!atomic_load(&r->stop) && (r->result = run_round(r, i)) < 0) {
            break;
        }
    }
    if (r->result == -ECANCELED) {
        r->result = 0; /* stopped in the middle: that round does not count */
    }
    r->end_ns = clock_now_ns();
    atomic_store(&r->done, true);
    (void)!write(r->done_fd, &one, sizeof(one));
    return NULL;
}

static int init_waiting(struct bench_runner *r)
{
    pthread_condattr_t monotonic;

    r->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->done_fd < 0) {
        return -errno;
    }
    (void)pthread_mutex_init(&r->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&r->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return 0;
}

int bench_runner_start(struct bench_runner **ret, const struct bench_ops *ops, const void *options,
                       const struct bench_runner_options *o, struct err *e)
{
    struct bench_runner *r = calloc(1, sizeof(*r));
    int result;

    if (r == NULL) {
        return err_set(e, -ENOMEM, "no memory for the bench");
    }
    r->ops = ops;
    r->options = *o;
    r->state = calloc(1, ops->state_size + 1);
    if (r->state == NULL || init_waiting(r) < 0) {
        free(r->state);
        free(r);
        return err_set(e, -ENOMEM, "no memory for the bench");
    }
    result = ops->check != NULL ? ops->check(options, e) : 0;
    if (result == 0 && (result = ops->prepare(r->state, options, e)) == 0) {
        r->prepared = true;
        result = -pthread_create(&r->thread, NULL, run, r);
        r->started = result == 0;
        if (result < 0) {
            err_set(e, result, "cannot start a thread for %s", ops->name);
        }
    }
    if (result < 0) {
        bench_runner_destroy(r);
        return result;
    }
    *ret = r;
    return 0;
}

int bench_runner_done_fd(const struct bench_runner *r)
{
    return r->done_fd;
}

bool bench_runner_is_done(const struct bench_runner *r)
{
    return atomic_load(&r->done);
}

uint64_t bench_runner_rounds(const struct bench_runner *r)
{
    return atomic_load(&r->rounds);
}

static void join(struct bench_runner *r)
{
    if (!r->started || r->joined) {
        return;
    }
    (void)pthread_mutex_lock(&r->lock);
    atomic_store(&r->stop, true);
    (void)pthread_cond_signal(&r->wake);
    (void)pthread_mutex_unlock(&r->lock);
    (void)pthread_join(r->thread, NULL);
    r->joined = true;
}

static void sort_rounds(struct bench_runner *r, struct bench_result *ret)
{
    uint64_t first = ret->rounds > BENCH_ROUNDS_KEPT ? ret->rounds - BENCH_ROUNDS_KEPT : 0;

    ret->kept = (size_t)(ret->rounds - first);
    for (size_t i = 0; i < ret->kept; i++) {
        r->sorted_wall_ns[i] = r->round_wall_ns[(first + i) % BENCH_ROUNDS_KEPT];
        r->sorted_cpu_ns[i] = r->round_cpu_ns[(first + i) % BENCH_ROUNDS_KEPT];
    }
    ret->round_wall_ns = r->sorted_wall_ns;
    ret->round_cpu_ns = r->sorted_cpu_ns;
}

int bench_runner_stop(struct bench_runner *r, struct bench_result *ret, json_t **ret_figures,
                      struct err *e)
{
    int result;

    join(r);
    *ret = (struct bench_result){.rounds = bench_runner_rounds(r),
                                 .wall_ns = r->wall_ns,
                                 .cpu_ns = r->cpu_ns,
                                 .elapsed_ns = r->end_ns - r->start_ns,
                                 .round_figures = r->figures};
    sort_rounds(r, ret);
    if (r->result < 0) {
        if (e != NULL) {
            *e = r->err;
        }
        return r->result;
    }
    if (ret->rounds > 0) {
        result = r->ops->verify(r->state, e);
        if (result < 0) {
            return result;
        }
        ret->verified = true;
    }
    if (ret_figures != NULL) {
        const size_t count = json_array_size(r->figures);
        *ret_figures = count > 0 ? json_incref(json_array_get(r->figures, count - 1)) : NULL;
    }
    return 0;
}

void bench_runner_destroy(struct bench_runner *r)
{
    if (r == NULL) {
        return;
    }
    join(r);
    if (r->prepared && r->ops->cleanup != NULL) {
        r->ops->cleanup(r->state);
    }
    (void)pthread_cond_destroy(&r->wake);
    (void)pthread_mutex_destroy(&r->lock);
    close(r->done_fd);
    json_decref(r->figures);
    free(r->state);
    free(r);
}
