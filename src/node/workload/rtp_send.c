/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_send: the packet that is due in a slot. Shard's thread.
 */
#include <string.h>

#include "node/codec/rtp.h"
#include "node/codec/wire.h"
#include "node/workload/rtp.h"

enum { FILLER = 0xd5 /* silence of G.711 A-law */, STREAMS_AHEAD = 8 };

static void write_stamp(const struct rtp_shard *shard, uint32_t i, uint32_t number,
                        uint64_t intended_ns, struct workload_packet *packet)
{
    uint8_t *at = packet->data + RTP_HEADER_SIZE;

    wire_put32(at, RTP_MAGIC);
    wire_put32(at + RTP_AT_STREAM, shard->first_slot + i);
    wire_put32(at + RTP_AT_NUMBER, number);
    wire_put64(at + RTP_AT_INTENDED, intended_ns);
    packet->sent_stamp_at = RTP_HEADER_SIZE + RTP_AT_SENT;
}

static void remember(struct rtp_shard *shard, uint32_t i, uint32_t number, uint32_t timestamp,
                     uint64_t intended_ns, struct workload_packet *packet)
{
    struct rtp_sent *s = rtp_match_note(&shard->match, i, number);

    *s = (struct rtp_sent){intended_ns, intended_ns, number, timestamp};
    packet->sent_ns = &s->sent_ns;
}

/* Of the packet time whose packet has not been written yet. */
static uint32_t present_timestamp(const struct rtp_shard *shard, uint32_t i)
{
    uint32_t ssrc = rtp_ssrc(shard->key, shard->first_slot + i, RTP_SENDER);
    uint32_t ticks = shard->talks != NULL
                         ? shard->talks[i].ticks - 1
                         : shard->streams[i].next_sequence / shard->state->frame_packets;

    return rtp_first_timestamp(ssrc) + ticks * shard->state->units;
}

/* What goes out now. */
struct outgoing {
    uint8_t payload_type;
    bool marker;
    uint32_t timestamp;
    uint32_t payload_size;
    const uint8_t *payload; /* NULL: the stamp, where packets have one, and silence */
};

static void fill_payload(struct rtp_shard *shard, uint32_t i, uint32_t number,
                         const struct outgoing *o, uint64_t intended_ns,
                         struct workload_packet *packet)
{
    uint32_t filled = 0;

    if (o->payload != NULL) {
        memcpy(packet->data + RTP_HEADER_SIZE, o->payload, o->payload_size);
        return;
    }
    if (shard->state->options.match == RTP_MATCH_PAYLOAD) {
        write_stamp(shard, i, number, intended_ns, packet);
        filled = RTP_STAMP_SIZE;
    }
    memset(packet->data + RTP_HEADER_SIZE + filled, FILLER, o->payload_size - filled);
}

/* Built anew each time: to read a template of each stream costs more than to write this. */
static void write_packet(struct rtp_shard *shard, uint32_t i, const struct outgoing *o,
                         uint64_t intended_ns, struct workload_packet *packet)
{
    bool measured = rtp_is_measured(shard, intended_ns);
    uint32_t ssrc = rtp_ssrc(shard->key, shard->first_slot + i, RTP_SENDER);
    uint32_t number = rtp_stream_send(&shard->streams[i], measured, intended_ns);
    const struct rtp_header h = {.payload_type = o->payload_type,
                                 .marker = o->marker,
                                 .sequence = (uint16_t)(rtp_first_sequence(ssrc) + number),
                                 .timestamp = o->timestamp,
                                 .ssrc = ssrc};

    (void)rtp_encode_header(&h, packet->data, WORKLOAD_PACKET_MAX);
    fill_payload(shard, i, number, o, intended_ns, packet);
    if (shard->state->options.match == RTP_MATCH_SEQUENCE) {
        remember(shard, i, number, h.timestamp, intended_ns, packet);
    }
    packet->size = RTP_HEADER_SIZE + o->payload_size;
    rtp_address(shard, i, packet);
    if (measured) {
        rtp_count(shard, RTP_SENT, 1);
    }
    if (shard->rtcp != NULL) {
        shard->rtcp[i].packets++;
        shard->rtcp[i].octets += o->payload_size;
    }
    if (shard->secure != NULL) {
        rtp_secure_protect(shard, i, SECURE_RTP_MEDIA, packet);
    }
}

uint32_t rtp_extended_sequence(const struct rtp_shard *shard, uint32_t i, uint32_t number)
{
    return rtp_first_sequence(rtp_ssrc(shard->key, shard->first_slot + i, RTP_SENDER)) + number;
}

/* A digit takes the place of the audio, also of a pause. */
static bool write_digit(struct rtp_shard *shard, uint32_t i, uint32_t timestamp,
                        uint64_t intended_ns, struct workload_packet *packet)
{
    struct rtp_dtmf *d = &shard->dtmf[i];
    uint8_t bytes[TELEPHONE_EVENT_SIZE];
    struct outgoing o = {.payload_type = TELEPHONE_EVENT_PAYLOAD_TYPE,
                         .payload_size = sizeof(bytes),
                         .payload = bytes};
    struct telephone_event v;

    if (!rtp_dtmf_tick(d, &shard->state->dtmf, intended_ns, timestamp, &v, &o.marker)) {
        return false;
    }
    if (v.end && d->ends == 1 && rtp_is_measured(shard, intended_ns)) {
        rtp_count(shard, RTP_DTMF_SENT, 1);
    }
    o.timestamp = d->timestamp;
    (void)telephone_event_encode(&v, bytes, sizeof(bytes));
    write_packet(shard, i, &o, intended_ns, packet);
    return true;
}

/* What is due at a packet time: one packet of audio, or the packets of a frame, of which the last
 * has the marker (RFC 6184 §5.1). */
static int write_frame(struct rtp_shard *shard, uint32_t i, bool first, uint32_t timestamp,
                       uint64_t intended_ns, struct workload_packet *packets, uint32_t room)
{
    const struct rtp_state *s = shard->state;
    uint32_t n = s->frame_packets < room ? s->frame_packets : room;

    for (uint32_t k = 0; k < n; k++) {
        const struct outgoing o = {.payload_type = s->codec->payload_type,
                                   .marker = s->frame_packets > 1 ? k + 1 == n : first,
                                   .timestamp = timestamp,
                                   .payload_size = s->payload_bytes - RTP_HEADER_SIZE,
                                   .payload = rtp_said(shard, i, timestamp)};
        write_packet(shard, i, &o, intended_ns, &packets[k]);
    }
    return (int)n;
}

int rtp_send(void *given, uint32_t slot, uint64_t intended_ns, struct workload_packet *packets,
             uint32_t room)
{
    struct rtp_shard *shard = given;
    enum rtp_talk_now talk = RTP_TALK_ON;
    uint32_t i = slot - shard->first_slot, timestamp;
    int n = 0;

    if (room == 0) {
        return 0;
    }
    /* Streams lie apart: while this packet is made, the one of a neighbour soon to come is fetched.
     */
    rtp_stream_fetch(&shard->streams[i + STREAMS_AHEAD < shard->slots ? i + STREAMS_AHEAD : 0]);
    if (shard->talks != NULL) {
        talk = rtp_talk_tick(&shard->talks[i], &shard->state->talk, &shard->rand);
    }
    timestamp = present_timestamp(shard, i);
    if (shard->dtmf != NULL && write_digit(shard, i, timestamp, intended_ns, packets)) {
        n++;
    } else if (talk != RTP_TALK_SILENT) {
        n = write_frame(shard, i, talk == RTP_TALK_FIRST, timestamp, intended_ns, packets, room);
    }
    if (shard->rtcp != NULL) {
        n += rtp_rtcp_send(shard, i, intended_ns, timestamp, packets + n, room - (uint32_t)n);
    }
    return n;
}
