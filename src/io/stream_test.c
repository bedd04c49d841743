/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/stream.h"

struct side {
    struct loop *loop;
    struct stream *stream;
    unsigned lines, ends;
    size_t bytes;
    int reason;
    char last[64];
};

static void on_line(void *arg, const char *text, size_t size)
{
    struct side *s = arg;
    s->lines++;
    s->bytes += size;
    snprintf(s->last, sizeof(s->last), "%s", text);
}

static void on_end(void *arg, int reason)
{
    struct side *s = arg;
    s->ends++;
    s->reason = reason;
}

static const struct stream_events events = {on_line, on_end};

static void open_pair(struct side *a, int *ret_other)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    memset(a, 0, sizeof(*a));
    assert_int_equal(loop_create(&a->loop), 0);
    assert_int_equal(stream_open(&a->stream, a->loop, fds[0], fds[0], 1 << 20, &events, a), 0);
    *ret_other = fds[1];
}

static void turn(struct side *s)
{
    assert_int_equal(loop_turn(s->loop, clock_now_ns() + NS_PER_S), 0);
}

static void lines_arrive_whole(void **state)
{
    struct side s;
    int other;

    (void)state;
    open_pair(&s, &other);
    assert_int_equal(write(other, "one\nt", 5), 5);
    turn(&s);
    assert_int_equal(s.lines, 1);
    assert_int_equal(write(other, "wo\n\nthree\n", 10), 10);
    turn(&s);
    assert_int_equal(s.lines, 3); /* an empty line is none */
    assert_string_equal(s.last, "three");
    close(other);
    turn(&s);
    assert_int_equal(s.ends, 1);
    assert_int_equal(s.reason, 0);
    assert_int_equal(stream_send_line(s.stream, "late", 4), -EPIPE);
    stream_close(s.stream);
    loop_destroy(s.loop);
}

static void nothing_is_lost_to_a_slow_reader(void **state)
{
    enum { LINES = 3000, SIZE = 1000 };
    static char text[SIZE];
    char sink[65536];
    size_t got = 0;
    struct side s;
    int other;

    (void)state;
    open_pair(&s, &other);
    memset(text, 'x', sizeof(text));
    for (int i = 0; i < LINES; i++) {
        assert_int_equal(stream_send_line(s.stream, text, sizeof(text)), 0);
    }
    assert_true(stream_queued(s.stream) > 0);
    while (got < (size_t)LINES * (SIZE + 1)) {
        ssize_t n = recv(other, sink, sizeof(sink), MSG_DONTWAIT);
        if (n > 0) {
            got += (size_t)n;
        } else {
            turn(&s);
        }
    }
    assert_int_equal(stream_queued(s.stream), 0);
    stream_close(s.stream);
    loop_destroy(s.loop);
    close(other);
}

static void a_line_without_end_is_refused(void **state)
{
    static char text[65536];
    struct side s;
    int other;

    (void)state;
    open_pair(&s, &other);
    memset(text, 'y', sizeof(text));
    while (s.ends == 0) {
        assert_true(send(other, text, sizeof(text), MSG_DONTWAIT | MSG_NOSIGNAL) != 0);
        turn(&s);
    }
    assert_int_equal(s.reason, -EMSGSIZE);
    stream_close(s.stream);
    loop_destroy(s.loop);
    close(other);
}

static void on_tick(void *arg)
{
    ++*(unsigned *)arg;
}

static void timers_keep_their_grid(void **state)
{
    struct loop *l;
    struct loop_timer *repeated, *once;
    unsigned ticks = 0, single = 0;

    (void)state;
    assert_int_equal(loop_create(&l), 0);
    uint64_t start = clock_now_ns();
    assert_int_equal(loop_add_timer(l, start, NS_PER_MS, on_tick, &ticks, &repeated), 0);
    assert_int_equal(loop_add_timer(l, start, 0, on_tick, &single, &once), 0);
    while (ticks < 5) {
        assert_int_equal(loop_turn(l, UINT64_MAX), 0);
    }
    assert_true(clock_now_ns() - start >= 4 * NS_PER_MS);
    assert_int_equal(single, 1);
    loop_remove_timer(once);
    loop_remove_timer(repeated);
    assert_int_equal(loop_turn(l, clock_now_ns() + 2 * NS_PER_MS), 0);
    assert_int_equal(ticks, 5);
    loop_destroy(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_arrive_whole),
        cmocka_unit_test(nothing_is_lost_to_a_slow_reader),
        cmocka_unit_test(a_line_without_end_is_refused),
        cmocka_unit_test(timers_keep_their_grid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
