/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * talk: the conversation of a network bench with its far end: JSON objects, one a line, over one
 * TCP connection, with bytes between them where both agreed on how many. Every wait ends when
 * nothing moved for TALK_QUIET_S seconds, or when stopped. One thread per talk.
 */
#ifndef VAPERF_NODE_BENCH_TALK_H
#define VAPERF_NODE_BENCH_TALK_H

#include <stdatomic.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/json.h"

enum { TALK_QUIET_S = 5, TALK_LINE_MAX = 2048 };

struct talk {
    int fd; /* does not block; -1: closed */
    char peer[64];
    const atomic_bool *stop;   /* NULL: never */
    char ahead[TALK_LINE_MAX]; /* read beyond a line: belongs to what comes next */
    size_t ahead_size;
};

/* "ADDRESS:PORT". -ECONNREFUSED and others say that the far end is not there. */
int talk_connect(struct talk *t, const char *peer, const atomic_bool *stop, struct err *e);
/* Of an accepted connection; takes fd. */
void talk_init(struct talk *t, int fd, const atomic_bool *stop);
void talk_close(struct talk *t);

/* Takes the object. -EPIPE, -ETIMEDOUT, -ECANCELED; words name the peer. */
int talk_say(struct talk *t, json_t *object, struct err *e);
/* New reference; {"error": "..."} of the peer is -EREMOTEIO. */
int talk_hear(struct talk *t, json_t **ret, struct err *e);
/* Is there something to hear, now? */
bool talk_has_word(const struct talk *t);

/* Bulk: all of it or an error. */
int talk_send_bytes(struct talk *t, uint64_t size, struct err *e);
int talk_receive_bytes(struct talk *t, uint64_t size, struct err *e);
/* Exactly these. */
int talk_send(struct talk *t, const void *bytes, size_t size, struct err *e);
int talk_receive(struct talk *t, void *bytes, size_t size, struct err *e);
/* What a failed send or receive on a socket to the peer means, in words. */
int talk_fail(const struct talk *t, int code, struct err *e);

#endif
