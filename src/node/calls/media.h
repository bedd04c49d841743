/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * media: what calls ask of whoever sends and receives their media: an opaque part given to a shard
 * of calls, so that this room has no media of its own. A call is named by its place in the shard's
 * table; a place is given again once `end` was called for it, though the media of the call that had
 * it may still be on its way.
 *
 * Thread rule: all on the shard's thread, inside its turns.
 */
#ifndef VAPERF_NODE_CALLS_MEDIA_H
#define VAPERF_NODE_CALLS_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/scenario/call.h"

struct calls_media_ops {
    /* A call begins at a place; counts: its media belongs to the measurement. */
    void (*begin)(void *media, uint32_t place, uint64_t number, bool counts);
    /* It is over, or only waits for what may come late: nothing more is sent for it. Once more is
     * harmless. */
    void (*end)(void *media, uint32_t place);
    /* Its port of that kind, given on first asking; 0: there is none left. */
    unsigned (*port)(void *media, uint32_t place, enum call_port kind);
    /* Where its peer wants media, as the peer's SDP says; not looked at so far. */
    void (*description)(void *media, uint32_t place, const char *bytes, size_t size);
    /* What a message of the call told its peer of its own media. Optional. */
    void (*told)(void *media, uint32_t place, const char *bytes, size_t size);
    /* A word of SRTP in a message of its scenario ("cryptotag1audio"): its length. -errno ends the
     * call. Optional. */
    int (*crypto)(void *media, uint32_t place, const char *word, char *text, size_t size);
    /* An action of its scenario. -errno ends the call with a message that has the text. */
    int (*act)(void *media, uint32_t place, enum call_media kind, const char *text);
    /* Reads what came and sends what is due up to now, up to a bound. 1: there is more; 0. */
    int (*turn)(void *media, uint64_t now_ns, int64_t real_offset_ns);
    /* When turn has something to send; UINT64_MAX: nothing. */
    uint64_t (*next_ns)(const void *media);
    bool (*was_busy)(const void *media); /* the last turn had packets */
    int (*fd)(const void *media);        /* readable when something came */
    bool (*is_idle)(const void *media);  /* of calls that ended nothing is awaited any more */
};

struct calls_media {
    const struct calls_media_ops *ops; /* NULL: no media; scenarios that want it are refused */
    void *media;                       /* lent until the shard is closed */
};

#endif
