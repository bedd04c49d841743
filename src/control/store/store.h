/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * store: a study's results in one SQLite file, written as they arrive. The only room that speaks
 * SQL. Readers of other rooms get structs and callbacks. One thread per handle; a second process
 * may read while one writes (WAL). Ends of trials are commits: a killed run loses at most the last
 * second.
 */
#ifndef VAPERF_CONTROL_STORE_STORE_H
#define VAPERF_CONTROL_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hist.h"
#include "base/json.h"
#include "rpc/sample.h"

enum store_flag { STORE_CREATE = 1, STORE_READ_ONLY = 2 };

enum trial_state { TRIAL_RUNNING, TRIAL_DONE, TRIAL_VOID, TRIAL_FAILED, TRIAL_INTERRUPTED };

struct store;
/* CREATE: -EEXIST for a file that exists. A second writer: -EBUSY. Otherwise: -ENOENT, -EBADMSG
 * with "not a vaperf result file", "made by a newer vaperf (schema 3, this one reads 1)", "damaged:
 * ..." */
int store_open(struct store **ret, const char *path, unsigned flags, struct err *e);
/* Commits, and leaves one file without a log beside it. NULL-safe. */
void store_close(struct store *s);

struct store_study {
    const char *name, *title, *seed, *plan_path, *plan_text, *version;
    const json_t *plan;  /* plan_to_json */
    const json_t *facts; /* {"hosts": {"sut": facts}, ...} */
    uint64_t started_real_ns, ended_real_ns;
};
int store_put_study(struct store *s, const struct store_study *study, struct err *e);
/* Texts are the arena's, JSON the store's (until close). -ENODATA when there is none yet. */
int store_get_study(struct store *s, struct arena *a, struct store_study *ret, struct err *e);
int store_end_study(struct store *s, uint64_t real_ns, struct err *e);

/* Cases are named; adding one that is there returns its id. */
int store_put_case(struct store *s, const char *name, const char *setup, const json_t *levels,
                   const json_t *settings, int64_t *ret_id, struct err *e);

struct store_case {
    int64_t id;
    const char *name, *setup;
    const json_t *levels, *settings;
};
/* In order of addition. Callbacks of store_each_*: 0 to go on, else it is returned. */
int store_each_case(struct store *s, int (*each)(void *, const struct store_case *), void *arg,
                    struct err *e);

struct store_trial {
    int64_t id, case_id;
    const char *case_name, *setup;
    const json_t *levels;
    uint64_t number, attempt; /* trial 1..n of its case; attempt counts repeats after void */
    enum trial_state state;
    uint64_t started_real_ns, measure_from_real_ns, measure_to_real_ns, ended_real_ns;
    const char *verdict;  /* "pass", "fail", "void", "failed" */
    const char *reason;   /* sentence, "" when none */
    const json_t *report; /* {"loads": [load_report_json...], "machines": {...}, "neighbours":
                             {...}, "clock": {...}, "probe": {...}} */
};
int store_begin_trial(struct store *s, int64_t case_id, uint64_t number, uint64_t attempt,
                      uint64_t real_ns, int64_t *ret_id, struct err *e);
int store_end_trial(struct store *s, const struct store_trial *t, struct err *e);
/* In order of start. The callback returns 0 to go on. Values lent during the call. */
int store_each_trial(struct store *s, int (*each)(void *, const struct store_trial *), void *arg,
                     struct err *e);
/* Marks trials left RUNNING by a killed run as INTERRUPTED. Returns how many. */
int store_interrupt_running(struct store *s, struct err *e);

/* Result figures of a trial, {metric, unit, value}: what tables and statistics read. */
int store_put_result(struct store *s, int64_t trial, const char *entity, const char *metric,
                     const char *unit, double value, struct err *e);
int store_each_result(struct store *s, int64_t trial,
                      int (*each)(void *, const char *entity, const char *metric, const char *unit,
                                  double value),
                      void *arg, struct err *e);
int store_put_hist(struct store *s, int64_t trial, const char *entity, const char *metric,
                   const struct hist *h, struct err *e);
int store_get_hist(struct store *s, int64_t trial, const char *entity, const char *metric,
                   struct hist *ret, struct err *e); /* -ENOENT */

/* Time series. */
int store_put_series(struct store *s, int64_t trial, const struct sample_column *c, int64_t *ret_id,
                     struct err *e);
int store_put_sample(struct store *s, int64_t series, uint64_t real_ns, double value,
                     struct err *e);
int store_each_series(struct store *s, int64_t trial,
                      int (*each)(void *, int64_t id, const struct sample_column *c), void *arg,
                      struct err *e);
int store_each_sample(struct store *s, int64_t series,
                      int (*each)(void *, uint64_t real_ns, double value), void *arg,
                      struct err *e);
/* What happened when: "warm-up ends", "neighbour cpu.1 lost". Trial 0: of the study. */
int store_put_event(struct store *s, int64_t trial, uint64_t real_ns, const char *text,
                    struct err *e);
int store_each_event(struct store *s, int64_t trial,
                     int (*each)(void *, uint64_t real_ns, const char *text), void *arg,
                     struct err *e);
/* Makes what was written last until now durable (called about once a second). */
int store_commit(struct store *s, struct err *e);

#endif
