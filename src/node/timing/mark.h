/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mark: what stands in an ICMP echo request or reply (RFC 792) between a machine and the clock: a
 * start or end of a job's round, or a query, and its answer with the clock's times. Every mark
 * carries a tag made with a key of the run, so that nobody else can start or end a job. Pure.
 */
#ifndef VAPERF_NODE_TIMING_MARK_H
#define VAPERF_NODE_TIMING_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
    MARK_KEY_SIZE = 16,
    MARK_TAG_SIZE = 16,
    MARK_SIZE = 72, /* behind the ICMP header of 8 bytes */
    MARK_PACKET = 8 + MARK_SIZE,
    MARK_TICKET_MAX = 64 /* "SESSION.KEY" in hexadecimal digits */
};

enum mark_kind { MARK_QUERY = 1, MARK_START, MARK_END };

/* What a machine needs to be known by a clock. */
struct mark_ticket {
    uint64_t session; /* of the clock: marks of others are not its affair */
    uint8_t key[MARK_KEY_SIZE];
};

struct mark {
    enum mark_kind kind;
    uint64_t session, job; /* job: mark_job() of its name */
    uint32_t round, sequence;
    uint64_t machine_ns;           /* the machine's CLOCK_MONOTONIC when it sent this */
    uint64_t received_ns, sent_ns; /* in an answer: the clock's CLOCK_MONOTONIC */
};

enum mark_flag { MARK_REQUEST, MARK_ANSWER };

/* A whole ICMP message, check sum included. identifier: the socket's, network order as given. */
void mark_encode(const struct mark *m, enum mark_flag what, uint16_t identifier,
                 const uint8_t key[MARK_KEY_SIZE], uint8_t ret[MARK_PACKET]);
/* -ENOMSG: none of ours, -ESTALE: another session's, -EBADMSG: forged or damaged. */
int mark_decode(struct mark *ret, enum mark_flag what, const struct mark_ticket *t,
                const void *icmp, size_t size);

uint64_t mark_job(const char *name);
/* A new session with a key of random bytes. -errno. */
int mark_draw(struct mark_ticket *ret);
void mark_format_ticket(const struct mark_ticket *t, char ret[MARK_TICKET_MAX]);
/* -EINVAL. */
int mark_parse_ticket(struct mark_ticket *ret, const char *text);

#endif
