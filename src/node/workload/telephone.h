/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * telephone: telephone traffic as people who plan exchanges say it, as calls a second and as media
 * streams. Traffic in Erlang is how many calls there are at a time on average: A = rate * hold
 * (ITU-T E.600). Pure; any thread.
 */
#ifndef VAPERF_NODE_WORKLOAD_TELEPHONE_H
#define VAPERF_NODE_WORKLOAD_TELEPHONE_H

#include <stdint.h>

#include "base/err.h"

struct telephone { /* 0: not said */
    double rate_per_s;
    double erlang;
    double bhca;          /* busy hour call attempts, of each subscriber */
    uint64_t subscribers; /* matter to bhca alone; 0: 1 */
    uint64_t hold_ns;
};

/* Calls a second, from the one way in which they are said: rate_per_s, erlang with hold_ns, or
 * bhca; 0 when none is. -EINVAL: two are, or one lacks its other half. */
int telephone_rate(const struct telephone *t, double *ret_per_s, struct err *e);

/* Media streams of so many Erlang, two a call, when this share of all calls has media; at least 1.
 */
uint64_t telephone_streams(double erlang, double share_pct);

#endif
