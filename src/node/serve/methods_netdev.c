/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * methods_netdev: interfaces of the node's machine. The loop's thread.
 */
#include "node/serve/methods.h"

#include <errno.h>

#include "io/ethtool.h"

static int read_figure(const json_t *params, const char *name, bool *ret_has, uint32_t *ret,
                       struct err *e)
{
    const json_t *value = json_object_get(params, name);
    if (value == NULL)
        return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > UINT32_MAX)
        return err_set(e, -EINVAL, "%s: a whole number", name);
    *ret_has = true;
    *ret = (uint32_t)json_integer_value(value);
    return 0;
}

static json_t *to_json(const struct ethtool_wait *c)
{
    json_t *o = json_object();
    if (c->has_rx_usecs)
        json_object_set_new(o, "rx_usecs", json_integer(c->rx_usecs));
    if (c->has_rx_frames)
        json_object_set_new(o, "rx_frames", json_integer(c->rx_frames));
    return o;
}

METHOD(method_netdev_coalesce)
{
    (void)arg;
    (void)request;
    struct ethtool_wait want = {0}, before, now;
    const char *interface;
    int r = json_need_str(params, "interface", &interface, e);
    if (r == 0)
        r = read_figure(params, "rx_usecs", &want.has_rx_usecs, &want.rx_usecs, e);
    if (r == 0)
        r = read_figure(params, "rx_frames", &want.has_rx_frames, &want.rx_frames, e);
    if (r == 0)
        r = ethtool_get_coalesce(interface, &before, e);
    if (r == 0)
        r = ethtool_set_coalesce(interface, &want, e);
    if (r == 0)
        r = ethtool_get_coalesce(interface, &now, e);
    if (r == 0)
        *ret_result = json_pack("{s:o, s:o}", "before", to_json(&before), "now", to_json(&now));
    return r;
}
