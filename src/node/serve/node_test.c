/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A node and who asks it, on one loop in one thread: a call turns the loop that serves it. Real
 * drivers with their own threads; traffic stays on the loopback.
 */
#include "node/serve/node.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/test.h"
#include "rpc/rpc.h"
#include "rpc/sample.h"

enum { NOTICES_MAX = 2048 };

struct room {
    struct loop *loop;
    struct node *node;
    struct rpc_peer *peer;
    int fds[2];
    size_t threads; /* of this process before the node was there */
    json_t *notices[NOTICES_MAX];
    size_t notice_count;
};

static size_t count_threads(void)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/task");
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void keep_notice(void *arg, const char *method, const json_t *params)
{
    struct room *r = arg;
    assert_true(r->notice_count < NOTICES_MAX);
    r->notices[r->notice_count++] =
        json_pack("{s:s, s:O}", "method", method, "params", (json_t *)params);
}

static void enter(struct room *r)
{
    struct err e = {0};
    *r = (struct room){.threads = count_threads()};
    json_t *commands = NULL;
    const struct rpc_side side = {.name = "node", .notice = keep_notice, .arg = r};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, r->fds), 0);
    assert_int_equal(loop_create(&r->loop), 0);
    assert_int_equal(node_open(&r->node, r->loop, r->fds[0], r->fds[0], commands, &e), 0);
    assert_int_equal(rpc_open(&r->peer, r->loop, r->fds[1], r->fds[1], &side, &e), 0);
}

/* Whatever the node started must be gone with it. A joined thread is listed by the kernel a moment
 * longer. */
static void leave(struct room *r)
{
    const uint64_t deadline = clock_now_ns() + 5 * NS_PER_S;
    node_close(r->node);
    while (count_threads() > r->threads && clock_now_ns() < deadline)
        sched_yield();
    assert_int_equal(count_threads(), r->threads);
    rpc_close(r->peer);
    loop_destroy(r->loop);
    close(r->fds[0]);
    close(r->fds[1]);
    for (size_t i = 0; i < r->notice_count; i++)
        json_decref(r->notices[i]);
}

/* params in JSON with ' for ". The result, or NULL with *e. */
static json_t *ask(struct room *r, const char *method, const char *params, struct err *e)
{
    char text[2048];
    size_t n = strlen(params);
    assert_true(n < sizeof text);
    for (size_t i = 0; i <= n; i++)
        text[i] = params[i] == '\'' ? '"' : params[i];
    json_t *parsed = json_parse(text, n, NULL), *result = NULL;
    assert_non_null(parsed);
    rpc_call(r->peer, method, parsed, 30 * NS_PER_S, &result, e);
    json_decref(parsed);
    return result;
}

static json_t *must(struct room *r, const char *method, const char *params)
{
    struct err e = {0};
    json_t *result = ask(r, method, params, &e);
    if (result == NULL)
        fail_msg("%s %s: %s", method, params, e.text);
    return result;
}

static void do_it(struct room *r, const char *method, const char *params)
{
    json_decref(must(r, method, params));
}

static void refuse(struct room *r, const char *method, const char *params, int code,
                   const char *words)
{
    struct err e = {0};
    json_t *result = ask(r, method, params, &e);
    assert_null(result);
    if (e.code != code || strstr(e.text, words) == NULL)
        fail_msg("%s %s: %d '%s' instead of %d '%s'", method, params, e.code, e.text, code, words);
}

/* How many notices with a method and a source or id. */
static size_t count_notices(const struct room *r, const char *method, const char *of)
{
    size_t n = 0;
    for (size_t i = 0; i < r->notice_count; i++) {
        const json_t *params = json_object_get(r->notices[i], "params");
        const char *who = json_str_or(params, "source", json_str_or(params, "id", ""));
        n += strcmp(json_str_or(r->notices[i], "method", ""), method) == 0 && strcmp(who, of) == 0;
    }
    return n;
}

static void await_notices(struct room *r, const char *method, const char *of, size_t wanted)
{
    const uint64_t deadline = clock_now_ns() + 30 * NS_PER_S;
    while (count_notices(r, method, of) < wanted && clock_now_ns() < deadline)
        loop_turn(r->loop, deadline);
    assert_true(count_notices(r, method, of) >= wanted);
}

/* The last row of a source, with the width of its columns. */
static const json_t *last_values(const struct room *r, const char *source)
{
    for (size_t i = r->notice_count; i > 0; i--) {
        const json_t *params = json_object_get(r->notices[i - 1], "params");
        if (strcmp(json_str_or(params, "source", ""), source) == 0)
            return json_object_get(params, "values");
    }
    return NULL;
}

static double column_value(const struct room *r, const char *source, const json_t *columns,
                           const char *metric)
{
    size_t i;
    json_t *column;
    json_array_foreach((json_t *)columns, i, column)
    {
        if (strcmp(json_str_or(column, "metric", ""), metric) == 0)
            return json_number_value(json_array_get(last_values(r, source), i));
    }
    fail_msg("no column %s", metric);
    return 0;
}

static const json_t *find_driver(const json_t *describe, const char *kind, const char *name)
{
    size_t i;
    json_t *driver;
    json_array_foreach(json_object_get(json_object_get(describe, "drivers"), kind), i, driver)
    {
        if (strcmp(json_str_or(driver, "name", ""), name) == 0)
            return driver;
    }
    fail_msg("no %s %s", kind, name);
    return NULL;
}

static void test_describe(void **state)
{
    (void)state;
    struct room r;
    enter(&r);
    json_t *d = must(&r, "describe", "{}");
    assert_string_equal(json_str_or(d, "program", ""), "vaperf-node");
    assert_true(json_u64_or(d, "protocol", 0) >= 1);
    static const char *const kinds[] = {"workload", "appliance", "bench", "probe"};
    for (size_t k = 0; k < 4; k++) {
        const json_t *driver = find_driver(d, kinds[k], "null");
        assert_true(json_is_array(json_object_get(driver, "options")));
        assert_true(json_is_true(json_object_get(driver, "supported")));
        assert_true(strlen(json_str_or(driver, "summary", "")) > 0);
    }
    const json_t *media = find_driver(d, "appliance", "media");
    assert_true(json_array_size(json_object_get(media, "options")) > 0);
    assert_true(json_array_size(json_object_get(d, "load_options")) > 10);
    json_decref(d);
    leave(&r);
}

static void test_what_needs_no_thing(void **state)
{
    (void)state;
    struct room r;
    enter(&r);
    json_t *clock = must(&r, "clock", "{}");
    const uint64_t now = clock_now_ns(), real = clock_real_ns();
    assert_true(now - json_u64_or(clock, "monotonic_ns", 0) < 60 * NS_PER_S);
    assert_true(real - json_u64_or(clock, "realtime_ns", 0) < 60 * NS_PER_S);
    json_decref(clock);
    json_t *identity = must(&r, "identity", "{}");
    assert_int_equal(json_u64_or(identity, "pid", 0), getpid());
    assert_int_equal(json_array_size(json_object_get(identity, "tids")), r.threads);
    assert_true(strlen(json_str_or(identity, "hostname", "")) > 0);
    json_decref(identity);
    json_t *facts = must(&r, "facts", "{}");
    assert_true(json_object_size(json_object_get(facts, "host")) > 5);
    json_decref(facts);
    leave(&r);
}

static void test_what_could_not_be_done(void **state)
{
    (void)state;
    struct room r;
    enter(&r);
    refuse(&r, "load.check",
           "{'type':'rtp','appliance':{'type':'media','options':{'work':'transcode'}}}", -EINVAL,
           "match: appliance media with work: transcode changes what packets carry");
    do_it(&r, "load.check",
          "{'type':'rtp','appliance':{'type':'media','options':{'work':'jitter-buffer'}}}");
    do_it(&r, "load.check",
          "{'type':'rtp','options':{'match':'sequence'},"
          "'appliance':{'type':'media','options':{'work':'mix'}}}");
    refuse(&r, "bench.check", "{'type':'masr','options':{'size':'900T'}}", -ENOMEM,
           "masr: it wants");
    refuse(&r, "bench.check", "{'type':'zfg','options':{'folder':'/nonex'}}", -ENOENT,
           "zfg: folder /nonex: No such file");
    refuse(&r, "bench.check", "{'type':'files','options':{'folder':'/nonex'}}", -ENOENT,
           "files: folder /nonex: No such file");
    refuse(&r, "bench.check", "{'type':'dirty','options':{'size':'900T'}}", -ENOMEM,
           "dirty: it wants");
    refuse(&r, "bench.check", "{'type':'command','options':{'command':'nosuchprog -x'}}", -ENOENT,
           "there is no program nosuchprog here");
    refuse(&r, "bench.check", "{'type':'command','options':{'command':' '}}", -EINVAL,
           "which program?");
    do_it(&r, "bench.check", "{'type':'tcp'}"); /* its far end is a run's to say */
    do_it(&r, "bench.check", "{'type':'udp','options':{}}");
    do_it(&r, "bench.check", "{'type':'pingpong'}");
    do_it(&r, "bench.check", "{'type':'command','options':{'command':'sh -c true'}}");
    leave(&r);
}

static void test_bad_requests(void **state)
{
    (void)state;
    struct room r;
    enter(&r);
    refuse(&r, "appliance.open", "{}", -EBADMSG, "member id missing");
    refuse(&r, "appliance.open", "{'id':''}", -EINVAL, "1 to 63 characters");
    refuse(&r, "appliance.open", "{'id':'m'}", -EBADMSG, "member type missing");
    refuse(&r, "appliance.open", "{'id':'m','type':'medai'}", -EINVAL, "did you mean media?");
    refuse(&r, "appliance.open", "{'id':'m','type':'media','address':'127.0.0.1','options':5}",
           -EINVAL, "not an object");
    refuse(&r, "appliance.open",
           "{'id':'m','type':'media','address':'127.0.0.1','options':{'threds':1}}", -EINVAL,
           "did you mean threads?");
    refuse(&r, "appliance.open",
           "{'id':'m','type':'media','address':'127.0.0.1','options':{'work':'20'}}", -EINVAL,
           "appliance media: work: '20' is not a duration");
    refuse(&r, "appliance.open", "{'id':'m','type':'media','address':'nowhere'}", -EINVAL,
           "nowhere");
    refuse(&r, "appliance.check", "{'type':'sip-uas','options':{'scenario':'uac'}}", -EINVAL,
           "scenario uac begins calls");
    do_it(&r, "appliance.check", "{'type':'sip-uas'}");
    refuse(&r, "appliance.close", "{'id':'m'}", -ENOENT, "there is no appliance m");
    refuse(&r, "load.check", "{'type':'rtp','options':{'streams':'100cps'}}", -EINVAL,
           "streams: '100cps' is not a count");
    refuse(&r, "load.check", "{'type':'rtp','load':{'duration':'10'}}", -EINVAL,
           "load: duration: '10' is not a duration");
    refuse(&r, "load.check", "{'type':'rtp','load':{'transport':'xdp,rings'}}", -EINVAL,
           "load: transport: 'rings' is none (did you mean ring?)");
    refuse(&r, "load.check", "{'type':'rtp','load':{'profile':'steps'}}", -EINVAL,
           "load: profile steps needs steps");
    refuse(&r, "load.check", "{'type':'rtp','load':{'profile':'trace'}}", -EINVAL,
           "load: profile trace needs trace");
    refuse(&r, "probe.start", "{'id':'p','interval_ns':1000000000,'probes':[]}", -EINVAL, "empty");
    refuse(&r, "probe.start", "{'id':'p','interval_ns':5,'probes':[{'type':'host'}]}", -EINVAL,
           "1 ms is the shortest");
    refuse(&r, "bench.start", "{'id':'b','type':'pi','options':{'digits':'many'}}", -EINVAL,
           "digits: 'many' is not a count");
    refuse(&r, "load.start", "{'id':'l','interval_ns':1000000000}", -ENOENT, "no load l");
    refuse(&r, "appliance.opne", "{}", -ENOSYS, "there is no method appliance.opne");
    /* A refused opening leaves no id behind. */
    do_it(&r, "appliance.open", "{'id':'m','type':'null','address':'127.0.0.1'}");
    refuse(&r, "bench.start", "{'id':'m','type':'null'}", -EEXIST, "in use by an appliance");
    refuse(&r, "bench.stop", "{'id':'m'}", -ENOENT, "m is no bench but an appliance");
    do_it(&r, "appliance.close", "{'id':'m'}");
    do_it(&r, "bench.start", "{'id':'m','type':'null'}");
    leave(&r);
}

static void test_probes(void **state)
{
    (void)state;
    struct room r;
    enter(&r);
    json_t *a = must(&r, "probe.start",
                     "{'id':'a','interval_ns':5000000,'probes':[{'type':'host'},"
                     "{'type':'netdev','options':{'interface':'lo'},'entity':'sut'}]}");
    do_it(&r, "probe.start", "{'id':'b','interval_ns':7000000,'probes':[{'type':'null'}]}");
    await_notices(&r, "sample", "a", 5);
    await_notices(&r, "sample", "b", 3);
    assert_int_equal(json_array_size(last_values(&r, "a")),
                     json_array_size(json_object_get(a, "columns")));
    json_t *cost = must(&r, "probe.stop", "{'id':'a'}");
    assert_true(json_u64_or(cost, "samples", 0) >= 5);
    assert_true(json_number_or(cost, "cost_us_mean", -1) > 0);
    assert_true(json_number_or(cost, "cost_us_max", -1) >=
                json_number_or(cost, "cost_us_mean", -1));
    const size_t rows = count_notices(&r, "sample", "a");
    await_notices(&r, "sample", "b", count_notices(&r, "sample", "b") + 3);
    assert_int_equal(count_notices(&r, "sample", "a"), rows);
    json_decref(cost);
    json_decref(a);
    leave(&r); /* with b still running */
}

static void test_bench_rounds(void **state)
{
    (void)state;
    struct room r;
    enter(&r);
    do_it(&r, "bench.start", "{'id':'job','type':'pi','rounds':3,'options':{'digits':1000}}");
    json_t *result = must(&r, "bench.wait", "{'id':'job'}");
    assert_int_equal(json_u64_or(result, "rounds", 0), 3);
    assert_int_equal(json_array_size(json_object_get(result, "round_ns")), 3);
    assert_int_equal(json_array_size(json_object_get(result, "cpu_ns")), 3);
    assert_true(json_bool_or(result, "verified", false));
    assert_int_equal(count_notices(&r, "bench.done", "job"), 1);
    refuse(&r, "bench.stop", "{'id':'job'}", -ENOENT, "there is no bench job");
    json_decref(result);

    /* Its end may come before somebody waits. */
    do_it(&r, "bench.start", "{'id':'job','type':'null','rounds':2}");
    await_notices(&r, "bench.done", "job", 2);
    result = must(&r, "bench.wait", "{'id':'job'}");
    assert_int_equal(json_u64_or(result, "rounds", 0), 2);
    json_decref(result);
    leave(&r);
}

static void test_neighbours(void **state)
{
    (void)state;
    struct room r;
    enter(&r);
    do_it(&r, "bench.start",
          "{'id':'n.1','type':'pi','rounds':0,'idle_ns':20000000,'marks':true,"
          "'options':{'digits':1000}}");
    do_it(&r, "bench.start", "{'id':'n.2','type':'masr','rounds':0,'options':{'size':'1M'}}");
    do_it(&r, "probe.start", "{'id':'p','interval_ns':5000000,'probes':[{'type':'null'}]}");
    await_notices(&r, "sample", "p", 10);
    await_notices(&r, "bench.mark", "n.1", 3); /* the second round has begun */
    assert_int_equal(count_notices(&r, "bench.done", "n.1"), 0);
    json_t *result = must(&r, "bench.stop", "{'id':'n.1'}");
    assert_true(json_u64_or(result, "rounds", 0) > 0);
    assert_true(json_bool_or(result, "verified", false));
    json_decref(result);
    leave(&r); /* n.2 still computes */
}

static void connect_load(struct room *r, const char *load, json_t *peers, const char *appliance)
{
    json_t *params = json_pack("{s:s, s:O}", "id", appliance, "peers", peers), *ends = NULL;
    json_t *columns = NULL;
    struct err e = {0};
    assert_int_equal(rpc_call(r->peer, "appliance.endpoints", params, 30 * NS_PER_S, &ends, &e), 0);
    json_decref(params);
    params = json_pack("{s:s, s:O}", "id", load, "endpoints", json_object_get(ends, "endpoints"));
    assert_int_equal(rpc_call(r->peer, "load.connect", params, 30 * NS_PER_S, &columns, &e), 0);
    assert_true(json_array_size(json_object_get(columns, "columns")) > 10);
    json_decref(params);
    json_decref(ends);
    json_decref(columns);
}

static void test_load_through_media(void **state)
{
    (void)state;
    struct room r;
    enter(&r);
    json_t *media = must(&r, "appliance.open",
                         "{'id':'media','type':'media','address':'127.0.0.1',"
                         "'options':{'threads':1}}");
    json_t *shape = must(&r, "load.check", "{'type':'rtp','options':{'streams':20}}");
    assert_int_equal(json_u64_or(shape, "slots", 0), 20);
    assert_int_equal(json_u64_or(shape, "endpoints", 0), 20);
    assert_true(json_number_or(shape, "rate_per_s", 0) == 1000);
    json_decref(shape);
    json_t *load = must(&r, "load.create",
                        "{'id':'load.rtp','type':'rtp','options':{'streams':20},'load':"
                        "{'duration':'300ms','warmup':'100ms','scheduling':'other'}}");
    assert_int_equal(json_array_size(json_object_get(load, "peers")), 20);
    refuse(&r, "load.start", "{'id':'load.rtp','interval_ns':50000000}", -EINVAL,
           "not connected yet");
    refuse(&r, "load.connect", "{'id':'load.rtp','endpoints':['127.0.0.1:1']}", -EINVAL,
           "1 endpoints given, 20 wanted");
    connect_load(&r, "load.rtp", json_object_get(load, "peers"), "media");
    do_it(&r, "appliance.watch", "{'id':'media','interval_ns':50000000}");
    refuse(&r, "load.report", "{'id':'load.rtp'}", -EBUSY, "was not started");
    do_it(&r, "load.start", "{'id':'load.rtp','delay_ns':10000000,'interval_ns':50000000}");
    refuse(&r, "load.report", "{'id':'load.rtp'}", -EBUSY, "still runs");
    await_notices(&r, "load.done", "load.rtp", 1);
    assert_true(count_notices(&r, "sample", "load.rtp") >= 2);
    json_t *report = must(&r, "load.report", "{'id':'load.rtp'}");
    assert_int_equal(json_u64_or(report, "sent", 0), 300);
    assert_int_equal(json_u64_or(report, "received", 0), 300);
    assert_false(json_bool_or(report, "cut_short", true));
    do_it(&r, "appliance.drain", "{'id':'media','timeout_ns':20000000000}");
    const size_t rows = count_notices(&r, "sample", "media");
    await_notices(&r, "sample", "media", rows + 1);
    assert_true(column_value(&r, "media", json_object_get(media, "columns"), "relayed_packets") >=
                400);
    do_it(&r, "load.close", "{'id':'load.rtp'}");
    do_it(&r, "appliance.close", "{'id':'media'}");
    json_decref(report);
    json_decref(load);
    json_decref(media);
    leave(&r);
}

/* 30 users at 20 a second: it takes 1.5 s, and is told of after the first one. */
static void test_registering_users_tells_how_far_it_is(void **state)
{
    (void)state;
    struct room r;
    enter(&r);
    do_it(&r, "appliance.open", "{'id':'sip','type':'signalling','address':'127.0.0.1'}");
    json_t *load = must(&r, "load.create",
                        "{'id':'l','type':'sip','options':{'users':30,'register':'register',"
                        "'register_rate':'20/s'},'load':{'duration':'300ms','warmup':'0',"
                        "'scheduling':'other'}}");
    assert_int_equal(count_notices(&r, "load.progress", "l"), 0);
    connect_load(&r, "l", json_object_get(load, "peers"), "sip");
    assert_true(count_notices(&r, "load.progress", "l") >= 1);
    const json_t *told = json_object_get(r.notices[0], "params");
    assert_string_equal(json_str_or(told, "what", ""), "users registered");
    assert_int_equal(json_u64_or(told, "wanted", 0), 30);
    assert_in_range(json_u64_or(told, "done", 99), 0, 29);
    do_it(&r, "load.close", "{'id':'l'}");
    do_it(&r, "appliance.close", "{'id':'sip'}");
    json_decref(load);
    leave(&r);
}

static void test_load_stopped_early(void **state)
{
    (void)state;
    struct room r;
    enter(&r);
    do_it(&r, "appliance.open", "{'id':'echo','type':'null','address':'127.0.0.1'}");
    for (int i = 0; i < 2; i++) {
        json_t *load = must(&r, "load.create",
                            i == 0 ? "{'id':'l.0','type':'null','load':{'duration':'60s',"
                                     "'warmup':'0','scheduling':'other'}}"
                                   : "{'id':'l.1','type':'null','load':{'duration':'60s',"
                                     "'warmup':'0','scheduling':'other'}}");
        connect_load(&r, i == 0 ? "l.0" : "l.1", json_object_get(load, "peers"), "echo");
        json_decref(load);
    }
    do_it(&r, "load.start", "{'id':'l.0','delay_ns':0,'interval_ns':20000000}");
    do_it(&r, "load.start", "{'id':'l.1','delay_ns':0,'interval_ns':20000000}");
    await_notices(&r, "sample", "l.0", 3);
    refuse(&r, "load.start", "{'id':'l.0','interval_ns':20000000}", -EINVAL, "started already");
    do_it(&r, "load.stop", "{'id':'l.0'}");
    await_notices(&r, "load.done", "l.0", 1);
    json_t *report = must(&r, "load.report", "{'id':'l.0'}");
    assert_true(json_bool_or(report, "cut_short", false));
    json_decref(report);
    leave(&r); /* l.1 in full run */
}

static uint64_t row_at_ns(const struct room *r, const char *source, size_t number)
{
    for (size_t i = 0; i < r->notice_count; i++) {
        const json_t *params = json_object_get(r->notices[i], "params");
        if (strcmp(json_str_or(params, "source", ""), source) == 0 && number-- == 0)
            return json_u64_or(params, "at_ns", 0);
    }
    fail_msg("no such row of %s", source);
    return 0;
}

static void measure(struct room *r, uint64_t from_ns, uint64_t to_ns)
{
    char text[128];
    str_printf(text, sizeof text, "{'id':'media','from_ns':%" PRIu64 ",'to_ns':%" PRIu64 "}",
               from_ns, to_ns);
    do_it(r, "appliance.measure", text);
}

/* With an interval that no row of the test's time would come by. */
static void test_rows_meet_the_ends_of_what_is_measured(void **state)
{
    (void)state;
    struct room r;
    enter(&r);
    do_it(&r, "appliance.open", "{'id':'media','type':'media','address':'127.0.0.1'}");
    refuse(&r, "appliance.measure", "{'id':'media','from_ns':1,'to_ns':2}", -EINVAL, "not watched");
    do_it(&r, "appliance.watch", "{'id':'media','interval_ns':3600000000000}");
    refuse(&r, "appliance.measure", "{'id':'media','from_ns':1}", -EBADMSG, "to_ns");
    /* Ahead, also of a machine that stands still: what is over already has one row alone. */
    const uint64_t from_ns = clock_now_ns() + NS_PER_S, to_ns = from_ns + 70 * NS_PER_MS;
    measure(&r, from_ns, to_ns);
    await_notices(&r, "sample", "media", 2);
    assert_true(row_at_ns(&r, "media", 0) >= from_ns);
    assert_true(row_at_ns(&r, "media", 1) >= to_ns);
    measure(&r, 1, 2); /* what has begun already is read at once, and once */
    await_notices(&r, "sample", "media", 3);
    assert_int_equal(count_notices(&r, "sample", "media"), 3);
    leave(&r);
}

static void test_shutdown(void **state)
{
    (void)state;
    struct room r;
    enter(&r);
    do_it(&r, "bench.start", "{'id':'n','type':'null','rounds':0}");
    assert_false(node_has_ended(r.node));
    do_it(&r, "shutdown", "{}");
    assert_true(node_has_ended(r.node));
    leave(&r);
}

static void test_end_of_the_stream(void **state)
{
    (void)state;
    struct room r;
    enter(&r);
    do_it(&r, "appliance.open", "{'id':'media','type':'media','address':'127.0.0.1'}");
    do_it(&r, "appliance.watch", "{'id':'media','interval_ns':1000000}");
    rpc_close(r.peer);
    r.peer = NULL;
    shutdown(r.fds[1], SHUT_RDWR);
    const uint64_t deadline = clock_now_ns() + 30 * NS_PER_S;
    while (!node_has_ended(r.node) && clock_now_ns() < deadline)
        loop_turn(r.loop, deadline);
    assert_true(node_has_ended(r.node));
    leave(&r);
}

static void *return_at_once(void *arg)
{
    return arg;
}

/* A sanitizer starts a thread of its own with our first one; from here on the count is ours. */
static int start_first_thread(void **state)
{
    pthread_t thread;
    (void)state;
    return pthread_create(&thread, NULL, return_at_once, NULL) == 0 ? pthread_join(thread, NULL)
                                                                    : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_describe),
        cmocka_unit_test(test_what_needs_no_thing),
        cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_what_could_not_be_done),
        cmocka_unit_test(test_probes),
        cmocka_unit_test(test_bench_rounds),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_load_through_media),
        cmocka_unit_test(test_registering_users_tells_how_far_it_is),
        cmocka_unit_test(test_load_stopped_early),
        cmocka_unit_test(test_rows_meet_the_ends_of_what_is_measured),
        cmocka_unit_test(test_shutdown),
        cmocka_unit_test(test_end_of_the_stream),
    };
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    return cmocka_run_group_tests(tests, start_first_thread, NULL);
}
