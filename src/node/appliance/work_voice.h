/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the works on telephone speech share: an RTP packet of G.711 to linear samples and back.
 */
#ifndef VAPERF_NODE_APPLIANCE_WORK_VOICE_H
#define VAPERF_NODE_APPLIANCE_WORK_VOICE_H

#include "node/appliance/work.h"
#include "node/codec/g711.h"
#include "node/codec/rtp.h"

enum { VOICE_RATE = 8000, VOICE_SAMPLES_MAX = 960 /* 120 ms */ };

struct voice {
    struct rtp_packet packet;
    enum g711_law law;
    uint32_t count;
    int16_t samples[VOICE_SAMPLES_MAX];
};

/* -EBADMSG: no RTP packet of G.711 with up to VOICE_SAMPLES_MAX samples. */
int voice_read(struct voice *v, const struct work_io *io);
/* Sends the same packet with these samples instead. -EBADMSG: no room. */
int voice_write(const struct voice *v, const int16_t *samples, struct work_io *io);
/* Writes the header of `like` with another payload type, without padding and extension; the payload
 * starts at the offset returned. -EBADMSG: payload_size does not fit behind it. */
int voice_write_header(const struct rtp_packet *like, uint8_t payload_type, uint32_t payload_size,
                       struct work_io *io);

#endif
