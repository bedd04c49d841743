/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * drivers: the registries of four rooms under one view. Constant; any thread.
 */
#include "node/serve/drivers.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "node/appliance/appliance.h"
#include "node/bench/bench.h"
#include "node/load/workload.h"
#include "node/probe/probe.h"

static const struct opt no_options[] = {OPT_END};

const char *drivers_kind_name(enum driver_kind kind)
{
    static const char *const names[DRIVER_KIND_COUNT] = {"workload", "appliance", "bench", "probe"};
    return names[kind];
}

/* The four contracts begin with the same members, but are of different types. */
#define VIEW(ops)                                                          \
    (struct driver)                                                        \
    {                                                                      \
        .name = (ops)->name, .summary = (ops)->summary,                    \
        .options = (ops)->options != NULL ? (ops)->options : no_options,   \
        .options_size = (ops)->options_size, .supported = (ops)->supported \
    }

int drivers_get(enum driver_kind kind, size_t i, struct driver *ret)
{
    struct driver d = {0};
    for (size_t n = 0; n <= i; n++) {
        if (kind == DRIVER_WORKLOAD && workload_registry[n] != NULL)
            d = VIEW(workload_registry[n]);
        else if (kind == DRIVER_APPLIANCE && appliance_registry[n] != NULL)
            d = VIEW(appliance_registry[n]);
        else if (kind == DRIVER_BENCH && bench_registry[n] != NULL)
            d = VIEW(bench_registry[n]);
        else if (kind == DRIVER_PROBE && probe_registry[n] != NULL)
            d = VIEW(probe_registry[n]);
        else
            return -ENOENT;
    }
    *ret = d;
    return 0;
}

int drivers_find(enum driver_kind kind, const char *name, struct driver *ret, struct err *e)
{
    char list[ERR_TEXT_MAX / 2] = "";
    const char *near = NULL;
    size_t used = 0;
    unsigned best = 3;
    struct driver d;
    for (size_t i = 0; drivers_get(kind, i, &d) == 0; i++) {
        if (strcmp(d.name, name) == 0) {
            *ret = d;
            return 0;
        }
        used += str_printf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", d.name);
        unsigned distance = str_edit_distance(d.name, name);
        if (distance < best && distance < strlen(d.name)) {
            best = distance;
            near = d.name;
        }
    }
    if (near != NULL)
        return err_set(e, -EINVAL, "there is no %s '%s' (did you mean %s?)",
                       drivers_kind_name(kind), name, near);
    return err_set(e, -EINVAL, "there is no %s '%s' (there is %s)", drivers_kind_name(kind), name,
                   list);
}

int drivers_check_supported(const struct driver *d, struct err *e)
{
    return d->supported != NULL ? d->supported(e) : 0;
}

static json_t *driver_to_json(const struct driver *d)
{
    struct err why = {0};
    const bool supported = drivers_check_supported(d, &why) >= 0;
    json_t *object = json_pack("{s:s, s:s, s:o, s:b}", "name", d->name, "summary", d->summary,
                               "options", opt_table_to_json(d->options), "supported", supported);
    if (!supported)
        json_object_set_new(object, "reason", json_string(why.text));
    return object;
}

/* The metrics of a workload: counters and summary, by name. Absent when it does not tell. */
static void add_metrics(json_t *object, const struct workload_ops *ops)
{
    json_t *all = json_array();
    for (const struct workload_counter *c = ops->counters; c->name != NULL; c++)
        json_array_append_new(all, json_string(c->name));
    for (const char *const *name = ops->metrics; *name != NULL; name++)
        json_array_append_new(all, json_string(*name));
    json_object_set_new(object, "metrics", all);
}

/* {option: reason} of those that have nothing but their default here. */
static void add_lacks(json_t *object, const struct workload_ops *ops)
{
    json_t *lacks = json_object();
    for (const struct opt *o = ops->options; o != NULL && o->name != NULL; o++) {
        struct err why = {0};
        if (ops->option_supported(o->name, &why) < 0)
            json_object_set_new(lacks, o->name, json_string(why.text));
    }
    json_object_set_new(object, "lacks", lacks);
}

json_t *drivers_to_json(void)
{
    json_t *all = json_object();
    for (int kind = 0; kind < DRIVER_KIND_COUNT; kind++) {
        json_t *list = json_array();
        struct driver d;
        for (size_t i = 0; drivers_get((enum driver_kind)kind, i, &d) == 0; i++) {
            json_t *object = driver_to_json(&d);
            if (kind == DRIVER_WORKLOAD && workload_registry[i]->metrics != NULL)
                add_metrics(object, workload_registry[i]);
            if (kind == DRIVER_WORKLOAD && workload_registry[i]->option_supported != NULL)
                add_lacks(object, workload_registry[i]);
            json_array_append_new(list, object);
        }
        json_object_set_new(all, drivers_kind_name((enum driver_kind)kind), list);
    }
    return all;
}
