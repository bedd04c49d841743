/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the drawers of the rtp workload share: options, codecs, shards.
 */
#ifndef VAPERF_NODE_WORKLOAD_RTP_H
#define VAPERF_NODE_WORKLOAD_RTP_H

#include <stdatomic.h>

#include "base/rand.h"
#include "node/load/workload.h"
#include "node/srtp/secure_rtp.h"
#include "node/workload/rtp_audio.h"
#include "node/proto/rtp_dtmf.h"
#include "node/workload/rtp_match.h"
#include "node/workload/rtp_rtcp.h"
#include "stat/rtp_stream.h"
#include "node/workload/rtp_talk.h"

/* The stamp behind the RTP header, see rtp.c. */
enum {
    RTP_AT_STREAM = 4,
    RTP_AT_NUMBER = 8,
    RTP_AT_INTENDED = 12,
    RTP_AT_SENT = 20,
    RTP_STAMP_SIZE = 28,
    RTP_MAGIC = 0x56415250 /* "VARP" */
};

enum { RTP_MATCH_PAYLOAD, RTP_MATCH_SEQUENCE };
enum { RTP_RTCP_MUX, RTP_RTCP_NEXT };
enum { RTP_FRAME_PACKETS_MAX = 24 };

struct rtp_codec {
    const char *name;
    uint8_t payload_type; /* RFC 3551 Table 4, or dynamic */
    uint32_t clock_hz;    /* of the timestamp */
    double bytes_per_ms;
    const char *emodel; /* row of the E-model's table, NULL: none, so no R */
    double look_ahead_ms;
};
extern const struct rtp_codec rtp_codecs[];

struct rtp_options {
    double erlang, share_pct; /* instead of streams; erlang 0: not */
    uint64_t streams, payload_bytes, ptime_ns, phase_grid_ns, jitter_buffer_ns, rtcp_ns, talk_ns,
        pause_ns;
    int codec, phase, match, srtp, rtcp_port;
    const char *srtp_key, *dtmf, *payload_file, *record;
    uint64_t record_stream, frame_packets;
    uint64_t dtmf_every_ns, dtmf_length_ns;
    bool silence_suppression;
};
extern const struct opt rtp_options_table[];

struct rtp_state {
    struct rtp_options options;
    const struct rtp_codec *codec;
    uint32_t payload_bytes; /* whole UDP payload */
    uint32_t units;         /* timestamp units a packet time */
    uint32_t frame_packets; /* packets a packet time */
    struct rtp_talk_plan talk;
    struct rtp_dtmf_plan dtmf;
    struct payload audio;
    uint8_t *endpoints;        /* socket addresses of endpoint_size each: few lines of the cache */
    uint8_t *report_endpoints; /* where RTCP goes; NULL: where RTP does */
    size_t endpoint_count;
    socklen_t endpoint_size;
};

enum rtp_counter {
    RTP_SENT,
    RTP_RECEIVED,
    RTP_LOST,
    RTP_DUPLICATES,
    RTP_REORDERED,
    RTP_LATE,
    RTP_DISCARDED,
    RTP_FOREIGN,
    RTP_MALFORMED,
    RTP_TRUNCATED,  /* one of ours, or less than a header: shorter than it was sent */
    RTP_OVERSIZED,  /* one of ours, longer than it was sent */
    RTP_STUN,       /* RFC 8489 §5: as ICE or a NAT keeps alive */
    RTP_OTHER_SSRC, /* of those that were received: not the SSRC it was sent with */
    RTP_RTCP_SENT,
    RTP_RTCP_RECEIVED,
    RTP_RTCP_MALFORMED,
    RTP_NOT_AUTHENTIC,
    RTP_DTMF_SENT,
    RTP_DTMF_RECEIVED,
    RTP_DTMF_FALSE,
    RTP_AUDIO_IDENTICAL,
    RTP_COUNTERS
};

struct rtp_shard {
    const struct rtp_state *state;
    uint32_t first_slot, slots;
    struct rtp_stream *streams;
    struct rtp_match match;     /* match: sequence */
    uint32_t key;               /* of SSRCs */
    struct rtp_rtcp *rtcp;      /* of each stream; NULL: no reports */
    struct secure_rtp **secure; /* of each stream; NULL: in the clear */
    uint8_t *opened;            /* room for one packet that was protected */
    struct rtp_record record;   /* of one stream of one shard */
    struct rtp_dtmf *dtmf;      /* of each stream; NULL: no digits */
    struct rtp_talk *talks;     /* of each stream; NULL: no pauses */
    int64_t real_offset_ns;     /* wall clock less ours */
    struct rand_state rand;
    uint64_t from_ns, to_ns;
    _Atomic uint64_t counters[RTP_COUNTERS]; /* one writer */
};

static inline void rtp_count(struct rtp_shard *shard, enum rtp_counter c, uint64_t by)
{
    uint64_t now = atomic_load_explicit(&shard->counters[c], memory_order_relaxed);
    atomic_store_explicit(&shard->counters[c], now + by, memory_order_relaxed);
}

static inline bool rtp_is_measured(const struct rtp_shard *shard, uint64_t intended_ns)
{
    return intended_ns >= shard->from_ns && intended_ns < shard->to_ns;
}

static inline void rtp_address(const struct rtp_shard *shard, uint32_t i,
                               struct workload_packet *packet)
{
    const struct rtp_state *s = shard->state;
    packet->to = (const void *)(s->endpoints + (size_t)(shard->first_slot + i) * s->endpoint_size);
    packet->to_size = s->endpoint_size;
}

/* Of a report of stream i, which may have ports of its own. */
static inline void rtp_report_address(const struct rtp_shard *shard, uint32_t i,
                                      struct workload_packet *packet)
{
    const struct rtp_state *s = shard->state;

    rtp_address(shard, i, packet);
    if (s->report_endpoints != NULL) {
        packet->to = (const void *)(s->report_endpoints +
                                    (size_t)(shard->first_slot + i) * s->endpoint_size);
        packet->by_next = true;
    }
}

/* The payload that stream i has at a timestamp; NULL: no file. */
static inline const uint8_t *rtp_said(const struct rtp_shard *shard, uint32_t i, uint32_t timestamp)
{
    const struct rtp_state *s = shard->state;
    uint32_t ssrc = rtp_ssrc(shard->key, shard->first_slot + i, RTP_SENDER);

    return s->audio.octets == NULL
               ? NULL
               : payload_at(&s->audio, (timestamp - rtp_first_timestamp(ssrc)) / s->units,
                            s->payload_bytes - RTP_HEADER_SIZE);
}

/* Have reports a port of their own? */
static inline bool rtp_is_paired(const struct rtp_options *o)
{
    return o->rtcp_ns > 0 && o->rtcp_port == RTP_RTCP_NEXT;
}

/* Of the whole UDP payload. */
uint32_t rtp_payload_bytes(const struct rtp_options *o);
uint64_t rtp_stream_count(const struct rtp_options *o);

struct rtp_talk_plan rtp_talk_plan_of(const struct rtp_options *o);

/* Members of the workload's ops. */
int rtp_check(const void *given, struct workload_shape *ret, struct err *e);
int rtp_send(void *given, uint32_t slot, uint64_t intended_ns, struct workload_packet *packets,
             uint32_t room);
void rtp_receive(void *given, const uint8_t *bytes, uint32_t size, uint64_t at_ns,
                 struct workload_receipt *ret);

/* The stream of an SSRC, and which end of it; at least the number of slots: none. */
uint32_t rtp_find_stream(struct rtp_shard *shard, uint32_t ssrc, enum rtp_side *ret_side);

/* RFC 3550 Appendix A.1: with the wraps above the 16 bits, of our number. */
uint32_t rtp_extended_sequence(const struct rtp_shard *shard, uint32_t i, uint32_t number);

/* Reports that are due at a packet time of stream i. How many. */
int rtp_rtcp_send(struct rtp_shard *shard, uint32_t i, uint64_t intended_ns, uint32_t timestamp,
                  struct workload_packet *packets, uint32_t room);
void rtp_rtcp_receive(struct rtp_shard *shard, const uint8_t *bytes, uint32_t size, uint64_t at_ns);

/* SRTP. check: the option makes sense and is supported. -errno; close is NULL-safe. */
int rtp_option_supported(const char *option, struct err *e);
int rtp_secure_check(const struct rtp_options *o, struct err *e);
int rtp_secure_open(struct rtp_shard *shard);
void rtp_secure_close(struct rtp_shard *shard);
/* In place, of stream i; what cannot be protected goes out empty, never in the clear. */
void rtp_secure_protect(struct rtp_shard *shard, uint32_t i, enum secure_rtp_kind kind,
                        struct workload_packet *packet);
/* The packet in the clear, in the shard's own memory, *size of it; NULL: it is not authentic, which
 * the caller counts. One that came before is given again. */
const uint8_t *rtp_secure_receive(struct rtp_shard *shard, uint32_t i, enum secure_rtp_kind kind,
                                  const uint8_t *bytes, uint32_t *size);

/* The workload's part of a report: per stream and overall, with E-model ratings. */
extern const char *const rtp_metrics[]; /* of its metrics, NULL-ended */
json_t *rtp_summarize(void *state, void *const shards[], uint32_t count);

#endif
