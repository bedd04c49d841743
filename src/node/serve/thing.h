/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * thing: what a peer opened by id: an appliance, a bench, a set of probes, a load. Ids are unique
 * in a node whatever they name, because rows are told apart by them. Only for node/serve.
 */
#ifndef VAPERF_NODE_SERVE_THING_H
#define VAPERF_NODE_SERVE_THING_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "io/loop.h"
#include "rpc/rpc.h"

enum { THING_ID_MAX = 64 };

struct thing;
struct thing_kind {
    const char *name; /* "appliance" */
    size_t size;      /* of the struct that begins with a struct thing */
    void (*close)(struct thing *t);
};

struct thing {
    struct thing *next;
    struct node *node;
    const struct thing_kind *kind;
    char id[THING_ID_MAX];
    struct arena arena; /* its options; as long as it lives */
};

struct node {
    struct loop *loop;
    struct rpc_peer *peer;
    const json_t *commands;
    struct thing *things; /* newest first */
    bool ended;
    struct err why; /* it ended because of this; code 0: it was asked to */
};

/* A zeroed thing with the id of the params, not yet in the node. NULL with e: no id, id in use. */
struct thing *thing_create(struct node *n, const struct thing_kind *kind, const json_t *params,
                           struct err *e);
/* Opening it went well: from now on it is found and closed with the node. */
void thing_add(struct thing *t);
/* Opening it failed: frees, closes nothing. */
void thing_discard(struct thing *t);
/* The one the params name. NULL with e. */
struct thing *thing_find(struct node *n, const struct thing_kind *kind, const json_t *params,
                         struct err *e);
/* Closes, takes out, frees. */
void thing_close(struct thing *t);

#endif
