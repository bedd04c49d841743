/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * work_jitter: a jitter buffer: RTP packets go on in order and evenly spaced, each at its play-out
 * time; late and double ones do not.
 */
#include <errno.h>

#include "node/appliance/playout.h"
#include "node/appliance/work.h"
#include "node/codec/rtp.h"

enum { LATE, DUPLICATE, DYNAMIC_FROM = 96, AUDIO_HZ = 8000, VIDEO_HZ = 90000 };

/* Of a payload type's timestamps, RFC 3551 Tables 4 and 5. */
static uint32_t clock_of(uint8_t payload_type, const struct work_plan *plan)
{
    static const struct {
        uint8_t type;
        uint32_t hz;
    } others[] = {{6, 16000}, {10, 44100}, {11, 44100}, {14, 90000}, {16, 11025}, {17, 22050}};

    if (payload_type >= DYNAMIC_FROM) {
        return plan->clock_hz;
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (others[i].type == payload_type) {
            return others[i].hz;
        }
    }
    return payload_type < 24 ? AUDIO_HZ : VIDEO_HZ;
}

static int hold(void *stream, const struct work_plan *plan, struct work_io *io)
{
    struct rtp_packet p;
    struct playout_packet packet;

    if (io->size > PLAYOUT_BYTES_MAX || rtp_is_rtcp(io->bytes, io->size) ||
        rtp_decode(&p, io->bytes, io->size) < 0) {
        return -EBADMSG;
    }
    packet = (struct playout_packet){io->bytes,         io->size,
                                     p.header.sequence, p.header.timestamp,
                                     p.header.ssrc,     clock_of(p.header.payload_type, plan)};
    io->send_size = 0;
    switch (playout_add(stream, &packet, io->at_ns, plan->playout_ns)) {
    case PLAYOUT_LATE:
    case PLAYOUT_FULL:
        io->counted[LATE] = 1;
        break;
    case PLAYOUT_DUPLICATE:
        io->counted[DUPLICATE] = 1;
        break;
    case PLAYOUT_HELD:
        break;
    }
    return 0;
}

static uint64_t due(const void *stream)
{
    return playout_due(stream);
}

static void release(void *stream, struct work_io *io)
{
    const struct playout_slot *s = playout_take(stream, io->at_ns);

    io->send = s != NULL ? s->bytes : NULL;
    io->send_size = s != NULL ? s->size : 0;
}

extern const struct work_ops work_jitter;
const struct work_ops work_jitter = {
    .name = "jitter-buffer",
    .stream_size = sizeof(struct playout),
    .is_owned = true,
    .counters = {"late_packets", "duplicate_packets"},
    .packet = hold,
    .due = due,
    .release = release,
};
