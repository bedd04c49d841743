/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * clip: see clip.h.
 */
#include "node/callmedia/clip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

enum { PATTERNS = 6, PATTERN_NAME = 8 };

#define MS20 (20 * NS_PER_MS)
const struct media_codec media_codecs[] = {
    {"PCMU", 0, 8000, 160, 160, MS20, "g711-plc", 0, false},
    {"PCMA", 8, 8000, 160, 160, MS20, "g711-plc", 0, false},
    {"G722", 9, 8000, 160, 160, MS20, NULL, 0, false},
    {"G729", 18, 8000, 20, 160, MS20, "g729", 5, false},
    {"iLBC", 98, 8000, 50, 240, 30 * NS_PER_MS, "ilbc", 0, false},
    /* SIPp's packets and times; the clock is that of RFC 6184. */
    {"H264", MEDIA_TYPE_BY_NAME, 90000, 1280, 14400, 160 * NS_PER_MS, NULL, 0, true},
    {NULL, 0, 0, 0, 0, 0, NULL, 0, false},
};

const struct media_codec *media_codec_of_type(unsigned payload_type)
{
    for (const struct media_codec *c = media_codecs; c->name != NULL; c++) {
        if (c->payload_type == payload_type && payload_type != MEDIA_TYPE_BY_NAME) {
            return c;
        }
    }
    return NULL;
}

const struct media_codec *media_codec_find(const char *name, size_t size)
{
    const char *slash = memchr(name, '/', size);
    size_t length = slash != NULL ? (size_t)(slash - name) : size;

    for (const struct media_codec *c = media_codecs; c->name != NULL; c++) {
        if (strlen(c->name) == length && strncasecmp(c->name, name, length) == 0) {
            return c;
        }
    }
    return NULL;
}

/* ---- finding ---- */

const struct clip *library_find_clip(const struct library *l, const char *path,
                                     const struct media_codec *codec)
{
    for (size_t i = 0; i < l->clip_count; i++) {
        if (l->clips[i]->codec == codec && strcmp(l->clips[i]->path, path) == 0) {
            return l->clips[i];
        }
    }
    return NULL;
}

const struct recording *library_find_recording(const struct library *l, const char *path)
{
    for (size_t i = 0; i < l->recording_count; i++) {
        if (strcmp(l->recordings[i]->path, path) == 0) {
            return l->recordings[i];
        }
    }
    return NULL;
}

/* ---- loading ---- */

static int make_pattern(struct payload *p, unsigned number, uint32_t payload_bytes)
{
    static const uint8_t octets[PATTERNS] = {0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

    p->octets = malloc((size_t)payload_bytes * 2);
    if (p->octets == NULL) {
        return -ENOMEM;
    }
    p->size = payload_bytes;
    memset(p->octets, octets[(number - 1) % PATTERNS], (size_t)payload_bytes * 2);
    return 0;
}

static int load_clip(struct clip *c, struct err *e)
{
    int result;

    c->is_pattern = strncmp(c->path, "pattern ", PATTERN_NAME) == 0;
    if (c->is_pattern) {
        result = make_pattern(&c->payload, (unsigned)strtoul(c->path + PATTERN_NAME, NULL, 10),
                              c->codec->payload_bytes);
    } else {
        result =
            payload_load(&c->payload, c->path, c->codec->payload_type, c->codec->payload_bytes, e);
    }
    if (result == 0) {
        c->packets = c->payload.size / c->codec->payload_bytes;
    }
    return result;
}

/* Room for one more pointer. */
static int grow(void *list, size_t count)
{
    void **old, **grown;

    memcpy(&old, list, sizeof(old));
    grown = reallocarray(old, count + 1, sizeof(*grown));
    if (grown == NULL) {
        return -ENOMEM;
    }
    memcpy(list, &grown, sizeof(grown));
    return 0;
}

static void drop_clip(struct clip *c)
{
    if (c != NULL) {
        payload_finish(&c->payload);
        free(c->path);
        free(c);
    }
}

int library_add_clip(struct library *l, const char *path, const struct media_codec *codec,
                     struct err *e)
{
    struct clip *c;
    int result = -ENOMEM;

    if (library_find_clip(l, path, codec) != NULL) {
        return 0;
    }
    c = calloc(1, sizeof(*c));
    if (c != NULL && (c->path = strdup(path)) != NULL) {
        c->codec = codec;
        result = load_clip(c, e);
    }
    if (result == 0 && (result = grow(&l->clips, l->clip_count)) == 0) {
        l->clips[l->clip_count++] = c;
        return 0;
    }
    drop_clip(c);
    return result == -ENOMEM ? err_set(e, result, "%s: no memory for it", path) : result;
}

static void drop_recording(struct recording *r)
{
    if (r != NULL) {
        capture_finish(&r->capture);
        free(r->path);
        free(r);
    }
}

int library_add_recording(struct library *l, const char *path, struct err *e)
{
    struct recording *r;
    int result = -ENOMEM;

    if (library_find_recording(l, path) != NULL) {
        return 0;
    }
    r = calloc(1, sizeof(*r));
    if (r != NULL && (r->path = strdup(path)) != NULL) {
        result = capture_load(&r->capture, path, e);
    }
    if (result == 0 && (result = grow(&l->recordings, l->recording_count)) == 0) {
        l->recordings[l->recording_count++] = r;
        return 0;
    }
    drop_recording(r);
    return result == -ENOMEM ? err_set(e, result, "%s: no memory for it", path) : result;
}

void library_finish(struct library *l)
{
    for (size_t i = 0; i < l->clip_count; i++) {
        drop_clip(l->clips[i]);
    }
    for (size_t i = 0; i < l->recording_count; i++) {
        drop_recording(l->recordings[i]);
    }
    free(l->clips);
    free(l->recordings);
    *l = (struct library){0};
}
