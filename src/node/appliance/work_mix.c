/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * work_mix: a conference: each packet of a member goes back with what the others said last instead
 * of its own samples. Members are linked in a ring and served by one thread, so nothing is locked.
 * There is no clock of its own: a member that sends nothing hears nothing, and one that has been
 * silent is not heard any more.
 */
#include <errno.h>
#include <string.h>

#include "node/appliance/work_voice.h"
#include "node/audio/mix.h"

#define HEARD_FOR_NS UINT64_C(60000000) /* a member's last samples, from when they came */

struct member {
    struct member *next, *before; /* ring of the conference */
    uint64_t at_ns;               /* 0: nothing yet */
    uint32_t count;
    int16_t last[VOICE_SAMPLES_MAX];
};

static int open_stream(void *stream, const struct work_plan *plan, void *neighbour)
{
    struct member *m = stream, *n = neighbour;

    (void)plan;
    m->next = m->before = m;
    if (n != NULL) {
        m->next = n->next;
        m->before = n;
        n->next->before = m;
        n->next = m;
    }
    return 0;
}

static int mix(void *stream, const struct work_plan *plan, struct work_io *io)
{
    struct member *m = stream;
    int32_t sum[VOICE_SAMPLES_MAX] = {0};
    int16_t out[VOICE_SAMPLES_MAX];
    struct voice v;

    (void)plan;
    if (voice_read(&v, io) < 0) {
        return -EBADMSG;
    }
    memcpy(m->last, v.samples, v.count * sizeof(v.samples[0]));
    m->count = v.count;
    m->at_ns = io->at_ns;
    for (const struct member *other = m->next; other != m; other = other->next) {
        if (other->at_ns != 0 && io->at_ns - other->at_ns < HEARD_FOR_NS) {
            mix_add(sum, other->last, other->count < v.count ? other->count : v.count);
        }
    }
    mix_take(sum, v.count, out);
    return voice_write(&v, out, io);
}

static void close_stream(void *stream)
{
    struct member *m = stream;
    m->before->next = m->next;
    m->next->before = m->before;
}

extern const struct work_ops work_mix;
const struct work_ops work_mix = {
    .name = "mix",
    .rewrites = true,
    .stream_size = sizeof(struct member),
    .is_owned = true,
    .open = open_stream,
    .packet = mix,
    .close = close_stream,
};
