/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp: media streams, each a packet every packet time towards the appliance and back to us. The
 * payload carries stream, number, intended and actual send time, so that delay and loss through
 * the appliance are known on one clock (study C); where the appliance changes the payload, we
 * remember them ourselves. Sending and receiving of a stream happen in one thread, its shard's.
 * Here is the life of a load; rtp_options, rtp_send, rtp_receive and rtp_summary are the rest.
 *
 * Payload behind the RTP header, network byte order: magic 32, stream 32, number 32, intended 64,
 * sent 64.
 */
#include "node/workload/rtp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "io/addr.h"
#include "node/audio/wav.h"
#include "node/codec/rtp.h"

enum { RECORD_HZ = 8000 };
#define REMEMBERED_NS UINT64_C(2000000000)

static const struct workload_counter counters[] = {
    {"rtp_sent", "packets"},           {"rtp_received", "packets"},
    {"rtp_lost", "packets"},           {"rtp_duplicates", "packets"},
    {"rtp_reordered", "packets"},      {"rtp_too_late", "packets"},
    {"rtp_discarded", "packets"},      {"rtp_foreign", "packets"},
    {"rtp_malformed", "packets"},      {"rtp_truncated", "packets"},
    {"rtp_oversized", "packets"},      {"rtp_stun", "packets"},
    {"rtp_other_ssrc", "packets"},     {"rtcp_sent", "packets"},
    {"rtcp_received", "packets"},      {"rtcp_malformed", "packets"},
    {"srtp_not_authentic", "packets"}, {"dtmf_sent", "digits"},
    {"dtmf_received", "digits"},       {"dtmf_false", "digits"},
    {"audio_identical", "packets"},    {NULL, NULL},
};

/* A file that cannot be written is said now, not when all is over. */
static int prepare_audio(struct rtp_state *s, struct err *e)
{
    const struct rtp_options *o = &s->options;
    int result = o->record != NULL ? wav_save(o->record, NULL, 0, RECORD_HZ) : 0;

    if (result < 0) {
        return err_set(e, result, "record: %s: %s", o->record, strerror(-result));
    }
    if (o->payload_file == NULL) {
        return 0;
    }
    result = payload_load(&s->audio, o->payload_file, s->codec->payload_type,
                          s->payload_bytes - RTP_HEADER_SIZE, e);
    return result < 0 ? err_prefix(e, "payload_file: ") : 0;
}

static void finish(void *state)
{
    struct rtp_state *s = state;

    free(s->endpoints);
    free(s->report_endpoints);
    s->endpoints = s->report_endpoints = NULL;
    payload_finish(&s->audio);
}

/* RFC 3550 clause 11. */
static int prepare_reports(struct rtp_state *s, const struct sockaddr_storage *endpoints,
                           size_t count, struct err *e)
{
    char text[ADDR_TEXT_MAX];
    const size_t widest = sizeof(struct sockaddr_in6);

    s->report_endpoints = calloc(count + 1, widest);
    if (s->report_endpoints == NULL) {
        return err_set(e, -ENOMEM, "no memory for %zu streams", count);
    }
    for (size_t i = 0; i < count; i++) {
        struct sockaddr_storage next = endpoints[i];
        if (addr_port(&next) % 2 != 0) {
            return err_set(e, -EINVAL,
                           "rtcp_port next: RTP goes to even ports and its RTCP to the next one "
                           "(RFC 3550 clause 11), the port of %s is odd",
                           addr_format(&next, text, sizeof(text)));
        }
        addr_set_port(&next, (uint16_t)(addr_port(&next) + 1));
        memcpy(s->report_endpoints + i * s->endpoint_size, &next, s->endpoint_size);
    }
    return 0;
}

static int prepare(void *state, const void *given, const struct sockaddr_storage *endpoints,
                   size_t count, struct err *e)
{
    struct rtp_state *s = state;
    const struct rtp_options *o = given;
    const size_t widest = sizeof(struct sockaddr_in6);
    int result;

    s->options = *o;
    s->codec = &rtp_codecs[o->codec];
    s->payload_bytes = rtp_payload_bytes(o);
    s->units = (uint32_t)((double)o->ptime_ns * s->codec->clock_hz / 1e9 + 0.5);
    s->frame_packets = (uint32_t)o->frame_packets;
    s->talk = rtp_talk_plan_of(o);
    s->dtmf = (struct rtp_dtmf_plan){
        o->dtmf, o->dtmf_every_ns, (uint32_t)((double)o->dtmf_length_ns * s->codec->clock_hz / 1e9),
        s->units};
    s->endpoint_count = count;
    s->endpoint_size = count > 0 ? addr_size(&endpoints[0]) : 0;
    s->endpoints = calloc(count + 1, widest);
    if (s->endpoints == NULL) {
        return err_set(e, -ENOMEM, "no memory for %zu streams", count);
    }
    if ((result = prepare_audio(s, e)) < 0) {
        free(s->endpoints);
        s->endpoints = NULL;
        return result;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(s->endpoints + i * s->endpoint_size, &endpoints[i], s->endpoint_size);
    }
    if (rtp_is_paired(o) && (result = prepare_reports(s, endpoints, count, e)) < 0) {
        finish(s);
    }
    return result;
}

static void close_shard(void *given)
{
    struct rtp_shard *shard = given;
    free(shard->streams);
    free(shard->rtcp);
    free(shard->talks);
    free(shard->dtmf);
    shard->streams = NULL;
    shard->rtcp = NULL;
    shard->talks = NULL;
    shard->dtmf = NULL;
    rtp_match_close(&shard->match);
    rtp_secure_close(shard);
    rtp_record_close(&shard->record);
}

/* Packets of as long as one may be on its way. */
static int open_match(struct rtp_shard *shard)
{
    const struct rtp_options *o = &shard->state->options;

    if (o->match == RTP_MATCH_PAYLOAD) {
        return 0;
    }
    return rtp_match_open(&shard->match, shard->first_slot, shard->slots,
                          (uint32_t)((REMEMBERED_NS / o->ptime_ns + 1) * o->frame_packets),
                          shard->key);
}

/* What only some options need. */
static int open_extras(struct rtp_shard *shard)
{
    const struct rtp_options *o = &shard->state->options;

    if (o->rtcp_ns > 0 && (shard->rtcp = calloc(shard->slots + 1, sizeof(*shard->rtcp))) == NULL) {
        return -ENOMEM;
    }
    if (o->silence_suppression &&
        (shard->talks = calloc(shard->slots + 1, sizeof(*shard->talks))) == NULL) {
        return -ENOMEM;
    }
    if (o->dtmf != NULL && (shard->dtmf = calloc(shard->slots + 1, sizeof(*shard->dtmf))) == NULL) {
        return -ENOMEM;
    }
    return o->srtp != SECURE_RTP_NONE ? rtp_secure_open(shard) : 0;
}

static int open_shard(void *given, void *state, const struct workload_shard_env *env, struct err *e)
{
    struct rtp_shard *shard = given;
    shard->state = state;
    shard->first_slot = env->first_slot;
    shard->slots = env->slots;
    rand_init(&shard->rand, env->seed);
    shard->key = (uint32_t)rand_u64(&shard->rand);
    shard->real_offset_ns = clock_real_offset_ns(8, NULL);
    shard->streams = calloc(env->slots + 1, sizeof(*shard->streams));
    if (shard->streams == NULL || open_match(shard) < 0 || open_extras(shard) < 0) {
        close_shard(shard);
        return err_set(e, -ENOMEM, "no memory for %u streams", env->slots);
    }
    return 0;
}

static void window(void *given, uint64_t from_ns, uint64_t to_ns)
{
    struct rtp_shard *shard = given;
    const struct rtp_options *o = &shard->state->options;

    shard->from_ns = from_ns;
    shard->to_ns = to_ns;
    rtp_record_close(&shard->record);
    if (o->record != NULL && o->record_stream - shard->first_slot < shard->slots) {
        (void)rtp_record_open(&shard->record, to_ns - from_ns); /* else there is none to save */
    }
}

static int is_drained(const void *given)
{
    const struct rtp_shard *shard = given;
    return atomic_load_explicit(&shard->counters[RTP_RECEIVED], memory_order_relaxed) >=
           atomic_load_explicit(&shard->counters[RTP_SENT], memory_order_relaxed);
}

static void read_counters(const void *given, uint64_t *ret)
{
    const struct rtp_shard *shard = given;
    for (int i = 0; i < RTP_COUNTERS; i++) {
        ret[i] = atomic_load_explicit(&shard->counters[i], memory_order_relaxed);
    }
}

extern const struct workload_ops workload_rtp;
const struct workload_ops workload_rtp = {
    .name = "rtp",
    .summary = "RTP streams through a media appliance: delay, loss, jitter, R and MOS",
    .options = rtp_options_table,
    .options_size = sizeof(struct rtp_options),
    .state_size = sizeof(struct rtp_state),
    .shard_size = sizeof(struct rtp_shard),
    .counters = counters,
    .metrics = rtp_metrics,
    .option_supported = rtp_option_supported,
    .check = rtp_check,
    .prepare = prepare,
    .open = open_shard,
    .send = rtp_send,
    .receive = rtp_receive,
    .window = window,
    .is_drained = is_drained,
    .read_counters = read_counters,
    .summarize = rtp_summarize,
    .close = close_shard,
    .finish = finish,
};
