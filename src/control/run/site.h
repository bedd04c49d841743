/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * site: what is made for one trial and removed after it: platforms with their networks, machines, a
 * node in each, the generator's node, a clock's on another host, and a node on each host for
 * probes. One thread.
 */
#ifndef VAPERF_CONTROL_RUN_SITE_H
#define VAPERF_CONTROL_RUN_SITE_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/err.h"
#include "control/plan/plan.h"
#include "control/platform/place.h"
#include "control/platform/platform.h"
#include "control/run/nodelink.h"

struct site_host { /* one that machines run on */
    const struct host *host;
    struct platform_env env;
    struct platform *platform;
    struct nodelink node;    /* probes */
    json_t *coalesce_before; /* of its interface, when it was changed; else NULL */
};

struct site_machine {
    const struct plan_machine *plan;
    struct site_host *host;
    struct machine *machine;
    struct nodelink node;
};

struct site {
    struct arena arena;
    const struct platform_ops *ops;
    void *options; /* of the platform */
    struct site_host *hosts;
    size_t host_count;
    struct site_machine *machines;
    size_t machine_count;
    const struct host *gen_host; /* the setup's */
    struct nodelink generator;
    struct nodelink clock;   /* of a clock's host that is not the generator's; else unused */
    const atomic_int *stops; /* above 1: ends are not waited for */
};

struct site_given { /* lent until site_finish */
    const struct plan *plan;
    const struct plan_setup *setup;
    const struct place *const *places; /* of the plan's hosts, in their order */
    struct loop *loop;
    const atomic_int *stops;
    void (*notice)(void *arg, struct nodelink *n, const char *method, const json_t *params);
    void *arg;
};

/* Platform, hosts and machines by name; makes nothing. site_finish whatever it returns. */
int site_init(struct site *s, const struct site_given *g, struct err *e);
/* Opens the platforms (which makes nothing either, by their contract, before network and create).
 */
int site_open(struct site *s, struct err *e);
/* Networks, machines, nodes. */
int site_build(struct site *s, const struct site_given *g, struct err *e);
/* Removes what there is, nodes first. Then, or right after init, nothing is left. Twice is fine. */
void site_remove(struct site *s);
void site_finish(struct site *s);

struct site_machine *site_find(struct site *s, const char *name); /* NULL if none */
/* Calls each node that talks: all machines', all hosts', the generator's. */
void site_each_node(struct site *s, void (*each)(void *arg, struct nodelink *n), void *arg);
/* The first node that was lost, or NULL. */
const struct nodelink *site_find_lost(struct site *s);
/* 0, or that what holds the machines has gone. */
int site_check_alive(struct site *s, struct err *e);
/* "; the last words on its console: ..." when the node is in a machine that has a console, else
 * nothing. */
void site_say_console(struct site *s, const struct nodelink *n, char *buffer, size_t size);
/* The host a plan's name means; NULL if none. */
const struct host *site_host_named(const struct plan *p, const char *name);
/* What platforms and nodes need of a plan's host. */
struct platform_env site_env(const struct site_given *g, const struct host *h);
/* Starts a node straight on a host: for generator, probes, facts. name and notice are set. */
int site_open_host_node(struct nodelink *n, const struct platform_env *env, const char *word,
                        struct loop *l, struct err *e);

#endif
