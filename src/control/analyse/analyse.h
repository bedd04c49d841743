/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * analyse: from a result file to a model of its report: what each case measured over its valid
 * trials, and how sure that is. Void, failed and interrupted trials keep their reasons, never
 * figures. A figure that does not exist is NAN. The model is one arena; it needs the store open
 * only while it is made. One thread.
 */
#ifndef VAPERF_CONTROL_ANALYSE_ANALYSE_H
#define VAPERF_CONTROL_ANALYSE_ANALYSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "control/analyse/bench.h"
#include "control/analyse/series.h"
#include "control/store/store.h"
#include "stat/describe.h"
#include "stat/interval.h"
#include "stat/test.h"

struct span { /* an interval; NAN: none */
    double low, high;
};

/* One figure of one entity over the valid trials of a case. */
struct estimate {
    const char *entity, *metric, *unit;
    size_t n;
    double *values;          /* of the trials that have one, in their order */
    double *by_trial;        /* one a valid trial; NAN: it has none */
    double mean, sd, median; /* sd: sample, NAN below 2 */
    double min, max;
    struct span student;   /* of the mean, 95 % */
    struct span study_b;   /* mean -+ 1.96 sigma / sqrt(N), population sigma */
    struct span bootstrap; /* of the median, 95 % */
};

enum { POINT_P50, POINT_P95, POINT_P99, POINTS }; /* percentiles with intervals */

/* Delay of all valid trials together: histograms merged, percentiles never averaged. ns. */
struct delay {
    struct box box; /* n 0: nothing came through */
    double p5, p90, p95, p99, p999;
    struct span sure[POINTS];             /* trials drawn anew and merged, 95 %; NAN below 2 */
    const struct estimate *trial[POINTS]; /* of each trial's own percentile; may be NULL */
};

enum { DELAY_INTENDED, DELAY_SENT, DELAY_LATENESS, DELAYS };
extern const char *const delay_names[DELAYS]; /* "delay_from_intended", ... */

struct loss { /* packets, or whatever the load sends */
    bool known;
    uint64_t sent, lost;
    double pct;
    struct span sure; /* %; Wilson's, or with no loss 0 to 300/n (rule of three) */
};

struct load_result {
    const char *entity, *to; /* "rtp", "media" */
    bool makes_calls;        /* what it offers are calls (RFC 6076), whose answers have delays */
    struct delay delays[DELAYS];
    struct loss loss;
    const struct estimate *loss_pct, *jitter_us, *mos, *r_factor; /* over trials; NULL: none */
};

enum { /* of a load whose packets are counted by rate, over trials */
       RATE_OFFERED,
       RATE_ACHIEVED, /* what was really sent */
       RATE_RECEIVED,
       RATE_RECEIVED_BITS,
       RATE_VARIATION, /* RFC 5481 PDV, us */
       RATE_REORDERED,
       RATE_DUPLICATES,
       RATE_SHARE, /* of all loads of its kind at the same time */
       RATE_FIGURES
};

extern const char *const rate_names[RATE_FIGURES]; /* "offered_per_s", ... */

struct rate_result {
    const char *entity;
    const struct estimate *figures[RATE_FIGURES], *loss_pct; /* NULL: none */
};

/* Of loads of one kind at the same time: together, and how evenly. */
enum { SHARING_AGGREGATE, SHARING_JAIN, SHARING_MAX_MIN, SHARING_FIGURES };
extern const char *const sharing_entity, *const sharing_metrics[SHARING_FIGURES];

/* Machines that send (out) or receive (in) in bulk at the same time; bits a second. */
enum { WAY_OUT, WAY_IN, WAYS };
extern const char *const way_names[WAYS]; /* "out", "in" */

enum machine_figure {               /* CPU in % of one */
                      MACHINE_CPU,  /* what its host gave it */
                      MACHINE_WAIT, /* ready, but not on a CPU (a guest's VCPUs: stolen from it) */
                      MACHINE_THROTTLED, /* held by its cap */
                      MACHINE_GUEST_CPU, /* what a guest believes it used */
                      MACHINE_OVERHEAD, /* what its host gave beyond that: the cost of being a guest
                                         */
                      MACHINE_EXITS,    /* from the guest into its VMM, a second */
                      MACHINE_DRIFT,    /* what its clock gains or loses at most, ppm */
                      MACHINE_BASELINE, /* what its host gave it before the load */
                      MACHINE_FIGURES
};
extern const char *const machine_metrics[MACHINE_FIGURES]; /* "cpu_pct", ... */

struct machine_result { /* over trials; NULL: not known */
    const char *name;
    const struct estimate *figures[MACHINE_FIGURES];
};

enum { CPU_MODES = 6 };
extern const char
    *const cpu_modes[CPU_MODES]; /* "user_pct", ... what a CPU that is not idle does */

struct cpu_result { /* a physical CPU */
    const char *name;
    const struct estimate *busy_pct, *modes[CPU_MODES];
    const struct estimate *baseline_pct; /* busy before the load; NULL: not measured */
};

struct trial_counts {
    size_t valid, passed, voided, failed, interrupted;
};

struct trial_view {
    int64_t id;
    size_t case_index;
    uint64_t number, attempt;
    enum trial_state state;
    uint64_t started_real_ns, from_real_ns, to_real_ns, ended_real_ns;
    const char *verdict, *reason;
    json_t *report;
};

struct case_result {
    int64_t id;
    const char *name, *setup, *level; /* level: "400 streams", "" when there is none */
    json_t *levels, *settings;
    struct trial_counts counts;
    const char *verdict; /* "pass", "fail", "void", "failed", "not measured" */
    struct estimate *estimates;
    size_t estimate_count;
    struct load_result *loads;
    size_t load_count;
    struct rate_result *rates;
    size_t rate_count;
    const struct estimate *sharing[SHARING_FIGURES]; /* NULL: fewer than two loads of a kind */
    const struct estimate *together[WAYS][SHARING_FIGURES]; /* NULL: fewer than two machines */
    struct machine_result *machines;
    size_t machine_count;
    struct cpu_result *cpus;
    size_t cpu_count;
    struct bench_result *benches; /* of the first valid trial's machines */
    size_t bench_count;
};

enum finding_kind { FINDING_BETTER, FINDING_WORSE, FINDING_SAME, FINDING_UNSURE, FINDING_NOTE };

struct finding {
    enum finding_kind kind;
    const char *case_name, *text;
    const char *baseline, *entity, *metric; /* NULL for a note */
    struct welch welch;                     /* p NAN: could not be computed */
    struct mann_whitney ranks;
    double value, base_value; /* means over trials */
};

struct analysis {
    struct arena arena;
    struct store_study study; /* texts and JSON belong to this */
    struct case_result *cases;
    size_t case_count;
    struct trial_view *trials;
    size_t trial_count;
    struct trial_counts counts;
    struct finding *findings;
    size_t finding_count;
    struct trial_series *series; /* of valid trials */
    size_t series_count;
};

/* *ret on success only. -EBADMSG when what is stored contradicts itself, -ENODATA without a study.
 */
int analyse(struct analysis **ret, struct store *s, struct err *e);
void analysis_destroy(struct analysis *a); /* NULL-safe */

const struct estimate *case_estimate(const struct case_result *c, const char *entity,
                                     const char *metric); /* NULL if none */
const char *trial_state_name(enum trial_state state);
const char *finding_kind_name(enum finding_kind kind);

#endif
