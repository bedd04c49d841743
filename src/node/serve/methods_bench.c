/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * methods_bench: jobs and neighbours by request: check, start, wait, stop. With `marks`, each start
 * and end of a round is told at once, for a controller's clock; with `clock`, a clock on a link
 * times the rounds. The loop's thread; a bench has its own.
 */
#include "node/serve/methods.h"

#include <errno.h>
#include <string.h>

#include "node/bench/bench_runner.h"
#include "node/bench/outside.h"
#include "node/serve/params.h"
#include "node/serve/thing.h"

struct bench {
    struct thing thing;
    struct bench_runner *runner;
    struct loop_watch *watch;    /* of the end of its rounds */
    struct outside *outside;     /* NULL: nobody outside times it */
    struct loop_watch *notes;    /* marks to be told; NULL: none are */
    struct err no_clock;         /* code 0: it has the clock it was given */
    struct rpc_request *waiting; /* for its answer */
    json_t *result;              /* of rounds that are done; NULL: not yet, or they failed */
    struct err failed;
};

static void tell_marks(void *arg, unsigned events)
{
    struct bench *b = arg;
    struct outside_note n;
    (void)events;
    while (outside_next_note(b->outside, &n)) {
        json_t *params =
            json_pack("{s:s, s:s, s:o}", "id", b->thing.id, "what",
                      n.what == BENCH_START ? "start" : "end", "round", json_u64(n.round));
        rpc_notify(b->thing.node->peer, "bench.mark", params);
        json_decref(params);
    }
}

static void forget_watch(struct bench *b)
{
    loop_remove(b->watch);
    b->watch = NULL;
}

static void close_bench(struct thing *t)
{
    struct bench *b = (struct bench *)t;
    struct err why = {0};
    if (b->waiting != NULL) {
        err_set(&why, -ECANCELED, "%s: stopped before its rounds were done", t->id);
        rpc_fail(b->waiting, &why);
        b->waiting = NULL;
    }
    forget_watch(b);
    json_decref(b->result);
    bench_runner_destroy(b->runner);
    loop_remove(b->notes);
    outside_destroy(b->outside);
}

static const struct thing_kind bench_kind = {"bench", sizeof(struct bench), close_bench};

static struct bench *find(void *arg, const json_t *params, struct err *e)
{
    return (struct bench *)thing_find(arg, &bench_kind, params, e);
}

static json_t *times_to_json(const uint64_t *ns, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_u64(ns[i]));
    return list;
}

/* Ends it and keeps what it did. A bench without a whole round is not verified and no error. */
static void settle(struct bench *b)
{
    struct bench_result done;
    json_t *figures = NULL;
    if (b->result != NULL || b->failed.code < 0)
        return;
    int r = bench_runner_stop(b->runner, &done, &figures, &b->failed);
    if (r < 0 && b->failed.code == 0)
        err_set(&b->failed, r, "%s: %s", b->thing.id, strerror(-r));
    if (r < 0)
        return;
    b->result = json_pack(
        "{s:o, s:o, s:o, s:o, s:b, s:o, s:O?}", "rounds", json_u64(done.rounds), "elapsed_ns",
        json_u64(done.elapsed_ns), "round_ns", times_to_json(done.round_wall_ns, done.kept),
        "cpu_ns", times_to_json(done.round_cpu_ns, done.kept), "verified", done.verified, "figures",
        figures != NULL ? figures : json_null(), "round_figures", done.round_figures);
    if (b->result == NULL) {
        err_set(&b->failed, -ENOMEM, "%s: no memory for a result", b->thing.id);
        return;
    }
    json_t *seen = b->outside != NULL ? outside_to_json(b->outside, done.rounds, done.kept) : NULL;
    if (seen != NULL)
        json_object_set_new(b->result, "outside", seen);
}

/* The settled result as an answer; it is the last thing said of this bench. */
static int take_result(struct bench *b, json_t **ret_result, struct err *e)
{
    const int r = b->failed.code;
    if (r < 0)
        err_set(e, r, "%s", b->failed.text);
    else
        *ret_result = json_incref(b->result);
    thing_close(&b->thing);
    return r;
}

static void answer_wait(struct bench *b)
{
    struct rpc_request *request = b->waiting;
    b->waiting = NULL;
    if (request != NULL && b->failed.code < 0)
        rpc_fail(request, &b->failed);
    else if (request != NULL)
        rpc_answer(request, json_incref(b->result));
}

static void rounds_done(void *arg, unsigned events)
{
    struct bench *b = arg;
    (void)events;
    forget_watch(b);
    if (b->notes != NULL)
        tell_marks(b, 0);
    settle(b);
    json_t *params = json_pack("{s:s}", "id", b->thing.id);
    if (b->failed.code < 0)
        json_object_set_new(params, "error", json_string(b->failed.text));
    rpc_notify(b->thing.node->peer, "bench.done", params);
    json_decref(params);
    if (b->waiting != NULL) {
        answer_wait(b);
        thing_close(&b->thing);
    }
}

/* A clock that is silent leaves the marks; why is in the answer. */
static int open_outside(struct bench *b, const json_t *params, struct err *e)
{
    const json_t *clock = json_object_get(params, "clock");
    const bool marks = json_bool_or(params, "marks", false);
    struct marker_given g = {.address = json_str_or(clock, "address", ""), .job = b->thing.id};
    int r = 0;
    if (json_is_object(clock)) {
        if (mark_parse_ticket(&g.ticket, json_str_or(clock, "ticket", "")) < 0)
            return err_set(e, -EINVAL, "%s: the clock's ticket is none", b->thing.id);
        r = outside_create(&b->outside, &g, &b->no_clock);
        if (r == 0)
            b->no_clock.code = 0;
    }
    if (b->outside == NULL && marks)
        r = outside_create(&b->outside, NULL, e);
    else if (r < 0)
        return err_set(e, r, "%s: %s", b->thing.id, b->no_clock.text);
    if (r == 0 && marks)
        r = loop_add(b->thing.node->loop, outside_note_fd(b->outside), LOOP_READ, tell_marks, b,
                     &b->notes);
    return r;
}

static int start_bench(struct bench *b, const json_t *params, struct err *e)
{
    struct driver d;
    void *options;
    int r = params_driver(params, DRIVER_BENCH, &b->thing.arena, &d, &options, e);
    if (r < 0)
        return r;
    r = open_outside(b, params, e);
    if (r < 0)
        return r;
    const struct bench_runner_options how = {.rounds = json_u64_or(params, "rounds", 0),
                                             .idle_ns = json_u64_or(params, "idle_ns", 0),
                                             .mark = b->outside != NULL ? outside_mark : NULL,
                                             .mark_arg = b->outside};
    r = bench_runner_start(&b->runner, bench_find(d.name), options, &how, e);
    if (r < 0)
        return r;
    r = loop_add(b->thing.node->loop, bench_runner_done_fd(b->runner), LOOP_READ, rounds_done, b,
                 &b->watch);
    if (r < 0) {
        bench_runner_destroy(b->runner);
        b->runner = NULL;
        return err_set(e, r, "%s: watch: %s", b->thing.id, strerror(-r));
    }
    return 0;
}

/* A far end that is not said is who starts the bench's to give: any stands for it. New reference.
 */
static json_t *with_peer(const json_t *params)
{
    json_t *all = json_deep_copy(params), *options = json_object_get(all, "options");
    struct driver d;
    if (drivers_find(DRIVER_BENCH, json_str_or(params, "type", ""), &d, NULL) < 0 ||
        opt_find(d.options, "peer") == NULL)
        return all;
    if (options == NULL) {
        options = json_object();
        json_object_set_new(all, "options", options);
    }
    if (json_object_get(options, "peer") == NULL)
        json_object_set_new(options, "peer", json_string("127.0.0.1:9"));
    return all;
}

METHOD(method_bench_check)
{
    (void)arg;
    (void)request;
    (void)ret_result;
    struct arena arena;
    struct driver d;
    void *options;
    arena_init(&arena);
    json_t *all = with_peer(params);
    int r = params_driver(all, DRIVER_BENCH, &arena, &d, &options, e);
    const struct bench_ops *ops = r >= 0 ? bench_find(d.name) : NULL;
    if (ops != NULL && ops->check != NULL)
        r = ops->check(options, e);
    if (ops != NULL && r >= 0 && ops->room != NULL)
        r = ops->room(options, e);
    arena_finish(&arena);
    json_decref(all);
    return r < 0 ? r : 0;
}

METHOD(method_bench_start)
{
    (void)request;
    struct bench *b = (struct bench *)thing_create(arg, &bench_kind, params, e);
    if (b == NULL)
        return e->code;
    int r = start_bench(b, params, e);
    if (r < 0) {
        loop_remove(b->notes);
        outside_destroy(b->outside);
        thing_discard(&b->thing);
        return r;
    }
    thing_add(&b->thing);
    if (b->no_clock.code < 0)
        *ret_result = json_pack("{s:s}", "no_clock", b->no_clock.text);
    return 0;
}

METHOD(method_bench_stop)
{
    (void)request;
    struct bench *b = find(arg, params, e);
    if (b == NULL)
        return e->code;
    settle(b);
    answer_wait(b); /* who waits gets the same */
    return take_result(b, ret_result, e);
}

METHOD(method_bench_wait)
{
    (void)ret_result;
    struct bench *b = find(arg, params, e);
    if (b == NULL)
        return e->code;
    if (b->waiting != NULL)
        return err_set(e, -EALREADY, "%s: somebody waits for it already", b->thing.id);
    if (b->watch == NULL) /* its end was told */
        return take_result(b, ret_result, e);
    b->waiting = request;
    return RPC_LATER;
}
