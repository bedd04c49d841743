/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ng: rtpengine's control protocol, the asking side: a cookie, a space and a dictionary in bencode
 * each way, over UDP. A question that is not answered is asked again with its cookie, which the
 * server answers as before. Blocking; one thread.
 */
#ifndef VAPERF_NODE_APPLIANCE_NG_H
#define VAPERF_NODE_APPLIANCE_NG_H

#include <sys/socket.h>

#include "base/err.h"
#include "node/codec/bencode.h"

enum ng_rtcp {
    NG_RTCP_MUX, /* on RTP's port (RFC 5761) */
    NG_RTCP_NEXT /* on the one after it (RFC 3550 clause 11) */
};

struct ng {
    int fd;            /* -1: closed */
    enum ng_rtcp rtcp; /* of the streams that are made from now on; MUX after ng_open */
    uint64_t asked;
    struct buf question;
    uint8_t *answer; /* of the last question */
};

/* What a server has relayed since it began, by its own count; `streams` are there now, `ended` the
 * calls that are over. */
struct ng_totals {
    int64_t packets, bytes, errors, streams, ended;
};

/* to: where it listens (listen-ng). A failed open leaves nothing; close is NULL-safe, twice-safe.
 */
int ng_open(struct ng *ng, const struct sockaddr_storage *to, struct err *e);
void ng_close(struct ng *ng);

/* Is it there? 0, or -errno without a text: asked once, waited for a moment. */
int ng_ping(struct ng *ng);
/* A stream between two ends, `call` its name. ret: where the first end sends to. */
int ng_offer_answer(struct ng *ng, const char *call, const struct sockaddr_storage *first,
                    const struct sockaddr_storage *second, struct sockaddr_storage *ret,
                    struct err *e);
int ng_delete(struct ng *ng, const char *call, struct err *e);
int ng_read_totals(struct ng *ng, struct ng_totals *ret, struct err *e);

#endif
