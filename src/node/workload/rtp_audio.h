/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_audio: what came of a stream's sound at the other end: recorded, and compared with what was
 * said. Nothing is allocated while packets come.
 */
#ifndef VAPERF_NODE_WORKLOAD_RTP_AUDIO_H
#define VAPERF_NODE_WORKLOAD_RTP_AUDIO_H

#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "node/audio/g729.h"
#include "node/audio/payload.h"
#include "node/codec/rtp.h"

/* What one stream heard, as linear samples of 8,000 a second. */
struct rtp_record {
    int16_t *said, *heard;
    uint32_t count, timestamp; /* timestamp of the first sample: that of the first packet heard */
    uint32_t packets, unread;  /* unread: of another payload type */
    struct g729 *g729;
};

/* -ENOMEM leaves nothing. */
int rtp_record_open(struct rtp_record *r, uint64_t duration_ns);
/* said: what was sent with this timestamp, `size` octets of `said_type`; NULL: not known. */
void rtp_record_take(struct rtp_record *r, const struct rtp_packet *p, const uint8_t *said,
                     uint32_t size, uint8_t said_type);
/* Writes the file; {"file", "packets", "unread", "lag_ms", "correlation", "snr_db"}. */
json_t *rtp_record_save(const struct rtp_record *r, const char *path);
void rtp_record_close(struct rtp_record *r); /* also of one that is all zero */

#endif
