/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip-uas: answers calls with a SIPp scenario: the other end of the workload sip. Each thread has a
 * shard of calls of its own; with several, the kernel deals callers out by their address (and for
 * TCP and TLS their connections). Calls come from the node's loop thread; figures are read while
 * the threads write.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/str.h"
#include "io/addr.h"
#include "node/appliance/appliance.h"
#include "node/calls/setup.h"
#include "node/callmedia/callmedia.h"

enum { THREADS_MAX = 64, TURN_MS = 20 };

struct uas_options {
    uint64_t threads, limit, buffer_bytes, base_port;
    struct cpu_set cpus;
    bool segmentation;
    struct setup_options setup;
    struct callmedia_options media;
};

struct uas;
struct uas_thread {
    struct uas *uas;
    struct calls *calls;
    struct callmedia *media; /* NULL: calls have none */
    pthread_t thread;
    struct cpu_set cpus; /* empty: any */
    bool is_started;
    _Atomic uint64_t running, cpu_ns;
};

struct uas {
    struct setup setup;
    struct callmedia_setup media;
    struct uas_thread threads[THREADS_MAX];
    uint32_t count;
    uint64_t gather_ns;
    atomic_bool stop, refuse;
};

#define AT(member) offsetof(struct uas_options, member)
static const struct opt options[] = {
    {"threads", OPT_COUNT, "1",
     "each with calls of its own; a caller's address or connection decides which", 1, THREADS_MAX,
     NULL, AT(threads), 0},
    {"limit", OPT_COUNT, "200000", "calls of a thread at a time; what is beyond is not answered", 1,
     1000000, NULL, AT(limit), 0},
    {"buffer", OPT_SIZE, "8M", "UDP socket buffer of each thread, each way", 0, 0, NULL,
     AT(buffer_bytes), 0},
    {"segmentation", OPT_FLAG, "no",
     "over UDP, messages of one size for one target leave and come as one large one that the "
     "kernel cuts (UDP_SEGMENT, UDP_GRO): cheaper; a capture on this host shows the large one",
     0, 0, NULL, AT(segmentation), 0},
    {"base_port", OPT_COUNT, "0", "where it answers; 0: any free port", 0, 65535, NULL,
     AT(base_port), 0},
    {"cpus", OPT_CPUS, NULL, "CPUs the threads are pinned to, one each in turn", 0, 0, NULL,
     AT(cpus), 0},
    SETUP_OPTIONS(struct uas_options, setup, "uas", ""),
    CALLMEDIA_OPTIONS(struct uas_options, media),
    OPT_END,
};

static int open_media(struct callmedia_setup *ret, const struct setup *s,
                      const struct callmedia_options *o, struct err *e)
{
    const struct scenario *scenarios[] = {s->scenario};

    return callmedia_setup_open(ret, o, scenarios, 1, e);
}

static int check(const void *given, struct err *e)
{
    const struct uas_options *o = given;
    struct callmedia_setup media = {0};
    struct setup s;
    int result = setup_open(&s, &o->setup, e);

    if (result < 0) {
        return result;
    }
    if (scenario_role(s.scenario) != SCENARIO_SERVER) {
        result = err_set(e, -EINVAL,
                         "scenario %s begins calls; this appliance answers them (workload sip "
                         "begins them)",
                         o->setup.scenario);
    } else if (o->setup.protocol == WAYS_TLS && o->setup.tls_certificate == NULL) {
        result = err_set(e, -EINVAL, "protocol tls: a server needs tls_certificate");
    } else {
        result = open_media(&media, &s, &o->media, e);
    }
    callmedia_setup_close(&media);
    setup_close(&s);
    return result;
}

static void wait_for_more(const struct uas_thread *t, uint64_t now_ns)
{
    struct pollfd p = {.fd = calls_fd(t->calls), .events = POLLIN};
    uint64_t most = now_ns + TURN_MS * NS_PER_MS, next = calls_next_ns(t->calls);
    struct timespec wait = {0, 0};

    if (calls_was_busy(t->calls) && t->uas->gather_ns > 0) {
        (void)clock_sleep_until(now_ns + t->uas->gather_ns);
        return;
    }
    next = next < most ? next : most;
    wait.tv_nsec = next > now_ns ? (long)(next - now_ns) : 0;
    (void)ppoll(&p, 1, &wait, NULL);
}

static void *run(void *arg)
{
    struct uas_thread *t = arg;
    int64_t offset = clock_real_offset_ns(5, NULL);
    uint64_t read_ns = clock_now_ns();

    if (cpu_set_count(&t->cpus) > 0) {
        (void)cpu_pin(&t->cpus); /* one that is allowed */
    }
    while (!atomic_load_explicit(&t->uas->stop, memory_order_relaxed)) {
        uint64_t now = clock_now_ns();
        if (now - read_ns > 100 * NS_PER_MS) {
            offset = clock_real_offset_ns(3, NULL);
            read_ns = now;
            atomic_store_explicit(&t->cpu_ns, clock_thread_cpu_ns(), memory_order_relaxed);
        }
        if (atomic_load_explicit(&t->uas->refuse, memory_order_relaxed)) {
            calls_refuse(t->calls);
        }
        if (calls_turn(t->calls, offset) == 0) {
            wait_for_more(t, now);
        }
        atomic_store_explicit(&t->running, calls_running(t->calls), memory_order_relaxed);
    }
    atomic_store_explicit(&t->cpu_ns, clock_thread_cpu_ns(), memory_order_relaxed);
    return NULL;
}

static int open_thread(struct uas *u, uint32_t i, const struct uas_options *o,
                       const struct sockaddr_storage *local, struct err *e)
{
    struct uas_thread *t = &u->threads[i];
    struct calls_options c;
    int result;

    setup_shard(&u->setup, &o->setup, &c);
    c.transport.flags = WAYS_SERVER | (o->threads > 1 ? WAYS_REUSE_PORT : 0u) |
                        (o->segmentation ? WAYS_SEGMENT : 0u);
    c.transport.local = *local;
    c.transport.buffer_bytes = o->buffer_bytes;
    c.limit = (uint32_t)o->limit;
    c.first_number = i + 1;
    c.number_step = (uint64_t)o->threads;
    c.seed = clock_real_ns() + i;
    t->uas = u;
    result = callmedia_open(&t->media, &u->media, &c, i, (uint32_t)o->threads, e);
    return result < 0 ? result : calls_open(&t->calls, &c, e);
}

static void close_uas(void *state)
{
    struct uas *u = state;

    if (u == NULL) {
        return;
    }
    atomic_store(&u->stop, true);
    for (uint32_t i = 0; i < THREADS_MAX; i++) {
        if (u->threads[i].is_started) {
            (void)pthread_join(u->threads[i].thread, NULL);
            u->threads[i].is_started = false;
        }
        calls_close(u->threads[i].calls);
        u->threads[i].calls = NULL;
        callmedia_close(u->threads[i].media);
        u->threads[i].media = NULL;
    }
    callmedia_setup_close(&u->media);
    setup_close(&u->setup);
}

static int give_cpu(struct uas_thread *t, const struct cpu_set *cpus, uint32_t i, struct err *e)
{
    struct cpu_set allowed;
    int cpu;

    if (cpu_set_count(cpus) == 0) {
        return 0;
    }
    cpu = cpu_set_nth(cpus, i % cpu_set_count(cpus));
    if (cpu_set_allowed(&allowed) < 0 || !cpu_set_has(&allowed, (unsigned)cpu)) {
        return err_set(e, -EINVAL, "cpus: there is no CPU %d here", cpu);
    }
    cpu_set_add(&t->cpus, (unsigned)cpu);
    return 0;
}

static int open_uas(void *state, const void *given, const char *address, struct err *e)
{
    const struct uas_options *o = given;
    struct uas *u = state;
    struct sockaddr_storage local;
    int result = check(o, e);

    memset(u, 0, sizeof(*u));
    if (result < 0 || (result = setup_open(&u->setup, &o->setup, e)) < 0) {
        return result;
    }
    result = open_media(&u->media, &u->setup, &o->media, e);
    if (result == 0 && addr_parse(&local, address) < 0) {
        result = err_set(e, -EINVAL, "'%s' is no address", address);
    }
    if (result == 0) {
        addr_set_port(&local, (uint16_t)o->base_port);
    }
    u->gather_ns = o->setup.gather_ns;
    for (u->count = 0; u->count < o->threads && result == 0; u->count++) {
        result = open_thread(u, u->count, o, &local, e);
        if (result == 0) {
            local = *calls_local(u->threads[u->count].calls);
        }
    }
    for (uint32_t i = 0; i < u->count && result == 0; i++) {
        struct uas_thread *t = &u->threads[i];
        if ((result = give_cpu(t, &o->cpus, i, e)) < 0) {
            break;
        }
        result = -pthread_create(&t->thread, NULL, run, t);
        t->is_started = result == 0;
        if (result < 0) {
            err_set(e, result, "cannot start a thread: %s", strerror(-result));
        }
    }
    if (result < 0) {
        close_uas(u);
    }
    return result;
}

static int endpoints(void *state, const struct sockaddr_storage *peers, size_t count,
                     struct sockaddr_storage *ret, struct err *e)
{
    const struct uas *u = state;

    (void)peers;
    (void)e;
    for (size_t i = 0; i < count; i++) {
        ret[i] = *calls_local(u->threads[0].calls);
    }
    return 0;
}

#define COLUMN(id, name, unit) {name, unit},
static const struct {
    const char *metric, *unit;
} counters[] = {CALLS_COUNT_LIST(COLUMN) MEDIA_COUNT_LIST(COLUMN)};
enum { COUNTERS = CALLS_COUNTS + MEDIA_COUNTS, OWN_COLUMNS = 3 };

static size_t columns(const void *state, struct sample_column *ret, size_t room)
{
    static const struct sample_column own[OWN_COLUMNS] = {
        {"sip-uas", "sip_calls_now", "calls", SAMPLE_GAUGE},
        {"sip-uas", "sip_receive_drops", "packets", SAMPLE_COUNTER},
        {"sip-uas", "cpu_ns", "ns", SAMPLE_COUNTER},
    };

    (void)state;
    for (size_t i = 0; i < COUNTERS + OWN_COLUMNS && i < room; i++) {
        if (i >= COUNTERS) {
            ret[i] = own[i - COUNTERS];
            continue;
        }
        str_printf(ret[i].entity, sizeof(ret[i].entity), "sip-uas");
        str_printf(ret[i].metric, sizeof(ret[i].metric), "%s", counters[i].metric);
        str_printf(ret[i].unit, sizeof(ret[i].unit), "%s", counters[i].unit);
        ret[i].kind = SAMPLE_COUNTER;
    }
    return COUNTERS + OWN_COLUMNS;
}

static void stats(void *state, double *ret_values, size_t count)
{
    struct uas *u = state;

    if (count < COUNTERS + OWN_COLUMNS) {
        return;
    }
    memset(ret_values, 0, (COUNTERS + OWN_COLUMNS) * sizeof(*ret_values));
    for (uint32_t t = 0; t < u->count; t++) {
        struct uas_thread *thread = &u->threads[t];
        const struct calls_figures *f = calls_get_figures(thread->calls);
        for (int i = 0; i < CALLS_COUNTS; i++) {
            ret_values[i] += (double)atomic_load_explicit(&f->count[i], memory_order_relaxed);
        }
        for (int i = 0; i < MEDIA_COUNTS && thread->media != NULL; i++) {
            ret_values[CALLS_COUNTS + i] += (double)atomic_load_explicit(
                &callmedia_get_figures(thread->media)->count[i], memory_order_relaxed);
        }
        ret_values[COUNTERS] += (double)atomic_load(&thread->running);
        ret_values[COUNTERS + 1] += (double)ways_drops(calls_get_ways(thread->calls));
        ret_values[COUNTERS + 2] += (double)atomic_load(&thread->cpu_ns);
    }
}

/* What runs may end; nothing new begins. */
static int drain(void *state, uint64_t deadline_ns)
{
    struct uas *u = state;

    atomic_store(&u->refuse, true);
    for (;;) {
        uint64_t running = 0;
        for (uint32_t t = 0; t < u->count; t++) {
            running += atomic_load(&u->threads[t].running);
        }
        if (running == 0) {
            return 0;
        }
        if (clock_now_ns() >= deadline_ns) {
            return -ETIMEDOUT;
        }
        (void)clock_sleep_until(clock_now_ns() + TURN_MS * NS_PER_MS);
    }
}

extern const struct appliance_ops appliance_sip_uas;
const struct appliance_ops appliance_sip_uas = {
    .name = "sip-uas",
    .summary = "answers SIP calls with a SIPp scenario",
    .options = options,
    .options_size = sizeof(struct uas_options),
    .state_size = sizeof(struct uas),
    .is_server = true,
    .check = check,
    .open = open_uas,
    .endpoints = endpoints,
    .columns = columns,
    .stats = stats,
    .drain = drain,
    .close = close_uas,
};
