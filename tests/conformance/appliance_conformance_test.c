/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What appliance.h promises, of every appliance there is, over real sockets on loopback. Of one
 * that is not ours (external) its own test knows more.
 */
#include "driver.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/addr.h"
#include "io/udp.h"
#include "node/appliance/appliance.h"

enum { STREAMS = 50, COLUMNS_MAX = 4096, FREE_BEFORE = 3 };
#define HERE "127.0.0.1"

/* One appliance, closed, with its default options. */
struct subject {
    const struct appliance_ops *ops;
    void *options, *state;
};

static void for_each(void (*test)(struct subject *s))
{
    for (size_t i = 0; appliance_registry[i] != NULL; i++) {
        struct subject s = {.ops = appliance_registry[i]};
        s.options = driver_default_options(s.ops->options, s.ops->options_size);
        s.state = calloc(1, s.ops->state_size + 1);
        assert_non_null(s.state);
        if (driver_is_supported(s.ops->supported) && !s.ops->is_foreign) {
            print_message("           %s\n", s.ops->name);
            test(&s);
        }
        free(s.options);
        free(s.state);
    }
}

static void open_here(struct subject *s)
{
    struct err e = {0};

    assert_int_equal(s->ops->check(s->options, &e), 0);
    if (s->ops->open(s->state, s->options, HERE, &e) != 0) {
        fail_msg("%s: open: %s", s->ops->name, e.text);
    }
}

static void local_socket(struct udp_socket *s)
{
    struct sockaddr_storage any;
    assert_int_equal(addr_parse(&any, HERE), 0);
    assert_int_equal(udp_open(s, &any, 0, 0), 0);
}

static void every_one_is_declared(void **state)
{
    (void)state;
    for (size_t i = 0; appliance_registry[i] != NULL; i++) {
        const struct appliance_ops *ops = appliance_registry[i];
        driver_check_words(ops->name, ops->summary);
        assert_ptr_equal(appliance_find(ops->name), ops);
        assert_true(ops->check != NULL && ops->open != NULL && ops->endpoints != NULL);
        assert_true(ops->columns != NULL && ops->stats != NULL);
        assert_true(ops->drain != NULL && ops->close != NULL);
        assert_true(ops->options != NULL && ops->state_size > 0);
    }
    assert_null(appliance_find("no such appliance"));
    assert_null(appliance_find(""));
}

static void open_and_close_twice(struct subject *s)
{
    for (int round = 0; round < 2; round++) {
        open_here(s);
        assert_int_equal(s->ops->drain(s->state, clock_now_ns() + NS_PER_S), 0);
        s->ops->close(s->state);
    }
    s->ops->close(s->state); /* of one that is closed */
    s->ops->close(NULL);
}

/* Closed after a failed open, and opened well after that. */
static void a_failed_open_leaves_nothing(struct subject *s)
{
    static const char *const wrong[] = {"nowhere", "", "192.0.2.1"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct err e = {0};
        struct sockaddr_storage peer = {0}, end;
        int result = s->ops->open(s->state, s->options, wrong[i], &e);
        if (result == 0) { /* an address it does not have shows when it is used */
            result = s->ops->endpoints(s->state, &peer, 1, &end, &e);
        }
        assert_true(result < 0 && e.code == result && e.text[0] != '\0');
        s->ops->close(s->state);
    }
    open_here(s);
    s->ops->close(s->state);
}

static void every_stream_has_an_address_of_its_own(struct subject *s)
{
    static struct sockaddr_storage peers[STREAMS], ends[2 * STREAMS];
    struct udp_socket peer;
    struct err e = {0};

    if (s->ops->is_server) {
        return;
    }
    local_socket(&peer);
    for (int i = 0; i < STREAMS; i++) {
        peers[i] = peer.local;
    }
    peers[1] = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
    open_here(s);
    assert_int_equal(s->ops->endpoints(s->state, peers, 0, ends, &e), 0);
    assert_int_equal(s->ops->endpoints(s->state, peers, STREAMS, ends, &e), 0);
    assert_int_equal(s->ops->endpoints(s->state, peers, STREAMS, ends + STREAMS, &e), 0);
    for (int i = 0; i < 2 * STREAMS; i++) {
        assert_true(addr_port(&ends[i]) != 0);
        for (int k = 0; k < i; k++) {
            assert_true(addr_port(&ends[i]) != addr_port(&ends[k]) || s->ops->is_server);
        }
    }
    s->ops->close(s->state);
    udp_close(&peer);
}

/* With RTCP beside: even ports, and the next ones are its own too. */
static void every_pair_is_an_even_port_and_the_next(struct subject *s)
{
    static struct sockaddr_storage peers[STREAMS], ends[STREAMS];
    struct sockaddr_storage odd;
    struct udp_socket taken;
    struct err e = {0};

    if (s->ops->endpoint_pairs == NULL) {
        assert_int_equal(appliance_check_pairs(s->ops, &e), -EINVAL);
        assert_non_null(strstr(e.text, s->ops->name));
        return;
    }
    assert_int_equal(appliance_check_pairs(s->ops, &e), 0);
    open_here(s);
    assert_int_equal(s->ops->endpoint_pairs(s->state, peers, STREAMS, ends, &e), 0);
    for (int i = 0; i < STREAMS; i++) {
        odd = ends[i];
        assert_int_equal(addr_port(&ends[i]) % 2, 0);
        addr_set_port(&odd, (uint16_t)(addr_port(&ends[i]) + 1));
        assert_int_equal(udp_open(&taken, &odd, 0, 0), -EADDRINUSE);
    }
    s->ops->close(s->state);
}

/* A socket whose 3 ports before its own are free: outside those that the kernel gives to others
 * meanwhile. */
static void take_port(struct udp_socket *ret)
{
    for (unsigned at = 22000 + (unsigned)getpid() % 9000; at < 32000; at += FREE_BEFORE + 1) {
        struct sockaddr_storage local;
        struct udp_socket before;
        unsigned k = FREE_BEFORE;

        assert_int_equal(addr_parse(&local, "127.0.0.1"), 0);
        for (; k > 0; k--) {
            addr_set_port(&local, (uint16_t)(at - k));
            if (udp_open(&before, &local, 0, 0) < 0) {
                break;
            }
            udp_close(&before);
        }
        addr_set_port(&local, (uint16_t)at);
        if (k == 0 && udp_open(ret, &local, 0, 0) == 0) {
            return;
        }
    }
    fail_msg("no free ports");
}

/* All or nothing: the ports in front of the one that is taken are free again. */
static void a_failed_batch_opens_nothing(struct subject *s)
{
    const struct opt *base_port = opt_find(s->ops->options, "base_port");
    struct sockaddr_storage peers[FREE_BEFORE + 1] = {{0}}, ends[FREE_BEFORE + 1];
    struct udp_socket taken, again;
    struct err e = {0};
    char text[16];

    if (base_port == NULL || s->ops->is_server) {
        return;
    }
    take_port(&taken);
    snprintf(text, sizeof(text), "%d", addr_port(&taken.local) - FREE_BEFORE);
    assert_int_equal(opt_parse(base_port, text, s->options, NULL, &e), 0);
    open_here(s);
    assert_int_equal(s->ops->endpoints(s->state, peers, FREE_BEFORE + 1, ends, &e), -EADDRINUSE);
    assert_true(e.text[0] != '\0');
    for (uint16_t k = 1; k <= FREE_BEFORE; k++) {
        struct sockaddr_storage one = taken.local;
        addr_set_port(&one, (uint16_t)(addr_port(&taken.local) - k));
        assert_int_equal(udp_open(&again, &one, 0, 0), 0);
        udp_close(&again);
    }
    assert_int_equal(s->ops->endpoints(s->state, peers, FREE_BEFORE, ends, &e), 0);
    assert_int_equal(addr_port(&ends[0]), addr_port(&taken.local) - FREE_BEFORE);
    s->ops->close(s->state);
    udp_close(&taken);
}

/* One address for all: it cannot be had, and then it can. */
static void a_taken_address_is_said(struct subject *s)
{
    struct udp_socket taken;
    struct err e = {0};
    char text[16];

    if (!s->ops->is_server) {
        return;
    }
    take_port(&taken); /* of both protocols: one that the kernel gives away may be somebody's TCP */
    snprintf(text, sizeof(text), "%d", addr_port(&taken.local));
    assert_int_equal(opt_parse(opt_find(s->ops->options, "base_port"), text, s->options, NULL, &e),
                     0);
    assert_int_equal(s->ops->open(s->state, s->options, HERE, &e), -EADDRINUSE);
    assert_non_null(strstr(e.text, text));
    udp_close(&taken);
    open_here(s);
    s->ops->close(s->state);
}

static void columns_are_fixed_and_counters_grow(struct subject *s)
{
    static struct sample_column columns[COLUMNS_MAX], later[COLUMNS_MAX];
    static double first[COLUMNS_MAX], last[COLUMNS_MAX];
    struct sockaddr_storage peer = {0}, end;
    struct udp_socket from;
    struct err e = {0};
    size_t count;

    open_here(s);
    count = s->ops->columns(s->state, columns, COLUMNS_MAX);
    assert_in_range(count, 1, COLUMNS_MAX);
    assert_int_equal(s->ops->columns(s->state, NULL, 0), count);
    memset(later, 0x5a, sizeof(later));
    assert_int_equal(s->ops->columns(s->state, later, 1), count); /* writes no more than one */
    assert_int_equal(later[1].entity[0], 0x5a);
    s->ops->stats(s->state, first, count);
    assert_int_equal(s->ops->endpoints(s->state, &peer, 1, &end, &e), 0);
    local_socket(&from);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(
            sendto(from.fd, "0123456789", 10, 0, (struct sockaddr *)&end, addr_size(&end)), 10);
    }
    assert_int_equal(s->ops->drain(s->state, clock_now_ns() + 5 * NS_PER_S), 0);
    s->ops->stats(s->state, last, count);
    assert_int_equal(s->ops->columns(s->state, later, COLUMNS_MAX), count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(columns[i].entity, later[i].entity);
        assert_string_equal(columns[i].metric, later[i].metric);
        assert_true(columns[i].metric[0] != '\0' && columns[i].unit[0] != '\0');
        assert_false(columns[i].kind == SAMPLE_COUNTER && !(last[i] >= first[i]));
        for (size_t k = 0; k < i; k++) {
            assert_false(strcmp(columns[i].entity, columns[k].entity) == 0 &&
                         strcmp(columns[i].metric, columns[k].metric) == 0);
        }
    }
    s->ops->close(s->state);
    udp_close(&from);
}

struct sender {
    pthread_t thread;
    struct sockaddr_storage to;
    _Atomic uint64_t sent;
    atomic_bool stop;
};

static void *send_until_stopped(void *arg)
{
    struct sender *s = arg;
    struct udp_socket own;

    local_socket(&own);
    while (!atomic_load(&s->stop)) {
        (void)sendto(own.fd, "0123456789", 10, 0, (struct sockaddr *)&s->to, addr_size(&s->to));
        atomic_fetch_add(&s->sent, 1);
    }
    udp_close(&own);
    return NULL;
}

/* Under traffic that does not end: more streams, drain in bounded time, close. */
static void it_is_closed_in_the_midst_of_traffic(struct subject *s)
{
    struct sockaddr_storage peers[2] = {{0}}, ends[2];
    struct sender sender = {0};
    struct err e = {0};
    int result;

    open_here(s);
    assert_int_equal(s->ops->endpoints(s->state, peers, 1, ends, &e), 0);
    sender.to = ends[0];
    assert_int_equal(pthread_create(&sender.thread, NULL, send_until_stopped, &sender), 0);
    while (atomic_load(&sender.sent) < 100) {
    }
    assert_int_equal(s->ops->endpoints(s->state, peers, 2, ends, &e), 0);
    result = s->ops->drain(s->state, clock_now_ns() + 2 * NS_PER_MS);
    assert_true(result == 0 || result == -ETIMEDOUT);
    s->ops->close(s->state);
    atomic_store(&sender.stop, true);
    pthread_join(sender.thread, NULL);
}

#define EACH(name)                        \
    static void each_##name(void **state) \
    {                                     \
        (void)state;                      \
        for_each(name);                   \
    }
EACH(open_and_close_twice)
EACH(a_failed_open_leaves_nothing)
EACH(every_stream_has_an_address_of_its_own)
EACH(every_pair_is_an_even_port_and_the_next)
EACH(a_failed_batch_opens_nothing)
EACH(a_taken_address_is_said)
EACH(columns_are_fixed_and_counters_grow)
EACH(it_is_closed_in_the_midst_of_traffic)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_one_is_declared),
        cmocka_unit_test(each_open_and_close_twice),
        cmocka_unit_test(each_a_failed_open_leaves_nothing),
        cmocka_unit_test(each_every_stream_has_an_address_of_its_own),
        cmocka_unit_test(each_every_pair_is_an_even_port_and_the_next),
        cmocka_unit_test(each_a_failed_batch_opens_nothing),
        cmocka_unit_test(each_a_taken_address_is_said),
        cmocka_unit_test(each_columns_are_fixed_and_counters_grow),
        cmocka_unit_test(each_it_is_closed_in_the_midst_of_traffic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
