/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * g729: see g729.h. Wraps libbcg729; without voice activity detection, so each frame is 10 octets.
 */
#include "node/audio/g729.h"

#include <bcg729/decoder.h>
#include <bcg729/encoder.h>
#include <errno.h>
#include <stdlib.h>

struct g729 {
    bcg729EncoderChannelContextStruct *encoder;
    bcg729DecoderChannelContextStruct *decoder;
};

struct g729 *g729_create(void)
{
    struct g729 *g = calloc(1, sizeof(*g));

    if (g == NULL) {
        return NULL;
    }
    g->encoder = initBcg729EncoderChannel(0);
    g->decoder = initBcg729DecoderChannel();
    if (g->encoder == NULL || g->decoder == NULL) {
        g729_destroy(g);
        return NULL;
    }
    return g;
}

int g729_encode(struct g729 *g, const int16_t *samples, size_t count, uint8_t *ret)
{
    uint8_t frame[G729_FRAME_BYTES + 6], size;
    int written = 0;

    if (count == 0 || count % G729_FRAME_SAMPLES != 0) {
        return -EINVAL;
    }
    for (size_t at = 0; at < count; at += G729_FRAME_SAMPLES) {
        bcg729Encoder(g->encoder, samples + at, frame, &size);
        for (int i = 0; i < G729_FRAME_BYTES; i++) {
            ret[written++] = frame[i];
        }
    }
    return written;
}

int g729_decode(struct g729 *g, const uint8_t *bytes, size_t size, int16_t *ret)
{
    if (size == 0 || size % G729_FRAME_BYTES != 0) {
        return -EINVAL;
    }
    for (size_t at = 0; at < size; at += G729_FRAME_BYTES, ret += G729_FRAME_SAMPLES) {
        bcg729Decoder(g->decoder, bytes + at, G729_FRAME_BYTES, 0, 0, 0, ret);
    }
    return (int)(size / G729_FRAME_BYTES * G729_FRAME_SAMPLES);
}

void g729_destroy(struct g729 *g)
{
    if (g == NULL) {
        return;
    }
    if (g->encoder != NULL) {
        closeBcg729EncoderChannel(g->encoder);
    }
    if (g->decoder != NULL) {
        closeBcg729DecoderChannel(g->decoder);
    }
    free(g);
}
