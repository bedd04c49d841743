/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * work_tone: listens for DTMF digits in G.711 and counts them; packets go on as they are.
 */
#include <errno.h>

#include "node/appliance/work_voice.h"
#include "node/audio/tone.h"

struct listener {
    struct tone *tone;
};

static int open_stream(void *stream, const struct work_plan *plan, void *neighbour)
{
    struct listener *l = stream;

    (void)plan;
    (void)neighbour;
    l->tone = tone_create();
    return l->tone != NULL ? 0 : -ENOMEM;
}

static int listen_to(void *stream, const struct work_plan *plan, struct work_io *io)
{
    struct listener *l = stream;
    struct voice v;

    (void)plan;
    if (voice_read(&v, io) < 0) {
        return -EBADMSG;
    }
    io->counted[0] = tone_listen(l->tone, v.samples, v.count, NULL, 0);
    io->send = io->bytes;
    io->send_size = io->size;
    return 0;
}

static void close_stream(void *stream)
{
    struct listener *l = stream;
    tone_destroy(l->tone);
    l->tone = NULL;
}

extern const struct work_ops work_tone;
const struct work_ops work_tone = {
    .name = "tone-detect",
    .stream_size = sizeof(struct listener),
    .counters = {"detected_digits"},
    .open = open_stream,
    .packet = listen_to,
    .close = close_stream,
};
