/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * work_transcode: G.711 in goes on as G.729 (payload type 18), G.729 in as A-law. Packets of whole
 * frames of 10 ms.
 */
#include <errno.h>

#include "node/appliance/work_voice.h"
#include "node/audio/g729.h"

enum { G729_PAYLOAD_TYPE = 18 /* RFC 3551 Table 4 */ };

struct transcoder {
    struct g729 *g729;
};

static int open_stream(void *stream, const struct work_plan *plan, void *neighbour)
{
    struct transcoder *t = stream;

    (void)plan;
    (void)neighbour;
    t->g729 = g729_create();
    return t->g729 != NULL ? 0 : -ENOMEM;
}

static int to_g729(struct transcoder *t, struct work_io *io)
{
    struct voice v;
    int at;

    if (voice_read(&v, io) < 0 || v.count % G729_FRAME_SAMPLES != 0) {
        return -EBADMSG;
    }
    at = voice_write_header(&v.packet, G729_PAYLOAD_TYPE,
                            v.count / G729_FRAME_SAMPLES * G729_FRAME_BYTES, io);
    return at < 0 ? at : (int)(g729_encode(t->g729, v.samples, v.count, io->out + at) > 0) - 1;
}

static int to_g711(struct transcoder *t, const struct rtp_packet *p, struct work_io *io)
{
    int16_t samples[VOICE_SAMPLES_MAX];
    uint32_t count = (uint32_t)p->payload_size / G729_FRAME_BYTES * G729_FRAME_SAMPLES;
    int at;

    if (count > VOICE_SAMPLES_MAX ||
        g729_decode(t->g729, p->payload, p->payload_size, samples) < 0 ||
        (at = voice_write_header(p, G711_ALAW, count, io)) < 0) {
        return -EBADMSG;
    }
    g711_to_octets(G711_ALAW, samples, count, io->out + at);
    return 0;
}

static int transcode(void *stream, const struct work_plan *plan, struct work_io *io)
{
    struct rtp_packet p;

    (void)plan;
    if (!rtp_is_rtcp(io->bytes, io->size) && rtp_decode(&p, io->bytes, io->size) == 0 &&
        p.header.payload_type == G729_PAYLOAD_TYPE) {
        return to_g711(stream, &p, io);
    }
    return to_g729(stream, io);
}

static void close_stream(void *stream)
{
    struct transcoder *t = stream;
    g729_destroy(t->g729);
    t->g729 = NULL;
}

extern const struct work_ops work_transcode;
const struct work_ops work_transcode = {
    .name = "transcode",
    .rewrites = true,
    .stream_size = sizeof(struct transcoder),
    .open = open_stream,
    .packet = transcode,
    .close = close_stream,
};
