/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * telephone: see telephone.h.
 */
#include "node/workload/telephone.h"

#include <errno.h>
#include <math.h>

static const double hour_s = 3600;

int telephone_rate(const struct telephone *t, double *ret_per_s, struct err *e)
{
    const int said = (t->rate_per_s > 0) + (t->erlang > 0) + (t->bhca > 0);

    if (said > 1) {
        return err_set(e, -EINVAL,
                       "rate, erlang, bhca: each says how many calls there are; one of "
                       "them");
    }
    if (t->erlang > 0 && t->hold_ns == 0) {
        return err_set(e, -EINVAL,
                       "erlang: so many calls at a time are how many a second? hold: "
                       "says how long one lasts (e.g. 60s)");
    }
    *ret_per_s = t->rate_per_s;
    if (t->erlang > 0) {
        *ret_per_s = t->erlang * 1e9 / (double)t->hold_ns;
    } else if (t->bhca > 0) {
        *ret_per_s = t->bhca * (double)(t->subscribers > 0 ? t->subscribers : 1) / hour_s;
    }
    return 0;
}

uint64_t telephone_streams(double erlang, double share_pct)
{
    const double streams = round(2 * erlang * share_pct / 100);

    return streams > 1 ? (uint64_t)streams : 1;
}
