/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * series: a trial on one time axis, as charts and tables of samples want it. Part of the model.
 */
#ifndef VAPERF_CONTROL_ANALYSE_SERIES_H
#define VAPERF_CONTROL_ANALYSE_SERIES_H

#include <stdbool.h>
#include <stddef.h>

struct line_series { /* of one trial, counters made rates; t from the start of the measured part */
    const char *panel; /* "delay", "loss", "rate", "sent", "fairness", "cpu", "wait", "calls",
                          "retransmissions" */
    const char *name, *unit;
    size_t count;
    double *t_s, *values;
    struct line_series *next;
};

struct trial_series {
    size_t trial_index;
    bool thinned; /* of each run of samples only the largest is kept */
    struct line_series *first;
};

#endif
