/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * trial_private: one attempt at a trial, for trial.c and traffic.c alone. One thread.
 */
#ifndef VAPERF_CONTROL_RUN_TRIAL_PRIVATE_H
#define VAPERF_CONTROL_RUN_TRIAL_PRIVATE_H

#include "control/run/figures.h"
#include "control/run/recorder.h"
#include "control/run/run_private.h"

struct trial_load {
    const struct plan_load *plan;
    const char *level;
    const char *entity; /* "rtp", "rtp.2" */
    const char *id;     /* "load.rtp" */
    const char *called; /* "called.rtp": its other end (called.h); NULL: none */
    struct site_machine *machine;
    json_t *columns;
    uint64_t start_ns; /* of the generator's node */
    bool done;
    json_t *report;
    struct figures figures;
};

struct trial_bench;
struct trial_clock;

struct trial_vmm { /* what the VMM says of a machine */
    struct site_machine *machine;
    struct recorder_source *source;
    const struct sample_column *columns; /* by the platform's names */
    uint64_t calls, cost_ns;             /* wall time */
};

struct trial {
    struct run *run;
    const struct plan_case *c;
    int64_t id;
    uint64_t number, attempt;
    struct arena arena;
    struct site_given given;
    struct site site;
    struct recorder recorder;
    struct trial_load *loads;
    size_t load_count;
    struct trial_bench *benches; /* benches.h */
    size_t bench_count;
    struct trial_clock *clocks;
    size_t clock_count;
    struct trial_vmm *vmm;
    size_t vmm_count;
    uint64_t vmm_next_ns; /* CLOCK_MONOTONIC */
    json_t *report;       /* of the trial, as stored */
    enum run_phase phase;
    char doing[64]; /* what takes long before the load begins; "" nothing */
    uint64_t doing_done, doing_wanted;
    uint64_t measure_from_ns, measure_to_ns, deadline_ns; /* CLOCK_MONOTONIC here */
    struct err broken; /* what a notification said: a neighbour that ended by itself */
};

/* How long a node may be silent about what it was asked. */
#define TRIAL_ANSWER_NS (30 * NS_PER_S)
/* An appliance opens when it is ready: a router when it has all its routes, 600 s at most. */
#define TRIAL_OPEN_NS (630 * NS_PER_S)

/* -ECANCELED when stopped, the loss of a node, a store that failed (*ret_fatal), or 0. */
int trial_check(struct trial *t, struct err *e);
/* Turns the loop until a time, serving everything; 0 or as trial_check. */
int trial_wait(struct trial *t, uint64_t until_ns, bool (*over)(const struct trial *t),
               struct err *e);
void trial_tell(struct trial *t);
int trial_event(struct trial *t, uint64_t real_ns, struct err *e, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int trial_commit(struct trial *t, struct err *e);

/* traffic.c: what is said to the nodes. */
int traffic_prepare(struct trial *t, struct err *e); /* appliances, loads, neighbours */
int traffic_measure(struct trial *t, struct err *e); /* start to load.done */
int traffic_collect(struct trial *t, struct err *e); /* stop, drain, reports */
struct nodelink *traffic_appliance_node(struct site_machine *m);

/* watching.c: what is seen beside the traffic. */
int watching_start(struct trial *t, struct err *e);
/* Looks when it is time; when to come back. */
int watching_tick(struct trial *t, uint64_t *ret_next_ns, struct err *e);
int watching_stop(struct trial *t, struct err *e);

#endif
