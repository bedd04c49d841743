/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * columns: see columns.h.
 */
#include "node/probe/columns.h"

#include "base/str.h"

size_t columns_add(struct sample_column *ret, size_t room, size_t at, const char *entity,
                   const char *metric, const char *unit, enum sample_kind kind)
{
    if (at < room) {
        str_printf(ret[at].entity, sizeof(ret[at].entity), "%s", entity);
        str_printf(ret[at].metric, sizeof(ret[at].metric), "%s", metric);
        str_printf(ret[at].unit, sizeof(ret[at].unit), "%s", unit);
        ret[at].kind = kind;
    }
    return at + 1;
}

size_t columns_put(double *values, size_t count, size_t at, double value)
{
    if (at < count) {
        values[at] = value;
    }
    return at + 1;
}
