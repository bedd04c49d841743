/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_stream: see rtp_stream.h. Order as in RFC 4737 (a packet behind one already seen is
 * reordered), jitter as in RFC 3550 §6.4.1. Pure.
 */
#include "stat/rtp_stream.h"

#include <math.h>

enum { BUCKETS_A_DOUBLING = 4 };
#define BUCKET_FIRST_NS 16000.0

uint32_t rtp_stream_send(struct rtp_stream *s, bool measured, uint64_t intended_ns)
{
    uint32_t sequence = s->next_sequence++;

    if (measured) {
        if (!s->measuring) {
            s->measuring = true;
            s->first_measured = s->settled = s->highest = sequence;
        }
        s->sent++;
        s->last_sent_ns = intended_ns;
    }
    return sequence;
}

/* Decides the oldest place of the window. */
static void settle_one(struct rtp_stream *s)
{
    if (s->window & 1) {
        s->longest_burst = s->run > s->longest_burst ? s->run : s->longest_burst;
        s->run = 0;
    } else {
        if (s->run == 0) {
            s->before_run = s->burst_gap;
            s->bursts++;
        }
        s->lost++;
        s->run++;
    }
    burst_gap_note(&s->burst_gap, (s->window & 1) == 0    ? PACKET_LOST
                                  : (s->unheard & 1) != 0 ? PACKET_DISCARDED
                                                          : PACKET_RECEIVED);
    s->window >>= 1;
    s->unheard >>= 1;
    s->settled++;
}

static unsigned bucket_of(uint64_t delay_ns)
{
    double b;
    if ((double)delay_ns <= BUCKET_FIRST_NS) {
        return 0;
    }
    b = ceil(log2((double)delay_ns / BUCKET_FIRST_NS) * BUCKETS_A_DOUBLING);
    return b < RTP_STREAM_BUCKETS - 1 ? (unsigned)b : RTP_STREAM_BUCKETS - 1;
}

uint64_t rtp_stream_bucket_end_ns(unsigned bucket)
{
    return (uint64_t)(BUCKET_FIRST_NS * exp2((double)bucket / BUCKETS_A_DOUBLING));
}

/* Returns whether it came too late to be played. */
static bool note_delay(struct rtp_stream *s, uint64_t delay_ns, uint64_t playout_ns)
{
    if (s->received == 1 || delay_ns < s->delay_min_ns) {
        s->delay_min_ns = delay_ns;
    }
    s->delay_max_ns = delay_ns > s->delay_max_ns ? delay_ns : s->delay_max_ns;
    s->delay_sum_ns += delay_ns;
    s->buckets[bucket_of(delay_ns)]++;
    return delay_ns - s->delay_min_ns > playout_ns;
}

enum rtp_arrival rtp_stream_receive(struct rtp_stream *s, uint32_t sequence, uint64_t at_ns,
                                    uint64_t delay_ns, uint64_t playout_ns)
{
    uint32_t ahead = sequence - s->settled;
    uint64_t bit;

    if (!s->measuring || (int32_t)ahead < 0 || sequence - s->first_measured >= s->sent) {
        s->too_late++;
        return RTP_TOO_LATE;
    }
    for (; ahead >= RTP_STREAM_WINDOW; ahead--) {
        settle_one(s);
    }
    bit = UINT64_C(1) << ahead;
    if (s->window & bit) {
        s->duplicates++;
        return RTP_DUPLICATE;
    }
    s->window |= bit;
    s->received++;
    if ((int32_t)(sequence - s->highest) < 0) {
        s->reordered++;
    } else {
        s->highest = sequence + 1;
    }
    s->last_arrival_ns = at_ns;
    if (note_delay(s, delay_ns, playout_ns)) {
        s->discarded++;
        s->unheard |= bit;
    }
    return RTP_FIRST_COPY;
}

void rtp_stream_jitter(struct rtp_stream *s, uint32_t timestamp, uint64_t at_ns, uint32_t clock_hz)
{
    /* The timestamp wraps at 2^32 units; over one measurement only differences matter, and those
     * are taken modulo 2^32. */
    double arrival = (double)at_ns * ((double)clock_hz / 1e9);
    double transit = fmod(arrival - (double)timestamp, 4294967296.0), change;

    if (s->has_transit) {
        change = fabs(transit - s->transit_units);
        change = fmin(change, 4294967296.0 - change);
        s->jitter_units += (change - s->jitter_units) / 16.0;
        s->jitter_max_units = fmax(s->jitter_max_units, s->jitter_units);
    }
    s->transit_units = transit;
    s->has_transit = true;
}

void rtp_stream_settle(struct rtp_stream *s)
{
    while (s->measuring && s->settled - s->first_measured < s->sent) {
        settle_one(s);
    }
}

uint64_t rtp_stream_delay_ns(const struct rtp_stream *s, double pct)
{
    uint64_t seen = 0, want = (uint64_t)ceil((double)s->received * pct / 100.0);
    uint64_t end;

    for (unsigned i = 0; i < RTP_STREAM_BUCKETS; i++) {
        seen += s->buckets[i];
        if (seen >= want && seen > 0) {
            end = rtp_stream_bucket_end_ns(i);
            return end < s->delay_max_ns && i < RTP_STREAM_BUCKETS - 1 ? end : s->delay_max_ns;
        }
    }
    return 0;
}
