/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip_hold: do calls last as long as `hold` says? It is the length of a pause that has none of its
 * own; what else a scenario does is its own affair, and then hold and erlang would say what is not.
 * One thread.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "node/workload/sip_private.h"

enum { SPAN_MAX = 32 };

/* What a scenario's pauses are. */
struct pauses {
    unsigned open;  /* without a length: they last as long as hold */
    int fixed_line; /* of the first one with a length, 0: none has */
    bool calls;     /* it sends an INVITE */
};

static struct pauses look_at(const struct scenario *s)
{
    struct pauses p = {0};

    for (unsigned i = 0; i < scenario_step_count(s); i++) {
        struct scenario_step_info step;

        scenario_get_step(s, i, &step);
        p.calls |= step.kind == SCENARIO_SEND && strcmp(step.text, "INVITE") == 0;
        if (step.kind == SCENARIO_PAUSE && step.has_length) {
            p.fixed_line = p.fixed_line > 0 ? p.fixed_line : step.line;
        } else if (step.kind == SCENARIO_PAUSE) {
            p.open++;
        }
    }
    return p;
}

static int refuse_unled(const char *name, const struct pauses *p, const char *hold, struct err *e)
{
    static const char right[] = "a <pause/> without a length lasts as long as hold (or rate "
                                "instead of erlang and hold)";

    return p->fixed_line > 0
               ? err_set(e, -EINVAL,
                         "hold %s: calls of scenario %s last as long as its own pauses say (line "
                         "%d); %s",
                         hold, name, p->fixed_line, right)
               : err_set(e, -EINVAL, "hold %s: scenario %s has no pause that it could be; %s", hold,
                         name, right);
}

/* So many at a time are there only when each lasts as long as the rate was made for. */
static int check_erlang(const char *name, const struct scenario *s, const struct sip_options *o,
                        struct err *e)
{
    char hold[SPAN_MAX], lasts[SPAN_MAX];
    bool is_least;
    const uint64_t ns = scenario_lasts_ns(s, &is_least);

    if (!is_least || ns == o->hold_ns) {
        return 0;
    }
    str_format_duration(o->hold_ns, hold, sizeof(hold));
    str_format_duration(ns, lasts, sizeof(lasts));
    return err_set(e, -EINVAL,
                   "erlang: calls of scenario %s last %s by all their pauses, not hold %s: let one "
                   "<pause/> be all of it, or say rate instead of erlang",
                   name, lasts, hold);
}

int sip_check_hold(const struct sip_parts *p, const struct sip_options *o, struct err *e)
{
    char hold[SPAN_MAX];
    bool is_led = false;

    str_format_duration(o->hold_ns, hold, sizeof(hold));
    for (uint32_t i = 0; i < p->count && o->hold_ns > 0; i++) {
        const struct scenario *s = p->part[i].scenario;
        const struct pauses found = look_at(s);
        int result = 0;

        if (p->part[i].use != CALLS_MIXED) {
            continue;
        }
        is_led |= found.open > 0;
        if (found.open == 0 && (found.calls || o->erlang > 0)) {
            result = refuse_unled(p->name[i], &found, hold, e);
        } else if (o->erlang > 0) {
            result = check_erlang(p->name[i], s, o, e);
        }
        if (result < 0) {
            return result;
        }
    }
    return o->hold_ns == 0 || is_led ? 0 : refuse_unled(p->name[0], &(struct pauses){0}, hold, e);
}
