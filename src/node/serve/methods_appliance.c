/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * methods_appliance: servers under test by request: check, open, endpoints, watch, measure,
 * drain, close.
 * The loop's thread; an appliance has its own.
 */
#include "node/serve/methods.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "node/appliance/appliance.h"
#include "node/serve/params.h"
#include "node/serve/rows.h"
#include "node/serve/thing.h"
#include "rpc/sample.h"

/* How long one try to drain may hold up the loop. */
enum { DRAIN_TRY_NS = 5 * 1000 * 1000, DRAIN_PAUSE_NS = 20 * 1000 * 1000 };

struct appliance {
    struct thing thing;
    const struct appliance_ops *ops;
    void *state;
    struct sample_column *columns;
    size_t column_count;
    struct rows rows;
    struct rpc_request *draining; /* waits for its answer */
    struct loop_timer *drain_timer;
    uint64_t drain_deadline_ns;
    bool has_failed; /* and that was said */
};

static void stop_draining(struct appliance *a)
{
    loop_remove_timer(a->drain_timer);
    a->drain_timer = NULL;
    a->draining = NULL;
}

static void close_appliance(struct thing *t)
{
    struct appliance *a = (struct appliance *)t;
    struct err why = {0};
    if (a->draining != NULL) {
        err_set(&why, -ECANCELED, "%s: closed before it was drained", t->id);
        rpc_fail(a->draining, &why);
    }
    stop_draining(a);
    rows_stop(&a->rows);
    a->ops->close(a->state);
    free(a->state);
    free(a->columns);
}

static const struct thing_kind appliance_kind = {"appliance", sizeof(struct appliance),
                                                 close_appliance};

static struct appliance *find(void *arg, const json_t *params, struct err *e)
{
    return (struct appliance *)thing_find(arg, &appliance_kind, params, e);
}

static int get_columns(struct appliance *a, struct err *e)
{
    a->column_count = a->ops->columns(a->state, NULL, 0);
    a->columns = calloc(a->column_count + 1, sizeof *a->columns);
    if (a->columns == NULL)
        return err_set(e, -ENOMEM, "no memory for %zu columns", a->column_count);
    a->ops->columns(a->state, a->columns, a->column_count);
    return 0;
}

static int open_appliance(struct appliance *a, const json_t *params, struct err *e)
{
    struct driver d;
    void *options;
    const char *address;
    int r = params_driver(params, DRIVER_APPLIANCE, &a->thing.arena, &d, &options, e);
    if (r < 0 || (r = json_need_str(params, "address", &address, e)) < 0)
        return r;
    a->ops = appliance_find(d.name);
    if (a->ops->check != NULL && (r = a->ops->check(options, e)) < 0)
        return r;
    a->state = calloc(1, a->ops->state_size + 1);
    if (a->state == NULL)
        return err_set(e, -ENOMEM, "no memory for appliance %s", d.name);
    r = a->ops->open(a->state, options, arena_strdup(&a->thing.arena, address), e);
    if (r < 0) {
        free(a->state);
        return r;
    }
    if ((r = get_columns(a, e)) < 0) {
        a->ops->close(a->state);
        free(a->state);
    }
    return r;
}

METHOD(method_appliance_check)
{
    (void)arg;
    (void)request;
    (void)ret_result;
    struct arena arena;
    struct driver d;
    void *options;
    arena_init(&arena);
    int r = params_driver(params, DRIVER_APPLIANCE, &arena, &d, &options, e);
    const struct appliance_ops *ops = r >= 0 ? appliance_find(d.name) : NULL;
    if (ops != NULL && ops->check != NULL)
        r = ops->check(options, e);
    arena_finish(&arena);
    return r < 0 ? r : 0;
}

METHOD(method_appliance_open)
{
    (void)request;
    struct appliance *a = (struct appliance *)thing_create(arg, &appliance_kind, params, e);
    if (a == NULL)
        return e->code;
    int r = open_appliance(a, params, e);
    if (r < 0) {
        thing_discard(&a->thing);
        return r;
    }
    thing_add(&a->thing);
    *ret_result =
        json_pack("{s:o}", "columns", sample_columns_to_json(a->columns, a->column_count));
    return 0;
}

/* Of streams with one port, or with a pair. */
static int give_endpoints(struct appliance *a, const json_t *params,
                          const struct sockaddr_storage *peers, size_t count,
                          struct sockaddr_storage *ret, struct err *e)
{
    if (!json_bool_or(params, "pairs", false))
        return a->ops->endpoints(a->state, peers, count, ret, e);
    int r = appliance_check_pairs(a->ops, e);
    return r < 0 ? r : a->ops->endpoint_pairs(a->state, peers, count, ret, e);
}

METHOD(method_appliance_endpoints)
{
    (void)request;
    struct appliance *a = find(arg, params, e);
    if (a == NULL)
        return e->code;
    struct arena arena;
    struct sockaddr_storage *peers;
    size_t count;
    arena_init(&arena);
    int r = params_addresses(params, "peers", &arena, &peers, &count, e);
    if (r < 0)
        goto out;
    struct sockaddr_storage *endpoints = ARENA_ARRAY(&arena, struct sockaddr_storage, count + 1);
    r = give_endpoints(a, params, peers, count, endpoints, e);
    if (r >= 0)
        *ret_result = json_pack("{s:o}", "endpoints", params_addresses_to_json(endpoints, count));
out:
    arena_finish(&arena);
    return r < 0 ? r : 0;
}

/* What its server said, for the trial's records. */
static void tell_said(struct appliance *a)
{
    struct buf text;
    if (a->ops->said == NULL)
        return;
    buf_init(&text);
    a->ops->said(a->state, &text);
    for (size_t i = 0; i < text.size; i++) /* a NUL would end it, other bytes are no UTF-8 */
        if (text.data[i] == '\0' || (unsigned char)text.data[i] >= 0x80)
            text.data[i] = '?';
    json_t *params = text.size > 0 ? json_pack("{s:s, s:s++}", "level", "info", "text",
                                               a->ops->name, " said:\n", buf_str(&text))
                                   : NULL;
    if (params != NULL)
        rpc_notify(a->thing.node->peer, "log", params);
    json_decref(params);
    buf_finish(&text);
}

/* Told once; it stays open, so that what it counted can still be read. */
static void check_alive(struct appliance *a)
{
    struct err why = {0};
    if (a->has_failed || a->ops->alive == NULL || a->ops->alive(a->state, &why) >= 0)
        return;
    a->has_failed = true;
    tell_said(a); /* before, since who hears of the failure may listen no more */
    json_t *params = json_pack("{s:s, s:s}", "id", a->thing.id, "error", why.text);
    rpc_notify(a->thing.node->peer, "appliance.failed", params);
    json_decref(params);
}

static void read_row(struct thing *t, uint64_t at_ns, double *ret_values, size_t count)
{
    struct appliance *a = (struct appliance *)t;
    (void)at_ns;
    check_alive(a);
    a->ops->stats(a->state, ret_values, count);
}

METHOD(method_appliance_watch)
{
    (void)request;
    (void)ret_result;
    struct appliance *a = find(arg, params, e);
    if (a == NULL)
        return e->code;
    uint64_t interval_ns;
    int r = params_interval(params, &interval_ns, e);
    if (r < 0)
        return r;
    a->rows.read = read_row;
    a->rows.count = a->column_count;
    r = rows_start(&a->rows, &a->thing, clock_now_ns(), interval_ns);
    return r < 0 ? err_set(e, r, "%s: timer: %s", a->thing.id, strerror(-r)) : 0;
}

METHOD(method_appliance_measure)
{
    (void)request;
    (void)ret_result;
    struct appliance *a = find(arg, params, e);
    uint64_t from_ns, to_ns;
    int r;
    if (a == NULL)
        return e->code;
    if (a->rows.values == NULL)
        return err_set(e, -EINVAL, "%s: it is not watched", a->thing.id);
    if ((r = json_need_u64(params, "from_ns", &from_ns, e)) < 0 ||
        (r = json_need_u64(params, "to_ns", &to_ns, e)) < 0)
        return r;
    r = rows_align(&a->rows, from_ns, to_ns);
    return r < 0 ? err_set(e, r, "%s: timer: %s", a->thing.id, strerror(-r)) : 0;
}

/* Its counters, now that they have counted all, and its log. */
static void send_last(struct appliance *a)
{
    if (a->rows.values != NULL)
        rows_send(&a->rows);
    tell_said(a);
}

/* In short tries, so that rows of others go on meanwhile. True when it is over, either way. */
static bool try_drain(struct appliance *a, int *ret)
{
    const uint64_t now = clock_now_ns();
    const uint64_t deadline = now + DRAIN_TRY_NS;
    const bool last = deadline >= a->drain_deadline_ns;
    *ret = a->ops->drain(a->state, last ? a->drain_deadline_ns : deadline);
    return *ret != -ETIMEDOUT || last;
}

static int drain_error(const struct appliance *a, int r, struct err *e)
{
    if (r == -ETIMEDOUT)
        return err_set(e, r, "%s: something is still in its queues", a->thing.id);
    return err_set(e, r, "%s: drain: %s", a->thing.id, strerror(-r));
}

static void drain_again(void *arg)
{
    struct appliance *a = arg;
    struct err e = {0};
    int r;
    if (!try_drain(a, &r))
        return;
    struct rpc_request *request = a->draining;
    stop_draining(a);
    if (r >= 0) {
        send_last(a);
        rpc_answer(request, NULL);
        return;
    }
    drain_error(a, r, &e);
    rpc_fail(request, &e);
}

METHOD(method_appliance_drain)
{
    (void)ret_result;
    struct appliance *a = find(arg, params, e);
    uint64_t timeout_ns;
    int r;
    if (a == NULL)
        return e->code;
    if ((r = json_need_u64(params, "timeout_ns", &timeout_ns, e)) < 0)
        return r;
    if (a->draining != NULL)
        return err_set(e, -EBUSY, "%s: it is being drained already", a->thing.id);
    const uint64_t now = clock_now_ns();
    a->drain_deadline_ns = now + timeout_ns;
    if (try_drain(a, &r)) {
        if (r < 0)
            return drain_error(a, r, e);
        send_last(a);
        return 0;
    }
    r = loop_add_timer(a->thing.node->loop, now + DRAIN_PAUSE_NS, DRAIN_PAUSE_NS, drain_again, a,
                       &a->drain_timer);
    if (r < 0)
        return drain_error(a, r, e);
    a->draining = request;
    return RPC_LATER;
}

METHOD(method_appliance_close)
{
    (void)request;
    (void)ret_result;
    struct appliance *a = find(arg, params, e);
    if (a == NULL)
        return e->code;
    thing_close(&a->thing);
    return 0;
}
