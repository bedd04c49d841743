/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * flow: private to the drawers of the workload `flow`: numbered packets of many flows to many
 * destinations, as UDP payloads that an appliance returns, or as whole frames that a router
 * forwards to another port of ours.
 *
 * Payload, network byte order: magic 16, flow 32, number within the flow 32, actual send time 64.
 * The intended time does not fit into the smallest frame: the sender remembers it per flow, for the
 * last `window` packets of each.
 */
#ifndef VAPERF_NODE_WORKLOAD_FLOW_H
#define VAPERF_NODE_WORKLOAD_FLOW_H

#include <linux/if_packet.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/hist.h"
#include "node/load/workload.h"

enum {
    FLOW_MAGIC = 0x7670,
    FLOW_AT_FLOW = 2,
    FLOW_AT_NUMBER = 6,
    FLOW_AT_SENT = 10,
    FLOW_STAMP_SIZE = 18,
    FLOW_ETHERNET = 14,
    FLOW_FCS = 4, /* of a frame's size, but added by the network card */
    FLOW_IPV4 = 20,
    FLOW_IPV6 = 40,
    FLOW_UDP = 8,
    FLOW_HEADERS_MAX = FLOW_ETHERNET + FLOW_IPV6 + FLOW_UDP,
    FLOW_FRAME_MIN = 64,
    FLOW_FRAME_MAX = 1518,
    FLOW_SIZES_MAX = 64
};

enum flow_counter {
    FLOW_SENT,
    FLOW_RECEIVED,
    FLOW_SENT_BYTES,
    FLOW_RECEIVED_BYTES,
    FLOW_DUPLICATES,
    FLOW_REORDERED,
    FLOW_TOO_LATE,
    FLOW_FOREIGN,
    FLOW_COUNTERS
};

struct flow_options {
    double rate_per_s;
    uint64_t bits_per_s; /* of frames with their FCS; 0: the rate counts */
    uint64_t flows;
    uint64_t burst, burst_every_ns; /* packets; 0: no bursts */
    const char *sizes;
    bool frames, bridged; /* whole ones */
};
extern const struct opt flow_options_table[];

/* The order of frame sizes, which then begins again. */
struct flow_sizes {
    uint32_t bytes[FLOW_SIZES_MAX]; /* of whole frames with FCS */
    uint32_t count, smallest;
    double mean_bytes;
};
/* "64", "64,512,1518", "imix". -EINVAL. */
int flow_sizes_parse(struct flow_sizes *ret, const char *text, struct err *e);
int flow_check(const void *options, struct workload_shape *ret, struct err *e);

struct flow_state {
    struct flow_options options;
    struct flow_sizes sizes;
    struct sockaddr_storage *to; /* of each flow */
    size_t count;
    double rate_per_s, offered_per_s; /* the second with pauses between bursts */
};

/* A packet under way: written by the sender, looked for by the receiver. */
struct flow_mark {
    uint64_t intended_ns;
    uint32_t number;
    bool used, came;
};

struct flow_stream {         /* one flow */
    uint32_t next;           /* number of its next packet */
    uint32_t expected;       /* number after the highest that came */
    uint64_t sent, received; /* of the measured part, without duplicates */
    uint64_t last_delay_ns;  /* of the last measured one that came; 0: none */
};

struct flow_shard {
    const struct flow_state *state;
    const struct workload_ports *ports; /* NULL: UDP */
    uint32_t first_slot, slots, window; /* window: a power of two, marks of each flow */
    uint32_t at_size;
    uint64_t burst, burst_number, in_burst; /* of this shard; its present one; sent of that */
    uint16_t port;
    uint64_t from_ns, to_ns;
    struct flow_stream *streams;
    struct flow_mark *marks;
    uint8_t (*headers)[FLOW_HEADERS_MAX]; /* of frames: those of each flow */
    struct sockaddr_ll out[2];            /* IPv4, IPv6 */
    struct hist *delay, *variation;       /* from the actual send; between neighbours of a flow */
    _Atomic uint64_t counters[FLOW_COUNTERS]; /* one writer */
};

static inline bool flow_is_measured(const struct flow_shard *s, uint64_t intended_ns)
{
    return intended_ns >= s->from_ns && intended_ns < s->to_ns;
}

static inline void flow_count(struct flow_shard *s, enum flow_counter which, uint64_t by)
{
    atomic_store_explicit(&s->counters[which],
                          atomic_load_explicit(&s->counters[which], memory_order_relaxed) + by,
                          memory_order_relaxed);
}

/* flow_frame.c: what lies before the payload. Sizes without FCS. */
uint32_t flow_headers_size(int family); /* of a frame */
/* Headers of a frame with an empty payload. */
void flow_frame_prepare(uint8_t headers[FLOW_HEADERS_MAX], const struct workload_ports *ports,
                        const struct sockaddr_storage *to, uint16_t port);
/* Writes them for a frame of `size` bytes; returns the size of the headers. */
uint32_t flow_frame_write(uint8_t *frame, const uint8_t headers[FLOW_HEADERS_MAX], uint32_t size);
/* Where the payload begins, NULL: it is no UDP packet of ours. */
const uint8_t *flow_frame_payload(const uint8_t *frame, uint32_t size, uint32_t *ret_size);

int flow_send(void *shard, uint32_t slot, uint64_t intended_ns, struct workload_packet *packets,
              uint32_t room);
void flow_receive(void *shard, const uint8_t *bytes, uint32_t size, uint64_t at_ns,
                  struct workload_receipt *ret);
extern const char *const flow_metrics[]; /* of its metrics, NULL-ended */
json_t *flow_summarize(void *state, void *const shards[], uint32_t count);

#endif
