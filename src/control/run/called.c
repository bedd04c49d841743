/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * called: who a load's traffic ends at, when that is not its generator itself: an appliance in the
 * generator's node, whose addresses the appliance under test is told in place of the load's own.
 * What it loses is the tester's fault. The loop's thread.
 */
#include "control/run/called.h"

#include <math.h>

#include "base/clock.h"

static const uint64_t call_ns = 30 * NS_PER_S;

static int open_it(struct trial *t, struct trial_load *l, const char *address, struct err *e)
{
    const struct plan_driver *d = l->plan->called;
    const uint64_t interval_ns = run_interval_ns(t->given.plan);
    const struct recorder_source source = {.node = &t->site.generator,
                                           .id = l->called,
                                           .kind = RECORDER_APPLIANCE,
                                           .interval_ns = interval_ns};
    json_t *answer = NULL, *columns;
    int r = nodelink_call(&t->site.generator, "appliance.open",
                          json_pack("{s:s, s:s, s:O, s:s}", "id", l->called, "type", d->type,
                                    "options", d->options, "address", address),
                          TRIAL_OPEN_NS, &answer, e);
    if (r == 0)
        r = json_need_array(answer, "columns", &columns, e);
    if (r == 0)
        r = recorder_add(&t->recorder, &source, columns, l->called, e);
    json_decref(answer);
    if (r == 0)
        r = nodelink_call(
            &t->site.generator, "appliance.watch",
            json_pack("{s:s, s:o}", "id", l->called, "interval_ns", json_u64(interval_ns)), call_ns,
            NULL, e);
    return r;
}

int called_open(struct trial *t, struct trial_load *l, json_t **peers, struct err *e)
{
    const char *address;
    json_t *answer = NULL, *endpoints;
    int r;
    if (l->plan->called == NULL)
        return 0;
    address = t->site.ops->tester_address(l->machine->host->platform, l->plan->network);
    l->called = arena_printf(&t->arena, "called.%s", l->entity);
    r = open_it(t, l, address != NULL ? address : "127.0.0.1", e);
    if (r == 0)
        r = nodelink_call(&t->site.generator, "appliance.endpoints",
                          json_pack("{s:s, s:O}", "id", l->called, "peers", *peers), call_ns,
                          &answer, e);
    if (r == 0)
        r = json_need_array(answer, "endpoints", &endpoints, e);
    if (r == 0) {
        json_incref(endpoints);
        json_decref(*peers);
        *peers = endpoints;
    }
    json_decref(answer);
    return r < 0 ? err_prefix(e, "who is called: ") : 0;
}

bool called_says_void(const struct trial *t, const struct trial_load *l, struct buf *why)
{
    static const char *const metrics[] = {"sip_receive_drops", "receive_drops"};
    for (size_t i = 0; l->called != NULL && i < sizeof metrics / sizeof *metrics; i++) {
        const double lost = recorder_appliance_sum(&t->recorder, l->called, metrics[i]);
        if (isfinite(lost) && lost > 0) {
            buf_printf(why, "%s%s: who is called had no room for %.0f packets",
                       why->size > 0 ? "; " : "", l->entity, lost);
            return true;
        }
    }
    return false;
}
