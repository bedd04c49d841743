/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * payload: what an RTP stream says, from a file: octets as the codec has them, from their begin and
 * again. Load and finish belong to one thread; any reads in between.
 */
#ifndef VAPERF_NODE_AUDIO_PAYLOAD_H
#define VAPERF_NODE_AUDIO_PAYLOAD_H

#include <stdint.h>

#include "base/err.h"

struct payload {
    uint8_t *octets; /* NULL: no file */
    uint32_t size;   /* behind it the first payload again, so that each is in one piece */
};

/* A file ending in .wav is coded as the payload type says (G.711 only); any other is octets. A
 * reason that names the file. */
int payload_load(struct payload *a, const char *path, uint8_t payload_type, uint32_t payload_size,
                 struct err *e);
/* The payload of a packet time. */
const uint8_t *payload_at(const struct payload *a, uint32_t tick, uint32_t payload_size);
void payload_finish(struct payload *a);

#endif
