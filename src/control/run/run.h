/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * run: carries a study out: preflight, order, trials, search, resume. It prints nothing: a listener
 * is told. What it measures is in the store's file as it arrives. One thread; only run_interrupt
 * may be called from a signal handler.
 *
 * run_open → run_study → run_close. run_open makes nothing outside this process but the nodes it
 * asks, which have ended when it returns.
 */
#ifndef VAPERF_CONTROL_RUN_RUN_H
#define VAPERF_CONTROL_RUN_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "control/plan/plan.h"
#include "control/store/store.h"

enum run_phase { RUN_PREPARE, RUN_WARMUP, RUN_MEASURE, RUN_DRAIN, RUN_CLEAN };

struct run_progress {
    const char *case_name;
    uint64_t number, trials, attempt;
    size_t done, total; /* trials of the study; total 0: a search does not know */
    enum run_phase phase;
    const char *doing; /* what takes long: "users registered"; NULL: nothing */
    uint64_t doing_done, doing_wanted;
    double delay_p99_ns, loss_pct; /* so far; NAN: not known yet */
    uint64_t left_ns;              /* of the study; of the trial in a search */
};

struct run_listener { /* each may be NULL; what is passed is lent */
    void (*progress)(void *arg, const struct run_progress *p);
    void (*trial)(void *arg, const struct store_trial *t);
    void (*note)(void *arg, const char *text);
    void *arg;
};

struct run_job {
    const char *plan_path;        /* NULL with `calibrate`: RTP streams */
    const char *file;             /* the result file; NULL: the study's name + ".vaperf" here */
    bool resume;                  /* the file exists and is gone on with */
    const char *node_path;        /* NULL: beside this program, else on PATH */
    const char *const *setups;    /* only these; NULL-ended, or NULL */
    uint64_t trials, duration_ns; /* instead of the plan's; 0: the plan's */
    const char *calibration_file; /* what generators carried alone; NULL: of no interest */
    const struct run_calibrate *calibrate; /* find that out, for the file; NULL: run the plan */
};

/* The generator without the appliance: the plan's loads against a reflector, or who answers calls.
 */
struct run_calibrate {
    const char *host; /* instead of the generator's; NULL: the plan's */
    double factor;    /* each level over the one before */
};

struct run_outcome {
    size_t valid, void_trials, failed, interrupted; /* final ones, of this study's file */
    size_t limits_failed;
    size_t cases_void, cases_failed; /* without a valid trial because of void or failed ones */
    bool stopped;                    /* by run_interrupt */
    bool hunted;                     /* a search: limits that fail are its way, not its result */
};

struct run;

/* Reads the plan against what the node describes, and checks everything that can be known before
 * anything is made. Resume: the file's plan must be the same text (-EINVAL with the first line that
 * differs). The job is lent until run_close; the listener is copied. */
int run_open(struct run **ret, const struct run_job *job, const struct run_listener *l,
             struct err *e);
const struct plan *run_plan(const struct run *r);
const char *run_file(const struct run *r);
/* {host, load, option, highest, reached, end, text, ...} after a calibration; else NULL. Lent. */
const json_t *run_calibration(const struct run *r);
/* Everything made is gone when it returns, whatever it returns. An error: the study could not go on
 * (environment, disk full, the same failure three times); what was measured is in the file.
 * ret is always filled. */
int run_study(struct run *r, struct run_outcome *ret, struct err *e);
/* First call: ends the trial, keeps what was measured, tears down. Second: tears down at once. */
void run_interrupt(struct run *r);
void run_close(struct run *r); /* NULL-safe */

/* Has the host memory for the setup's machines on it, at the moment? 0, or -ENOMEM with how much.
 */
int run_check_memory(const struct plan_setup *s, const struct host *h, struct err *e);

/* The exit code of a study that was carried out. */
enum exit_code run_exit_code(const struct run_outcome *o);

/* The node program beside this one, else "vaperf-node"; or what $VAPERF_NODE says. Fixed text. */
const char *run_node_path(void);
/* The one that drops into containers: what $VAPERF_NODE_STATIC says, else beside the given node,
 * else beside this program. Fixed text. */
const char *run_node_static_path(const char *node_path);

/* Can every setup be searched with the plan's `search:`? 0 also without one; -EINVAL with the
 * place. */
int run_check_search(const struct plan *p, struct err *e);

/* One question to the node of a host, as a run would have it there: brought when there is none, and
 * gone afterwards. *ret is its answer (new reference). Errors name the host. */
int run_ask_node(struct host *h, const char *method, json_t **ret, struct err *e);

/* What is found of a plan before it runs: code 0 is worth reading, else it cannot be. The text has
 * its place in the plan; lent. */
struct run_findings {
    void (*told)(void *arg, const struct err *what);
    void *arg;
};
/* The same about the loads that would come from that host of the plan, and about the files these
 * name: what is wrong is told. *ret_describe (new reference; NULL: not asked) is what the node says
 * of itself. node_path: the program here. */
int run_ask_loads(const struct plan *p, struct host *h, const char *node_path,
                  const struct run_findings *f, json_t **ret_describe, struct err *e);

#endif
