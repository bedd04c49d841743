/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * methods_probe: samples by request: sets of probes read at an interval; and the facts of the host.
 * The loop's thread.
 */
#include "node/serve/methods.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "node/host/facts.h"
#include "node/probe/sampler.h"
#include "node/serve/params.h"
#include "node/serve/rows.h"
#include "node/serve/thing.h"
#include "rpc/sample.h"
#include "version.h"

struct probes {
    struct thing thing;
    struct sampler *sampler;
    struct rows rows;
};

static void close_probes(struct thing *t)
{
    struct probes *p = (struct probes *)t;
    rows_stop(&p->rows);
    sampler_destroy(p->sampler);
}

static const struct thing_kind probes_kind = {"probe", sizeof(struct probes), close_probes};

METHOD(method_facts)
{
    (void)arg;
    (void)request;
    (void)params;
    (void)e;
    *ret_result = json_pack("{s:o}", "host", facts_collect(VAPERF_VERSION));
    return 0;
}

static int add_probes(struct probes *p, const json_t *params, struct err *e)
{
    json_t *list, *one;
    size_t i;
    int r = json_need_array(params, "probes", &list, e);
    if (r < 0)
        return r;
    json_array_foreach(list, i, one)
    {
        struct driver d;
        void *options;
        if ((r = params_driver(one, DRIVER_PROBE, &p->thing.arena, &d, &options, e)) < 0)
            return r;
        r = sampler_add(p->sampler, probe_find(d.name), options, json_str_or(one, "entity", NULL),
                        e);
        if (r < 0)
            return r;
    }
    return json_array_size(list) > 0 ? 0 : err_set(e, -EINVAL, "probes: the list is empty");
}

static void read_row(struct thing *t, uint64_t at_ns, double *ret_values, size_t count)
{
    sampler_row(((struct probes *)t)->sampler, at_ns, ret_values, count);
}

static int start_probes(struct probes *p, const json_t *params, json_t **ret_result, struct err *e)
{
    uint64_t interval_ns;
    int r = params_interval(params, &interval_ns, e);
    if (r < 0 || (r = sampler_create(&p->sampler, e)) < 0)
        return r;
    if ((r = add_probes(p, params, e)) < 0) {
        sampler_destroy(p->sampler);
        return r;
    }
    const size_t count = sampler_columns(p->sampler, NULL, 0);
    struct sample_column *columns = ARENA_ARRAY(&p->thing.arena, struct sample_column, count);
    sampler_columns(p->sampler, columns, count);
    p->rows.read = read_row;
    p->rows.count = count;
    r = rows_start(&p->rows, &p->thing, clock_now_ns(), interval_ns);
    if (r < 0) {
        sampler_destroy(p->sampler);
        return err_set(e, r, "%s: timer: %s", p->thing.id, strerror(-r));
    }
    *ret_result = json_pack("{s:o}", "columns", sample_columns_to_json(columns, count));
    return 0;
}

METHOD(method_probe_start)
{
    (void)request;
    struct probes *p = (struct probes *)thing_create(arg, &probes_kind, params, e);
    if (p == NULL)
        return e->code;
    int r = start_probes(p, params, ret_result, e);
    if (r < 0) {
        thing_discard(&p->thing);
        return r;
    }
    thing_add(&p->thing);
    return 0;
}

METHOD(method_probe_stop)
{
    (void)request;
    struct probes *p = (struct probes *)thing_find(arg, &probes_kind, params, e);
    if (p == NULL)
        return e->code;
    struct sampler_cost cost;
    rows_send(&p->rows);
    sampler_cost(p->sampler, &cost);
    const double mean = cost.samples > 0 ? (double)cost.wall_ns / 1e3 / (double)cost.samples : 0;
    *ret_result = json_pack("{s:o, s:f, s:f, s:o}", "samples", json_u64(cost.samples),
                            "cost_us_mean", mean, "cost_us_max", (double)cost.wall_max_ns / 1e3,
                            "cpu_pct", json_figure(cost.cpu_pct));
    thing_close(&p->thing);
    return 0;
}
