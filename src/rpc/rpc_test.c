/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Both ends of a conversation on one loop in one thread: a call turns the loop that serves it.
 */
#include "rpc/rpc.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/test.h"

struct end {
    struct rpc_peer *peer;
    int fd;
    unsigned notices, losses;
    int64_t last;
    bool in_order;
    struct err why;
    struct end *ask_on_notice; /* whom to call from inside the callback */
    struct rpc_request *kept;
    struct rpc_peer *prolongs; /* whose calls are given time when one is kept */
};

enum { LINE_MAX_BYTES = 256 << 10, QUEUE_MAX_BYTES = 4 << 20 };

struct pair {
    struct loop *loop;
    struct end node, control;
};

static int do_echo(void *arg, struct rpc_request *request, const json_t *params,
                   json_t **ret_result, struct err *e)
{
    (void)arg;
    (void)request;
    (void)e;
    *ret_result = json_incref((json_t *)params);
    return 0;
}

static int do_nothing(void *arg, struct rpc_request *request, const json_t *params,
                      json_t **ret_result, struct err *e)
{
    (void)arg;
    (void)request;
    (void)params;
    (void)ret_result;
    (void)e;
    return 0;
}

static int do_fail(void *arg, struct rpc_request *request, const json_t *params,
                   json_t **ret_result, struct err *e)
{
    (void)arg;
    (void)request;
    (void)params;
    (void)ret_result;
    return err_set(e, -EADDRINUSE, "10.0.0.1:5000: address in use");
}

static int do_fail_in_a_file(void *arg, struct rpc_request *request, const json_t *params,
                             json_t **ret_result, struct err *e)
{
    (void)arg;
    (void)request;
    (void)params;
    (void)ret_result;
    err_set(e, -EBADMSG, "no such element");
    return err_at(e, "uac.xml", 7, 3);
}

static int do_fail_silently(void *arg, struct rpc_request *request, const json_t *params,
                            json_t **ret_result, struct err *e)
{
    (void)arg;
    (void)request;
    (void)params;
    (void)ret_result;
    (void)e;
    return -ENOSPC;
}

static int do_keep(void *arg, struct rpc_request *request, const json_t *params,
                   json_t **ret_result, struct err *e)
{
    (void)params;
    (void)ret_result;
    (void)e;
    ((struct end *)arg)->kept = request;
    if (((struct end *)arg)->prolongs != NULL)
        rpc_prolong(((struct end *)arg)->prolongs, 20 * NS_PER_S);
    return RPC_LATER;
}

static int do_tell(void *arg, struct rpc_request *request, const json_t *params,
                   json_t **ret_result, struct err *e)
{
    (void)request;
    (void)ret_result;
    (void)e;
    assert_int_equal(rpc_notify(((struct end *)arg)->peer, "told", params), 0);
    return 0;
}

static const struct rpc_method methods[] = {
    {"echo", do_echo},
    {"nothing", do_nothing},
    {"fail", do_fail},
    {"file", do_fail_in_a_file},
    {"silent", do_fail_silently},
    {"keep", do_keep},
    {"tell", do_tell},
    {NULL, NULL},
};

static void on_notice(void *arg, const char *method, const json_t *params)
{
    struct end *end = arg;
    const int64_t n = json_integer_value(json_object_get(params, "n"));
    end->notices++;
    end->in_order = end->in_order && n == end->last + 1;
    end->last = n;
    if (end->ask_on_notice != NULL && strcmp(method, "told") == 0) {
        json_t *result = NULL;
        json_t *question = json_pack("{s:s}", "from", "inside");
        assert_int_equal(
            rpc_call(end->ask_on_notice->peer, "echo", question, 20 * NS_PER_S, &result, NULL), 0);
        assert_true(json_equal(result, question));
        json_decref(result);
        json_decref(question);
    }
}

static void on_lost(void *arg, const struct err *why)
{
    struct end *end = arg;
    end->losses++;
    end->why = *why;
}

static void open_end(struct pair *p, struct end *end, int fd, const char *name,
                     const struct rpc_method *served)
{
    struct err e = {0};
    end->fd = fd;
    end->in_order = true;
    const struct rpc_side side = {.name = name,
                                  .methods = served,
                                  .notice = on_notice,
                                  .lost = on_lost,
                                  .arg = end,
                                  .line_max = LINE_MAX_BYTES,
                                  .queue_max = QUEUE_MAX_BYTES};
    assert_int_equal(rpc_open(&end->peer, p->loop, fd, fd, &side, &e), 0);
}

static void open_pair(struct pair *p, struct loop *loop)
{
    int fds[2];
    *p = (struct pair){.loop = loop};
    if (loop == NULL)
        assert_int_equal(loop_create(&p->loop), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    open_end(p, &p->node, fds[0], "control", methods);
    open_end(p, &p->control, fds[1], "node of media", NULL);
}

static void close_end(struct end *end)
{
    rpc_close(end->peer);
    end->peer = NULL;
    if (end->fd >= 0)
        close(end->fd);
    end->fd = -1;
}

static void close_pair(struct pair *p)
{
    close_end(&p->node);
    close_end(&p->control);
    loop_destroy(p->loop);
}

static void turn_until(struct pair *p, const unsigned *counter, unsigned wanted)
{
    const uint64_t deadline = clock_now_ns() + 20 * NS_PER_S;
    while (*counter < wanted && clock_now_ns() < deadline)
        loop_turn(p->loop, deadline);
    assert_int_equal(*counter, wanted);
}

static void test_call_and_answer(void **state)
{
    (void)state;
    struct pair p;
    struct err e = {0};
    json_t *result = NULL, *params = json_pack("{s:i, s:s}", "streams", 400, "name", "\xc3\xa4\n");
    open_pair(&p, NULL);
    assert_int_equal(rpc_call(p.control.peer, "echo", params, 20 * NS_PER_S, &result, &e), 0);
    assert_true(json_equal(result, params));
    json_decref(result);
    assert_int_equal(rpc_call(p.control.peer, "nothing", NULL, 20 * NS_PER_S, &result, &e), 0);
    assert_true(json_is_object(result));
    assert_int_equal(json_object_size(result), 0);
    json_decref(result);
    assert_int_equal(rpc_call(p.control.peer, "echo", NULL, 20 * NS_PER_S, NULL, &e), 0);
    json_decref(params);
    close_pair(&p);
}

static void test_failures_keep_errno_and_words(void **state)
{
    (void)state;
    struct pair p;
    struct err e = {0};
    json_t *result = NULL;
    open_pair(&p, NULL);
    assert_int_equal(rpc_call(p.control.peer, "fail", NULL, 20 * NS_PER_S, &result, &e),
                     -EADDRINUSE);
    assert_string_equal(e.text, "10.0.0.1:5000: address in use");
    assert_int_equal(rpc_call(p.control.peer, "file", NULL, 20 * NS_PER_S, &result, &e), -EBADMSG);
    assert_string_equal(e.text, "uac.xml:7:3: no such element");
    assert_int_equal(rpc_call(p.control.peer, "silent", NULL, 20 * NS_PER_S, &result, &e), -ENOSPC);
    assert_string_equal(e.text, "silent: No space left on device");
    assert_int_equal(rpc_call(p.control.peer, "bench.strat", NULL, 20 * NS_PER_S, &result, &e),
                     -ENOSYS);
    assert_string_equal(e.text, "there is no method bench.strat");
    assert_int_equal(rpc_call(p.control.peer, "x", NULL, 20 * NS_PER_S, NULL, NULL), -ENOSYS);
    assert_null(result);
    close_pair(&p);
}

static void answer_kept(void *arg)
{
    struct pair *p = arg;
    if (p->node.kept != NULL)
        assert_int_equal(rpc_answer(p->node.kept, json_pack("{s:b}", "late", 1)), 0);
    p->node.kept = NULL;
}

static void test_answer_later(void **state)
{
    (void)state;
    struct pair p;
    struct loop_timer *timer;
    json_t *result = NULL;
    open_pair(&p, NULL);
    assert_int_equal(
        loop_add_timer(p.loop, clock_now_ns() + 5 * NS_PER_MS, 0, answer_kept, &p, &timer), 0);
    assert_int_equal(rpc_call(p.control.peer, "keep", NULL, 20 * NS_PER_S, &result, NULL), 0);
    assert_true(json_bool_or(result, "late", false));
    json_decref(result);
    close_pair(&p);
}

static void test_a_call_that_is_given_more_time(void **state)
{
    (void)state;
    struct pair p;
    struct loop_timer *timer;
    json_t *result = NULL;
    open_pair(&p, NULL);
    p.node.prolongs = p.control.peer;
    assert_int_equal(
        loop_add_timer(p.loop, clock_now_ns() + 20 * NS_PER_MS, 0, answer_kept, &p, &timer), 0);
    assert_int_equal(rpc_call(p.control.peer, "keep", NULL, NS_PER_MS, &result, NULL), 0);
    assert_true(json_bool_or(result, "late", false));
    json_decref(result);
    close_pair(&p);
}

static void test_fail_later(void **state)
{
    (void)state;
    struct pair p;
    struct err e = {0}, why = {0};
    open_pair(&p, NULL);
    assert_int_equal(rpc_call(p.control.peer, "keep", NULL, NS_PER_MS, NULL, &e), -ETIMEDOUT);
    assert_string_equal(e.text, "node of media: no answer to keep within 1.00ms");
    err_set(&why, -ETIMEDOUT, "still draining");
    assert_non_null(p.node.kept);
    assert_int_equal(rpc_fail(p.node.kept, &why), 0);
    /* The late answer is passed over; the next one is the right one. */
    assert_int_equal(rpc_call(p.control.peer, "nothing", NULL, 20 * NS_PER_S, NULL, &e), 0);
    close_pair(&p);
}

static void test_kept_request_is_dropped_at_close(void **state)
{
    (void)state;
    struct pair p;
    open_pair(&p, NULL);
    assert_int_equal(rpc_call(p.control.peer, "keep", NULL, NS_PER_MS, NULL, NULL), -ETIMEDOUT);
    assert_non_null(p.node.kept);
    close_pair(&p); /* leaks would be told by the sanitizer */
}

static void test_notices_of_all_peers_during_a_call(void **state)
{
    (void)state;
    struct pair p, other;
    open_pair(&p, NULL);
    open_pair(&other, p.loop);
    for (int i = 1; i <= 100; i++) {
        json_t *params = json_pack("{s:i}", "n", i);
        assert_int_equal(rpc_notify(other.node.peer, "sample", params), 0);
        assert_int_equal(rpc_notify(p.node.peer, "sample", params), 0);
        json_decref(params);
    }
    assert_int_equal(rpc_call(p.control.peer, "nothing", NULL, 20 * NS_PER_S, NULL, NULL), 0);
    assert_int_equal(p.control.notices, 100);
    turn_until(&p, &other.control.notices, 100);
    assert_true(p.control.in_order && other.control.in_order);
    close_end(&other.node);
    close_end(&other.control);
    close_pair(&p);
}

static void test_call_from_inside_a_notice(void **state)
{
    (void)state;
    struct pair p;
    json_t *params = json_pack("{s:i}", "n", 1), *result = NULL;
    open_pair(&p, NULL);
    p.control.ask_on_notice = &p.control;
    for (int i = 1; i <= 3; i++) {
        json_object_set_new(params, "n", json_integer(i));
        assert_int_equal(rpc_call(p.control.peer, "tell", params, 20 * NS_PER_S, NULL, NULL), 0);
    }
    for (int i = 4; i <= 50; i++) { /* many lines at once: the first ones nest */
        json_object_set_new(params, "n", json_integer(i));
        assert_int_equal(rpc_notify(p.node.peer, i % 2 ? "told" : "sample", params), 0);
    }
    assert_int_equal(rpc_call(p.control.peer, "echo", params, 20 * NS_PER_S, &result, NULL), 0);
    assert_true(json_equal(result, params));
    turn_until(&p, &p.control.notices, 50);
    json_decref(result);
    json_decref(params);
    close_pair(&p);
}

static void test_slow_reader_loses_nothing(void **state)
{
    (void)state;
    enum { LINES = 2500 };
    struct pair p;
    char filler[1001];
    memset(filler, 'x', sizeof filler - 1);
    filler[sizeof filler - 1] = '\0';
    open_pair(&p, NULL);
    for (int i = 1; i <= LINES; i++) { /* 2.5 MB, and nobody reads */
        json_t *params = json_pack("{s:i, s:s}", "n", i, "filler", filler);
        assert_int_equal(rpc_notify(p.node.peer, "sample", params), 0);
        json_decref(params);
    }
    turn_until(&p, &p.control.notices, LINES);
    assert_true(p.control.in_order);
    close_pair(&p);
}

static void test_reader_that_never_reads(void **state)
{
    (void)state;
    struct pair p;
    const size_t size = LINE_MAX_BYTES - 100;
    char *filler = malloc(size + 1);
    assert_non_null(filler);
    memset(filler, 'x', size);
    filler[size] = '\0';
    open_pair(&p, NULL);
    json_t *params = json_pack("{s:s}", "filler", filler);
    int r = 0;
    for (int i = 0; i < 100 && r == 0; i++)
        r = rpc_notify(p.node.peer, "sample", params);
    assert_int_equal(r, -ENOBUFS);
    json_decref(params);
    free(filler);
    close_pair(&p);
}

/* Asks back a text of `size` line feeds, two bytes each on the line. */
static int ask_long(struct pair *p, size_t size, struct err *e)
{
    char *filler = malloc(size + 1);
    assert_non_null(filler);
    memset(filler, '\n', size);
    filler[size] = '\0';
    json_t *result = NULL, *params = json_pack("{s:s}", "f", filler);
    int r = rpc_call(p->control.peer, "echo", params, 20 * NS_PER_S, &result, e);
    assert_true(r < 0 || json_equal(result, params));
    json_decref(result);
    json_decref(params);
    free(filler);
    return r;
}

static void test_long_lines(void **state)
{
    (void)state;
    struct pair p;
    struct err e = {0};
    open_pair(&p, NULL);
    assert_int_equal(ask_long(&p, LINE_MAX_BYTES / 2 - 100, &e), 0);
    assert_int_equal(ask_long(&p, LINE_MAX_BYTES / 2, &e), -EMSGSIZE);
    assert_non_null(strstr(e.text, "node of media: cannot ask for echo: Message too long"));
    assert_int_equal(ask_long(&p, 10, &e), 0);
    close_pair(&p);
}

static void test_a_line_without_an_end(void **state)
{
    (void)state;
    static char filler[LINE_MAX_BYTES + 1];
    struct pair p;
    size_t written = 0;
    open_pair(&p, NULL);
    memset(filler, 'x', sizeof filler);
    while (p.control.losses == 0 && written < sizeof filler) {
        ssize_t n = write(p.node.fd, filler + written, sizeof filler - written);
        written += n > 0 ? (size_t)n : 0;
        loop_turn(p.loop, clock_now_ns() + NS_PER_MS);
    }
    turn_until(&p, &p.control.losses, 1);
    assert_int_equal(p.control.why.code, -EMSGSIZE);
    assert_string_equal(p.control.why.text,
                        "node of media: it sent a line of more than 256K bytes");
    close_pair(&p);
}

static void test_lost_peer(void **state)
{
    (void)state;
    struct pair p;
    struct err e = {0};
    open_pair(&p, NULL);
    close_end(&p.node);
    assert_int_equal(rpc_call(p.control.peer, "echo", NULL, 20 * NS_PER_S, NULL, &e), -EPIPE);
    turn_until(&p, &p.control.losses, 1);
    assert_true(rpc_is_lost(p.control.peer));
    assert_string_equal(p.control.why.text, "node of media: it has ended");
    assert_int_equal(rpc_call(p.control.peer, "echo", NULL, 20 * NS_PER_S, NULL, &e), -EPIPE);
    assert_string_equal(e.text, "node of media: it has ended");
    assert_int_equal(rpc_notify(p.control.peer, "x", NULL), -EPIPE);
    close_pair(&p);
}

static void end_node(void *arg)
{
    struct pair *p = arg;
    p->node.kept = NULL;
    close_end(&p->node);
}

static void test_lost_while_a_call_waits(void **state)
{
    (void)state;
    struct pair p;
    struct err e = {0};
    struct loop_timer *timer;
    open_pair(&p, NULL);
    assert_int_equal(
        loop_add_timer(p.loop, clock_now_ns() + 2 * NS_PER_MS, 0, end_node, &p, &timer), 0);
    assert_int_equal(rpc_call(p.control.peer, "keep", NULL, 20 * NS_PER_S, NULL, &e), -EPIPE);
    assert_string_equal(e.text, "node of media: it has ended");
    assert_int_equal(p.control.losses, 1);
    close_pair(&p);
}

static void test_nonsense_from_a_node(void **state)
{
    (void)state;
    static const char words[] = "bash: vaperf-node: command not found\n";
    struct pair p;
    struct err e = {0};
    open_pair(&p, NULL);
    assert_int_equal(write(p.node.fd, words, sizeof words - 1), (int)sizeof words - 1);
    assert_int_equal(rpc_call(p.control.peer, "keep", NULL, 20 * NS_PER_S, NULL, &e), -EBADMSG);
    assert_non_null(strstr(e.text, "node of media: not JSON"));
    assert_non_null(strstr(e.text, "'bash: vaperf-node: command not found'"));
    assert_int_equal(p.control.losses, 1);
    close_pair(&p);
}

static void test_nonsense_to_a_node(void **state)
{
    (void)state;
    static const char words[] = "hello\n{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"nothing\"}\n";
    struct pair p;
    char answer[1024] = "";
    size_t used = 0;
    open_pair(&p, NULL);
    rpc_close(p.control.peer);
    p.control.peer = NULL;
    assert_int_equal(write(p.control.fd, words, sizeof words - 1), (int)sizeof words - 1);
    const uint64_t deadline = clock_now_ns() + 20 * NS_PER_S;
    while (strstr(answer, "\"id\":5") == NULL && clock_now_ns() < deadline) {
        loop_turn(p.loop, clock_now_ns() + NS_PER_MS);
        ssize_t n = read(p.control.fd, answer + used, sizeof answer - 1 - used);
        used += n > 0 ? (size_t)n : 0;
        answer[used] = '\0';
    }
    assert_non_null(strstr(answer, "\"id\":null,\"error\":{\"code\":-32700"));
    assert_non_null(strstr(answer, "\"id\":5,\"result\":{}"));
    assert_int_equal(p.node.losses, 0);
    close_pair(&p);
}

static void cancel_control(void *arg)
{
    rpc_cancel(((struct pair *)arg)->control.peer);
}

static void test_cancel(void **state)
{
    (void)state;
    struct pair p;
    struct err e = {0};
    struct loop_timer *timer;
    open_pair(&p, NULL);
    assert_int_equal(
        loop_add_timer(p.loop, clock_now_ns() + NS_PER_MS, 0, cancel_control, &p, &timer), 0);
    assert_int_equal(rpc_call(p.control.peer, "keep", NULL, 20 * NS_PER_S, NULL, &e), -ECANCELED);
    assert_string_equal(e.text, "node of media: interrupted");
    assert_false(rpc_is_lost(p.control.peer));
    close_pair(&p);
}

static void test_input_that_is_a_file(void **state)
{
    (void)state;
    struct loop *loop;
    struct rpc_peer *peer = NULL;
    struct err e = {0};
    const struct rpc_side side = {.name = "control"};
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(loop_create(&loop), 0);
    assert_int_equal(rpc_open(&peer, loop, fileno(file), STDOUT_FILENO, &side, &e), -EPERM);
    assert_string_equal(e.text,
                        "control: its input is a file: a pipe, socket or terminal is needed");
    assert_null(peer);
    rpc_close(NULL);
    loop_destroy(loop);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call_and_answer),
        cmocka_unit_test(test_failures_keep_errno_and_words),
        cmocka_unit_test(test_answer_later),
        cmocka_unit_test(test_a_call_that_is_given_more_time),
        cmocka_unit_test(test_fail_later),
        cmocka_unit_test(test_kept_request_is_dropped_at_close),
        cmocka_unit_test(test_notices_of_all_peers_during_a_call),
        cmocka_unit_test(test_call_from_inside_a_notice),
        cmocka_unit_test(test_slow_reader_loses_nothing),
        cmocka_unit_test(test_reader_that_never_reads),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_a_line_without_an_end),
        cmocka_unit_test(test_lost_peer),
        cmocka_unit_test(test_lost_while_a_call_waits),
        cmocka_unit_test(test_nonsense_from_a_node),
        cmocka_unit_test(test_nonsense_to_a_node),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_input_that_is_a_file),
    };
    signal(SIGPIPE, SIG_IGN); /* as both programs do */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
