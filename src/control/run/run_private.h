/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * run_private: a study being carried out, for the files of this room alone. One thread but for
 * `stops`.
 */
#ifndef VAPERF_CONTROL_RUN_RUN_PRIVATE_H
#define VAPERF_CONTROL_RUN_RUN_PRIVATE_H

#include <stdatomic.h>

#include "base/json.h"
#include "control/platform/mark.h"
#include "control/platform/place.h"
#include "control/run/run.h"
#include "control/run/site.h"
#include "io/loop.h"

struct trial_record { /* one trial of one case, whatever its attempts */
    uint64_t attempts, voids;
    bool done; /* valid, or void as often as allowed */
};

struct run_case {
    const struct plan_case *plan;
    int64_t id;
    struct trial_record *trials; /* plan->trials of them */
};

struct run {
    struct arena arena;
    struct run_job job;
    struct run_listener listener;
    struct plan *plan;
    json_t *describe;  /* what the node here says of itself */
    json_t *described; /* {"gen": what the node of that other host says of itself} */
    json_t *facts;     /* {"hosts": {...}} */
    json_t *partner_options, *search_options, *calibration; /* calibrate.c's, as the next */
    const struct plan_setup *calibrated; /* the plan's setup that a calibration is of */
    const char *file, *node_path, *node_static_path;
    struct loop *loop;
    struct loop_watch *stop_watch;
    int stop_fd;
    atomic_int stops;  /* how often it was interrupted */
    struct site *site; /* of the trial that runs, or NULL */
    struct mark mark;
    struct place *place_list; /* one of each host there is */
    struct place **places;    /* of the plan's hosts, in their order */
    struct store *store;
    uint64_t started_ns, estimate_ns;
    uint64_t most_trials;             /* of a case: the plan's, or more where a search repeats */
    size_t done, total;               /* trials, for progress */
    struct err failure, last_failure; /* of the last trial that failed, and of the one before */
    unsigned same_failures;
};

bool run_is_stopped(const struct run *r);
void run_note(const struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Is the case's setup among those asked for? */
bool run_wants(const struct run *r, const struct plan_setup *s);
/* How often rows come: the plan's interval, or oftener in short trials. */
uint64_t run_interval_ns(const struct plan *p);
struct site_given run_given(struct run *r, const struct plan_setup *s);

/* job.c: reads the plan; finds the programs; what a resumed file says. */
int job_load(struct run *r, struct err *e);
int job_check_resume(struct run *r, struct err *e);

/* place_list.c: a folder and a node on each host of the plan, for the whole run. */
int places_open(struct run *r, struct err *e);
/* -errno: something stays there, and so must the record. */
int places_close(struct run *r);

/* preflight.c: everything that can be known before anything is made. */
int preflight(struct run *r, struct err *e);

/* trial.c: one attempt, whatever becomes of it. A negative return means that the study cannot go
 * on (the store failed); a trial that failed is a state of *ret. */
struct trial_result {
    enum trial_state state;
    bool limits_failed;
};
int trial_run(struct run *r, struct run_case *c, uint64_t number, struct trial_result *ret,
              struct err *e);

/* hunt.c: the plan's search instead of its order. */
int hunt(struct run *r, struct err *e);
/* Can the setup be searched with the plan's options? For preflight. */
struct ladder;
size_t hunt_leading_load(const struct plan_setup *s);
double hunt_level_of(const char *text);
int hunt_check(const struct plan *p, const struct plan_setup *s, struct arena *a,
               struct ladder *ret, struct err *e);
/* What earlier runs of this file did of these cases. */
int run_recall(struct run *r, struct run_case *cases, size_t count, struct err *e);

/* calibrate.c: the plan as a calibration, and what was found; calibrate_compare.c: what a plan asks
 * beyond it. */
int calibrate_load(struct run *r, struct err *e);
int calibrate_rewrite(struct run *r, struct err *e);
struct ladder_step;
int calibrate_keep(struct run *r, const struct plan_setup *s, const struct ladder_step *step,
                   struct err *e);
/* What must be the same for a calibration to say something of a setup; to be freed. */
char *calibrate_signature(const struct plan *p, const struct plan_setup *s, json_t **ret_what);
const json_t *calibrate_host_facts(const struct run *r, const struct host *h);
void calibrate_compare(struct run *r);

/* outcome.c: counts the file's trials. */
void outcome_count(struct run *r, struct run_outcome *ret);

/* run.c: a trial with its repeats after void ones. As trial_run; -EIO also for the same failure
 * again and again. */
int run_trial_until_valid(struct run *r, struct run_case *c, uint64_t number,
                          struct trial_result *ret, struct err *e);
int run_put_case(struct run *r, const struct plan_case *pc, struct run_case *ret, struct err *e);

#endif
