/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * figures: a load's report as result figures and histograms, and the plan's limits against them.
 * Pure but for figures_store. One thread.
 */
#ifndef VAPERF_CONTROL_RUN_FIGURES_H
#define VAPERF_CONTROL_RUN_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hist.h"
#include "base/json.h"
#include "control/plan/plan.h"
#include "control/store/store.h"

enum { FIGURES_INTENDED, FIGURES_SENT, FIGURES_LATENESS, FIGURES_HISTS };

struct figures {
    const char *entity; /* "rtp"; lent */
    const char *type;   /* of the workload; lent */
    json_t *metrics;    /* {"delay_from_intended_p50_ns": 123, ...} */
    struct hist *hists[FIGURES_HISTS];
    json_t *failure; /* an example of the most frequent cause of failure; NULL: none */
};

/* report: load_report_json. -EBADMSG. */
int figures_read(struct figures *f, const char *entity, const char *type, const json_t *report,
                 struct err *e);
void figures_finish(struct figures *f); /* zeroed is fine */
int figures_store(const struct figures *f, struct store *s, int64_t trial, struct err *e);
/* "ns", "us", "%", ... from a metric's name. */
const char *figures_unit(const char *metric);

/* The value a limit speaks of, in the limit's unit (ns, %, 1). -ENOENT: no such figure. */
int figures_find(const struct figures *f, const char *metric, double *ret);
/* Appends to why what is not kept ("rtp: delay.p99 is 31.2ms, at most 20ms"). Returns whether all
 * limits are kept; -ENOENT with e when no load has a limit's figure. */
int figures_check(const struct figures *loads, size_t count, const struct plan *p, struct buf *why,
                  struct err *e);

#endif
