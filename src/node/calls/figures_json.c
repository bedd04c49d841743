/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * figures_json: the figures of all shards as one report. What is not known is null, never
 * invented. The owner's thread; shards may still write.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "node/calls/figures.h"

struct sums {
    uint64_t count[CALLS_COUNTS], cause[CALL_CAUSE_COUNT];
    struct hist *all, *one; /* merged, and a copy of one shard's */
};

static uint64_t read_one(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static double share_pct(uint64_t part, uint64_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : (double)NAN;
}

/* ---- times ---- */

static const struct {
    const char *name;
    double pct;
} points[] = {{"p50", 50}, {"p90", 90}, {"p95", 95}, {"p99", 99}, {"p99.9", 99.9}};

static void set_point(json_t *o, const char *stem, const char *point, double ns)
{
    char name[64];

    str_printf(name, sizeof(name), "%s.%s", stem, point);
    json_object_set_new(o, name, json_figure(ns / 1e6));
}

/* {"srd_ms.p50": 0.3, ...}; null where nothing was timed. */
static void set_times(json_t *o, const char *stem, const struct hist *h)
{
    bool any = h->total > 0;

    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        set_point(o, stem, points[i].name,
                  any ? (double)hist_percentile(h, points[i].pct) : (double)NAN);
    }
    set_point(o, stem, "mean", any ? hist_mean(h) : (double)NAN);
    set_point(o, stem, "max", any ? (double)h->max : (double)NAN);
}

static void merge(struct sums *s, const struct hist *from)
{
    hist_snapshot(from, s->one);
    hist_merge(s->all, s->one);
}

/* The times first, in the order of enum calls_time. */
const char *const figures_metrics[] = {FIGURES_METRICS, NULL};

static void report_times(json_t *metrics, json_t *hists, struct sums *s,
                         struct calls_figures *const all[], size_t count)
{
    for (int t = 0; t < CALLS_TIMES; t++) {
        hist_reset(s->all);
        for (size_t i = 0; i < count; i++) {
            merge(s, all[i]->time[t]);
        }
        set_times(metrics, figures_metrics[t], s->all);
        json_object_set_new(hists, figures_metrics[t], hist_to_json(s->all));
    }
}

/* Every response time of the scenario by its name: from the actual send and from the intended. */
static json_t *report_rtds(const struct scenario *scenario, struct sums *s,
                           struct calls_figures *const all[], size_t count)
{
    json_t *o = json_object();
    const char *name;

    for (unsigned r = 0; (name = scenario_rtd_name(scenario, r)) != NULL; r++) {
        json_t *one = json_object();
        for (int intended = 0; intended < 2; intended++) {
            hist_reset(s->all);
            for (size_t i = 0; i < count; i++) {
                if (r >= all[i]->rtd_count) {
                    continue; /* of a level: it has none */
                }
                merge(s, intended != 0 ? all[i]->rtd_intended[r] : all[i]->rtd_sent[r]);
            }
            set_times(one, intended != 0 ? "from_intended_ms" : "from_sent_ms", s->all);
        }
        json_object_set_new(one, "count", json_u64(s->all->total));
        json_object_set_new(o, name, one);
    }
    return o;
}

/* ---- counts ---- */

static void report_sessions(json_t *o, const struct sums *s, double window_s)
{
    const uint64_t *c = s->count;
    uint64_t attempts = c[CALLS_ATTEMPTS], kept = attempts - c[CALLS_REDIRECTED];
    uint64_t effective = c[CALLS_ESTABLISHED] + c[CALLS_EFFECTIVE];

    json_object_set_new(o, "session_establishment_ratio_pct",
                        json_figure(share_pct(c[CALLS_ESTABLISHED], kept)));
    json_object_set_new(o, "session_establishment_effectiveness_ratio_pct",
                        json_figure(share_pct(effective, kept)));
    json_object_set_new(o, "ineffective_session_attempts_pct",
                        json_figure(share_pct(c[CALLS_INEFFECTIVE], attempts)));
    json_object_set_new(
        o, "session_completion_ratio_pct",
        json_figure(attempts > 0 ? share_pct(c[CALLS_SUCCESSFUL], c[CALLS_BEGUN]) : (double)NAN));
    json_object_set_new(
        o, "ineffective_registration_attempts_pct",
        json_figure(share_pct(c[CALLS_REGISTER_INEFFECTIVE], c[CALLS_REGISTRATIONS])));
    json_object_set_new(o, "session_attempt_rate_sps", json_figure((double)attempts / window_s));
    json_object_set_new(o, "session_establishment_rate_sps",
                        json_figure((double)c[CALLS_ESTABLISHED] / window_s));
    json_object_set_new(
        o, "registration_rate_rps",
        json_figure((double)(c[CALLS_REGISTERED] - c[CALLS_REREGISTERED]) / window_s));
    json_object_set_new(o, "reregistration_rate_rps",
                        json_figure((double)c[CALLS_REREGISTERED] / window_s));
    json_object_set_new(
        o, "attempts_failed_pct",
        json_figure(share_pct(c[CALLS_ATTEMPT_FAILED], attempts + c[CALLS_REGISTRATIONS])));
}

static void report_calls(json_t *o, const struct sums *s, double window_s)
{
    const uint64_t *c = s->count;
    uint64_t ended = c[CALLS_SUCCESSFUL] + c[CALLS_FAILED];

    json_object_set_new(o, "failed", json_u64(c[CALLS_FAILED]));
    json_object_set_new(o, "failed_pct", json_figure(share_pct(c[CALLS_FAILED], c[CALLS_BEGUN])));
    json_object_set_new(o, "successful", json_u64(c[CALLS_SUCCESSFUL]));
    json_object_set_new(o, "unfinished",
                        json_u64(c[CALLS_BEGUN] > ended ? c[CALLS_BEGUN] - ended : 0));
    json_object_set_new(o, "ihsa_pct", json_figure(share_pct(c[CALLS_INADEQUATE], c[CALLS_BEGUN])));
    json_object_set_new(o, "calls_per_s", json_figure((double)c[CALLS_BEGUN] / window_s));
    json_object_set_new(o, "retransmitted_pct",
                        json_figure(share_pct(c[CALLS_RETRANS_SENT], c[CALLS_MESSAGES_SENT])));
}

static json_t *report_causes(const struct sums *s)
{
    json_t *o = json_object();

    for (int i = CALL_GOOD + 1; i < CALL_CAUSE_COUNT; i++) {
        if (s->cause[i] > 0) {
            json_object_set_new(o, call_cause_name((enum call_cause)i), json_u64(s->cause[i]));
        }
    }
    return o;
}

/* Of each scenario the first one that is there: of its shards, and of the levels of the load. */
static json_t *report_failures(struct calls_figures *const all[], size_t count)
{
    json_t *list = json_array();

    for (int i = CALL_GOOD + 1; i < CALL_CAUSE_COUNT; i++) {
        for (size_t a = 0; a < count; a++) {
            json_t *one = failure_to_json(&all[a]->failure[i], (enum call_cause)i);
            size_t b = 0;

            while (one != NULL && b < a &&
                   !(atomic_load(&all[b]->failure[i].is_noted) &&
                     all[b]->failure[i].scenario == all[a]->failure[i].scenario)) {
                b++;
            }
            if (one != NULL && b == a) {
                json_array_append_new(list, one);
            } else {
                json_decref(one);
            }
        }
    }
    return list;
}

/* Of failed calls: the peer answered what it should not, or nothing; or it was us. */
static json_t *report_faults(const struct sums *s)
{
    json_t *o = json_object();

    json_object_set_new(o, "answer", json_u64(s->count[CALLS_FAULT_ANSWER]));
    json_object_set_new(o, "silence", json_u64(s->count[CALLS_FAULT_SILENCE]));
    json_object_set_new(o, "generator", json_u64(s->count[CALLS_FAULT_GENERATOR]));
    return o;
}

static json_t *report_step(const struct scenario *scenario, unsigned i,
                           struct calls_figures *const all[], size_t count)
{
    static const char *const kinds[] = {"send",    "recv",    "pause",   "nop",
                                        "sendCmd", "recvCmd", "timewait"};
    static const char *const events[CALL_EVENT_COUNT] = {
        "sent",     "received",   "retransmitted",   "retransmissions_received",
        "timeouts", "unexpected", "lost_on_purpose", "auto_answered",
        "ignored"};
    struct scenario_step_info info;
    json_t *o = json_object();

    scenario_get_step(scenario, i, &info);
    json_object_set_new(o, "step", json_u64(i));
    json_object_set_new(o, "line", json_integer(info.line));
    json_object_set_new(o, "kind", json_string(kinds[info.kind]));
    json_object_set_new(o, "text", json_string(info.text));
    for (int k = 0; k < CALL_EVENT_COUNT; k++) {
        uint64_t n = 0;
        for (size_t a = 0; a < count; a++) {
            n += i < all[a]->step_count
                     ? read_one(&all[a]->step[i * CALL_EVENT_COUNT + (unsigned)k])
                     : 0;
        }
        if (n > 0) {
            json_object_set_new(o, events[k], json_u64(n));
        }
    }
    return o;
}

static json_t *report_counters(const struct scenario *scenario, struct calls_figures *const all[],
                               size_t count)
{
    json_t *o = json_object();
    const char *name;

    for (unsigned i = 0; (name = scenario_counter_name(scenario, i)) != NULL; i++) {
        uint64_t n = 0;
        for (size_t a = 0; a < count; a++) {
            n += i < all[a]->counter_count ? read_one(&all[a]->counter[i]) : 0;
        }
        json_object_set_new(o, name, json_u64(n));
    }
    return o;
}

static void add_up(struct sums *s, struct calls_figures *const all[], size_t count)
{
    for (size_t a = 0; a < count; a++) {
        for (int i = 0; i < CALLS_COUNTS; i++) {
            s->count[i] += read_one(&all[a]->count[i]);
        }
        for (int i = 0; i < CALL_CAUSE_COUNT; i++) {
            s->cause[i] += read_one(&all[a]->cause[i]);
        }
    }
}

static json_t *sum_up(struct sums *sums, struct calls_figures *const all[], size_t count,
                      double window_s)
{
    json_t *o = json_object(), *metrics = json_object(), *hists = json_object();

    add_up(sums, all, count);
    report_calls(metrics, sums, window_s);
    report_sessions(metrics, sums, window_s);
    if (sums->all != NULL && sums->one != NULL) {
        report_times(metrics, hists, sums, all, count);
    }
    json_object_set_new(o, "metrics", metrics);
    json_object_set_new(o, "causes", report_causes(sums));
    json_object_set_new(o, "failures", report_failures(all, count));
    json_object_set_new(o, "faults", report_faults(sums));
    json_object_set_new(o, "histograms", hists);
    return o;
}

json_t *figures_sum_to_json(struct calls_figures *const all[], size_t count, double window_s)
{
    struct sums sums = {.all = hist_create_sparse(), .one = hist_create_sparse()};
    json_t *o = sum_up(&sums, all, count, window_s);

    hist_destroy(sums.all);
    hist_destroy(sums.one);
    return o;
}

json_t *figures_to_json(const struct scenario *s, struct calls_figures *const all[], size_t count,
                        double window_s)
{
    struct sums sums = {.all = hist_create_sparse(), .one = hist_create_sparse()};
    json_t *o = sum_up(&sums, all, count, window_s), *steps = json_array();

    if (sums.all != NULL && sums.one != NULL) {
        json_object_set_new(o, "response_times", report_rtds(s, &sums, all, count));
    }
    for (unsigned i = 0; i < scenario_step_count(s); i++) {
        json_array_append_new(steps, report_step(s, i, all, count));
    }
    json_object_set_new(o, "scenario", json_string(scenario_name(s)));
    json_object_set_new(o, "steps", steps);
    json_object_set_new(o, "counters", report_counters(s, all, count));
    hist_destroy(sums.all);
    hist_destroy(sums.one);
    return o;
}
