/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load: the life of a load: transports, shards, threads. One owner thread; load_snapshot
 * reads what workers write without stopping them.
 */
#include "node/load/load.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "io/addr.h"
#include "node/load/load_private.h"

#define START_DELAY_NS (50 * NS_PER_MS) /* room for threads to get going */

static uint32_t first_slot_of(const struct load *l, uint32_t worker)
{
    return (uint32_t)((uint64_t)l->shape.slots * worker / l->worker_count);
}

static int open_worker(struct load *l, uint32_t i, struct err *e)
{
    struct worker *w = &l->workers[i];
    uint32_t first = first_slot_of(l, i), slots = first_slot_of(l, i + 1) - first;
    struct rand_state seed;

    rand_init_text(&seed, l->options.seed);
    struct schedule_shape shape = {first,
                                   slots,
                                   l->shape.slots,
                                   l->shape.arrivals == WORKLOAD_PERIODIC ? l->shape.period_ns : 0,
                                   l->shape.phase_grid_ns,
                                   l->shape.phase,
                                   l->shape.rate_per_s,
                                   i,
                                   l->worker_count,
                                   rand_u64(&seed)};

    w->plan = &l->plan;
    w->index = i;
    if (worker_init(w) < 0 || schedule_init(&w->schedule, &l->level, &shape) < 0 ||
        (w->shard = calloc(1, l->ops->shard_size + 1)) == NULL) {
        return err_set(e, -ENOMEM, "no memory for worker %u", i);
    }
    if (cpu_set_count(&l->options.cpus) > 0) {
        unsigned n = i % cpu_set_count(&l->options.cpus);
        cpu_set_add(&w->cpus, (unsigned)cpu_set_nth(&l->options.cpus, n));
    }
    return 0;
}

static int open_workers(struct load *l, struct err *e)
{
    int result;

    if ((result = load_find_ports(l, e)) < 0) {
        return result;
    }
    l->workers = calloc(l->worker_count, sizeof(*l->workers));
    if (l->workers == NULL) {
        l->worker_count = 0;
        return err_set(e, -ENOMEM, "no memory for the workers");
    }
    result = load_transport_open(l, e);
    for (uint32_t i = 0; i < l->worker_count && result == 0; i++) {
        result = open_worker(l, i, e);
    }
    return result;
}

static int make_snapshots(struct load *l, struct err *e)
{
    struct hist **all[] = {&l->live.from_intended, &l->live.from_sent, &l->live.lateness,
                           &l->scratch};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if ((*all[i] = hist_create_sparse()) == NULL) {
            return err_set(e, -ENOMEM, "no memory for histograms");
        }
    }
    return 0;
}

int load_options_check(const struct workload_shape *shape, const struct load_options *o,
                       struct err *e)
{
    struct schedule_level level;
    struct sockaddr_storage local;
    int result = load_transport_check(o->transport, shape->frames, e);

    if (result == 0 && addr_parse(&local, o->bind) < 0) {
        result = err_set(e, -EINVAL, "bind: '%s' is no address (e.g. 127.0.0.1)", o->bind);
    }
    if (result == 0 && (result = schedule_level_init(&level, &o->schedule, e)) == 0) {
        schedule_level_finish(&level);
    }
    return result;
}

int load_create(struct load **ret, const struct workload_ops *ops, const void *workload_options,
                const struct load_options *options, struct err *e)
{
    struct load *l = calloc(1, sizeof(*l));
    int result;

    if (l == NULL) {
        return err_set(e, -ENOMEM, "no memory for the load");
    }
    l->ops = ops;
    l->options = *options;
    l->workload_options = workload_options;
    l->plan.ops = ops;
    l->plan.options = &l->options;
    if ((result = ops->check(workload_options, &l->shape, e)) < 0 ||
        (result = schedule_level_init(&l->level, &options->schedule, e)) < 0 ||
        (result = make_snapshots(l, e)) < 0) {
        load_destroy(l);
        return result;
    }
    l->plan.packets_at_once = l->shape.packets_at_once > 0 ? l->shape.packets_at_once : 1;
    l->worker_count = options->workers > 0 ? (uint32_t)options->workers : 1;
    if (l->worker_count > l->shape.slots && l->shape.slots > 0) {
        l->worker_count = l->shape.slots;
    }
    l->state = calloc(1, ops->state_size + 1);
    result =
        l->state == NULL ? err_set(e, -ENOMEM, "no memory for the workload") : open_workers(l, e);
    if (result < 0) {
        load_destroy(l);
        return result;
    }
    *ret = l;
    return 0;
}

const struct workload_shape *load_shape(const struct load *l)
{
    return &l->shape;
}

int load_peers(const struct load *l, struct sockaddr_storage *ret, size_t count)
{
    if (count != l->shape.endpoints) {
        return -EINVAL;
    }
    for (uint32_t w = 0; w < l->worker_count; w++) {
        /* Endpoint i belongs to slot i; more endpoints than slots do not occur. */
        for (size_t i = first_slot_of(l, w); i < first_slot_of(l, w + 1) && i < count; i++) {
            ret[i] = l->workers[w].transport.socket.local;
        }
    }
    return 0;
}

static void set_windows(struct load *l, uint64_t start_ns)
{
    l->plan.start_ns = start_ns;
    l->plan.measure_from_ns = start_ns + l->options.warmup_ns;
    l->plan.measure_to_ns = l->plan.measure_from_ns + l->options.duration_ns;
    for (uint32_t i = 0; i < l->worker_count; i++) {
        l->ops->window(l->workers[i].shard, l->plan.measure_from_ns, l->plan.measure_to_ns);
    }
}

void load_set_wait(struct load *l, const struct workload_wait *wait)
{
    l->wait = *wait;
}

int load_connect(struct load *l, const struct sockaddr_storage *endpoints, size_t count,
                 struct err *e)
{
    struct rand_state seed;
    int result;

    if (count != l->shape.endpoints) {
        return err_set(e, -EINVAL, "the load wants %u addresses and got %zu", l->shape.endpoints,
                       count);
    }
    result = load_transport_connect(l, endpoints, count, e);
    if (result < 0 ||
        (result = l->ops->prepare(l->state, l->workload_options, endpoints, count, e)) < 0) {
        return result;
    }
    l->prepared = true;
    rand_init_text(&seed, l->options.seed);
    for (; l->opened < l->worker_count; l->opened++) {
        struct worker *w = &l->workers[l->opened];
        struct workload_shard_env env = {l->opened,
                                         l->worker_count,
                                         first_slot_of(l, l->opened),
                                         first_slot_of(l, l->opened + 1) -
                                             first_slot_of(l, l->opened),
                                         w->transport.socket.local,
                                         addr_size(&w->transport.socket.local),
                                         rand_u64(&seed),
                                         l->shape.frames ? &l->ports : NULL,
                                         &w->transport.socket,
                                         &w->watch->real_offset_ns,
                                         &l->level,
                                         &l->plan.start_ns,
                                         w,
                                         worker_take_receipt,
                                         l->options.segmentation,
                                         &l->wait};
        if ((result = l->ops->open(w->shard, l->state, &env, e)) < 0) {
            return result;
        }
    }
    return 0;
}

static int wait_ready(struct load *l, struct err *e)
{
    for (uint32_t i = 0; i < l->worker_count; i++) {
        int ready;
        while ((ready = atomic_load(&l->workers[i].ready)) == 0) {
            (void)clock_sleep_until(clock_now_ns() + 100 * NS_PER_US);
        }
        if (ready < 0) {
            return err_set(e, ready, "worker %u cannot be scheduled as asked: %s", i,
                           ready == -EPERM ? "SCHED_FIFO is not allowed here (run as root and "
                                             "outside CPU cgroups, or use scheduling: auto)"
                                           : strerror(-ready));
        }
    }
    return 0;
}

int load_start(struct load *l, uint64_t start_ns, struct err *e)
{
    int result = 0;

    set_windows(l, start_ns > 0 ? start_ns : clock_now_ns() + START_DELAY_NS);
    l->started_ns = l->plan.start_ns;
    l->started = true;
    for (uint32_t i = 0; i < l->worker_count && result == 0; i++) {
        result = worker_start(&l->workers[i]);
    }
    result = result < 0 ? err_set(e, result, "cannot start a thread: %s", strerror(-result))
                        : wait_ready(l, e);
    if (result < 0) {
        load_stop(l);
        atomic_store(&l->plan.abandon, true);
        load_join(l);
    }
    return result;
}

enum load_phase load_phase(const struct load *l)
{
    int least = LOAD_DONE;

    if (!l->started) {
        return LOAD_READY;
    }
    for (uint32_t i = 0; i < l->worker_count; i++) {
        int phase = atomic_load_explicit(&l->workers[i].phase, memory_order_acquire);
        least = phase < least ? phase : least;
    }
    return (enum load_phase)least;
}

void load_stop(struct load *l)
{
    atomic_store(&l->plan.stop, true);
}

void load_join(struct load *l)
{
    for (uint32_t i = 0; i < l->worker_count; i++) {
        if (l->workers[i].started) {
            (void)pthread_join(l->workers[i].thread, NULL);
            l->workers[i].started = false;
        }
    }
    l->joined = true;
}

static void destroy_worker(struct load *l, uint32_t i)
{
    struct worker *w = &l->workers[i];

    if (i < l->opened) {
        l->ops->close(w->shard);
    }
    free(w->shard);
    schedule_finish(&w->schedule);
    worker_finish(w);
    transport_close(&w->transport);
}

void load_destroy(struct load *l)
{
    if (l == NULL) {
        return;
    }
    if (l->started && !l->joined) {
        load_stop(l);
        atomic_store(&l->plan.abandon, true);
        load_join(l);
    }
    for (uint32_t i = 0; l->workers != NULL && i < l->worker_count; i++) {
        destroy_worker(l, i);
    }
    if (l->prepared) {
        l->ops->finish(l->state);
    }
    hist_destroy(l->live.from_intended);
    hist_destroy(l->live.from_sent);
    hist_destroy(l->live.lateness);
    hist_destroy(l->scratch);
    schedule_level_finish(&l->level);
    free(l->workers);
    free(l->state);
    free(l);
}
