/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pairing: see pairing.h.
 */
#include "node/serve/pairing.h"

#include <errno.h>

#include "base/arena.h"
#include "node/appliance/appliance.h"
#include "node/serve/params.h"

static bool rewrites(const struct appliance_ops *ops, const json_t *appliance)
{
    struct arena a;
    void *options;
    arena_init(&a);
    const bool does = params_options(appliance, "options", ops->options, ops->options_size, &a,
                                     &options, NULL) == 0 &&
                      ops->rewrites(options);
    arena_finish(&a);
    return does;
}

/* links: -1: not known. */
static int check_router(const struct workload_shape *shape, const char *name, int64_t links,
                        struct err *e)
{
    if (links >= 0 && links < 2)
        return err_set(e, -EINVAL,
                       "to: appliance %s needs a machine with two links of its own, and this one "
                       "has %s: links: [west, east]; on platform native with platform_options: "
                       "{network: own}",
                       name, links == 0 ? "none" : "one");
    if (!shape->frames)
        return err_set(e, -EINVAL,
                       "to: appliance %s hands on whole frames, which come back by its other "
                       "link: type: flow, frames: yes",
                       name);
    return 0;
}

int pairing_check(const struct workload_shape *shape, const json_t *appliance, struct err *e)
{
    const struct appliance_ops *ops = appliance_find(json_str_or(appliance, "type", ""));
    if (ops != NULL && ops->is_router)
        return check_router(shape, ops->name,
                            json_integer_value(json_object_get(appliance, "links")) -
                                (json_object_get(appliance, "links") == NULL),
                            e);
    if (!shape->is_stamped || ops == NULL || ops->rewrites == NULL || !rewrites(ops, appliance))
        return 0;
    return err_set(e, -EINVAL,
                   "match: appliance %s with work: %s changes what packets carry, so that none "
                   "would be known again: wants match: sequence",
                   ops->name, json_str_or(json_object_get(appliance, "options"), "work", ""));
}
