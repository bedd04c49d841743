/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tag against RFC 4231; marks there and back, damaged and forged; a clock on loopback with
 * machines that tell the truth, one that lies, and none at all.
 */
#include "base/test.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/timing/hmac.h"
#include "node/timing/icmp.h"
#include "node/timing/marker.h"
#include "node/timing/timekeeper.h"

static void assert_hmac(const char *key, const char *bytes, const char *hex)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t mac[HMAC_SIZE];
    char text[2 * HMAC_SIZE + 1] = "";

    hmac_sha256(key, strlen(key), bytes, strlen(bytes), mac);
    for (int i = 0; i < HMAC_SIZE; i++) {
        text[2 * i] = digits[mac[i] >> 4];
        text[2 * i + 1] = digits[mac[i] & 15];
    }
    assert_string_equal(text, hex);
}

static void tags_are_those_of_the_standard(void **state)
{
    char key[132], bytes[51];

    (void)state;
    memset(key, 0x0b, 20);
    key[20] = '\0';
    assert_hmac(key, "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_hmac("Jefe", "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, 20);
    key[20] = '\0';
    memset(bytes, 0xdd, 50);
    bytes[50] = '\0';
    assert_hmac(key, bytes, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    memset(key, 0xaa, 131); /* longer than a block */
    key[131] = '\0';
    assert_hmac(key, "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void marks_come_back_as_they_went(void **state)
{
    struct mark_ticket t, other;
    char text[MARK_TICKET_MAX];
    const struct mark m = {MARK_END, 0, mark_job("media"), 7, 9, 123, 456, 789};
    struct mark given = m, got;
    uint8_t packet[MARK_PACKET];

    (void)state;
    assert_int_equal(mark_draw(&t), 0);
    mark_format_ticket(&t, text);
    assert_int_equal(mark_parse_ticket(&other, text), 0);
    assert_memory_equal(&t, &other, sizeof t);
    text[3] = 'x';
    assert_int_equal(mark_parse_ticket(&other, text), -EINVAL);
    assert_int_equal(mark_parse_ticket(&other, ""), -EINVAL);

    given.session = t.session;
    mark_encode(&given, MARK_ANSWER, 5, t.key, packet);
    assert_int_equal(mark_decode(&got, MARK_ANSWER, &t, packet, sizeof packet), 0);
    assert_int_equal(got.kind, given.kind);
    assert_true(got.session == given.session && got.job == given.job);
    assert_true(got.round == 7 && got.sequence == 9);
    assert_true(got.machine_ns == 123 && got.received_ns == 456 && got.sent_ns == 789);
    assert_int_equal(mark_decode(&got, MARK_REQUEST, &t, packet, sizeof packet), -ENOMSG);
    assert_int_equal(mark_decode(&got, MARK_ANSWER, &t, packet, sizeof packet - 1), -ENOMSG);
    for (size_t i = 8; i < sizeof packet; i++) { /* no byte may be changed */
        packet[i] ^= 1;
        assert_true(mark_decode(&got, MARK_ANSWER, &t, packet, sizeof packet) < 0);
        packet[i] ^= 1;
    }
    other = t;
    other.session++;
    assert_int_equal(mark_decode(&got, MARK_ANSWER, &other, packet, sizeof packet), -ESTALE);
}

struct clock_thread {
    struct timekeeper *k;
    pthread_t thread;
    atomic_bool stop, pause, is_pausing;
    const char *address;
    uint64_t timed_ns;
    uint32_t timed;
};

static void on_timed(void *arg, const char *from, uint64_t job, uint32_t round, uint64_t ns)
{
    struct clock_thread *c = arg;
    assert_string_equal(from, c->address);
    assert_true(job != 0);
    assert_int_equal(round, c->timed % 3);
    c->timed++;
    c->timed_ns = ns;
}

static void *serve(void *arg)
{
    struct clock_thread *c = arg;
    while (!atomic_load(&c->stop)) {
        struct pollfd p = {.fd = timekeeper_fd(c->k), .events = POLLIN};
        atomic_store(&c->is_pausing, atomic_load(&c->pause));
        if (poll(&p, 1, 20) > 0 && !atomic_load(&c->pause)) {
            timekeeper_serve(c->k);
        }
    }
    return NULL;
}

static void start_clock(struct clock_thread *c, struct mark_ticket *t, const char *address)
{
    struct err e = {0};
    const struct timekeeper_listener l = {on_timed, c};

    *c = (struct clock_thread){.address = address};
    assert_int_equal(mark_draw(t), 0);
    int r = timekeeper_open(&c->k, address, t, &l, &e);
    if (r == -EPERM || r == -EADDRNOTAVAIL || r == -EAFNOSUPPORT) {
        print_message("no raw sockets, or no such address, here: %s\n", e.text);
        skip();
    }
    assert_int_equal(r, 0);
    assert_int_equal(pthread_create(&c->thread, NULL, serve, c), 0);
}

static void stop_clock(struct clock_thread *c, struct timekeeper_counts *ret)
{
    atomic_store(&c->stop, true);
    (void)pthread_join(c->thread, NULL);
    timekeeper_get_counts(c->k, ret);
    timekeeper_close(c->k);
}

static struct marker *open_marker(const struct clock_thread *c, const struct mark_ticket *t,
                                  const char *job, uint64_t timeout_ns)
{
    const struct marker_given g = {c->address, *t, job, timeout_ns};
    struct marker *m;
    struct err e = {0};
    int r = marker_open(&m, &g, &e);
    if (r < 0) {
        print_message("%s\n", e.text);
    }
    assert_int_equal(r, 0);
    return m;
}

static void time_rounds(const char *address)
{
    struct clock_thread c;
    struct mark_ticket t;
    struct timekeeper_counts counts;
    struct marker_offset offset;

    start_clock(&c, &t, address);
    struct marker *m[2] = {open_marker(&c, &t, "one", 10 * NS_PER_S),
                           open_marker(&c, &t, "two", 10 * NS_PER_S)};
    marker_get_offset(m[0], &offset);
    /* One kernel has one clock. */
    assert_true((uint64_t)llabs(offset.offset_ns) <= offset.round_trip_ns);
    for (uint32_t round = 0; round < 3; round++) {
        struct marker_round got;
        const uint64_t before = clock_now_ns();
        assert_int_equal(marker_start(m[1], round, NULL), 0);
        const uint64_t from = clock_now_ns();
        clock_sleep_until(from + 20 * NS_PER_MS);
        const uint64_t to = clock_now_ns();
        assert_int_equal(marker_end(m[1], round, NULL), 0);
        assert_int_equal(marker_take(m[1], &got, NULL), 0);
        const uint64_t after = clock_now_ns();
        assert_in_range(got.outside_ns, to - from, after - before);
    }
    marker_close(m[0]);
    marker_close(m[1]);
    stop_clock(&c, &counts);
    assert_int_equal(c.timed, 3);
    assert_true(c.timed_ns >= 20 * NS_PER_MS);
    assert_int_equal(counts.starts, 3);
    assert_int_equal(counts.ends, 3);
    assert_int_equal(counts.jobs, 1);
    assert_int_equal(counts.forged + counts.unmatched + counts.unanswered, 0);
}

static void rounds_are_timed_from_outside(void **state)
{
    (void)state;
    time_rounds("127.0.0.1");
}

static void rounds_are_timed_over_ipv6(void **state)
{
    (void)state;
    time_rounds("::1");
}

static void a_forged_mark_is_counted_and_ignored(void **state)
{
    struct clock_thread c;
    struct mark_ticket t, wrong;
    struct timekeeper_counts counts;
    struct marker_round got;
    struct sockaddr_storage to;
    uint8_t packet[MARK_PACKET];

    (void)state;
    start_clock(&c, &t, "127.0.0.1");
    struct marker *m = open_marker(&c, &t, "honest", 10 * NS_PER_S);
    assert_int_equal(marker_start(m, 0, NULL), 0);
    wrong = t;
    wrong.key[0] ^= 1;
    const struct mark early_end = {
        .kind = MARK_END, .session = t.session, .job = mark_job("honest"), .sequence = 77};
    mark_encode(&early_end, MARK_REQUEST, 1, wrong.key, packet);
    assert_int_equal(icmp_parse_address(&to, "127.0.0.1", NULL), 0);
    int fd = icmp_open(NULL, &to, NULL);
    assert_true(fd >= 0);
    assert_int_equal(icmp_send(fd, &to, packet, sizeof packet), 0);
    const uint64_t from = clock_now_ns();
    clock_sleep_until(from + 10 * NS_PER_MS);
    const uint64_t length = clock_now_ns() - from;
    assert_int_equal(marker_end(m, 0, NULL), 0);
    assert_int_equal(marker_take(m, &got, NULL), 0);
    assert_true(got.outside_ns >= length);
    close(fd);
    marker_close(m);
    stop_clock(&c, &counts);
    assert_int_equal(counts.forged, 1);
    assert_int_equal(counts.ends, 1);
}

static void a_silent_clock_is_said_to_be(void **state)
{
    struct clock_thread c;
    struct mark_ticket t;
    struct timekeeper_counts counts;
    struct marker_round got;
    struct err e = {0};

    (void)state;
    start_clock(&c, &t, "127.0.0.1");
    struct marker *m = open_marker(&c, &t, "left alone", 50 * NS_PER_MS);
    assert_int_equal(marker_start(m, 0, NULL), 0);
    stop_clock(&c, &counts);
    assert_int_equal(marker_end(m, 0, &e), 0);
    assert_int_equal(marker_take(m, &got, &e), -ETIMEDOUT);
    assert_non_null(strstr(e.text, "did not answer the "));
    marker_close(m);
    const struct marker_given g = {"127.0.0.1", t, "nobody there", 0};
    assert_int_equal(marker_open(&m, &g, &e), -ETIMEDOUT);
    assert_non_null(strstr(e.text, "127.0.0.1 is silent, or has another ticket"));
    const struct marker_given bad = {"clock.example", t, "x", 0};
    assert_int_equal(marker_open(&m, &bad, &e), -EINVAL);
}

/* What it answers too late is not taken for the answer of the next round. */
static void a_late_clock_costs_one_round(void **state)
{
    struct clock_thread c;
    struct mark_ticket t;
    struct timekeeper_counts counts;
    struct marker_round got;
    struct err e = {0};

    (void)state;
    start_clock(&c, &t, "127.0.0.1");
    struct marker *hasty = open_marker(&c, &t, "late", 50 * NS_PER_MS);
    atomic_store(&c.pause, true);
    while (!atomic_load(&c.is_pausing)) {
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    assert_int_equal(marker_start(hasty, 0, NULL), 0);
    assert_int_equal(marker_end(hasty, 0, NULL), 0);
    assert_int_equal(marker_take(hasty, &got, &e), -ETIMEDOUT);
    assert_non_null(strstr(e.text, "round 0: the clock at 127.0.0.1 did not answer the start in "));
    atomic_store(&c.pause, false);
    assert_int_equal(marker_ask(hasty, 5, &(struct marker_offset){0}, &e), 0); /* it is back */
    const uint64_t from = clock_now_ns();
    assert_int_equal(marker_start(hasty, 1, NULL), 0);
    clock_sleep_until(clock_now_ns() + 20 * NS_PER_MS);
    assert_int_equal(marker_end(hasty, 1, NULL), 0);
    const int r = marker_take(hasty, &got, &e);
    const uint64_t length = clock_now_ns() - from;
    if (r == 0) { /* a busy machine may be late again; then it says so */
        assert_in_range(got.outside_ns, 20 * NS_PER_MS, length);
    } else {
        assert_non_null(strstr(e.text, "round 1: "));
    }
    marker_close(hasty);
    stop_clock(&c, &counts);
    assert_true(r < 0 || (counts.starts == 2 && counts.ends == 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_are_those_of_the_standard),
        cmocka_unit_test(marks_come_back_as_they_went),
        cmocka_unit_test(rounds_are_timed_from_outside),
        cmocka_unit_test(rounds_are_timed_over_ipv6),
        cmocka_unit_test(a_forged_mark_is_counted_and_ignored),
        cmocka_unit_test(a_silent_clock_is_said_to_be),
        cmocka_unit_test(a_late_clock_costs_one_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
