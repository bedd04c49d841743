/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_options: the option table of the rtp workload, its codecs, and what goes together.
 */
#include <errno.h>
#include <string.h>

#include "node/codec/rtp.h"
#include "node/workload/rtp.h"
#include "node/workload/telephone.h"

enum { STREAMS_TOGETHER = 64 };

const struct rtp_codec rtp_codecs[] = {
    {"pcma", 8, 8000, 8.0, "g711-plc", 0.0},
    {"pcmu", 0, 8000, 8.0, "g711-plc", 0.0},
    {"pcma-noplc", 8, 8000, 8.0, "g711", 0.0},
    {"g722", 9, 8000, 8.0, NULL, 0.0},
    {"g729", 18, 8000, 1.0, "g729", 5.0},
    {"opus32", 96, 48000, 4.0, NULL, 6.5},
    {"video", 97, 90000, 60.0, NULL, 0.0}, /* 1,212 bytes a packet for 20 ms */
    {NULL, 0, 0, 0, NULL, 0},
};
static const char *const codec_names[] = {"pcma", "pcmu",   "pcma-noplc", "g722",
                                          "g729", "opus32", "video",      NULL};
static const char *const matches[] = {"payload", "sequence", NULL};
static const char *const suites[] = {"none", "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32",
                                     "AEAD_AES_128_GCM", NULL};
static const char *const rtcp_ports[] = {"mux", "next", NULL};
static const char *const phases[] = {"even", "random", "together", NULL};

#define AT(member) offsetof(struct rtp_options, member)
const struct opt rtp_options_table[] = {
    {"streams", OPT_COUNT, "100", "concurrent streams, one packet each a packet time", 1, 1000000,
     NULL, AT(streams), OPT_LEVEL},
    {"erlang", OPT_NUMBER, "0",
     "instead of streams: those of so many calls at a time on average, two each; 0: streams", 0,
     500000, NULL, AT(erlang), OPT_LEVEL},
    {"share", OPT_PERCENT, "100%", "of erlang: of all calls, those whose media come here", 0.001,
     100, NULL, AT(share_pct), 0},
    {"codec", OPT_CHOICE, "pcma", "payload type, clock and quality model", 0, 0, codec_names,
     AT(codec), 0},
    {"ptime", OPT_DURATION, "20ms", "packet time", 1e6, 1e9, NULL, AT(ptime_ns), 0},
    {"payload", OPT_SIZE, "0",
     "UDP payload with the RTP header; 0: by codec and packet time (172 for G.711 and 20 ms)", 0,
     WORKLOAD_PACKET_MAX, NULL, AT(payload_bytes), 0},
    {"frame_packets", OPT_COUNT, "1",
     "packets of a packet time, one behind the other with one timestamp, the last with the marker: "
     "the frames of a video",
     1, RTP_FRAME_PACKETS_MAX, NULL, AT(frame_packets), 0},
    {"phase", OPT_CHOICE, "even", "how streams lie within the packet time", 0, 0, phases, AT(phase),
     0},
    {"phase_grid", OPT_DURATION, "2ms",
     "streams share one phase in each such span, or in a shorter one that 64 streams fill, so that "
     "packets leave in batches; 0: exactly spread",
     0, 0, NULL, AT(phase_grid_ns), 0},
    {"jitter_buffer", OPT_DURATION, "60ms",
     "receivers' play-out delay: later packets count as discarded, and it is part of Ta", 0, 0,
     NULL, AT(jitter_buffer_ns), 0},
    {"match", OPT_CHOICE, "payload",
     "how a packet is known again: by a stamp in its payload, or, through an appliance that "
     "changes "
     "the payload, by RTP sequence number and timestamp",
     0, 0, matches, AT(match), 0},
    {"rtcp", OPT_DURATION, "0",
     "mean time between reports of each end: SR, RR and XR VoIP metrics (RFC 3550, 3611); 0: none",
     0, 0, NULL, AT(rtcp_ns), 0},
    {"rtcp_port", OPT_CHOICE, "mux",
     "where reports go: mux with RTP (RFC 5761), next to the port after RTP's, which then is an "
     "even one, here and there (RFC 3550 clause 11)",
     0, 0, rtcp_ports, AT(rtcp_port), 0},
    {"silence_suppression", OPT_FLAG, "false",
     "streams send in talk spurts of exponential length and not in the pauses between", 0, 0, NULL,
     AT(silence_suppression), 0},
    {"talk", OPT_DURATION, "1.004s", "silence_suppression: mean talk spurt (ITU-T P.59)", 1e6, 1e13,
     NULL, AT(talk_ns), 0},
    {"pause", OPT_DURATION, "1.587s", "silence_suppression: mean pause (ITU-T P.59)", 1e6, 1e13,
     NULL, AT(pause_ns), 0},
    {"srtp", OPT_CHOICE, "none",
     "protects RTP and RTCP (RFC 3711, 7714); wants match: sequence, for the stamp of the time of "
     "sending would come too late",
     0, 0, suites, AT(srtp), 0},
    {"srtp_key", OPT_STRING, NULL,
     "srtp: master key and salt in base64, as behind inline: in SDP; none: made from the seed", 0,
     0, NULL, AT(srtp_key), 0},
    {"dtmf", OPT_STRING, NULL,
     "digits that each stream dials, one after another and again, as events (RFC 4733, payload "
     "type 101); wants match: sequence",
     0, 0, NULL, AT(dtmf), 0},
    {"dtmf_every", OPT_DURATION, "2s", "dtmf: from one digit to the next", 100e6, 1e13, NULL,
     AT(dtmf_every_ns), 0},
    {"dtmf_length", OPT_DURATION, "100ms", "dtmf: how long a digit lasts", 10e6, 1e9, NULL,
     AT(dtmf_length_ns), 0},
    {"payload_file", OPT_STRING, NULL,
     "what every stream says, again and again: a .wav of 8000 samples a second (pcma, pcmu), or "
     "any file's octets; wants match: sequence",
     0, 0, NULL, AT(payload_file), 0},
    {"record", OPT_STRING, NULL,
     "a .wav to write what one stream heard into (G.711 and G.729), and compare it with what was "
     "said",
     0, 0, NULL, AT(record), 0},
    {"record_stream", OPT_COUNT, "0", "record: which one", 0, 0, NULL, AT(record_stream), 0},
    OPT_END,
};

struct rtp_talk_plan rtp_talk_plan_of(const struct rtp_options *o)
{
    return (struct rtp_talk_plan){o->talk_ns, o->pause_ns, o->ptime_ns};
}

uint32_t rtp_payload_bytes(const struct rtp_options *o)
{
    double bytes = rtp_codecs[o->codec].bytes_per_ms * (double)o->ptime_ns / 1e6;
    return o->payload_bytes > 0 ? (uint32_t)o->payload_bytes : RTP_HEADER_SIZE + (uint32_t)bytes;
}

uint64_t rtp_stream_count(const struct rtp_options *o)
{
    return o->erlang > 0 ? telephone_streams(o->erlang, o->share_pct) : o->streams;
}

/* Packets that leave together cost less, up to as many as one call to the kernel takes. */
static uint64_t grid_of(const struct rtp_options *o)
{
    const uint64_t streams = rtp_stream_count(o);
    uint64_t full = o->ptime_ns * STREAMS_TOGETHER / (streams > 0 ? streams : 1);
    return full < o->phase_grid_ns ? full : o->phase_grid_ns;
}

static int check_payload(const struct rtp_options *o, struct err *e)
{
    uint32_t bytes = rtp_payload_bytes(o);
    uint32_t least = RTP_HEADER_SIZE + (o->match == RTP_MATCH_PAYLOAD ? RTP_STAMP_SIZE : 1u);

    uint32_t most =
        WORKLOAD_PACKET_MAX - (o->srtp != SECURE_RTP_NONE ? SECURE_RTP_TRAILER_MAX : 0u);

    if (bytes >= least && bytes <= most) {
        return 0;
    }
    return err_set(e, -EINVAL,
                   "payload: %u bytes (codec %s, packet time %llu ms) cannot carry the time "
                   "stamps: %u to %u are possible, e.g. payload: 172%s",
                   bytes, rtp_codecs[o->codec].name, (unsigned long long)(o->ptime_ns / 1000000),
                   least, most,
                   o->match == RTP_MATCH_PAYLOAD ? ", or match: sequence, which needs none" : "");
}

/* Three ends more than its length, and a pause. */
static int check_dtmf(const struct rtp_options *o, struct err *e)
{
    if (o->dtmf == NULL) {
        return 0;
    }
    if (o->match != RTP_MATCH_SEQUENCE) {
        return err_set(e, -EINVAL,
                       "dtmf: wants match: sequence (an event has no room for a stamp)");
    }
    if (o->frame_packets != 1) {
        return err_set(e, -EINVAL,
                       "dtmf: a stream with frame_packets is a video, which dials nothing");
    }
    if (o->dtmf_every_ns < o->dtmf_length_ns + 4 * o->ptime_ns) {
        return err_set(e, -EINVAL,
                       "dtmf_every: too short for a digit and the four packet times behind it");
    }
    return rtp_dtmf_check(o->dtmf, e);
}

static int check_audio(const struct rtp_options *o, struct err *e)
{
    if (o->payload_file != NULL && o->match != RTP_MATCH_SEQUENCE) {
        return err_set(e, -EINVAL,
                       "payload_file: wants match: sequence (a stamp is no part of what it says)");
    }
    if (o->record != NULL && rtp_codecs[o->codec].clock_hz != 8000) {
        return err_set(e, -EINVAL, "record: %s has no 8000 samples a second",
                       rtp_codecs[o->codec].name);
    }
    if (o->record != NULL && o->record_stream >= rtp_stream_count(o)) {
        return err_set(e, -EINVAL, "record_stream: the last one of %llu is %llu",
                       (unsigned long long)rtp_stream_count(o),
                       (unsigned long long)rtp_stream_count(o) - 1);
    }
    return 0;
}

static int check_reports(const struct rtp_options *o, struct err *e)
{
    if (o->rtcp_port == RTP_RTCP_NEXT && o->rtcp_ns == 0) {
        return err_set(e, -EINVAL,
                       "rtcp_port: what for? No reports are sent without rtcp, their mean time "
                       "apart (e.g. rtcp: 5s)");
    }
    return 0;
}

int rtp_check(const void *given, struct workload_shape *ret, struct err *e)
{
    const struct rtp_options *o = given;
    const struct rtp_talk_plan talk = rtp_talk_plan_of(o);
    int result = check_payload(o, e);

    if (result < 0 || (result = rtp_secure_check(o, e)) < 0 || (result = check_dtmf(o, e)) < 0 ||
        (result = check_audio(o, e)) < 0 || (result = check_reports(o, e)) < 0) {
        return result;
    }
    memset(ret, 0, sizeof(*ret));
    ret->arrivals = WORKLOAD_PERIODIC;
    ret->slots = ret->endpoints = (uint32_t)rtp_stream_count(o);
    ret->is_paired = rtp_is_paired(o);
    ret->is_stamped = o->match == RTP_MATCH_PAYLOAD;
    ret->period_ns = o->ptime_ns;
    ret->phase_grid_ns = grid_of(o);
    ret->phase = o->phase;
    ret->packets_at_once =
        (uint32_t)o->frame_packets + (o->rtcp_ns > 0 ? (uint32_t)RTP_RTCP_PACKETS : 0u);
    ret->rate_per_s =
        (double)rtp_stream_count(o) * (double)o->frame_packets * 1e9 / (double)o->ptime_ns;
    if (o->silence_suppression) {
        ret->rate_per_s *= rtp_talk_activity(&talk);
    }
    return 0;
}
