/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_dtmf: see rtp_dtmf.h. Pure.
 */
#include "node/proto/rtp_dtmf.h"

#include <errno.h>
#include <string.h>

enum { ENDS = 3, VOLUME = 10 };

int rtp_dtmf_check(const char *digits, struct err *e)
{
    for (const char *d = digits; *d != '\0'; d++) {
        if (telephone_event_of(*d) < 0) {
            return err_set(e, -EINVAL, "dtmf: '%c' is no digit (0-9 * # A-D)", *d);
        }
    }
    return digits[0] != '\0' ? 0 : err_set(e, -EINVAL, "dtmf: which digits? (such as 123#)");
}

static uint8_t event_of(const struct rtp_dtmf_plan *p, uint32_t digit)
{
    return (uint8_t)telephone_event_of(p->digits[digit % strlen(p->digits)]);
}

bool rtp_dtmf_tick(struct rtp_dtmf *d, const struct rtp_dtmf_plan *p, uint64_t now_ns,
                   uint32_t timestamp, struct telephone_event *ret, bool *ret_first)
{
    if (d->next_ns == 0) {
        d->next_ns = now_ns + p->every_ns;
    }
    if (!d->is_sending && now_ns < d->next_ns) {
        return false;
    }
    *ret_first = !d->is_sending;
    if (!d->is_sending) {
        d->is_sending = true;
        d->next_ns += p->every_ns;
        d->timestamp = timestamp;
        d->duration = 0;
        d->ends = 0;
    }
    if (d->duration < p->length_units) {
        d->duration += p->packet_units;
    }
    *ret = (struct telephone_event){.event = event_of(p, d->digit),
                                    .end = d->duration >= p->length_units,
                                    .volume = VOLUME,
                                    .duration = (uint16_t)d->duration};
    if (ret->end && ++d->ends == ENDS) {
        d->is_sending = false;
        d->digit++;
    }
    return true;
}

enum rtp_dtmf_heard rtp_dtmf_hear(struct rtp_dtmf *d, const struct rtp_dtmf_plan *p,
                                  uint32_t timestamp, const struct telephone_event *v)
{
    uint32_t digit = d->is_sending ? d->digit : d->digit - 1; /* whose timestamp d has */

    if (!v->end || (d->has_heard && d->heard_timestamp == timestamp)) {
        return RTP_DTMF_NOTHING;
    }
    d->has_heard = true;
    d->heard_timestamp = timestamp;
    /* One that comes when the next has begun cannot be judged, and is only heard. */
    return timestamp != d->timestamp || v->event == event_of(p, digit) ? RTP_DTMF_RIGHT
                                                                       : RTP_DTMF_WRONG;
}
