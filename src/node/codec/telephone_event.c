/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * telephone_event: see telephone_event.h. Pure.
 */
#include "node/codec/telephone_event.h"

#include <errno.h>
#include <string.h>

#include "node/codec/wire.h"

enum { VOLUME_MAX = 63, END = 0x80 };

int telephone_event_of(char digit)
{
    static const char digits[] = "0123456789*#ABCD";
    const char *at = digit != '\0' ? strchr(digits, digit) : NULL;
    return at != NULL ? (int)(at - digits) : -EINVAL;
}

int telephone_event_encode(const struct telephone_event *v, uint8_t *bytes, size_t room)
{
    if (v->volume > VOLUME_MAX) {
        return -EINVAL;
    }
    if (room < TELEPHONE_EVENT_SIZE) {
        return -ENOBUFS;
    }
    bytes[0] = v->event;
    bytes[1] = (uint8_t)((v->end ? END : 0) | v->volume);
    wire_put16(bytes + 2, v->duration);
    return TELEPHONE_EVENT_SIZE;
}

int telephone_event_decode(struct telephone_event *ret, const uint8_t *bytes, size_t size)
{
    if (size != TELEPHONE_EVENT_SIZE) {
        return -EBADMSG;
    }
    *ret = (struct telephone_event){bytes[0], (bytes[1] & END) != 0, bytes[1] & VOLUME_MAX,
                                    wire_get16(bytes + 2)};
    return 0;
}
