/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * lasting: see the header. Attempts that are open when the drain ends make a trial void; those that
 * the warm-up was too short for only make its beginning quieter than the rest.
 */
#include "node/load/lasting.h"

#include <errno.h>

#include "base/clock.h"
#include "base/str.h"
#include "node/load/schedule.h"

enum { TEXT_MAX = 300, SPAN_MAX = 32 };
/* So many that begin too late on average: with random gaps none does once in 500 million trials. */
static const double surely = 20;

static bool is_steady(const struct load_options *o)
{
    return o->schedule.profile == PROFILE_CONSTANT || o->schedule.profile == PROFILE_POISSON;
}

static const char *lasts_word(const struct workload_shape *shape)
{
    return shape->attempt_is_least ? "lasts" : "may last";
}

static void note_warmup(const struct workload_shape *shape, const struct load_options *o,
                        const char *unit, json_t *notes)
{
    char text[TEXT_MAX], lasts[SPAN_MAX], warmup[SPAN_MAX];

    str_format_duration(shape->attempt_ns, lasts, sizeof(lasts));
    str_format_duration(o->warmup_ns, warmup, sizeof(warmup));
    str_printf(text, sizeof(text),
               "a %s %s %s and the warm-up %s: what is measured begins with fewer %ss at a time "
               "than later; warmup: %s or more lets all be there",
               unit, lasts_word(shape), lasts, warmup, unit, lasts);
    json_array_append_new(notes, json_string(text));
}

static int judge_drain(const struct workload_shape *shape, const struct load_options *o,
                       const char *unit, json_t *notes, struct err *e)
{
    const uint64_t beyond = shape->attempt_ns - o->drain_ns;
    const uint64_t late_ns = beyond < o->duration_ns ? beyond : o->duration_ns;
    const double late = shape->rate_per_s * (double)late_ns / (double)NS_PER_S;
    const bool is_sure = is_steady(o) && shape->attempt_is_least && late >= surely;
    char text[TEXT_MAX], lasts[SPAN_MAX], drain[SPAN_MAX], last[SPAN_MAX], enough[SPAN_MAX];

    str_format_duration(shape->attempt_ns, lasts, sizeof(lasts));
    str_format_duration(o->drain_ns, drain, sizeof(drain));
    str_format_duration(late_ns, last, sizeof(last));
    str_format_duration(shape->attempt_ns + 2 * NS_PER_S, enough, sizeof(enough));
    str_printf(
        text, sizeof(text),
        "a %s %s %s and the drain %s: those of the last %s are not over when it ends, and %s; "
        "drain: %s or more lets them end",
        unit, lasts_word(shape), lasts, drain, last,
        is_sure ? "no trial would be valid" : "one such makes the trial void", enough);
    if (is_sure) {
        return err_set(e, -EINVAL, "%s", text);
    }
    json_array_append_new(notes, json_string(text));
    return 0;
}

int lasting_check(const struct workload_ops *ops, const struct workload_shape *shape,
                  const struct load_options *o, json_t *notes, struct err *e)
{
    const char *unit = ops->unit != NULL ? ops->unit : "packet";

    if (shape->arrivals != WORKLOAD_OPEN) {
        return 0;
    }
    if (shape->attempt_ns > o->warmup_ns && is_steady(o)) {
        note_warmup(shape, o, unit, notes);
    }
    return shape->attempt_ns > o->drain_ns ? judge_drain(shape, o, unit, notes, e) : 0;
}
