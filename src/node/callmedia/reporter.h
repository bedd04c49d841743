/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reporter: the RTCP of one medium of a call (RFC 3550 §6.4): what our end tells of what it sent
 * and heard, and what it learns from the peer's reports: the round trip, and what the far end lost
 * of ours. Pure: times are given. One thread.
 */
#ifndef VAPERF_NODE_CALLMEDIA_REPORTER_H
#define VAPERF_NODE_CALLMEDIA_REPORTER_H

#include "node/callmedia/listener.h"
#include "node/callmedia/talker.h"

enum { REPORTER_SIZE_MAX = 512 /* of a compound packet of ours */ };

struct reporter {
    uint32_t octets;      /* of payload that was sent */
    uint32_t sent_before; /* packets, when the last report left */
    uint32_t sr_time;     /* of the last SR, the middle 32 bits of its NTP time */
    uint64_t sr_ns;
    uint32_t expected_before, received_before, block_ssrc; /* when the last block was written */
    uint32_t heard_ssrc, heard_sr;                         /* the peer's last SR */
    uint64_t heard_sr_ns;                                  /* 0: none */
    uint64_t rtt_sum_ns, rtt_count;
    bool has_written;
    bool has_far; /* the peer told of our packets: the last time */
    int32_t far_lost;
    uint32_t far_highest; /* extended sequence number */
};

struct reporter_env {
    uint64_t now_ns;
    int64_t real_offset_ns; /* wall clock less ours */
    const char *cname;      /* RFC 3550 §6.5.1 */
};

enum reporter_why { REPORTER_REGULAR, REPORTER_BYE /* the last one: the call is over */ };

/* An SR where something was sent since the last report, else an RR, with the CNAME. The size; 0:
 * nothing was sent or heard so far. room: REPORTER_SIZE_MAX or more. */
size_t reporter_write(struct reporter *r, const struct talker *t, const struct listener *l,
                      const struct reporter_env *env, enum reporter_why why,
                      uint8_t bytes[REPORTER_SIZE_MAX]);
/* A compound packet that came. -EBADMSG: its rest was not looked at. Our own, returned by an echo,
 * are passed over. */
int reporter_take(struct reporter *r, uint32_t own_ssrc, const uint8_t *bytes, size_t size,
                  uint64_t at_ns);

/* NAN: the peer has not told. Mean of all round trips; share of what it should have heard. */
double reporter_rtt_us(const struct reporter *r);
double reporter_far_loss_pct(const struct reporter *r, uint16_t first_sequence);

#endif
