/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * flow_packet: a packet that is due, and one that came. Shard's thread.
 */
#include <string.h>

#include "io/addr.h"
#include "node/codec/wire.h"
#include "node/workload/flow.h"

enum { UDP_OVERHEAD = FLOW_ETHERNET + FLOW_UDP + FLOW_FCS, AT_TYPE = 12, TYPE_IPV6_HIGH = 0x86 };

/* Flows take turns: their marks of one number lie side by side, so that memory is written in order.
 */
static struct flow_mark *mark_of(const struct flow_shard *s, uint32_t i, uint32_t number)
{
    return &s->marks[(size_t)(number & (s->window - 1)) * s->slots + i];
}

/* The size of the next frame, with FCS. */
static uint32_t next_size(struct flow_shard *s)
{
    const struct flow_sizes *sizes = &s->state->sizes;
    const uint32_t bytes = sizes->bytes[s->at_size];

    s->at_size = s->at_size + 1 < sizes->count ? s->at_size + 1 : 0;
    return bytes;
}

/* Headers or an address; returns where the payload begins. */
static uint32_t begin(const struct flow_shard *s, uint32_t i, uint32_t frame_bytes,
                      struct workload_packet *packet)
{
    const struct sockaddr_storage *to = &s->state->to[s->first_slot + i];

    if (s->ports == NULL) {
        packet->to = (const struct sockaddr *)to;
        packet->to_size = addr_size(to);
        packet->size =
            frame_bytes - UDP_OVERHEAD - (to->ss_family == AF_INET6 ? FLOW_IPV6 : FLOW_IPV4);
        return 0;
    }
    packet->to = (const struct sockaddr *)&s->out[s->headers[i][AT_TYPE] == TYPE_IPV6_HIGH];
    packet->to_size = sizeof(s->out[0]);
    packet->size = frame_bytes - FLOW_FCS;
    return flow_frame_write(packet->data, s->headers[i], packet->size);
}

/* Is there still room in the burst that this time belongs to? Bursts begin with the measured part
 * and every burst_every from there, back to the warm-up. */
static bool is_in_burst(struct flow_shard *s, uint64_t intended_ns)
{
    const uint64_t every = s->state->options.burst_every_ns;
    const uint64_t number = (intended_ns + every - s->from_ns % every) / every;

    if (number != s->burst_number) {
        s->burst_number = number;
        s->in_burst = 0;
    }
    return s->in_burst++ < s->burst;
}

int flow_send(void *shard, uint32_t slot, uint64_t intended_ns, struct workload_packet *packets,
              uint32_t room)
{
    struct flow_shard *s = shard;
    const uint32_t i = slot - s->first_slot;
    struct flow_stream *stream = &s->streams[i];
    uint32_t at, bytes;

    if (room == 0 || (s->state->options.burst > 0 && !is_in_burst(s, intended_ns))) {
        return 0;
    }
    bytes = next_size(s);
    at = begin(s, i, bytes, packets);
    wire_put16(packets->data + at, FLOW_MAGIC);
    wire_put32(packets->data + at + FLOW_AT_FLOW, slot);
    wire_put32(packets->data + at + FLOW_AT_NUMBER, stream->next);
    packets->sent_stamp_at = at + FLOW_AT_SENT;
    *mark_of(s, i, stream->next) = (struct flow_mark){intended_ns, stream->next, true, false};
    stream->next++;
    if (flow_is_measured(s, intended_ns)) {
        stream->sent++;
        flow_count(s, FLOW_SENT, 1);
        flow_count(s, FLOW_SENT_BYTES, bytes);
    }
    return 1;
}

/* One of ours that is still remembered and has not come yet; else it is counted as what it is. */
static struct flow_mark *find_mark(struct flow_shard *s, const uint8_t *payload, uint32_t size,
                                   uint32_t *ret_i)
{
    uint32_t i, number;
    struct flow_mark *m;

    if (payload == NULL || size < FLOW_STAMP_SIZE || wire_get16(payload) != FLOW_MAGIC ||
        (i = wire_get32(payload + FLOW_AT_FLOW) - s->first_slot) >= s->slots) {
        flow_count(s, FLOW_FOREIGN, 1);
        return NULL;
    }
    number = wire_get32(payload + FLOW_AT_NUMBER);
    m = mark_of(s, i, number);
    if (s->streams[i].next - 1 - number >= UINT32_MAX / 2) { /* not sent yet */
        flow_count(s, FLOW_FOREIGN, 1);
        return NULL;
    }
    if (!m->used || m->number != number) {
        flow_count(s, FLOW_TOO_LATE, 1);
        return NULL;
    }
    if (m->came) {
        if (flow_is_measured(s, m->intended_ns)) {
            flow_count(s, FLOW_DUPLICATES, 1);
        }
        return NULL;
    }
    *ret_i = i;
    return m;
}

/* RFC 4737 §3: a packet is reordered when one with a higher number came before it. */
static bool is_reordered(struct flow_stream *stream, uint32_t number)
{
    if (number - stream->expected < UINT32_MAX / 2) {
        stream->expected = number + 1;
        return false;
    }
    return true;
}

static void note_delay(struct flow_shard *s, struct flow_stream *stream, uint64_t delay_ns)
{
    hist_record(s->delay, delay_ns);
    if (stream->last_delay_ns != 0) { /* RFC 3393 between neighbours that came */
        hist_record(s->variation, delay_ns > stream->last_delay_ns
                                      ? delay_ns - stream->last_delay_ns
                                      : stream->last_delay_ns - delay_ns);
    }
    stream->last_delay_ns = delay_ns;
}

void flow_receive(void *shard, const uint8_t *bytes, uint32_t size, uint64_t at_ns,
                  struct workload_receipt *ret)
{
    struct flow_shard *s = shard;
    uint32_t payload_size = size, i = 0;
    const uint8_t *payload =
        s->ports != NULL ? flow_frame_payload(bytes, size, &payload_size) : bytes;
    struct flow_mark *m = find_mark(s, payload, payload_size, &i);
    struct flow_stream *stream;
    uint64_t sent_ns;
    bool reordered;

    if (m == NULL) {
        return;
    }
    m->came = true;
    stream = &s->streams[i];
    reordered = is_reordered(stream, m->number);
    if (!flow_is_measured(s, m->intended_ns)) {
        return;
    }
    stream->received++;
    flow_count(s, FLOW_RECEIVED, 1);
    flow_count(
        s, FLOW_RECEIVED_BYTES,
        s->ports != NULL
            ? size + FLOW_FCS
            : size + UDP_OVERHEAD +
                  (s->state->to[s->first_slot + i].ss_family == AF_INET6 ? FLOW_IPV6 : FLOW_IPV4));
    flow_count(s, FLOW_REORDERED, reordered);
    sent_ns = wire_get64(payload + FLOW_AT_SENT);
    ret->intended_ns = m->intended_ns;
    if (sent_ns >= m->intended_ns && sent_ns <= at_ns) {
        ret->sent_ns = sent_ns;
        note_delay(s, stream, at_ns - sent_ns);
    }
}
