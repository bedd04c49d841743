/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * clip: what calls can play: sound files cut for a codec, patterns, and capture files, each loaded
 * once. A library belongs to one thread while it is filled; any thread finds in it when nobody
 * fills it. What it lends is valid until it is finished.
 */
#ifndef VAPERF_NODE_CALLMEDIA_CLIP_H
#define VAPERF_NODE_CALLMEDIA_CLIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "node/audio/payload.h"
#include "node/pcap/capture.h"

/* Of a codec that is known by its name alone. */
enum { MEDIA_TYPE_BY_NAME = 128 };

/* How a codec is cut into packets. */
struct media_codec {
    const char *name;
    uint8_t payload_type; /* RFC 3551 Table 4, or the usual dynamic one; MEDIA_TYPE_BY_NAME */
    uint32_t clock_hz, payload_bytes, units; /* units: of the timestamp, a packet */
    uint64_t ptime_ns;
    const char *emodel; /* row of the E-model's table; NULL: no rating */
    double look_ahead_ms;
    bool is_video;
};
extern const struct media_codec media_codecs[];                       /* ended by a NULL name */
const struct media_codec *media_codec_of_type(unsigned payload_type); /* NULL: none */
/* "PCMU", "pcmu/8000"; NULL: none. */
const struct media_codec *media_codec_find(const char *name, size_t size);

/* "pattern 1" to "pattern 6" are no files but an octet each, again and again. */
struct clip {
    char *path;
    const struct media_codec *codec;
    struct payload payload;
    uint32_t packets; /* whole ones, at least 1 */
    bool is_pattern;
};

struct recording {
    char *path;
    struct capture capture;
};

struct library {
    struct clip **clips;
    struct recording **recordings;
    size_t clip_count, recording_count;
};

/* Found, or NULL. */
const struct clip *library_find_clip(const struct library *l, const char *path,
                                     const struct media_codec *codec);
const struct recording *library_find_recording(const struct library *l, const char *path);
/* Loads what is not there yet. -errno with a reason that names the file. */
int library_add_clip(struct library *l, const char *path, const struct media_codec *codec,
                     struct err *e);
int library_add_recording(struct library *l, const char *path, struct err *e);
void library_finish(struct library *l); /* a zeroed one is fine */

#endif
