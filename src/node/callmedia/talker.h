/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * talker: what one end of a call sends of one medium, and when: a clip, a capture file, digits in
 * between. Pure: times are given, packets are written into the caller's room. One SSRC and one row
 * of sequence numbers for all of it. One thread.
 */
#ifndef VAPERF_NODE_CALLMEDIA_TALKER_H
#define VAPERF_NODE_CALLMEDIA_TALKER_H

#include <stdbool.h>

#include "node/callmedia/clip.h"
#include "node/proto/rtp_dtmf.h"

enum { TALKER_DIGITS_MAX = 47 };
#define TALKER_NEVER UINT64_MAX

struct talker {
    uint64_t next_ns;                 /* when something is due; TALKER_NEVER */
    uint32_t ssrc, timestamp, number; /* timestamp and number of the next packet, from 0 */
    uint16_t first_sequence;
    uint8_t payload_type, event_type; /* of the clip, of digits */
    bool is_paused, wants_marker;
    const struct clip *clip;           /* NULL: none */
    const struct clip *said;           /* of the last packet that was no digit; NULL: none */
    int32_t rounds;                    /* that are left of it, -1: for ever */
    uint32_t tick;                     /* packet of the round */
    uint64_t last_ns;                  /* where `timestamp` stood still; 0: nothing was sent yet */
    const struct recording *recording; /* NULL: none */
    size_t at;                         /* its next datagram */
    uint64_t recording_ns;             /* when it began */
    uint32_t recording_timestamp, file_timestamp;
    bool has_file_timestamp;
    struct rtp_dtmf dtmf;
    char digits[TALKER_DIGITS_MAX + 1]; /* "": none */
};

/* The numbers it begins with are the caller's choice (at random: RFC 3550 §5.1). */
void talker_init(struct talker *t, uint32_t ssrc, uint16_t first_sequence, uint32_t timestamp);
/* Takes the place of what it plays. rounds: -1 for ever. */
void talker_play(struct talker *t, const struct clip *clip, uint8_t payload_type, int32_t rounds,
                 uint64_t now_ns);
void talker_play_recording(struct talker *t, const struct recording *r, uint64_t now_ns);
/* -EINVAL: no digits; -E2BIG: more than TALKER_DIGITS_MAX with those still to be said. */
int talker_dial(struct talker *t, const char *digits, uint8_t event_type, uint64_t now_ns);
void talker_pause(struct talker *t);
void talker_resume(struct talker *t, uint64_t now_ns);
void talker_stop(struct talker *t);
/* The time as its timestamps have it, also between packets. */
uint32_t talker_timestamp_at(const struct talker *t, uint64_t now_ns);
bool talker_is_busy(const struct talker *t); /* plays something, or has paused in it */

enum talker_made {
    TALKER_NOTHING, /* silence, or the end */
    TALKER_RTP,     /* a packet of the row: its number is `number` - 1 */
    TALKER_DIGIT,   /* the same, the first packet of a digit */
    TALKER_DATAGRAM /* of a capture file, as it is: no RTP */
};
/* What is due at next_ns, into `room` bytes; moves next_ns on. */
enum talker_made talker_make(struct talker *t, uint8_t *bytes, size_t room, size_t *ret_size);

#endif
