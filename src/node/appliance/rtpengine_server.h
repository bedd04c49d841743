/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtpengine_server: an rtpengine that runs: one that is started here and ends with us, or one that
 * was there; asked by its ng protocol. Owner: the caller. One thread, blocking.
 */
#ifndef VAPERF_NODE_APPLIANCE_RTPENGINE_SERVER_H
#define VAPERF_NODE_APPLIANCE_RTPENGINE_SERVER_H

#include "base/proc.h"
#include "node/appliance/ng.h"

struct rtpengine_words { /* of its command line */
    const char *program, *more;
    uint64_t threads, first_port, last_port;
};

struct rtpengine_server {
    struct ng ng;
    struct proc proc;
    bool has_proc;                   /* started by us */
    struct sockaddr_storage control; /* where its ng protocol is */
};

/* Starts it at an address (its port does not matter), or, with control (ADDRESS:PORT), finds one.
 * It answers when this returns 0. A failed open leaves nothing; close is NULL-safe, twice-safe. */
int rtpengine_server_open(struct rtpengine_server *s, const struct rtpengine_words *w,
                          const struct sockaddr_storage *own, const char *control, struct err *e);
void rtpengine_server_close(struct rtpengine_server *s);
/* What it has relayed. -ESRCH when it has ended. */
int rtpengine_server_read(struct rtpengine_server *s, struct ng_totals *ret);

#endif
