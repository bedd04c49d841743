/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * plan: a study as written (YAML), checked against what nodes and platforms describe, expanded into
 * cases. A plan is one arena. Every message names file:line:column. One thread.
 */
#ifndef VAPERF_CONTROL_PLAN_PLAN_H
#define VAPERF_CONTROL_PLAN_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "control/platform/platform.h"

struct plan_place { /* where in the file something stands */
    int line, column;
};

/* A driver in a plan: {type: media, threads: 2, work: 20us}: options stay texts, the node parses
 * them. */
struct plan_driver {
    const char *type;
    const json_t *options; /* {"threads": "2", ...}, lent */
    struct plan_place place;
};

struct plan_option_place {
    const char *name; /* NULL ends a list */
    struct plan_place place;
};

/* `known`: what a node describes of this driver. -ENOTSUP, with the node's reason: it cannot do it,
 * or not with an option that is set. */
int plan_driver_check(const struct plan_driver *d, const json_t *known, struct err *e);

struct plan_machine {
    struct machine_spec spec;
    const char *group;                   /* "cpu" of cpu.1 */
    const char *host;                    /* default "sut" */
    const struct plan_driver *appliance; /* or NULL */
    const struct plan_driver
        *neighbour;                  /* a bench repeated; options `idle` taken out into idle_ns */
    uint64_t idle_ns;                /* of neighbour or bench */
    const struct plan_driver *bench; /* a timed job, or NULL; a machine has it or a neighbour */
    uint64_t rounds, within_ns;      /* of the bench: how often, and how long all may take */
    struct plan_place place;
};

/* What times benches: a clock on the generator's host, on a link, or on a host of its own; without
 * a link, or without an answer, the machine's control channel. */
enum plan_clock { PLAN_CLOCK_AUTO, PLAN_CLOCK_LINK, PLAN_CLOCK_CHANNEL, PLAN_CLOCK_HOST };

struct plan_load {
    struct plan_driver driver;        /* rtp */
    const struct plan_driver *called; /* an appliance at the generator's side, where what `to`
                                         hands on goes; or NULL */
    const char *to;                   /* machine name */
    const char *network;              /* the first link of that machine */
    const char *back;          /* its second, where forwarded packets come back; else the first */
    const char *level_option;  /* "streams"; NULL: neither varied nor described */
    const char *const *levels; /* texts, NULL-ended; one when it does not vary; none without an
                                  option */
};

struct plan_limit {
    const char *metric; /* "loss", "delay.p99", "failed", "mos" */
    enum { LIMIT_AT_MOST, LIMIT_AT_LEAST } kind;
    double value; /* pct, ns, 1 */
    const char *text;
};

/* One column of the study with sweeps resolved: machines with settings. */
struct plan_setup {
    const char *name; /* "capped", "heavy media.weight=1024" */
    const char *platform;
    const json_t *platform_options; /* lent, may be NULL */
    const struct host *generator;   /* where the load comes from: host "gen" if not said */
    const struct plan_machine *machines;
    size_t machine_count;
    const struct plan_load *loads; /* a setup may have its own level list */
    size_t load_count;
    struct plan_place place;
};

struct plan_case {
    const char *name; /* "capped/400": stable, used by --resume */
    const struct plan_setup *setup;
    const char *const *levels; /* one text a load */
};

struct plan {
    struct arena arena;
    const char *path, *text; /* as read; stored with the results */
    const char *study, *title, *seed;
    uint64_t trials, duration_ns, interval_ns, warmup_ns, settle_ns; /* duration 0: no load */
    uint64_t baseline_ns;       /* watched before the load begins; 0: not */
    uint64_t void_retries;      /* how often a void trial is measured again */
    const json_t *load_options; /* generator: {cpus: "1", scheduling: auto, ...}, lent */
    const struct plan_option_place *load_places; /* of the values of load_options; NULL: no
                                                    generator: */
    struct host *hosts;                          /* sut, gen, ... */
    size_t host_count;
    const char *const *networks; /* NULL-ended */
    enum plan_clock clock;
    const char *clock_link;        /* of PLAN_CLOCK_LINK: a network */
    const struct host *clock_host; /* of PLAN_CLOCK_HOST, with the address it hears at */
    const char *clock_address;
    const struct plan_limit *limits;
    size_t limit_count;
    const char *search; /* NULL or "ladder" */
    const struct plan_driver *search_options;
    const char *const *figures;
    const struct plan_setup *setups;
    size_t setup_count;
    const struct plan_case *cases; /* setup × level, in the plan's order */
    size_t case_count;
    json_t *values; /* owns every json_t lent above */
};

/* What every load has as figures, whatever its type; what a limit's name may leave out at its end.
 * Both NULL-ended. */
extern const char *const plan_load_figures[];
extern const char *const plan_unit_ends[];

/* A figure may be of one scenario of a mix of calls: "srd_ms.p99@register". How long its name is
 * without that. */
size_t plan_metric_size(const char *metric);

/* Reads, checks the shape, resolves `from:` and sweeps, expands. describe: the node's answer
 * (option tables), or NULL to check only what needs no node. *ret on success only. */
int plan_load_file(struct plan **ret, const char *path, const json_t *describe, struct err *e);
int plan_parse(struct plan **ret, const char *path, const char *text, const json_t *describe,
               struct err *e);
void plan_destroy(struct plan *p);
/* Every case, what each needs, how long all will take, for `vaperf plan show`. */
void plan_print(const struct plan *p, FILE *out);
json_t *plan_to_json(const struct plan *p);
/* The order of trials: every trial of every case, interleaved in rounds, each round shuffled by the
 * seed. entries are case_index; length case_count * trials. */
void plan_order(const struct plan *p, size_t *ret_case_index);
uint64_t plan_estimate_ns(const struct plan *p);

#endif
