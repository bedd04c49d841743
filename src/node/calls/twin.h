/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * twin: commands between instances that control calls together (SIPp's 3PCC). Each is a text that
 * ends with the byte 27, over TCP, as SIPp sends it. In the plain form there is one twin: who sends
 * the first command connects, the other listens. In the extended form everybody has a name and an
 * address to listen at, and connects to those he sends to. Nothing is allocated per command. One
 * thread.
 */
#ifndef VAPERF_NODE_CALLS_TWIN_H
#define VAPERF_NODE_CALLS_TWIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

enum { TWIN_PEERS_MAX = 16, TWIN_NAME_MAX = 64, TWIN_COMMAND_MAX = 65536 };

struct twin_peer {
    char name[TWIN_NAME_MAX];
    struct sockaddr_storage address;
};

struct twin_options {
    bool connects;                   /* first; else it waits for who connects */
    struct sockaddr_storage address; /* plain: the twin's when it connects, ours when it listens */
    const char *name;                /* extended: which of the peers we are; NULL: plain */
    struct twin_peer peers[TWIN_PEERS_MAX];
    uint32_t peer_count;
    uint64_t patience_ns; /* so long the first connections are tried; 0: 10 s */
};

/* SIPp's -slave_cfg: a line a peer, "name;host:port"; into peers. -EINVAL, -ENOENT with file and
 * line. */
int twin_read_peers(struct twin_options *ret, const char *path, struct err *e);

struct twin_events {
    /* A whole command. source: extended: who sent it (its line From:), else "". Lent,
     * NUL-ended. */
    void (*command)(void *arg, const char *source, const char *bytes, size_t size);
};

struct twin;

/* Listens, or connects and waits until it has: -ETIMEDOUT, -errno. Nothing stays open. */
int twin_open(struct twin **ret, const struct twin_options *o, const struct twin_events *events,
              void *arg, struct err *e);
void twin_close(struct twin *t); /* NULL-safe */
/* dest "": the one twin. Sent or queued: 0. -ENOENT: no such peer; -ENOTCONN: it is gone; -EAGAIN:
 * too much waits. */
int twin_send(struct twin *t, const char *dest, const void *bytes, size_t size);
/* Reads and writes, up to a bound, without blocking. */
void twin_turn(struct twin *t);
int twin_fd(const struct twin *t); /* readable when twin_turn has something to do */
/* There was a connection, and now there is none. */
bool twin_is_gone(const struct twin *t);
const struct sockaddr_storage *twin_local(const struct twin *t); /* where it listens */

#endif
