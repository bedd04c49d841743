/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * calls_settle: calls that are open when the load is over: unanswered, or without time. See
 * calls.h.
 */
#include "base/clock.h"
#include "node/calls/calls_private.h"

static const uint64_t t1_ns = NS_PER_S / 2; /* RFC 3261 §17: then an answer is late */

uint64_t calls_without_user(const struct calls *c)
{
    return c->without_user;
}

static int kind_of_step(struct calls *c, uint32_t place)
{
    struct scenario_step_info step;

    scenario_get_step(c->parts[c->records[place].part].o.scenario,
                      call_get_step(calls_machine(c, place)), &step);
    return (int)step.kind;
}

/* Since when it has waited for the final answer to a request of its own; UINT64_MAX: for none. */
static uint64_t waits_since(struct calls *c, uint32_t place)
{
    const struct record *r = &c->records[place];
    const struct call_times *t = &r->times;

    if (t->register_ns != 0) {
        return t->register_ns;
    }
    if (t->invite_ns != 0 && !t->has_outcome) {
        return t->invite_ns;
    }
    if (t->bye_ns != 0) { /* who was late to answer the call too is overloaded */
        return t->invite_ns != 0 && t->answered_ns >= t->invite_ns + t1_ns ? t->invite_ns
                                                                           : t->bye_ns;
    }
    return !t->is_session && kind_of_step(c, place) == SCENARIO_RECV ? r->start_ns : UINT64_MAX;
}

static void count_for_good(struct calls *c, uint32_t place, enum call_cause cause)
{
    struct record *r = &c->records[place];

    figures_cause(r->figures, cause);
    failure_note(&r->figures->failure[cause], cause, calls_machine(c, place), NULL, 0);
    figures_ended(r->figures, &r->times);
    if (cause != CALL_GOOD || r->times.is_slow) {
        figures_count(r->figures, CALLS_INADEQUATE);
    }
    r->figures = NULL;
}

uint64_t calls_settle(struct calls *c, uint64_t at_ns)
{
    uint64_t unfinished = 0, since;

    for (uint32_t i = 0; i < c->roster.fresh; i++) {
        struct record *r = &c->records[i];
        struct part *p = &c->parts[r->part];

        if (r->figures == NULL || p->o.use != CALLS_MIXED) {
            continue;
        }
        since = waits_since(c, i);
        if (since < at_ns && at_ns - since >= t1_ns) {
            count_for_good(c, i, CALL_UNANSWERED);
        } else if (kind_of_step(c, i) == SCENARIO_TIMEWAIT) {
            count_for_good(c, i, CALL_GOOD);
        } else {
            unfinished += r->figures != &p->transient ? 1 : 0;
            r->figures = NULL;
        }
    }
    return unfinished;
}
