/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rpc: a conversation in lines over two descriptors, used by both programs. Either side may serve
 * methods, call the other's, and send notices. README.md here lists the methods of the node.
 *
 * Thread rule: everything on the loop's thread. Nothing is lost when the other side reads slowly:
 * what it has not read is queued here.
 */
#ifndef VAPERF_RPC_RPC_H
#define VAPERF_RPC_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "io/loop.h"

struct rpc_peer;
struct rpc_request; /* of the other side, not answered yet */

enum { RPC_LINE_MAX = 16 << 20, RPC_QUEUE_MAX = 256 << 20 };
enum { RPC_LATER = 1 };

struct rpc_method {
    const char *name;
    /* 0: *ret_result (new reference, NULL: {}) is the answer. Negative errno: the answer is e's
     * text. RPC_LATER: the request is kept and answered with rpc_answer or rpc_fail. params: never
     * NULL, lent. */
    int (*call)(void *arg, struct rpc_request *request, const json_t *params, json_t **ret_result,
                struct err *e);
};

struct rpc_side {
    const char *name;                 /* of the other side, for errors: "node of media"; copied */
    const struct rpc_method *methods; /* ended by a NULL name; NULL: none */
    /* The other side says something that wants no answer. May call rpc_call and rpc_close.
     * Optional. */
    void (*notice)(void *arg, const char *method, const json_t *params);
    /* It is gone: -EPIPE it ended, -ECONNRESET it broke off, -EBADMSG or -EMSGSIZE it talked
     * nonsense. Called once, after waiting calls have failed with the same words; may call
     * rpc_close. Optional. */
    void (*lost)(void *arg, const struct err *why);
    void *arg;
    /* Bytes of a line, sent or heard, and of what waits to be read there; 0: RPC_LINE_MAX and
     * RPC_QUEUE_MAX. */
    size_t line_max, queue_max;
};

/* The descriptors stay the caller's and become non-blocking. */
int rpc_open(struct rpc_peer **ret, struct loop *l, int in_fd, int out_fd,
             const struct rpc_side *side, struct err *e);
/* Kept requests are dropped. Not while an rpc_call on it waits, but from its lost callback.
 * NULL-safe. */
void rpc_close(struct rpc_peer *p);

/* Asks, and turns the loop until the answer is there: notices of all peers, timers and everything
 * else on the loop are served meanwhile. Failures: the other side's own (code and text), those of
 * lost, -ETIMEDOUT, -ECANCELED after rpc_cancel, -ENOBUFS when it has long read nothing. ret_result
 * (may be NULL): new reference. */
int rpc_call(struct rpc_peer *p, const char *method, const json_t *params, uint64_t timeout_ns,
             json_t **ret_result, struct err *e);
/* From a callback of the loop: calls that wait do so for at least that long from now, because the
 * other side was heard to be at work. */
void rpc_prolong(struct rpc_peer *p, uint64_t timeout_ns);
/* From a callback of the loop: calls that wait end with -ECANCELED; a later answer is ignored. */
void rpc_cancel(struct rpc_peer *p);

/* 0, -EPIPE after the end, -ENOBUFS, -ENOMEM, -EINVAL (params cannot be written). */
int rpc_notify(struct rpc_peer *p, const char *method, const json_t *params);
/* Ends a kept request. result: taken, NULL: {}. */
int rpc_answer(struct rpc_request *request, json_t *result);
int rpc_fail(struct rpc_request *request, const struct err *why);

bool rpc_is_lost(const struct rpc_peer *p);
/* Writes what is queued, blocking up to timeout_ns: before the program ends. */
int rpc_flush(struct rpc_peer *p, uint64_t timeout_ns);

#endif
