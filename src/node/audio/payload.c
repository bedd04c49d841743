/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * payload: see payload.h.
 */
#include "node/audio/payload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "node/audio/wav.h"
#include "node/codec/g711.h"

enum { RATE = 8000 };

static int is_g711(uint8_t payload_type)
{
    return payload_type == G711_ULAW || payload_type == G711_ALAW;
}

static int code_file(struct buf *ret, const char *path, uint8_t payload_type, struct err *e)
{
    struct wav w;
    int result = wav_load(&w, path, e);

    if (result < 0) {
        return result;
    }
    if (w.rate != RATE || !is_g711(payload_type)) {
        result = err_set(e, -EINVAL,
                         "%s: a WAVE file is coded as pcma or pcmu, and has 8000 samples a second",
                         path);
    }
    for (size_t i = 0; i < w.count && result == 0; i++) {
        uint8_t octet = g711_sample_to_octet((enum g711_law)payload_type, w.samples[i]);
        buf_append(ret, &octet, 1);
    }
    wav_finish(&w);
    return result;
}

static int read_file(struct buf *ret, const char *path, uint8_t payload_type, struct err *e)
{
    size_t length = strlen(path);
    int result;

    if (length > 4 && strcmp(path + length - 4, ".wav") == 0) {
        return code_file(ret, path, payload_type, e);
    }
    result = buf_load(ret, path);
    return result < 0 ? err_set(e, result, "%s: %s", path, strerror(-result)) : 0;
}

static int keep_octets(struct payload *a, const struct buf *octets, uint32_t payload_size,
                       const char *path, struct err *e)
{
    if (octets->size < payload_size || octets->size > INT32_MAX) {
        return err_set(e, -EINVAL, "%s: %zu octets are not between one packet's %u and 2 GB", path,
                       octets->size, payload_size);
    }
    a->octets = malloc(octets->size + payload_size);
    if (a->octets == NULL) {
        return err_set(e, -ENOMEM, "%s: no memory for it", path);
    }
    a->size = (uint32_t)octets->size;
    memcpy(a->octets, octets->data, octets->size);
    memcpy(a->octets + octets->size, octets->data, payload_size);
    return 0;
}

int payload_load(struct payload *a, const char *path, uint8_t payload_type, uint32_t payload_size,
                 struct err *e)
{
    struct buf octets;
    int result;

    buf_init(&octets);
    result = read_file(&octets, path, payload_type, e);
    if (result == 0) {
        result = keep_octets(a, &octets, payload_size, path, e);
    }
    buf_finish(&octets);
    return result;
}

const uint8_t *payload_at(const struct payload *a, uint32_t tick, uint32_t payload_size)
{
    return a->octets + (uint64_t)tick * payload_size % a->size;
}

void payload_finish(struct payload *a)
{
    free(a->octets);
    a->octets = NULL;
}
