/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * methods_load: traffic by request: check, create, connect, start, stop, report, close. The loop's
 * thread owns the load; its workers are its own threads.
 */
#include "node/serve/methods.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "node/load/lasting.h"
#include "node/load/load.h"
#include "node/serve/load_rows.h"
#include "node/serve/pairing.h"
#include "node/serve/params.h"
#include "node/serve/rows.h"
#include "node/serve/thing.h"

/* How soon after its end a load is known to be done; how often one that connects tells. */
enum { POLL_NS = 10 * 1000 * 1000, PROGRESS_NS = 1000 * 1000 * 1000 };

struct load_thing {
    struct thing thing;
    struct load *load;
    struct load_rows reader;
    struct rows rows;
    struct loop_timer *poll;
    uint64_t tell_ns; /* while it connects: when to say next how far it is */
    bool connected, started, done;
};

static void close_load(struct thing *t)
{
    struct load_thing *l = (struct load_thing *)t;
    loop_remove_timer(l->poll);
    rows_stop(&l->rows);
    if (l->started && !l->done) {
        load_stop(l->load);
        load_join(l->load);
    }
    load_destroy(l->load);
    load_rows_finish(&l->reader);
}

static const struct thing_kind load_kind = {"load", sizeof(struct load_thing), close_load};

static struct load_thing *find(void *arg, const json_t *params, struct err *e)
{
    return (struct load_thing *)thing_find(arg, &load_kind, params, e);
}

struct load_params {
    const struct workload_ops *ops;
    void *options;
    struct load_options *load;
};

static int read_params(const json_t *params, struct arena *a, struct load_params *ret,
                       struct err *e)
{
    struct driver d;
    void *options, *load;
    int r = params_driver(params, DRIVER_WORKLOAD, a, &d, &options, e);
    if (r < 0)
        return r;
    r = params_options(params, "load", load_options_table, sizeof(struct load_options), a, &load,
                       e);
    if (r < 0)
        return err_prefix(e, "load: ");
    *ret = (struct load_params){workload_find(d.name), options, load};
    return 0;
}

/* Of a load that would leave by the loopback. */
static int check_loopback(const struct workload_shape *shape, const struct load_options *o,
                          struct err *e)
{
    struct err why = {0};
    if (load_transport_supported(shape, o, &why) == 0)
        return 0;
    return err_set(e, -EINVAL,
                   "load: transport: %s; platform native has such with platform_options: {network: "
                   "own}",
                   why.text);
}

METHOD(method_load_check)
{
    (void)arg;
    (void)request;
    struct arena arena;
    struct load_params p = {0};
    struct workload_shape shape = {0};
    json_t *notes = json_array();
    arena_init(&arena);
    int r = read_params(params, &arena, &p, e);
    if (r >= 0 && p.ops != NULL)
        r = p.ops->check(p.options, &shape, e);
    if (r >= 0 && p.ops != NULL && (r = load_options_check(&shape, p.load, e)) < 0)
        err_prefix(e, "load: ");
    if (r >= 0 && p.ops != NULL)
        r = pairing_check(&shape, json_object_get(params, "appliance"), e);
    if (r >= 0 && p.ops != NULL && json_bool_or(params, "loopback", false))
        r = check_loopback(&shape, p.load, e);
    if (r >= 0 && p.ops != NULL)
        r = lasting_check(p.ops, &shape, p.load, notes, e);
    if (r >= 0)
        *ret_result =
            json_pack("{s:s, s:o, s:o, s:f, s:o, s:O}", "arrivals",
                      shape.arrivals == WORKLOAD_PERIODIC ? "periodic" : "open", "slots",
                      json_u64(shape.slots), "period_ns", json_u64(shape.period_ns), "rate_per_s",
                      shape.rate_per_s, "endpoints", json_u64(shape.endpoints), "notes", notes);
    json_decref(notes);
    arena_finish(&arena);
    return r < 0 ? r : 0;
}

static int create_load(struct load_thing *l, const json_t *params, json_t **ret_result,
                       struct err *e)
{
    struct load_params p = {0};
    struct arena *a = &l->thing.arena;
    int r = read_params(params, a, &p, e);
    if (r < 0 || (r = load_create(&l->load, p.ops, p.options, p.load, e)) < 0)
        return r;
    const size_t count = load_shape(l->load)->endpoints;
    struct sockaddr_storage *peers = ARENA_ARRAY(a, struct sockaddr_storage, count + 1);
    if ((r = load_rows_init(&l->reader, p.ops)) < 0)
        err_set(e, r, "no memory for histograms");
    else if ((r = load_peers(l->load, peers, count)) < 0)
        err_set(e, r, "local addresses: %s", strerror(-r));
    else
        *ret_result = json_pack("{s:o, s:b}", "peers", params_addresses_to_json(peers, count),
                                "pairs", load_shape(l->load)->is_paired);
    if (r < 0) {
        load_rows_finish(&l->reader);
        load_destroy(l->load);
    }
    return r;
}

METHOD(method_load_create)
{
    (void)request;
    struct load_thing *l = (struct load_thing *)thing_create(arg, &load_kind, params, e);
    if (l == NULL)
        return e->code;
    int r = create_load(l, params, ret_result, e);
    if (r < 0) {
        thing_discard(&l->thing);
        return r;
    }
    thing_add(&l->thing);
    return 0;
}

static void read_row(struct thing *t, uint64_t at_ns, double *ret_values, size_t count)
{
    struct load_thing *l = (struct load_thing *)t;
    (void)at_ns;
    (void)count;
    load_rows_read(&l->reader, l->load, ret_values);
}

/* The loop stands still meanwhile, but a notice leaves at once. */
static int look_before(void *arg, const char *what, uint64_t done, uint64_t wanted)
{
    struct load_thing *l = arg;
    if (clock_now_ns() < l->tell_ns)
        return 0;
    l->tell_ns += PROGRESS_NS;
    json_t *params = json_pack("{s:s, s:s, s:o, s:o}", "id", l->thing.id, "what", what, "done",
                               json_u64(done), "wanted", json_u64(wanted));
    const int r = rpc_notify(l->thing.node->peer, "load.progress", params);
    json_decref(params);
    return r < 0 ? -EINTR : 0; /* nobody listens any more */
}

METHOD(method_load_connect)
{
    (void)request;
    struct load_thing *l = find(arg, params, e);
    if (l == NULL)
        return e->code;
    if (l->connected)
        return err_set(e, -EALREADY, "%s: it is connected already", l->thing.id);
    struct sockaddr_storage *endpoints;
    size_t count;
    int r = params_addresses(params, "endpoints", &l->thing.arena, &endpoints, &count, e);
    if (r < 0)
        return r;
    if (count != load_shape(l->load)->endpoints)
        return err_set(e, -EINVAL, "%s: %zu endpoints given, %u wanted", l->thing.id, count,
                       load_shape(l->load)->endpoints);
    l->tell_ns = clock_now_ns() + PROGRESS_NS;
    load_set_wait(l->load, &(struct workload_wait){l, look_before});
    if ((r = load_connect(l->load, endpoints, count, e)) < 0)
        return r;
    l->connected = true;
    l->rows.count = load_rows_count(&l->reader);
    l->rows.read = read_row;
    struct sample_column *columns = load_rows_columns(&l->reader, l->thing.id);
    if (columns == NULL)
        return err_set(e, -ENOMEM, "no memory for columns");
    *ret_result =
        json_pack("{s:o}", "columns", sample_columns_to_json(columns, load_rows_count(&l->reader)));
    free(columns);
    return 0;
}

static void poll_end(void *arg)
{
    struct load_thing *l = arg;
    if (load_phase(l->load) != LOAD_DONE)
        return;
    loop_remove_timer(l->poll);
    l->poll = NULL;
    load_join(l->load);
    l->done = true;
    rows_send(&l->rows);
    rows_stop(&l->rows);
    json_t *params = json_pack("{s:s}", "id", l->thing.id);
    rpc_notify(l->thing.node->peer, "load.done", params);
    json_decref(params);
}

METHOD(method_load_start)
{
    (void)request;
    struct load_thing *l = find(arg, params, e);
    uint64_t interval_ns;
    int r;
    if (l == NULL)
        return e->code;
    if ((r = params_interval(params, &interval_ns, e)) < 0)
        return r;
    if (!l->connected || l->started)
        return err_set(e, -EINVAL, "%s: it %s", l->thing.id,
                       l->started ? "was started already" : "is not connected yet");
    const uint64_t start_ns = clock_now_ns() + json_u64_or(params, "delay_ns", 50 * NS_PER_MS);
    struct loop *loop = l->thing.node->loop;
    r = rows_start(&l->rows, &l->thing, start_ns, interval_ns);
    if (r >= 0)
        r = loop_add_timer(loop, start_ns, POLL_NS, poll_end, l, &l->poll);
    if (r < 0)
        err_set(e, r, "%s: timer: %s", l->thing.id, strerror(-r));
    else
        r = load_start(l->load, start_ns, e);
    if (r < 0) {
        rows_stop(&l->rows);
        loop_remove_timer(l->poll);
        l->poll = NULL;
        return r;
    }
    l->started = true;
    *ret_result = json_pack("{s:o}", "start_ns", json_u64(start_ns));
    return 0;
}

METHOD(method_load_stop)
{
    (void)request;
    (void)ret_result;
    struct load_thing *l = find(arg, params, e);
    if (l == NULL)
        return e->code;
    if (l->started && !l->done)
        load_stop(l->load);
    return 0;
}

METHOD(method_load_report)
{
    (void)request;
    struct load_thing *l = find(arg, params, e);
    if (l == NULL)
        return e->code;
    if (!l->done)
        return err_set(e, -EBUSY, "%s: it %s: wait for load.done", l->thing.id,
                       l->started ? "still runs" : "was not started");
    *ret_result = load_report_json(l->load);
    return *ret_result != NULL ? 0 : err_set(e, -ENOMEM, "%s: no memory for a report", l->thing.id);
}

METHOD(method_load_close)
{
    (void)request;
    (void)ret_result;
    struct load_thing *l = find(arg, params, e);
    if (l == NULL)
        return e->code;
    thing_close(&l->thing);
    return 0;
}
