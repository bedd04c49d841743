/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * health: see health.h. Pure.
 */
#include "node/load/health.h"

#include <inttypes.h>
#include <math.h>

#include "base/str.h"

static char *add(struct health_reasons *r)
{
    return r->text[r->count < HEALTH_REASONS_MAX - 1 ? r->count++ : r->count];
}

static void check_times(const struct health *h, const struct health_limits *l,
                        struct health_reasons *ret)
{
    char value[32], limit[32];

    if (h->lateness_p99_ns > l->lateness_ns) {
        str_format_short_duration(h->lateness_p99_ns, value, sizeof(value));
        str_format_duration(l->lateness_ns, limit, sizeof(limit));
        str_printf(add(ret), HEALTH_REASON_MAX,
                   "the generator sent late: 99 %% within %s, the limit is %s", value, limit);
    }
    if (h->pause_ns > l->pause_ns) {
        str_format_short_duration(h->pause_ns, value, sizeof(value));
        str_format_duration(l->pause_ns, limit, sizeof(limit));
        str_printf(add(ret), HEALTH_REASON_MAX, "the generator stood still for %s, the limit is %s",
                   value, limit);
    }
    if (h->clock_step_ns > l->clock_step_ns) {
        str_format_short_duration(h->clock_step_ns, value, sizeof(value));
        str_format_duration(l->clock_step_ns, limit, sizeof(limit));
        str_printf(add(ret), HEALTH_REASON_MAX,
                   "the generator's clock was stepped by %s, the limit is %s", value, limit);
    }
}

void health_check(const struct health *h, const struct health_limits *l, struct health_reasons *ret)
{
    ret->count = 0;
    if (h->socket_drops > 0) {
        str_printf(add(ret), HEALTH_REASON_MAX,
                   "the generator's receive queue dropped %" PRIu64 " packets", h->socket_drops);
    }
    if (h->send_failures > 0) {
        str_printf(add(ret), HEALTH_REASON_MAX,
                   "the generator's kernel refused %" PRIu64 " packets", h->send_failures);
    }
    check_times(h, l, ret);
    if (!isnan(h->steal_pct) && h->steal_pct > l->steal_pct) {
        str_printf(
            add(ret), HEALTH_REASON_MAX,
            "the generator's CPUs were stolen by its host for %.2f %% of the time, the limit "
            "is %g %%",
            h->steal_pct, l->steal_pct);
    }
    if (!isnan(h->wait_pct) && h->wait_pct > l->wait_pct) {
        str_printf(
            add(ret), HEALTH_REASON_MAX,
            "a generator thread waited for a CPU for %.2f %% of the time, the limit is %g %%",
            h->wait_pct, l->wait_pct);
    }
    if (h->achieved_pct < l->achieved_pct) {
        str_printf(add(ret), HEALTH_REASON_MAX,
                   "the generator sent %.3f %% of the load it should, the limit is %g %%",
                   h->achieved_pct, l->achieved_pct);
    }
}
