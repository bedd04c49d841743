/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_match: which packet of ours came back. SSRCs are computed from the stream, so that they need
 * no table; what was sent is remembered in a ring a stream, for appliances that change the payload
 * but keep sequence number and timestamp. One that also changes the SSRC is learned from those two.
 * One thread, the shard's; nothing is allocated after open.
 */
#ifndef VAPERF_NODE_WORKLOAD_RTP_MATCH_H
#define VAPERF_NODE_WORKLOAD_RTP_MATCH_H

#include <stdint.h>

/* The two ends of a stream have an SSRC each: who sends, and who reports what was received. */
enum rtp_side { RTP_SENDER, RTP_RECEIVER };

/* One to one for a key: random to look at, never two alike (RFC 3550 §8.1). */
uint32_t rtp_ssrc(uint32_t key, uint32_t slot, enum rtp_side side);
/* The slot of an SSRC of ours; of any other one some slot far out. */
uint32_t rtp_ssrc_slot(uint32_t key, uint32_t ssrc, enum rtp_side *ret_side);
/* Where a stream's numbers begin (random, RFC 3550 §5.1). */
uint16_t rtp_first_sequence(uint32_t ssrc);
uint32_t rtp_first_timestamp(uint32_t ssrc);

struct rtp_sent {
    uint64_t intended_ns, sent_ns; /* sent_ns: written by the engine */
    uint32_t number, timestamp;    /* number: of our own, 32 bits */
};

struct rtp_match {
    uint32_t slots, depth; /* depth: packets a stream, a power of two */
    struct rtp_sent *ring;
    struct rtp_learned *learned; /* a hash table */
    uint32_t learned_size, learned_count;
    uint64_t budget; /* streams that may still be looked at to learn an SSRC */
    uint32_t key, first_slot;
};

/* depth is rounded up. -ENOMEM leaves nothing. */
int rtp_match_open(struct rtp_match *m, uint32_t first_slot, uint32_t slots, uint32_t depth,
                   uint32_t key);
/* Stream i sends a packet: where the engine may write the time of sending. */
struct rtp_sent *rtp_match_note(struct rtp_match *m, uint32_t i, uint32_t number);
/* What was sent with this RTP header by stream i, whose last number is given; NULL: nothing. */
const struct rtp_sent *rtp_match_find(const struct rtp_match *m, uint32_t i, uint32_t last_number,
                                      uint16_t sequence, uint32_t timestamp);
/* The stream that a foreign SSRC was learned for; UINT32_MAX: none. */
uint32_t rtp_match_learned(const struct rtp_match *m, uint32_t ssrc);
/* Looks for a stream that sent such a packet, and remembers its SSRC. last_numbers: how to get the
 * last number of a stream. UINT32_MAX: none. */
uint32_t rtp_match_learn(struct rtp_match *m, uint32_t ssrc, uint16_t sequence, uint32_t timestamp,
                         uint32_t (*last_number)(const void *arg, uint32_t i), const void *arg);
void rtp_match_close(struct rtp_match *m);

#endif
