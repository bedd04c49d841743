/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * talker: see talker.h.
 */
#include "node/callmedia/talker.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "node/codec/rtp.h"
#include "node/codec/wire.h"

enum { DIGIT_MS = 100, DIGIT_EVERY_MS = 200 };

void talker_init(struct talker *t, uint32_t ssrc, uint16_t first_sequence, uint32_t timestamp)
{
    *t = (struct talker){.next_ns = TALKER_NEVER,
                         .ssrc = ssrc,
                         .first_sequence = first_sequence,
                         .timestamp = timestamp};
}

static const struct media_codec *codec_of(const struct talker *t)
{
    return t->clip != NULL ? t->clip->codec : media_codecs;
}

/* The timestamp goes on with the time also where nothing was sent (RFC 3550 §5.1). */
static void wake(struct talker *t, uint64_t now_ns)
{
    if (t->next_ns != TALKER_NEVER) {
        return;
    }
    if (t->last_ns != 0 && now_ns > t->last_ns) {
        t->timestamp += (uint32_t)((now_ns - t->last_ns) / 1000 * codec_of(t)->clock_hz / 1000000);
    }
    t->next_ns = now_ns;
    t->wants_marker = true;
}

void talker_play(struct talker *t, const struct clip *clip, uint8_t payload_type, int32_t rounds,
                 uint64_t now_ns)
{
    if (t->recording != NULL) {
        talker_stop(t);
    }
    t->clip = clip;
    t->payload_type = payload_type;
    t->rounds = rounds;
    t->tick = 0;
    t->is_paused = false;
    wake(t, now_ns);
}

void talker_play_recording(struct talker *t, const struct recording *r, uint64_t now_ns)
{
    talker_stop(t);
    wake(t, now_ns);
    t->recording = r;
    t->at = 0;
    t->recording_ns = now_ns;
    t->recording_timestamp = t->timestamp;
    t->has_file_timestamp = false;
}

int talker_dial(struct talker *t, const char *digits, uint8_t event_type, uint64_t now_ns)
{
    size_t waiting = strlen(t->digits), size = strlen(digits);
    int result = rtp_dtmf_check(digits, NULL);

    if (result < 0) {
        return result;
    }
    if (t->recording != NULL) {
        talker_stop(t);
    }
    if (waiting + size > TALKER_DIGITS_MAX) {
        return -E2BIG;
    }
    if (waiting == 0) {
        t->dtmf = (struct rtp_dtmf){.next_ns = now_ns};
    }
    memcpy(t->digits + waiting, digits, size + 1);
    t->event_type = event_type;
    wake(t, now_ns);
    return 0;
}

void talker_pause(struct talker *t)
{
    t->is_paused = t->clip != NULL;
}

void talker_resume(struct talker *t, uint64_t now_ns)
{
    if (t->is_paused) {
        t->is_paused = false;
        wake(t, now_ns);
    }
}

void talker_stop(struct talker *t)
{
    if (t->next_ns != TALKER_NEVER) {
        t->last_ns = t->next_ns;
    }
    t->clip = NULL;
    t->recording = NULL;
    t->digits[0] = '\0';
    t->is_paused = false;
    t->next_ns = TALKER_NEVER;
}

uint32_t talker_timestamp_at(const struct talker *t, uint64_t now_ns)
{
    const uint64_t base = t->next_ns != TALKER_NEVER ? t->next_ns : t->last_ns;
    const int64_t later = base != 0 ? (int64_t)(now_ns - base) : 0;

    return t->timestamp + (uint32_t)(later / 1000 * (int64_t)codec_of(t)->clock_hz / 1000000);
}

bool talker_is_busy(const struct talker *t)
{
    return t->clip != NULL || t->recording != NULL || t->digits[0] != '\0';
}

/* ---- packets ---- */

static int put_header(struct talker *t, uint8_t type, uint32_t timestamp, bool marker,
                      uint8_t *bytes, size_t room)
{
    const struct rtp_header h = {.marker = marker,
                                 .payload_type = type,
                                 .sequence = (uint16_t)(t->first_sequence + t->number),
                                 .timestamp = timestamp,
                                 .ssrc = t->ssrc};
    int size = rtp_encode_header(&h, bytes, room);

    t->number += size > 0;
    return size;
}

static enum talker_made make_digit(struct talker *t, const struct telephone_event *v, bool first,
                                   uint8_t *bytes, size_t room, size_t *ret_size)
{
    int size = put_header(t, t->event_type, t->dtmf.timestamp, first, bytes, room);
    int more = size > 0 ? telephone_event_encode(v, bytes + size, room - (size_t)size) : size;

    if (more < 0) {
        return TALKER_NOTHING;
    }
    *ret_size = (size_t)size + (size_t)more;
    return first ? TALKER_DIGIT : TALKER_RTP;
}

static enum talker_made make_sound(struct talker *t, uint8_t *bytes, size_t room, size_t *ret_size)
{
    const struct clip *c = t->clip;
    uint32_t payload = c->codec->payload_bytes;
    int size = put_header(t, t->payload_type, t->timestamp, t->wants_marker, bytes, room);

    if (size < 0 || room - (size_t)size < payload) {
        return TALKER_NOTHING;
    }
    memcpy(bytes + size, payload_at(&c->payload, t->tick, payload), payload);
    *ret_size = (size_t)size + payload;
    t->wants_marker = false;
    t->said = c;
    if (++t->tick >= c->packets) {
        t->tick = 0;
        if (t->rounds > 0 && --t->rounds == 0) {
            t->clip = NULL;
        }
    }
    return TALKER_RTP;
}

/* Digits first; what is said goes on behind them. */
static enum talker_made make_tick(struct talker *t, uint8_t *bytes, size_t room, size_t *ret_size)
{
    const struct media_codec *codec = codec_of(t);
    const struct rtp_dtmf_plan plan = {.digits = t->digits,
                                       .every_ns = DIGIT_EVERY_MS * NS_PER_MS,
                                       .length_units = codec->clock_hz / 1000 * DIGIT_MS,
                                       .packet_units = codec->units};
    enum talker_made made = TALKER_NOTHING;
    struct telephone_event event;
    bool first;

    if (t->digits[0] != '\0' &&
        rtp_dtmf_tick(&t->dtmf, &plan, t->next_ns, t->timestamp, &event, &first)) {
        made = make_digit(t, &event, first, bytes, room, ret_size);
        if (t->dtmf.digit == strlen(t->digits)) {
            t->digits[0] = '\0';
        }
    } else if (t->clip != NULL && !t->is_paused) {
        made = make_sound(t, bytes, room, ret_size);
    }
    t->timestamp += codec->units;
    t->next_ns += codec->ptime_ns;
    t->last_ns = t->next_ns;
    if (t->digits[0] == '\0' && (t->clip == NULL || t->is_paused)) {
        t->next_ns = TALKER_NEVER;
    }
    return made;
}

static enum talker_made make_datagram(struct talker *t, uint8_t *bytes, size_t room,
                                      size_t *ret_size)
{
    const struct capture *c = &t->recording->capture;
    const struct capture_datagram *d = &c->datagrams[t->at];
    enum talker_made made = TALKER_NOTHING;
    struct rtp_packet p;

    if (d->size <= room) {
        memcpy(bytes, c->bytes + d->at, d->size);
        *ret_size = d->size;
        made = TALKER_DATAGRAM;
    }
    if (made == TALKER_DATAGRAM && !rtp_is_rtcp(bytes, d->size) &&
        rtp_decode(&p, bytes, d->size) == 0) {
        if (!t->has_file_timestamp) {
            t->has_file_timestamp = true;
            t->file_timestamp = p.header.timestamp;
        }
        t->timestamp = t->recording_timestamp + p.header.timestamp - t->file_timestamp;
        wire_put16(bytes + 2, (uint16_t)(t->first_sequence + t->number++));
        wire_put32(bytes + 4, t->timestamp);
        wire_put32(bytes + 8, t->ssrc);
        made = TALKER_RTP;
    }
    t->said = NULL;
    t->last_ns = t->next_ns;
    if (++t->at < c->count) {
        t->next_ns = t->recording_ns + c->datagrams[t->at].after_ns;
    } else {
        t->recording = NULL;
        t->next_ns = TALKER_NEVER;
    }
    return made;
}

enum talker_made talker_make(struct talker *t, uint8_t *bytes, size_t room, size_t *ret_size)
{
    if (t->recording != NULL) {
        return make_datagram(t, bytes, room, ret_size);
    }
    return make_tick(t, bytes, room, ret_size);
}
