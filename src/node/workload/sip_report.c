/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip_report: the report of a load of calls: all together, each scenario, each step with what
 * TS 186 008 says of it, and the form of RFC 7502 §5. The owner's thread, after the workers.
 */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "node/load/schedule.h"
#include "node/workload/sip_private.h"

struct shards {
    void *const *all;
    uint32_t count;
    struct calls_figures **room; /* for the figures of all scenarios, levels and shards */
};

static struct calls *calls_of(const struct shards *s, uint32_t i)
{
    return ((const struct sip_shard *)s->all[i])->calls;
}

/* Figures of the scenarios from..to-1 at the levels low..high, of every shard, into the room. */
static size_t collect(struct shards *s, uint32_t from, uint32_t to, uint32_t low, uint32_t high)
{
    size_t n = 0;

    for (uint32_t i = 0; i < s->count; i++) {
        for (uint32_t part = from; part < to; part++) {
            for (uint32_t level = low; level <= high; level++) {
                s->room[n] = calls_get_part_figures(calls_of(s, i), part, level);
                n += s->room[n] != NULL ? 1 : 0;
            }
        }
    }
    return n;
}

static uint64_t total(const struct shards *s, size_t n, enum calls_count what)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum += atomic_load(&s->room[i]->count[what]);
    }
    return sum;
}

/* How many are begun by the load: the first ones. */
static uint32_t mixed(const struct sip_state *s)
{
    uint32_t n = 0;

    while (n < s->parts.count && s->parts.part[n].use == CALLS_MIXED) {
        n++;
    }
    return n;
}

static uint32_t levels_of(const struct sip_state *s)
{
    return s->level != NULL && s->level->options.profile == PROFILE_STEPS ? s->level->step_count
                                                                          : 0;
}

/* ---- steps of the load ---- */

/* The measured time of a level without its transients: it may come again and again. */
static double level_seconds(const struct sip_state *s, uint32_t level, uint64_t to_ns)
{
    const uint64_t length = s->level->options.step_time_ns, skip = s->options->transient_ns;
    uint64_t sum = 0, from = s->start_ns + level * length;

    for (; from < to_ns; from += length * s->level->step_count) {
        uint64_t low = from + skip > s->from_ns ? from + skip : s->from_ns;
        uint64_t high = from + length < to_ns ? from + length : to_ns;

        sum += high > low ? high - low : 0;
    }
    return (double)sum / (double)NS_PER_S;
}

/* The whole time that counts: with steps, without their transients. */
static double measured_seconds(const struct sip_state *s, uint64_t to_ns)
{
    double sum = 0;

    for (uint32_t i = 0; i < levels_of(s); i++) {
        sum += level_seconds(s, i, to_ns);
    }
    if (levels_of(s) == 0 && to_ns > s->from_ns) {
        sum = (double)(to_ns - s->from_ns) / (double)NS_PER_S;
    }
    return sum > 0 ? sum : (double)NAN;
}

static json_t *report_level(struct shards *shards, const struct sip_state *s, uint32_t level,
                            uint64_t to_ns)
{
    double seconds = level_seconds(s, level, to_ns);
    size_t n = collect(shards, 0, mixed(s), level + 1, level + 1);
    json_t *o = figures_sum_to_json(shards->room, n, seconds);
    uint64_t attempts = total(shards, n, CALLS_BEGUN), bad = total(shards, n, CALLS_INADEQUATE);

    json_object_set_new(o, "level_pct", json_real(100 * s->level->steps[level]));
    json_object_set_new(o, "offered_cps",
                        json_figure(s->options->rate_per_s * s->level->steps[level]));
    json_object_set_new(o, "seconds", json_figure(seconds));
    json_object_set_new(o, "attempts", json_u64(attempts));
    json_object_set_new(o, "inadequate", json_u64(bad));
    json_object_set_new(o, "meets_objective",
                        attempts == 0
                            ? json_null()
                            : json_boolean(100.0 * (double)bad <=
                                           s->options->design_objective_pct * (double)attempts));
    return o;
}

/* TS 186 008: the highest offered rate up to which every step meets the design objective. */
static double find_capacity(const json_t *levels)
{
    double failed = INFINITY, best = NAN;
    const json_t *level;
    size_t i;

    json_array_foreach(levels, i, level)
    {
        double offered = json_number_or(level, "offered_cps", INFINITY);
        if (json_is_false(json_object_get(level, "meets_objective"))) {
            failed = fmin(failed, offered);
        }
    }
    json_array_foreach(levels, i, level)
    {
        double offered = json_number_or(level, "offered_cps", INFINITY);
        if (json_is_true(json_object_get(level, "meets_objective")) && offered < failed) {
            best = isnan(best) ? offered : fmax(best, offered);
        }
    }
    return best;
}

static void report_levels(struct shards *shards, const struct sip_state *s, json_t *o,
                          uint64_t to_ns)
{
    json_t *all = json_array();
    size_t n;

    for (uint32_t i = 0; i < levels_of(s); i++) {
        json_array_append_new(all, report_level(shards, s, i, to_ns));
    }
    json_object_set_new(json_object_get(o, "metrics"), "design_objective_capacity_cps",
                        json_figure(find_capacity(all)));
    if (levels_of(s) > 0) {
        n = collect(shards, 0, mixed(s), levels_of(s) + 1, levels_of(s) + 1);
        json_object_set_new(o, "transients",
                            json_pack("{s:I, s:I}", "attempts",
                                      (json_int_t)total(shards, n, CALLS_BEGUN), "inadequate",
                                      (json_int_t)total(shards, n, CALLS_INADEQUATE)));
        json_object_set_new(o, "load_steps", all);
    } else {
        json_decref(all);
    }
}

/* ---- the form of RFC 7502 §5 ---- */

static json_t *report_form(const struct shards *s, size_t n, const struct sip_state *state,
                           const json_t *metrics)
{
    static const char *const strategies[] = {"one for all sessions", "one a session",
                                             "one a source address"};
    static const char *const rates[] = {"session_establishment_rate_sps", "registration_rate_rps",
                                        "reregistration_rate_rps"};
    const struct sip_options *o = state->options;
    uint64_t attempts = total(s, n, CALLS_ATTEMPTS) + total(s, n, CALLS_REGISTRATIONS);
    bool is_clean = attempts > 0 && total(s, n, CALLS_ATTEMPT_FAILED) == 0;
    json_t *form = json_object();

    json_object_set_new(form, "transport", json_string(setup_protocols[o->setup.protocol]));
    json_object_set_new(form, "connections", json_string(strategies[o->sharing]));
    json_object_set_new(form, "session_attempt_rate_sps", json_real(o->rate_per_s));
    json_object_set(form, "session_duration_ms.mean", json_object_get(metrics, "sdt_ms.mean"));
    json_object_set_new(form, "sessions_attempted", json_u64(attempts));
    json_object_set_new(form, "attempts_failed", json_u64(total(s, n, CALLS_ATTEMPT_FAILED)));
    json_object_set_new(form, "establishment_threshold_s",
                        json_real((double)o->threshold_ns / (double)NS_PER_S));
    json_object_set_new(form, "authentication", json_boolean(o->setup.auth_user != NULL));
    /* A rate counts only when no attempt failed (§4.10). */
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        json_t *rate = is_clean ? json_object_get(metrics, rates[i]) : NULL;
        json_object_set_new(form, rates[i], rate != NULL ? json_incref(rate) : json_null());
    }
    return form;
}

/* ---- scenarios ---- */

#define NAME(id, name, unit) name,
static const char *const count_names[CALLS_COUNTS] = {CALLS_COUNT_LIST(NAME)};

/* What the load's counters are of all scenarios, of those in the room. */
static json_t *report_counts(const struct shards *s, size_t n)
{
    json_t *o = json_object();

    for (int i = 0; i < CALLS_COUNTS; i++) {
        json_object_set_new(o, count_names[i], json_u64(total(s, n, (enum calls_count)i)));
    }
    return o;
}

static json_t *report_part(struct shards *s, const struct sip_state *state, uint32_t part,
                           double window_s)
{
    static const char *const uses[] = {"mix", "beforehand", "answers", "strays"};
    const struct calls_part *p = &state->parts.part[part];
    size_t n = collect(s, part, part + 1, 0, levels_of(state));
    json_t *o = figures_to_json(p->scenario, s->room, n,
                                p->use == CALLS_BEFOREHAND ? (double)NAN : window_s);

    json_object_set_new(o, "counts", report_counts(s, n));
    json_object_set_new(o, "name", json_string(state->parts.name[part]));
    json_object_set_new(o, "use", json_string(uses[p->use]));
    if (p->use == CALLS_MIXED) {
        json_object_set_new(o, "weight", json_real(p->weight));
    }
    return o;
}

static void report_users(const struct shards *s, json_t *o)
{
    uint64_t count = 0, registered = 0;

    for (uint32_t i = 0; i < s->count; i++) {
        const struct users *u = calls_get_users(calls_of(s, i));
        count += u->count;
        registered += u->known[USERS_REGISTERED];
    }
    if (count > 0) {
        json_object_set_new(o, "users",
                            json_pack("{s:I, s:I}", "count", (json_int_t)count, "registered",
                                      (json_int_t)registered));
    }
}

static void report_facts(const struct shards *s, const struct sip_state *state, json_t *o)
{
    static const char *const timestamps[] = {"kernel (SO_TIMESTAMPNS)", "read time", "read time"};
    const struct sip_options *options = state->options;
    size_t store = 0;

    json_object_set_new(o, "protocol", json_string(setup_protocols[options->setup.protocol]));
    json_object_set_new(o, "sharing", json_string(sip_sharings[options->sharing]));
    json_object_set_new(o, "timestamps", json_string(timestamps[options->setup.protocol]));
    for (uint32_t i = 0; i < s->count; i++) {
        store += calls_store_bytes(calls_of(s, i));
    }
    if (s->count > 0) {
        json_object_set_new(o, "bytes_per_call", json_u64(calls_bytes_per_call(calls_of(s, 0))));
        json_object_set_new(o, "saved_messages_bytes", json_u64(store));
    }
}

json_t *sip_summarize(void *given, void *const shards[], uint32_t count)
{
    const struct sip_state *state = given;
    struct shards s = {shards, count, NULL};
    uint64_t now = clock_now_ns(), to = now < state->to_ns ? now : state->to_ns; /* cut short */
    double window_s = measured_seconds(state, to);
    json_t *o, *scenarios;
    size_t n;

    s.room = calloc((size_t)count * CALLS_PARTS_MAX * (CALLS_LEVELS_MAX + 2) + 1,
                    sizeof(struct calls_figures *));
    if (s.room == NULL) {
        return json_object();
    }
    if (state->parts.count == 1) {
        o = figures_to_json(state->parts.part[0].scenario, s.room,
                            collect(&s, 0, 1, 0, levels_of(state)), window_s);
    } else {
        o = figures_sum_to_json(s.room, collect(&s, 0, mixed(state), 0, levels_of(state)),
                                window_s);
        scenarios = json_array();
        for (uint32_t i = 0; i < state->parts.count; i++) {
            json_array_append_new(scenarios, report_part(&s, state, i, window_s));
        }
        json_object_set_new(o, "scenarios", scenarios);
    }
    n = collect(&s, 0, mixed(state), 0, levels_of(state));
    json_object_set_new(o, "rfc7502", report_form(&s, n, state, json_object_get(o, "metrics")));
    report_levels(&s, state, o, to);
    report_users(&s, o);
    report_facts(&s, state, o);
    sip_report_media(o, shards, count);
    free(s.room);
    return o;
}
