/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cutting a byte stream into SIP messages (RFC 3261 §18.3): by the empty line and Content-Length.
 * Bytes that were looked at are not looked at again when more come.
 */
#include <errno.h>

#include "node/codec/sip_lex.h"
#include "node/codec/sip_value.h"

/* The place after the empty line, NULL: not there yet. From `scanned` on. */
static const char *end_of_headers(struct sip_framer *f, const char *bytes, const char *end)
{
    const char *at = bytes + f->scanned;

    for (;;) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        if (lf == NULL) {
            f->scanned = (size_t)(end - bytes);
            return NULL;
        }
        if (end - lf > 1 && lf[1] == '\n') {
            return lf + 2;
        }
        if (end - lf > 2 && lf[1] == '\r' && lf[2] == '\n') {
            return lf + 3;
        }
        if (end - lf < 3 && (end - lf == 1 || lf[1] == '\r')) {
            f->scanned = (size_t)(lf - bytes); /* what follows decides */
            return NULL;
        }
        at = lf + 1;
    }
}

static bool is_length_line(const char *at, const char *end, struct sip_text *ret_value)
{
    const char *name_end, *colon;

    if (at == end || (lex_lower(*at) != 'c' && lex_lower(*at) != 'l')) {
        return false;
    }
    name_end = lex_skip_token(at, end);
    colon = lex_skip_blanks(name_end, end);
    if (colon == end || *colon != ':' ||
        sip_header_id_of(lex_text(at, name_end)) != SIP_H_CONTENT_LENGTH) {
        return false;
    }
    *ret_value = lex_trim(lex_text(colon + 1, end));
    return true;
}

/* Said once, or several times alike. */
static int find_length(const char *at, const char *end, uint64_t *ret)
{
    bool has = false;

    while (at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        const char *stop = lf != NULL ? lf : end;
        struct sip_text value;
        uint64_t n;

        while (lf != NULL && lf + 1 < end && (lf[1] == ' ' || lf[1] == '\t')) {
            lf = memchr(lf + 1, '\n', (size_t)(end - lf - 1)); /* folded */
            stop = lf != NULL ? lf : end;
        }
        if (is_length_line(at, stop, &value)) {
            if (sip_number(value, INT32_MAX, &n) < 0 || (has && n != *ret)) {
                return -EBADMSG;
            }
            *ret = n;
            has = true;
        }
        at = stop < end ? stop + 1 : end;
    }
    return has ? 0 : -EBADMSG;
}

int sip_frame(struct sip_framer *f, const char *bytes, size_t size, size_t limit, size_t *ret_skip)
{
    const char *end, *body;
    uint64_t length = 0;
    size_t skip = 0;

    while (f->scanned == 0 && f->total == 0 && skip < size &&
           (bytes[skip] == '\r' || bytes[skip] == '\n')) {
        skip++;
    }
    *ret_skip = skip;
    bytes += skip;
    size -= skip;
    end = bytes + size;
    if (f->total == 0) {
        body = end_of_headers(f, bytes, end);
        if (body == NULL) {
            return size > limit ? -EMSGSIZE : 0;
        }
        if (find_length(bytes, body, &length) < 0) {
            return -EBADMSG;
        }
        f->total = (size_t)(body - bytes) + (size_t)length;
        if (f->total > limit) {
            return -EMSGSIZE;
        }
    }
    if (size < f->total) {
        return 0;
    }
    size = f->total;
    *f = (struct sip_framer){0, 0};
    return (int)size;
}
