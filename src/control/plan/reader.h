/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reader: what the files of this room share while a plan is read: places of errors, names, options.
 * Not for other rooms.
 */
#ifndef VAPERF_CONTROL_PLAN_READER_H
#define VAPERF_CONTROL_PLAN_READER_H

#include "base/opt.h"
#include "control/plan/plan.h"
#include "control/plan/yaml.h"

enum { /* more than these is a mistake of the writer */
       PLAN_MACHINES_MAX = 256,
       PLAN_CASES_MAX = 10000,
       PLAN_FROM_MAX = 16
};

struct reader {
    struct plan *plan;
    struct arena *arena;    /* the plan's */
    const json_t *describe; /* may be NULL */
    const struct yaml *root;
    struct plan_machine *machines; /* PLAN_MACHINES_MAX, of the setup being read */
    struct err *e;
};

/* -EINVAL at the value, or at its key. */
int reader_fail(struct reader *r, const struct yaml *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int reader_fail_key(struct reader *r, const struct yaml *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds the place of a value to what a call below said. */
int reader_at(struct reader *r, const struct yaml *at);
/* "there is no <what> '<word>' (did you mean <near>?)", else with the list of names. NULL-ended. */
int reader_fail_name(struct reader *r, const struct yaml *at, bool at_key, const char *what,
                     const char *const *names);
/* where: " in setup N" */
int reader_fail_name_in(struct reader *r, const struct yaml *at, bool at_key, const char *what,
                        const char *where, const char *const *names);
/* Of the names the nearest within 2 edits, or NULL. */
const char *reader_nearest(const char *word, const char *const *names);

int reader_need_map(struct reader *r, const struct yaml *y, const char *what);
int reader_need_text(struct reader *r, const struct yaml *y, const char *what);
/* The keys of a map, or the texts of a list, NULL-ended. */
const char *const *reader_keys(struct reader *r, const struct yaml *map);
/* A list of texts, or one text alone; NULL-ended. */
int reader_texts(struct reader *r, const struct yaml *y, const char *what, const char *const **ret);
/* Members in the table go to options; those in `others` are let be; anything else is an error. */
int reader_options(struct reader *r, const struct yaml *map, const struct opt *table, void *options,
                   const char *const *others);
/* The same without parsing into a struct: {"name": "text"}, lent by the plan. */
int reader_texts_of(struct reader *r, const struct yaml *map, const struct opt *table,
                    const char *const *others, json_t **ret);
/* A new object that ends with the plan. */
json_t *reader_object(struct reader *r);
int reader_check_name(struct reader *r, const struct yaml *at, const char *what);
struct plan_place reader_place(const struct yaml *y);

/* driver.c: {type, options...}; kind: "appliance", "bench", "workload" of `describe`. `others` are
 * members that are not the driver's. *ret_table: its options, NULL without describe. */
int driver_read(struct reader *r, const struct yaml *y, const char *kind, const char *const *others,
                struct plan_driver *ret, const struct opt **ret_table);
/* Is this member of a load an option of the engine that sends, which stands under generator:?
 * -EINVAL saying so; 0: it is not. */
int driver_check_place(struct reader *r, const struct yaml *y);
/* load_options of `describe`, without those that the plan itself sets; NULL without describe. */
int driver_load_options(struct reader *r, const struct opt **ret);

/* Names of what a workload of `describe` measures; NULL when nobody knows. Lent. */
const json_t *driver_metrics(const struct reader *r, const char *workload);

/* limits.c: names and values; then, when the loads are known, whether one of them measures it. */
int limits_read(struct reader *r);
int limits_check(struct reader *r);

/* machine.c: one group of the merged machines, appended at machines[*count]. */
int machine_read(struct reader *r, const struct yaml *group, const struct yaml *setup,
                 struct plan_machine *machines, size_t *count);

/* load.c: the loads of a setup. Needs its machines. */
int loads_read(struct reader *r, const struct yaml *list, struct plan_setup *setup);
/* How many levels: those of a load that varies, else 1. */
size_t loads_level_count(const struct plan_setup *setup);

/* study.c: all but machines, setups, loads; limits are limits.c's. */
int study_read(struct reader *r);
/* setup.c: setups and sweeps. */
int setups_read(struct reader *r);

#endif
