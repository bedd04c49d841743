/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * listener: see listener.h.
 */
#include "node/callmedia/listener.h"

#include "node/codec/telephone_event.h"

/* Numbers of a peer begin above 0, so that one that came before the first is no great number. A
 * step of more than JUMP is no gap but another beginning, if a second packet goes on from there
 * (RFC 3550 Appendix A.1). */
enum { FIRST_NUMBER = 1 << 16, JUMP = 3000, CLOCK_HZ = 8000, TICK_SHIFT = 10 };

/* Delays of a peer's packets are differences to one packet, which has this one. */
#define BASE_DELAY_NS UINT64_C(10000000000)
#define FARTHEST_NS INT64_C(5000000000) /* a greater difference is another base */

void listener_note_sent(struct listener *l, uint32_t number, uint64_t now_ns)
{
    l->sent_at[number % RTP_STREAM_WINDOW] = (uint32_t)(now_ns >> TICK_SHIFT);
    if (l->hears != HEARS_PEER) {
        (void)rtp_stream_send(&l->stream, true, now_ns);
    }
}

static uint32_t clock_of(const struct listener *l)
{
    return l->codec != NULL ? l->codec->clock_hz : CLOCK_HZ;
}

static enum listener_took note(struct listener *l, uint32_t number, uint64_t at_ns,
                               uint64_t delay_ns, uint64_t playout_ns)
{
    static const enum listener_took took[] = {[RTP_FIRST_COPY] = TOOK_FIRST_COPY,
                                              [RTP_DUPLICATE] = TOOK_DUPLICATE,
                                              [RTP_TOO_LATE] = TOOK_TOO_LATE};

    l->last_ns = at_ns;
    return took[rtp_stream_receive(&l->stream, number, at_ns, delay_ns, playout_ns)];
}

/* What says the same time again and again (digits) has no jitter of its own. */
static void note_sound(struct listener *l, const struct rtp_packet *p,
                       const struct listener_rules *r, uint64_t at_ns)
{
    if (l->codec == NULL) {
        l->codec = media_codec_of_type(p->header.payload_type);
    }
    if (l->codec == NULL) {
        l->codec = r->other;
    }
    if (p->header.marker) {
        l->stream.has_transit = false; /* a pause ended: RFC 3551 §4.1 */
    }
    rtp_stream_jitter(&l->stream, p->header.timestamp, at_ns, clock_of(l));
}

/* ---- own packets ---- */

static enum listener_took take_own(struct listener *l, const struct rtp_packet *p,
                                   const struct listener_rules *r, uint64_t at_ns)
{
    uint32_t last = l->stream.next_sequence - 1, number, ago;
    uint16_t behind = (uint16_t)((uint16_t)(r->first_sequence + last) - p->header.sequence);

    if (behind > last) {
        return TOOK_OTHER_SOURCE; /* never sent */
    }
    if (l->hears == HEARS_NOTHING) {
        l->hears = HEARS_OWN;
        l->first_ns = at_ns;
    }
    number = last - behind;
    /* Sending and receiving are read from two clocks that agree but nearly. */
    ago = (uint32_t)(at_ns >> TICK_SHIFT) - l->sent_at[number % RTP_STREAM_WINDOW];
    ago = (int32_t)ago < 0 || behind >= RTP_STREAM_WINDOW ? 0 : ago;
    return note(l, number, at_ns, (uint64_t)ago << TICK_SHIFT, r->playout_ns);
}

/* ---- the peer's ---- */

static void set_base(struct listener *l, const struct rtp_packet *p, uint64_t at_ns)
{
    l->base_ns = at_ns;
    l->base_timestamp = p->header.timestamp;
}

static void begin_peer(struct listener *l, const struct rtp_packet *p, uint64_t at_ns)
{
    if (l->hears == HEARS_NOTHING) {
        l->first_ns = at_ns;
    }
    l->stream = (struct rtp_stream){.next_sequence = FIRST_NUMBER};
    l->hears = HEARS_PEER;
    l->ssrc = l->other = p->header.ssrc;
    l->number = FIRST_NUMBER;
    l->sequence = p->header.sequence;
    set_base(l, p, at_ns);
    (void)rtp_stream_send(&l->stream, true, at_ns);
}

static struct rtp_totals end_stream(struct listener *l, const struct rtp_voice *v)
{
    rtp_stream_settle(&l->stream);
    if (l->hears == HEARS_PEER) {
        l->stream.delay_sum_ns = 0; /* only differences were known */
    }
    return rtp_totals_of(&l->stream, v);
}

/* It began another stream, or went on at quite another number. */
static void begin_again(struct listener *l, const struct rtp_packet *p, uint64_t at_ns)
{
    const struct rtp_voice v = {.ptime_ns = 1, .packets_per_ptime = 1};
    struct rtp_totals t = end_stream(l, &v);

    rtp_totals_add(&l->before, &t);
    begin_peer(l, p, at_ns);
}

/* True: this packet is not of the stream, or not yet. */
static bool is_elsewhere(struct listener *l, const struct rtp_packet *p, uint64_t at_ns)
{
    int16_t step = (int16_t)(p->header.sequence - l->sequence);

    if (p->header.ssrc != l->ssrc) {
        if (p->header.ssrc != l->other) {
            l->other = p->header.ssrc;
            return true;
        }
        begin_again(l, p, at_ns);
    } else if (step > JUMP || step < -JUMP) {
        if (p->header.sequence != l->jump_to) {
            l->jump_to = (uint16_t)(p->header.sequence + 1);
            return true;
        }
        begin_again(l, p, at_ns);
    }
    return false;
}

/* How much later than the base it came, against the times both were made at. */
static uint64_t relative_delay(struct listener *l, const struct rtp_packet *p, uint64_t at_ns)
{
    int64_t units = (int32_t)(p->header.timestamp - l->base_timestamp);
    int64_t later = (int64_t)(at_ns - l->base_ns) - units * 1000000000 / (int64_t)clock_of(l);

    if (p->header.marker || later > FARTHEST_NS || later < -FARTHEST_NS) {
        set_base(l, p, at_ns); /* a play-out begins anew with a spurt of talk */
        later = 0;
    }
    return (uint64_t)(later + (int64_t)BASE_DELAY_NS);
}

static enum listener_took take_peer(struct listener *l, const struct rtp_packet *p,
                                    const struct listener_rules *r, uint64_t at_ns)
{
    uint64_t delay = BASE_DELAY_NS;
    uint32_t number;
    int16_t step;

    if (l->hears == HEARS_OWN) {
        return TOOK_OTHER_SOURCE;
    }
    if (l->hears == HEARS_NOTHING) {
        begin_peer(l, p, at_ns);
    } else if (is_elsewhere(l, p, at_ns)) {
        return TOOK_OTHER_SOURCE;
    }
    step = (int16_t)(p->header.sequence - l->sequence);
    number = (uint32_t)((int32_t)l->number + step);
    if (step > 0) {
        l->number = number;
        l->sequence = p->header.sequence;
    }
    while ((int32_t)(number - l->stream.next_sequence) >= 0) {
        (void)rtp_stream_send(&l->stream, true, at_ns);
    }
    if (p->header.payload_type != r->event_type) {
        delay = relative_delay(l, p, at_ns);
    } else if (l->stream.received > 0) {
        delay = l->stream.delay_min_ns;
    }
    return note(l, number, at_ns, delay, r->playout_ns);
}

enum listener_took listener_take(struct listener *l, const struct rtp_packet *p,
                                 const struct listener_rules *r, uint64_t at_ns)
{
    /* Who has sent nothing can only meet a peer that chose the same SSRC (RFC 3550 §8.2). */
    bool is_own =
        p->header.ssrc == r->own_ssrc && l->hears != HEARS_PEER && l->stream.next_sequence > 0;
    enum listener_took took = is_own ? take_own(l, p, r, at_ns) : take_peer(l, p, r, at_ns);

    if (took == TOOK_FIRST_COPY && p->header.payload_type != r->event_type) {
        note_sound(l, p, r, at_ns);
    }
    return took;
}

bool listener_take_digit(struct listener *l, const struct rtp_packet *p)
{
    struct telephone_event v;

    if (telephone_event_decode(&v, p->payload, p->payload_size) < 0 || !v.end ||
        (l->has_digit && l->digit_timestamp == p->header.timestamp)) {
        return false;
    }
    l->has_digit = true;
    l->digit_timestamp = p->header.timestamp;
    return true;
}

uint32_t listener_expected(const struct listener *l)
{
    return l->number - FIRST_NUMBER + 1;
}

uint32_t listener_highest(const struct listener *l)
{
    const uint32_t steps = l->number - FIRST_NUMBER;

    return (uint16_t)(l->sequence - steps) + steps;
}

struct rtp_totals listener_close(struct listener *l, const struct rtp_voice *v)
{
    struct rtp_totals t = l->before, last;

    if (l->hears != HEARS_NOTHING) {
        last = end_stream(l, v);
        rtp_totals_add(&t, &last);
    }
    return t;
}
