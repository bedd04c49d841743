/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * params: readers of what several methods take. Pure but for the arena.
 */
#include "node/serve/params.h"

#include <errno.h>

#include "base/clock.h"
#include "io/addr.h"

int params_options(const json_t *params, const char *key, const struct opt *table, size_t size,
                   struct arena *a, void **ret, struct err *e)
{
    const json_t *object = json_object_get(params, key);
    void *options = arena_alloc(a, size > 0 ? size : 1);
    opt_defaults(table, options, size);
    if (object != NULL) {
        int r = opt_from_json(table, object, options, a, e);
        if (r < 0)
            return r;
    }
    *ret = options;
    return 0;
}

int params_driver(const json_t *params, enum driver_kind kind, struct arena *a,
                  struct driver *ret_driver, void **ret_options, struct err *e)
{
    const char *type;
    struct driver d;
    int r = json_need_str(params, "type", &type, e);
    if (r < 0 || (r = drivers_find(kind, type, &d, e)) < 0 ||
        (r = drivers_check_supported(&d, e)) < 0)
        return r;
    r = params_options(params, "options", d.options, d.options_size, a, ret_options, e);
    if (r < 0)
        return err_prefix(e, "%s %s: ", drivers_kind_name(kind), d.name);
    *ret_driver = d;
    return 0;
}

int params_addresses(const json_t *params, const char *key, struct arena *a,
                     struct sockaddr_storage **ret, size_t *ret_count, struct err *e)
{
    json_t *array;
    int r = json_need_array(params, key, &array, e);
    if (r < 0)
        return r;
    const size_t count = json_array_size(array);
    struct sockaddr_storage *list = ARENA_ARRAY(a, struct sockaddr_storage, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(array, i));
        if (text == NULL || addr_parse(&list[i], text) < 0)
            return err_set(e, -EINVAL, "%s: '%s' is no address (such as 10.0.0.1:5000)", key,
                           text != NULL ? text : "a value that is no text");
    }
    *ret = list;
    *ret_count = count;
    return 0;
}

json_t *params_addresses_to_json(const struct sockaddr_storage *list, size_t count)
{
    json_t *array = json_array();
    char text[ADDR_TEXT_MAX];
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_string(addr_format(&list[i], text, sizeof text)));
    return array;
}

int params_interval(const json_t *params, uint64_t *ret_ns, struct err *e)
{
    uint64_t interval_ns;
    int r = json_need_u64(params, "interval_ns", &interval_ns, e);
    if (r < 0)
        return r;
    if (interval_ns < NS_PER_MS)
        return err_set(e, -EINVAL, "interval_ns: 1 ms is the shortest");
    *ret_ns = interval_ns;
    return 0;
}
