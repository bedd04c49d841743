/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * analyse_private: the steps of analyse, for the files of this room alone.
 */
#ifndef VAPERF_CONTROL_ANALYSE_ANALYSE_PRIVATE_H
#define VAPERF_CONTROL_ANALYSE_ANALYSE_PRIVATE_H

#include "control/analyse/analyse.h"

#define SPAN_NONE ((struct span){NAN, NAN})

/* estimate.c: the value of the case's nth valid trial for the figure of that name. */
void estimate_add(struct analysis *a, struct case_result *c, const struct estimate *name,
                  size_t nth, double value);
/* Statistics of all figures of the case. -ENOMEM. */
int estimate_finish(struct case_result *c, struct err *e);

/* delay.c: the loads of a case. */
int delay_analyse(struct analysis *a, struct store *s, struct case_result *c, struct err *e);

/* machine.c: figures of machines and CPUs: derive adds them for a trial, before estimate_finish;
 * collect finds them after it. */
struct trial_figures {
    const struct trial_view *trial;
    size_t nth;                     /* valid trial of its case */
    const struct estimate *results; /* mean: the value */
    size_t count;
};
void machine_derive(struct analysis *a, struct case_result *c, const struct trial_figures *f);
void machine_collect(struct analysis *a, struct case_result *c);

/* sharing.c: likewise. */
void sharing_derive(struct analysis *a, struct case_result *c, const struct trial_figures *f);
void sharing_collect(struct analysis *a, struct case_result *c);
/* together.c: likewise. */
void together_derive(struct analysis *a, struct case_result *c, const struct trial_figures *f);
void together_collect(struct analysis *a, struct case_result *c);
/* bench.c: benches of all cases, once their estimates are there. */
void bench_analyse(struct analysis *a);

/* findings.c */
int findings_make(struct analysis *a, struct err *e);

/* series.c */
int series_read(struct analysis *a, struct store *s, struct err *e);

/* The valid trials of a case, in order; returns how many. */
size_t case_valid_trials(const struct analysis *a, size_t case_index, const struct trial_view **ret,
                         size_t room);

#endif
