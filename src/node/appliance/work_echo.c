/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * work_echo: echo cancellation on G.711. What a stream was sent last is what its loudspeaker plays,
 * so what it sends next holds the echo of it.
 */
#include <errno.h>
#include <string.h>

#include "node/appliance/work_voice.h"
#include "node/audio/echo.h"

enum { FRAME = 80 /* 10 ms */ };

struct canceller {
    struct echo *echo;
    uint32_t count;
    int16_t played[VOICE_SAMPLES_MAX];
};

static int open_stream(void *stream, const struct work_plan *plan, void *neighbour)
{
    struct canceller *c = stream;

    (void)neighbour;
    c->echo = echo_create(FRAME, (unsigned)(plan->tail_ns * VOICE_RATE / 1000000000), VOICE_RATE);
    return c->echo != NULL ? 0 : -ENOMEM;
}

static int cancel(void *stream, const struct work_plan *plan, struct work_io *io)
{
    struct canceller *c = stream;
    int16_t out[VOICE_SAMPLES_MAX];
    struct voice v;

    (void)plan;
    if (voice_read(&v, io) < 0 || v.count % FRAME != 0) {
        return -EBADMSG;
    }
    if (v.count > c->count) { /* longer than what was played: silence behind it */
        memset(c->played + c->count, 0, (v.count - c->count) * sizeof(c->played[0]));
    }
    for (uint32_t at = 0; at < v.count; at += FRAME) {
        echo_cancel(c->echo, v.samples + at, c->played + at, out + at);
    }
    memcpy(c->played, out, v.count * sizeof(out[0]));
    c->count = v.count;
    return voice_write(&v, out, io);
}

static void close_stream(void *stream)
{
    struct canceller *c = stream;
    echo_destroy(c->echo);
    c->echo = NULL;
}

extern const struct work_ops work_echo;
const struct work_ops work_echo = {
    .name = "echo-cancel",
    .rewrites = true,
    .stream_size = sizeof(struct canceller),
    .open = open_stream,
    .packet = cancel,
    .close = close_stream,
};
