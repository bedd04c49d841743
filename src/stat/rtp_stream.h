/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_stream: what one RTP stream keeps about itself: loss, duplicates, order, bursts, jitter,
 * delay variation. Small (one allocation holds all streams of a shard) and pure: every call carries
 * the time. One thread, the shard's.
 */
#ifndef VAPERF_STAT_RTP_STREAM_H
#define VAPERF_STAT_RTP_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "stat/burst_gap.h"

enum { RTP_STREAM_WINDOW = 64, RTP_STREAM_BUCKETS = 64 };

/* What a packet turned out to be. */
enum rtp_arrival {
    RTP_FIRST_COPY, /* counts as received */
    RTP_DUPLICATE,
    RTP_TOO_LATE /* its place had been counted as lost: more than RTP_STREAM_WINDOW behind */
};

struct rtp_stream {
    uint32_t next_sequence; /* of the next packet to send, of our own 32-bit numbers */
    uint32_t first_measured;
    bool measuring;              /* first_measured is set */
    uint64_t sent, last_sent_ns; /* so far 32 bytes: all that sending touches */

    uint32_t settled; /* every number below it is decided */
    uint64_t window;  /* bit i: settled + i has come */
    uint64_t unheard; /* bit i: and too late to be played */
    uint32_t highest; /* largest that came, + 1 */
    uint64_t received, duplicates, reordered, too_late, discarded;
    uint64_t lost, bursts;
    uint32_t run; /* lost in a row up to now, not yet in longest_burst */
    uint32_t longest_burst;
    struct burst_gap burst_gap;            /* of what is settled */
    struct burst_gap before_run;           /* of what was settled when `run` began */
    double jitter_units, jitter_max_units; /* RFC 3550 §6.4.1, timestamp units */
    double transit_units;
    bool has_transit;
    uint64_t delay_sum_ns, delay_min_ns, delay_max_ns, last_arrival_ns;
    uint32_t buckets[RTP_STREAM_BUCKETS]; /* delays, 4 a doubling from 16 us */
};

/* The next packet goes out; measured: it belongs to the measured part. Returns its number. */
uint32_t rtp_stream_send(struct rtp_stream *s, bool measured, uint64_t intended_ns);

/* Soon a packet of it goes out: what that touches is fetched. The lines of two streams are apart.
 */
static inline void rtp_stream_fetch(const struct rtp_stream *s)
{
    __builtin_prefetch(&s->next_sequence, 1);
    __builtin_prefetch(&s->last_sent_ns, 1); /* often in the next line */
}

/* A packet of the measured part came. clock_hz and timestamp for jitter; delay for variation. A
 * first copy that is later than playout_ns behind the fastest packet so far is also `discarded`
 * (what a fixed jitter buffer would do). */
enum rtp_arrival rtp_stream_receive(struct rtp_stream *s, uint32_t sequence, uint64_t at_ns,
                                    uint64_t delay_ns, uint64_t playout_ns);
/* RFC 3550 §6.4.1 in order of arrival, duplicates left out. */
void rtp_stream_jitter(struct rtp_stream *s, uint32_t timestamp, uint64_t at_ns, uint32_t clock_hz);

/* The end: what has not come is lost. */
void rtp_stream_settle(struct rtp_stream *s);

/* Delay below which pct of the received lie, from the small histogram (within 19 %); 0: none came.
 */
uint64_t rtp_stream_delay_ns(const struct rtp_stream *s, double pct);
uint64_t rtp_stream_bucket_end_ns(unsigned bucket);

#endif
