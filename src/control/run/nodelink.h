/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * nodelink: the conversation with one node: its process, its peer, its clock. One thread, the
 * loop's.
 */
#ifndef VAPERF_CONTROL_RUN_NODELINK_H
#define VAPERF_CONTROL_RUN_NODELINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/proc.h"
#include "io/loop.h"
#include "rpc/rpc.h"

enum { NODELINK_NAME_MAX = 96 };

struct nodelink {
    char name[NODELINK_NAME_MAX]; /* "node of machine media" */
    struct loop *loop;
    struct proc proc;
    struct rpc_peer *peer;   /* NULL: not open */
    int64_t mono_offset_ns;  /* CLOCK_MONOTONIC here - there */
    int64_t real_offset_ns;  /* CLOCK_REALTIME here - there */
    uint64_t clock_round_ns; /* the shortest round trip they were read with */
    uint64_t clock_read_ns;  /* when, CLOCK_MONOTONIC here */
    bool by_ssh;             /* it is on another host */
    bool lost;
    struct err why; /* it was lost */
    void (*notice)(void *arg, struct nodelink *n, const char *method, const json_t *params);
    void *arg;
};

/* Starts the words. name, notice and arg are set; the rest is zero. */
int nodelink_open(struct nodelink *n, struct loop *l, char *const *words, struct err *e);
/* params: taken, may be NULL. ret may be NULL. Errors carry the name. */
int nodelink_call(struct nodelink *n, const char *method, json_t *params, uint64_t timeout_ns,
                  json_t **ret, struct err *e);
/* Reads its clock: the shortest of several round trips counts. */
int nodelink_sync(struct nodelink *n, struct err *e);
/* CLOCK_REALTIME of here for a time of the node. */
uint64_t nodelink_real_ns(const struct nodelink *n, uint64_t node_ns);
/* How its process ended ("killed by signal 9"), "" while it runs. */
void nodelink_say_end(const struct nodelink *n, char *buffer, size_t size);
/* Ends the conversation and with it the node, by force after timeout_ns. Zeroed is fine. */
void nodelink_close(struct nodelink *n, uint64_t timeout_ns);

#endif
