/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_receive: what a packet that came is: one of ours, known by its stamp or by its numbers, or
 * somebody else's. Bytes from the network are counted, not believed. Shard's thread.
 */
#include <errno.h>
#include <string.h>

#include "node/codec/rtp.h"
#include "node/codec/wire.h"
#include "node/workload/rtp.h"

enum { CLOCK_SLACK_NS = 1000000 /* a packet may seem to come before it was sent */ };

/* One of ours. */
struct found {
    uint32_t i, number;
    uint64_t intended_ns, sent_ns;
};

enum { STUN_HEADER_SIZE = 20 };
#define STUN_COOKIE 0x2112a442u

/* What cannot be told from noise is malformed. */
static enum rtp_counter kind_of_bad(const uint8_t *bytes, uint32_t size)
{
    if (size >= STUN_HEADER_SIZE && bytes[0] >> 6 == 0 && wire_get32(bytes + 4) == STUN_COOKIE) {
        return RTP_STUN;
    }
    return size < RTP_HEADER_SIZE ? RTP_TRUNCATED : RTP_MALFORMED;
}

static enum rtp_counter kind_of(int result, const uint8_t *bytes, uint32_t size)
{
    switch (result) {
    case -EBADMSG:
        return kind_of_bad(bytes, size);
    case -ENODATA:
        return RTP_TRUNCATED;
    case -EMSGSIZE:
        return RTP_OVERSIZED;
    default:
        return RTP_FOREIGN;
    }
}

/* Of a packet with a stamp, which no appliance has changed: its length is known. */
static int check_size(const struct rtp_shard *shard, const struct rtp_packet *p)
{
    const uint32_t sent = shard->state->payload_bytes - RTP_HEADER_SIZE;

    if (p->payload_size == sent) {
        return 0;
    }
    return p->payload_size < sent ? -ENODATA : -EMSGSIZE;
}

/* Our number of a packet whose payload is cut off, from the RTP header. */
static struct found of_header(const struct rtp_shard *shard, uint32_t i, const struct rtp_header *h)
{
    const uint32_t last = shard->streams[i].next_sequence - 1;
    const uint16_t behind = (uint16_t)(rtp_extended_sequence(shard, i, last) - h->sequence);
    return (struct found){.i = i, .number = last - behind};
}

/* -EBADMSG: too short for a stamp; -ENODATA, -EMSGSIZE: ours, but shorter or longer; -ENOENT: not
 * ours. Ours without a stamp have no times in *ret. */
static int find_by_payload(struct rtp_shard *shard, const struct rtp_packet *p, uint64_t at_ns,
                           struct found *ret)
{
    enum rtp_side side;

    if (p->payload_size < RTP_STAMP_SIZE) {
        const uint32_t i = rtp_find_stream(shard, p->header.ssrc, &side);
        if (i >= shard->slots) {
            return -EBADMSG;
        }
        *ret = of_header(shard, i, &p->header);
        return -ENODATA;
    }
    *ret = (struct found){wire_get32(p->payload + RTP_AT_STREAM) - shard->first_slot,
                          wire_get32(p->payload + RTP_AT_NUMBER),
                          wire_get64(p->payload + RTP_AT_INTENDED),
                          wire_get64(p->payload + RTP_AT_SENT)};
    if (wire_get32(p->payload) != RTP_MAGIC || ret->i >= shard->slots ||
        ret->sent_ns > at_ns + CLOCK_SLACK_NS || ret->intended_ns > ret->sent_ns) {
        return -ENOENT;
    }
    return check_size(shard, p);
}

static uint32_t last_number(const void *arg, uint32_t i)
{
    const struct rtp_shard *shard = arg;
    return shard->streams[i].next_sequence - 1;
}

uint32_t rtp_find_stream(struct rtp_shard *shard, uint32_t ssrc, enum rtp_side *ret_side)
{
    uint32_t i = rtp_ssrc_slot(shard->key, ssrc, ret_side) - shard->first_slot;

    if (i >= shard->slots && shard->state->options.match == RTP_MATCH_SEQUENCE) {
        *ret_side = RTP_SENDER;
        i = rtp_match_learned(&shard->match, ssrc);
    }
    return i;
}

/* An appliance may put its own SSRC in the place of ours: it is learned from the other numbers. */
static int find_by_sequence(struct rtp_shard *shard, const struct rtp_header *h, struct found *ret)
{
    enum rtp_side side;
    uint32_t i = rtp_find_stream(shard, h->ssrc, &side);
    const struct rtp_sent *s;

    if (i >= shard->slots) {
        i = rtp_match_learn(&shard->match, h->ssrc, h->sequence, h->timestamp, last_number, shard);
    }
    if (i >= shard->slots || side == RTP_RECEIVER) {
        return -ENOENT;
    }
    s = rtp_match_find(&shard->match, i, last_number(shard, i), h->sequence, h->timestamp);
    if (s == NULL) {
        return -ENOENT;
    }
    *ret = (struct found){i, s->number, s->intended_ns, s->sent_ns};
    return 0;
}

/* Counts what changed in a stream since `before` into the shard's live counters. */
static void count_changes(struct rtp_shard *shard, const struct rtp_stream *before,
                          const struct rtp_stream *now)
{
    rtp_count(shard, RTP_RECEIVED, now->received - before->received);
    rtp_count(shard, RTP_LOST, now->lost - before->lost);
    rtp_count(shard, RTP_DUPLICATES, now->duplicates - before->duplicates);
    rtp_count(shard, RTP_REORDERED, now->reordered - before->reordered);
    rtp_count(shard, RTP_LATE, now->too_late - before->too_late);
    rtp_count(shard, RTP_DISCARDED, now->discarded - before->discarded);
}

static void take_digit(struct rtp_shard *shard, uint32_t i, const struct rtp_packet *p)
{
    enum rtp_dtmf_heard heard = RTP_DTMF_NOTHING;
    struct telephone_event v;

    if (telephone_event_decode(&v, p->payload, p->payload_size) < 0) {
        rtp_count(shard, RTP_DTMF_FALSE, 1);
        return;
    }
    heard = rtp_dtmf_hear(&shard->dtmf[i], &shard->state->dtmf, p->header.timestamp, &v);
    rtp_count(shard, RTP_DTMF_RECEIVED, heard != RTP_DTMF_NOTHING);
    rtp_count(shard, RTP_DTMF_FALSE, heard == RTP_DTMF_WRONG);
}

/* Is it what was said? And for later, what was heard. */
static void take_audio(struct rtp_shard *shard, uint32_t i, const struct rtp_packet *p)
{
    const struct rtp_state *s = shard->state;
    const uint8_t *said = rtp_said(shard, i, p->header.timestamp);
    uint32_t size = s->payload_bytes - RTP_HEADER_SIZE;

    if (said != NULL && p->header.payload_type == s->codec->payload_type &&
        p->payload_size == size && memcmp(said, p->payload, size) == 0) {
        rtp_count(shard, RTP_AUDIO_IDENTICAL, 1);
    }
    if (shard->record.heard != NULL && shard->first_slot + i == s->options.record_stream) {
        rtp_record_take(&shard->record, p, said, size, s->codec->payload_type);
    }
}

static void take(struct rtp_shard *shard, const struct rtp_packet *p, const struct found *f,
                 uint64_t at_ns, struct workload_receipt *ret)
{
    struct rtp_stream *stream = &shard->streams[f->i], before = *stream;
    const struct rtp_state *s = shard->state;
    uint64_t delay_ns = at_ns > f->sent_ns ? at_ns - f->sent_ns : 0;

    bool is_digit = shard->dtmf != NULL && p->header.payload_type == TELEPHONE_EVENT_PAYLOAD_TYPE;

    if (is_digit) {
        take_digit(shard, f->i, p);
    }
    if (rtp_stream_receive(stream, f->number, at_ns, delay_ns, s->options.jitter_buffer_ns) ==
        RTP_FIRST_COPY) {
        if (!is_digit) { /* whose timestamp is of its begin */
            rtp_stream_jitter(stream, p->header.timestamp, at_ns, s->codec->clock_hz);
            take_audio(shard, f->i, p);
        }
        rtp_count(shard, RTP_OTHER_SSRC,
                  p->header.ssrc != rtp_ssrc(shard->key, shard->first_slot + f->i, RTP_SENDER));
        ret->intended_ns = f->intended_ns;
        ret->sent_ns = f->sent_ns;
    }
    count_changes(shard, &before, stream);
}

/* By its port where reports have one, else by its first octets (RFC 5761 §4). */
static bool is_report(const struct rtp_shard *shard, const uint8_t *bytes, uint32_t size,
                      const struct workload_receipt *r)
{
    if (shard->rtcp == NULL) {
        return false;
    }
    return rtp_is_paired(&shard->state->options) ? r->at_next : rtp_is_rtcp(bytes, size);
}

/* Ours count by when they were due, as those that are received; of others it is only known when
 * they came. */
static bool is_of_window(const struct rtp_shard *shard, int result, const struct found *f,
                         uint64_t at_ns)
{
    const struct rtp_stream *s;

    if (result != -ENODATA && result != -EMSGSIZE) {
        return rtp_is_measured(shard, at_ns);
    }
    if (f->intended_ns != 0) {
        return rtp_is_measured(shard, f->intended_ns);
    }
    if ((int32_t)f->number < 0) { /* before the first that was sent: it only looks like ours */
        return rtp_is_measured(shard, at_ns);
    }
    s = &shard->streams[f->i];
    return s->measuring && (int32_t)(f->number - s->first_measured) >= 0;
}

void rtp_receive(void *given, const uint8_t *bytes, uint32_t size, uint64_t at_ns,
                 struct workload_receipt *ret)
{
    struct rtp_shard *shard = given;
    struct rtp_packet p;
    struct found f = {0};
    int result;

    if (is_report(shard, bytes, size, ret)) {
        rtp_rtcp_receive(shard, bytes, size, at_ns);
        return;
    }
    result = rtp_decode(&p, bytes, size);
    if (result == 0) {
        result = shard->state->options.match == RTP_MATCH_PAYLOAD
                     ? find_by_payload(shard, &p, at_ns, &f)
                     : find_by_sequence(shard, &p.header, &f);
    }
    if (result == 0 && shard->secure != NULL) {
        bytes = rtp_secure_receive(shard, f.i, SECURE_RTP_MEDIA, bytes, &size);
        if (bytes == NULL) {
            rtp_count(shard, RTP_NOT_AUTHENTIC, rtp_is_measured(shard, f.intended_ns));
            return;
        }
        (void)rtp_decode(&p, bytes, size);
    }
    if (result == 0 && shard->rtcp != NULL) {
        rtp_rtcp_note(&shard->rtcp[f.i], &p.header, f.number, at_ns, shard->state->codec->clock_hz);
    }
    if (result < 0) {
        rtp_count(shard, kind_of(result, bytes, size), is_of_window(shard, result, &f, at_ns));
    } else if (f.intended_ns >= shard->to_ns) {
        rtp_count(shard, RTP_FOREIGN, rtp_is_measured(shard, at_ns));
    } else if (f.intended_ns >= shard->from_ns) { /* else it is of the warm-up */
        take(shard, &p, &f, at_ns, ret);
    }
}
