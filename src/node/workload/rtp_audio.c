/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_audio: see rtp_audio.h.
 */
#include "node/workload/rtp_audio.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "node/audio/compare.h"
#include "node/audio/wav.h"
#include "node/codec/g711.h"

enum { RATE = 8000, G729 = 18, SAMPLES_MAX = 960, LAG_MAX = 800 /* 100 ms */ };
#define RECORD_MAX_S UINT64_C(3600)

static int is_g711(uint8_t payload_type)
{
    return payload_type == G711_ULAW || payload_type == G711_ALAW;
}

/* ---- what is heard ---- */

int rtp_record_open(struct rtp_record *r, uint64_t duration_ns)
{
    uint64_t samples = duration_ns / 1000 * RATE / 1000000;

    samples = samples > RECORD_MAX_S * RATE ? RECORD_MAX_S * RATE : samples;
    *r = (struct rtp_record){.count = (uint32_t)samples};
    r->said = calloc(samples + 1, sizeof(*r->said));
    r->heard = calloc(samples + 1, sizeof(*r->heard));
    r->g729 = g729_create();
    if (r->said == NULL || r->heard == NULL || r->g729 == NULL) {
        rtp_record_close(r);
        return -ENOMEM;
    }
    return 0;
}

/* Linear samples of a payload; 0: of a type that is not read. */
static uint32_t to_samples(struct rtp_record *r, uint8_t type, const uint8_t *bytes, size_t size,
                           int16_t *ret)
{
    if (is_g711(type) && size <= SAMPLES_MAX) {
        g711_to_samples((enum g711_law)type, bytes, size, ret);
        return (uint32_t)size;
    }
    if (type == G729 && size <= SAMPLES_MAX / 8) {
        int count = g729_decode(r->g729, bytes, size, ret);
        return count > 0 ? (uint32_t)count : 0;
    }
    return 0;
}

static void place(const struct rtp_record *r, int16_t *track, uint32_t timestamp,
                  const int16_t *samples, uint32_t count)
{
    uint32_t at = timestamp - r->timestamp;

    if (at < r->count) {
        count = count < r->count - at ? count : r->count - at;
        memcpy(track + at, samples, count * sizeof(*samples));
    }
}

void rtp_record_take(struct rtp_record *r, const struct rtp_packet *p, const uint8_t *said,
                     uint32_t size, uint8_t said_type)
{
    int16_t samples[SAMPLES_MAX];
    uint32_t count = to_samples(r, p->header.payload_type, p->payload, p->payload_size, samples);

    if (r->packets++ == 0) {
        r->timestamp = p->header.timestamp;
    }
    r->unread += count == 0;
    place(r, r->heard, p->header.timestamp, samples, count);
    if (said != NULL && is_g711(said_type)) { /* another coder's history is not to be disturbed */
        count = to_samples(r, said_type, said, size, samples);
        place(r, r->said, p->header.timestamp, samples, count);
    }
}

json_t *rtp_record_save(const struct rtp_record *r, const char *path)
{
    json_t *o = json_object();
    struct comparison c;
    int result = wav_save(path, r->heard, r->count, RATE);

    json_object_set_new(o, "file", json_string(path));
    if (result < 0) {
        json_object_set_new(o, "error", json_string(strerror(-result)));
    }
    compare_signals(r->said, r->heard, r->count, LAG_MAX, &c);
    json_object_set_new(o, "packets", json_u64(r->packets));
    json_object_set_new(o, "unread", json_u64(r->unread));
    json_object_set_new(o, "lag_ms",
                        isfinite(c.correlation) ? json_real(c.lag * 1e3 / RATE) : json_null());
    json_object_set_new(o, "correlation", json_figure(c.correlation));
    json_object_set_new(o, "snr_db", json_figure(c.snr_db));
    json_object_set_new(o, "alike", json_boolean(isinf(c.snr_db)));
    return o;
}

void rtp_record_close(struct rtp_record *r)
{
    free(r->said);
    free(r->heard);
    g729_destroy(r->g729);
    r->said = r->heard = NULL;
    r->g729 = NULL;
}
