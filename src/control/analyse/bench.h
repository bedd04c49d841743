/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench: what benches of a case did, timed from outside, and how much slower than natively. Part
 * of the model of analyse.h.
 */
#ifndef VAPERF_CONTROL_ANALYSE_BENCH_H
#define VAPERF_CONTROL_ANALYSE_BENCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

struct estimate;

struct bench_span { /* NAN: none */
    double low, high;
};

struct bench_result {
    const char *machine, *type;
    const char *timed_by;  /* "clock", "control channel", "clock and control channel", ... */
    const char *no_clock;  /* why not by a clock; "" */
    const json_t *options; /* the plan's; lent by the trial's report */
    bool is_neighbour;
    /* Over trials; NULL: none. Of a neighbour: rounds_per_s instead of outside_s. */
    const struct estimate *outside_s, *guest_s, *distortion, *uncertainty_us, *cpu_s, *rounds_per_s;
    const double *values; /* s a round: means of trials, or all rounds of one or two trials */
    size_t n;
    bool of_rounds;         /* values are rounds */
    double mean_s;          /* of values */
    struct bench_span sure; /* of mean_s, Student's t, 95 % */
    /* Against the first native case with the same bench (bench_is_same): ratio of
     * geometric means, Welch's t of the logarithms, 95 %. */
    const char *baseline; /* the case; NULL: none, or this is it */
    double slowdown;
    struct bench_span slowdown_sure;
};

/* Of one type, in machines of one name, with the same options; where it works (folder, peer) may
 * differ. */
bool bench_is_same(const struct bench_result *b, const struct bench_result *other);

#endif
