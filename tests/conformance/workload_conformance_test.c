/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What workload.h and load.h promise, of every workload there is, over real sockets on loopback:
 * against an echo, with hostile packets, started and stopped at any time, and without a single
 * allocation by a worker once it runs (the linker puts our counters in front of malloc).
 */
#include "driver.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rand.h"
#include "io/addr.h"
#include "io/udp.h"
#include "node/appliance/appliance.h"
#include "node/load/load.h"
#include "node/load/workload.h"

extern const struct appliance_ops appliance_sip_uas;

/* ---- allocations by threads that the engine made ---- */

static _Thread_local bool is_of_the_test;
static atomic_uint allocations;

static void note_allocation(void)
{
    if (!is_of_the_test) {
        atomic_fetch_add(&allocations, 1);
    }
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker's names, see --wrap in ld(1) */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
    note_allocation();
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    note_allocation();
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    note_allocation();
    return __real_realloc(old, size);
}
/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- an echo ---- */

struct echo {
    struct udp_socket socket;
    pthread_t thread;
    atomic_bool stop;
    atomic_uint seen;
};

static void *run_echo(void *arg)
{
    struct echo *echo = arg;
    uint8_t bytes[WORKLOAD_PACKET_MAX];

    is_of_the_test = true;
    while (!atomic_load(&echo->stop)) {
        struct pollfd p = {.fd = echo->socket.fd, .events = POLLIN};
        struct sockaddr_storage from;
        socklen_t size = sizeof(from);
        ssize_t n;
        (void)poll(&p, 1, 20);
        while ((n = recvfrom(echo->socket.fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from,
                             &size)) > 0) {
            atomic_fetch_add(&echo->seen, 1);
            (void)sendto(echo->socket.fd, bytes, (size_t)n, 0, (struct sockaddr *)&from, size);
            size = sizeof(from);
        }
    }
    return NULL;
}

static void echo_start(struct echo *echo)
{
    struct sockaddr_storage any;

    assert_int_equal(addr_parse(&any, "127.0.0.1"), 0);
    assert_int_equal(udp_open(&echo->socket, &any, 4 << 20, 0), 0);
    assert_int_equal(pthread_create(&echo->thread, NULL, run_echo, echo), 0);
}

static void echo_stop(struct echo *echo)
{
    atomic_store(&echo->stop, true);
    pthread_join(echo->thread, NULL);
    udp_close(&echo->socket);
}

/* ---- what answers calls ---- */

struct answerer {
    void *state, *options; /* NULL: there is none */
};

static void answerer_start(struct answerer *a, const char *address)
{
    struct err e = {0};

    a->options = driver_default_options(appliance_sip_uas.options, appliance_sip_uas.options_size);
    a->state = calloc(1, appliance_sip_uas.state_size);
    assert_non_null(a->state);
    if (appliance_sip_uas.open(a->state, a->options, address, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

static unsigned answerer_seen(struct answerer *a)
{
    struct sample_column columns[64];
    double values[64];
    size_t n = appliance_sip_uas.columns(a->state, columns, 64);

    appliance_sip_uas.stats(a->state, values, n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(columns[i].metric, "sip_messages_received") == 0) {
            return (unsigned)values[i];
        }
    }
    return 0;
}

static void answerer_stop(struct answerer *a)
{
    appliance_sip_uas.close(a->state);
    free(a->state);
    free(a->options);
    memset(a, 0, sizeof(*a));
}

/* ---- a load with default options ---- */

struct subject {
    const struct workload_ops *ops;
    void *options;
    struct load_options engine;
    struct load *load;
    struct echo echo;         /* the peer of packets */
    struct answerer answerer; /* of calls */
};

static void peer_start(struct subject *s, struct sockaddr_storage *ret)
{
    struct err e = {0};

    if (s->ops->turn != NULL) {
        answerer_start(&s->answerer, "127.0.0.1");
        assert_int_equal(appliance_sip_uas.endpoints(s->answerer.state, ret, 1, ret, &e), 0);
    } else {
        echo_start(&s->echo);
        *ret = s->echo.socket.local;
    }
}

static void peer_stop(struct subject *s)
{
    if (s->ops->turn != NULL) {
        answerer_stop(&s->answerer);
    } else {
        echo_stop(&s->echo);
        memset(&s->echo, 0, sizeof(s->echo));
    }
}

static unsigned peer_seen(struct subject *s)
{
    return s->ops->turn != NULL ? answerer_seen(&s->answerer) : atomic_load(&s->echo.seen);
}

static void subject_open(struct subject *s, uint64_t workers)
{
    struct sockaddr_storage *ends, peer = {0};
    size_t count;
    struct err e = {0};

    opt_defaults(load_options_table, &s->engine, sizeof(s->engine));
    s->engine.duration_ns = 300 * NS_PER_MS;
    s->engine.warmup_ns = 50 * NS_PER_MS;
    s->engine.drain_ns = 300 * NS_PER_MS;
    s->engine.workers = workers;
    peer_start(s, &peer);
    if (load_create(&s->load, s->ops, s->options, &s->engine, &e) < 0) {
        fail_msg("%s: %s", s->ops->name, e.text);
    }
    count = load_shape(s->load)->endpoints;
    ends = calloc(count + 1, sizeof(*ends));
    assert_non_null(ends);
    for (size_t i = 0; i < count; i++) {
        ends[i] = peer;
    }
    assert_int_equal(load_connect(s->load, ends, count, &e), 0);
    free(ends);
}

static void subject_close(struct subject *s)
{
    load_destroy(s->load);
    s->load = NULL;
    peer_stop(s);
}

static void for_each(void (*test)(struct subject *s))
{
    is_of_the_test = true;
    for (size_t i = 0; workload_registry[i] != NULL; i++) {
        struct subject s = {.ops = workload_registry[i]};
        s.options = driver_default_options(s.ops->options, s.ops->options_size);
        print_message("           %s\n", s.ops->name);
        test(&s);
        free(s.options);
    }
}

static uint64_t number(const json_t *object, const char *name)
{
    return (uint64_t)json_number_value(json_object_get(object, name));
}

/* ---- the promises ---- */

static void is_complete(struct subject *s)
{
    struct workload_shape shape;
    struct err e = {0};
    size_t counters = 0;

    assert_non_null(s->ops->summary);
    assert_ptr_equal(workload_find(s->ops->name), s->ops);
    assert_int_equal(s->ops->check(s->options, &shape, &e), 0);
    assert_true(shape.slots > 0 && shape.endpoints > 0 && shape.rate_per_s > 0);
    assert_true(shape.arrivals != WORKLOAD_PERIODIC || shape.period_ns > 0);
    while (s->ops->counters[counters].name != NULL) {
        assert_non_null(s->ops->counters[counters].unit);
        counters++;
    }
    assert_true(counters > 0 && counters <= LOAD_COUNTERS_MAX);
}

/* What it measured, it told before: limits are held against that. A point of a distribution
 * ("srd_ms.p99") goes by the distribution's name. */
static void has_told(const struct workload_ops *ops, const json_t *metrics)
{
    const char *name;
    json_t *value;
    if (ops->metrics == NULL)
        return;
    json_object_foreach((json_t *)(uintptr_t)metrics, name, value)
    {
        bool told = false;
        for (const char *const *known = ops->metrics; *known != NULL; known++) {
            size_t size = strcspn(name, ".");
            told = told || strcmp(*known, name) == 0 ||
                   (strlen(*known) == size && strncmp(*known, name, size) == 0);
        }
        if (!told) {
            fail_msg("%s measures %s, and does not tell of it", ops->name, name);
        }
    }
}

static void runs_on(struct subject *s, uint64_t workers)
{
    struct err e = {0};
    json_t *report;

    subject_open(s, workers);
    atomic_store(&allocations, 0);
    assert_int_equal(load_start(s->load, 0, &e), 0);
    load_join(s->load);
    assert_int_equal(atomic_load(&allocations), 0);
    assert_int_equal(load_phase(s->load), LOAD_DONE);
    report = load_report_json(s->load);
    assert_non_null(report);
    assert_false(json_is_true(json_object_get(report, "cut_short")));
    assert_true(peer_seen(s) > 0);
    assert_true(number(json_object_get(report, "delay_from_intended_ns"), "count") > 0);
    assert_in_range(number(json_object_get(report, "generator"), "workers"), 1, workers);
    has_told(s->ops, json_object_get(json_object_get(report, "workload"), "metrics"));
    json_decref(report);
    subject_close(s);
}

static void runs_without_allocating(struct subject *s)
{
    runs_on(s, 1);
    runs_on(s, 3);
}

static void can_be_left_at_any_time(struct subject *s)
{
    struct err e = {0};

    subject_open(s, 1); /* connected, never started */
    subject_close(s);
    subject_open(s, 2); /* stopped in its warm-up, twice */
    assert_int_equal(load_start(s->load, 0, &e), 0);
    load_stop(s->load);
    load_stop(s->load);
    load_join(s->load);
    assert_int_equal(load_phase(s->load), LOAD_DONE);
    subject_close(s);
    subject_open(s, 1); /* destroyed while it runs */
    assert_int_equal(load_start(s->load, 0, &e), 0);
    subject_close(s);
}

static void send_noise(const struct sockaddr_storage *to)
{
    struct udp_socket socket;
    struct sockaddr_storage any;
    struct rand_state r;
    uint8_t bytes[WORKLOAD_PACKET_MAX];

    rand_init(&r, 1);
    assert_int_equal(addr_parse(&any, "127.0.0.1"), 0);
    assert_int_equal(udp_open(&socket, &any, 0, 0), 0);
    for (size_t n = 0; n < 400; n++) {
        for (size_t i = 0; i < sizeof(bytes); i++) {
            bytes[i] = (uint8_t)rand_u64(&r);
        }
        bytes[0] = n % 2 == 0 ? 0x80 : bytes[0]; /* half of it looks like RTP */
        (void)sendto(socket.fd, bytes, n % 7 == 0 ? 0 : rand_u64(&r) % sizeof(bytes), 0,
                     (const struct sockaddr *)to, addr_size(to));
    }
    udp_close(&socket);
}

/* What nobody of ours has sent is no measured packet. */
static void noise_does_no_harm(struct subject *s)
{
    struct sockaddr_storage *peers;
    struct err e = {0};
    json_t *report;
    size_t count;

    subject_open(s, 1);
    count = load_shape(s->load)->endpoints;
    peers = calloc(count + 1, sizeof(*peers));
    assert_non_null(peers);
    assert_int_equal(load_peers(s->load, peers, count), 0);
    assert_int_equal(load_start(s->load, 0, &e), 0);
    send_noise(&peers[0]);
    load_join(s->load);
    report = load_report_json(s->load);
    assert_true(number(json_object_get(report, "delay_from_intended_ns"), "count") <= peer_seen(s));
    json_decref(report);
    free(peers);
    subject_close(s);
}

static void every_workload_is_complete(void **state)
{
    (void)state;
    for_each(is_complete);
}

static void every_workload_runs_without_allocating(void **state)
{
    (void)state;
    for_each(runs_without_allocating);
}

static void every_workload_can_be_left_at_any_time(void **state)
{
    (void)state;
    for_each(can_be_left_at_any_time);
}

static void no_workload_is_harmed_by_noise(void **state)
{
    (void)state;
    for_each(noise_does_no_harm);
}

static void *volatile kept; /* else the compiler leaves the allocation out */

/* The counting itself: a thread that is not the test's is seen. */
static void *allocate(void *arg)
{
    kept = malloc(10);
    free(kept);
    return arg;
}

static void allocations_are_counted(void **state)
{
    pthread_t thread;

    (void)state;
    is_of_the_test = true;
    atomic_store(&allocations, 0);
    kept = malloc(10);
    free(kept);
    assert_int_equal(atomic_load(&allocations), 0);
    assert_int_equal(pthread_create(&thread, NULL, allocate, NULL), 0);
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&allocations), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_counted),
        cmocka_unit_test(every_workload_is_complete),
        cmocka_unit_test(every_workload_runs_without_allocating),
        cmocka_unit_test(every_workload_can_be_left_at_any_time),
        cmocka_unit_test(no_workload_is_harmed_by_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
