/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * work_voice: see work_voice.h. Pure.
 */
#include "node/appliance/work_voice.h"

#include <errno.h>

int voice_read(struct voice *v, const struct work_io *io)
{
    struct rtp_packet *p = &v->packet;

    if (rtp_is_rtcp(io->bytes, io->size) || rtp_decode(p, io->bytes, io->size) < 0 ||
        (p->header.payload_type != G711_ULAW && p->header.payload_type != G711_ALAW) ||
        p->payload_size == 0 || p->payload_size > VOICE_SAMPLES_MAX) {
        return -EBADMSG;
    }
    v->law = (enum g711_law)p->header.payload_type;
    v->count = (uint32_t)p->payload_size;
    g711_to_samples(v->law, p->payload, v->count, v->samples);
    return 0;
}

int voice_write_header(const struct rtp_packet *like, uint8_t payload_type, uint32_t payload_size,
                       struct work_io *io)
{
    struct rtp_header h = like->header;
    int at;

    h.payload_type = payload_type;
    h.padding = h.extension = false;
    at = rtp_encode_header(&h, io->out, io->room);
    if (at < 0 || io->room - (uint32_t)at < payload_size) {
        return -EBADMSG;
    }
    io->send = io->out;
    io->send_size = (uint32_t)at + payload_size;
    return at;
}

int voice_write(const struct voice *v, const int16_t *samples, struct work_io *io)
{
    int at = voice_write_header(&v->packet, (uint8_t)v->law, v->count, io);

    if (at < 0) {
        return at;
    }
    g711_to_octets(v->law, samples, v->count, io->out + at);
    return 0;
}
