/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * wav: see wav.h. RIFF is little endian: chunks of a name, a size and that many bytes, padded to
 * even.
 */
#include "node/audio/wav.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "node/codec/g711.h"

enum { PCM = 1, ALAW = 6, ULAW = 7, FILE_HEADER = 12, CHUNK_HEADER = 8, FORMAT_SIZE = 16 };

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

struct chunks {
    const uint8_t *format, *data;
    size_t data_size;
};

static int find_chunks(struct chunks *ret, const uint8_t *bytes, size_t size)
{
    struct chunks c = {0};
    size_t at = FILE_HEADER;

    if (size < FILE_HEADER || memcmp(bytes, "RIFF", 4) != 0 || memcmp(bytes + 8, "WAVE", 4) != 0) {
        return -EBADMSG;
    }
    while (size - at >= CHUNK_HEADER && c.data == NULL) {
        const uint8_t *chunk = bytes + at;
        size_t length = get32(chunk + 4), left = size - at - CHUNK_HEADER;
        if (memcmp(chunk, "data", 4) == 0) {
            c.data = chunk + CHUNK_HEADER;
            c.data_size = length < left ? length : left; /* a writer that was cut off */
        } else if (length > left || (length == left && (length & 1) != 0)) {
            return -EBADMSG;
        } else if (memcmp(chunk, "fmt ", 4) == 0 && length >= FORMAT_SIZE) {
            c.format = chunk + CHUNK_HEADER;
        }
        at += CHUNK_HEADER + (length < left ? length + (length & 1) : left);
    }
    if (c.format == NULL || c.data == NULL) {
        return -EBADMSG;
    }
    *ret = c;
    return 0;
}

int wav_parse(struct wav *ret, const uint8_t *bytes, size_t size)
{
    struct chunks c;
    unsigned kind, bits;
    int result = find_chunks(&c, bytes, size);

    if (result < 0) {
        return result;
    }
    kind = get16(c.format);
    bits = get16(c.format + 14);
    if (get16(c.format + 2) != 1 || get32(c.format + 4) == 0 ||
        !((kind == PCM && bits == 16) || ((kind == ALAW || kind == ULAW) && bits == 8))) {
        return -ENOTSUP;
    }
    *ret = (struct wav){get32(c.format + 4), c.data_size / (bits / 8), NULL};
    ret->samples = calloc(ret->count + 1, sizeof(*ret->samples));
    if (ret->samples == NULL) {
        return -ENOMEM;
    }
    if (kind != PCM) {
        g711_to_samples(kind == ALAW ? G711_ALAW : G711_ULAW, c.data, ret->count, ret->samples);
        return 0;
    }
    for (size_t i = 0; i < ret->count; i++) {
        ret->samples[i] = (int16_t)get16(c.data + 2 * i);
    }
    return 0;
}

int wav_load(struct wav *ret, const char *path, struct err *e)
{
    struct buf file;
    int result;

    buf_init(&file);
    result = buf_load(&file, path);
    if (result < 0) {
        err_set(e, result, "%s: %s", path, strerror(-result));
    } else {
        result = wav_parse(ret, (const uint8_t *)file.data, file.size);
        if (result < 0) {
            err_set(e, result, "%s: %s", path,
                    result == -ENOMEM    ? "no memory"
                    : result == -ENOTSUP ? "of a WAVE file, one channel of 16 bits, A-law or "
                                           "u-law is read"
                                         : "no WAVE file");
        }
    }
    buf_finish(&file);
    return result;
}

static void put(uint8_t *at, uint32_t v, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(v >> (8 * i));
    }
}

int wav_save(const char *path, const int16_t *samples, size_t count, uint32_t rate)
{
    uint8_t head[FILE_HEADER + CHUNK_HEADER + FORMAT_SIZE + CHUNK_HEADER] = {
        'R', 'I', 'F', 'F', 0, 0, 0, 0, 'W', 'A', 'V', 'E', 'f', 'm', 't', ' '};
    static const uint8_t data[4] = {'d', 'a', 't', 'a'};
    uint8_t pair[2];
    uint32_t size = (uint32_t)(2 * count);
    FILE *out = fopen(path, "wb");
    int result = 0;

    if (out == NULL) {
        return -errno;
    }
    put(head + 4, (uint32_t)sizeof(head) - 8 + size, 4);
    put(head + 16, FORMAT_SIZE, 4);
    put(head + 20, PCM, 2);
    put(head + 22, 1, 2);
    put(head + 24, rate, 4);
    put(head + 28, 2 * rate, 4);
    put(head + 32, 2, 2);
    put(head + 34, 16, 2);
    memcpy(head + 36, data, sizeof(data));
    put(head + 40, size, 4);
    result = fwrite(head, sizeof(head), 1, out) == 1 ? 0 : -EIO;
    for (size_t i = 0; i < count && result == 0; i++) {
        put(pair, (uint16_t)samples[i], 2);
        result = fwrite(pair, sizeof(pair), 1, out) == 1 ? 0 : -EIO;
    }
    if (fclose(out) != 0 && result == 0) {
        result = -errno;
    }
    return result;
}

void wav_finish(struct wav *w)
{
    free(w->samples);
    w->samples = NULL;
    w->count = 0;
}
