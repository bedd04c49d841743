/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * telephone_event: DTMF digits in RTP payloads (RFC 4733 §2.3, §3.2), bytes to struct and back.
 * Pure, any thread.
 */
#ifndef VAPERF_NODE_CODEC_TELEPHONE_EVENT_H
#define VAPERF_NODE_CODEC_TELEPHONE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TELEPHONE_EVENT_SIZE = 4, TELEPHONE_EVENT_PAYLOAD_TYPE = 101 /* dynamic, as most use it */ };

struct telephone_event {
    uint8_t event;     /* 0-9, 10 *, 11 #, 12-15 A-D */
    bool end;          /* the digit is over */
    uint8_t volume;    /* -dBm0, 0..63 */
    uint16_t duration; /* so far, timestamp units */
};

/* The event of a digit, -EINVAL: it is none. */
int telephone_event_of(char digit);
/* Bytes written, -ENOBUFS, -EINVAL (volume). */
int telephone_event_encode(const struct telephone_event *v, uint8_t *bytes, size_t room);
/* -EBADMSG: no payload of one event. */
int telephone_event_decode(struct telephone_event *ret, const uint8_t *bytes, size_t size);

#endif
