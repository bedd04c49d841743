/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * wav: sound in files: WAVE with one channel of 16-bit samples, A-law or u-law. Reading is pure
 * over bytes, which are not trusted.
 */
#ifndef VAPERF_NODE_AUDIO_WAV_H
#define VAPERF_NODE_AUDIO_WAV_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct wav {
    uint32_t rate; /* samples a second */
    size_t count;
    int16_t *samples;
};

/* -EBADMSG: no WAVE file; -ENOTSUP: one of another kind; -ENOMEM. The samples are the caller's. */
int wav_parse(struct wav *ret, const uint8_t *bytes, size_t size);
/* The same of a file, with a reason that names it. */
int wav_load(struct wav *ret, const char *path, struct err *e);
int wav_save(const char *path, const int16_t *samples, size_t count, uint32_t rate);
void wav_finish(struct wav *w);

#endif
