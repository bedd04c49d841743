/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_dtmf: digits as events (RFC 4733) in a stream: each takes the place of the audio for its
 * length; its end is sent three times (§2.5.1.4). One thread at a time.
 */
#ifndef VAPERF_NODE_PROTO_RTP_DTMF_H
#define VAPERF_NODE_PROTO_RTP_DTMF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "node/codec/telephone_event.h"

struct rtp_dtmf_plan {
    const char *digits; /* dialled one after another, again and again */
    uint64_t every_ns;
    uint32_t length_units, packet_units; /* of a digit, of a packet time */
};

struct rtp_dtmf {
    uint64_t next_ns; /* 0: not begun */
    uint32_t digit;   /* which of the plan's */
    uint32_t timestamp, duration;
    uint8_t ends;
    bool is_sending, has_heard;
    uint32_t heard_timestamp; /* of the last event that was heard */
};

/* 0, or -EINVAL: a digit that is none. */
int rtp_dtmf_check(const char *digits, struct err *e);
/* A packet time: true when an event is to be sent, with the timestamp in d; *ret_first: with the
 * marker. */
bool rtp_dtmf_tick(struct rtp_dtmf *d, const struct rtp_dtmf_plan *p, uint64_t now_ns,
                   uint32_t timestamp, struct telephone_event *ret, bool *ret_first);

enum rtp_dtmf_heard { RTP_DTMF_NOTHING, RTP_DTMF_RIGHT, RTP_DTMF_WRONG };
/* An event came: a digit is heard once, at the first of its ends. Wrong: not the one that was sent
 * then. */
enum rtp_dtmf_heard rtp_dtmf_hear(struct rtp_dtmf *d, const struct rtp_dtmf_plan *p,
                                  uint32_t timestamp, const struct telephone_event *v);

#endif
