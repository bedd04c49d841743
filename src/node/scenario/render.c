/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * render: pieces to bytes. The hot path of sending: literal text is copied, everything else is
 * render_word's. Thread rule: the call's.
 */
#include <errno.h>
#include <string.h>

#include "node/scenario/call_state.h"

enum { LENS_MAX = 4, LEN_WIDTH = 5, BODY_AT = 16384, BODY_MAX = 32768 };

void out_add(struct out *o, const char *bytes, size_t size)
{
    if (size > o->capacity - o->size) {
        o->code = o->code < 0 ? o->code : -EMSGSIZE;
        return;
    }
    memcpy(o->bytes + o->size, bytes, size);
    o->size += size;
}

void out_text(struct out *o, const char *text)
{
    out_add(o, text, strlen(text));
}

void out_number(struct out *o, int64_t number)
{
    char digits[24];
    char *p = digits + sizeof(digits);
    uint64_t n = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    do {
        *--p = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    if (number < 0) {
        *--p = '-';
    }
    out_add(o, p, (size_t)(digits + sizeof(digits) - p));
}

/* Behind the first empty line; the end when there is none. */
static size_t body_of(const struct out *o)
{
    const char *end = o->bytes + o->size, *at = o->bytes;

    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        if (end - at >= 2 && at[0] == '\r' && at[1] == '\n' && at - o->bytes >= 2 &&
            at[-2] == '\r') {
            return (size_t)(at - o->bytes) + 2;
        }
    }
    return o->size;
}

/* The lengths of [len], now that the body is known. */
static void set_lengths(struct out *o, const size_t *lens, int count)
{
    size_t body = o->size - body_of(o);
    char digits[LEN_WIDTH];

    for (int i = LEN_WIDTH - 1; i >= 0; i--) {
        digits[i] = body > 0 || i == LEN_WIDTH - 1 ? (char)('0' + body % 10) : ' ';
        body /= 10;
    }
    for (int i = 0; i < count; i++) {
        memcpy(o->bytes + lens[i], digits, LEN_WIDTH);
    }
}

static void render_pieces(struct call *c, const struct template *t, int step, struct out *o)
{
    size_t lens[LENS_MAX];
    int len_count = 0;
    bool is_skipping = false; /* the rest of a line */

    for (size_t i = 0; i < t->count && o->code == 0; i++) {
        const struct piece *p = &t->pieces[i];

        if (p->kind == PIECE_TEXT) {
            const char *end = is_skipping ? memchr(p->text, '\n', p->size) : NULL;
            size_t skip = !is_skipping ? 0 : end ? (size_t)(end - p->text) + 1 : p->size;

            is_skipping = is_skipping && !end;
            out_add(o, p->text + skip, p->size - skip);
        } else if (is_skipping) {
            continue;
        } else if (p->kind == PIECE_LEN) {
            if (len_count < LENS_MAX) {
                lens[len_count++] = o->size;
            }
            out_add(o, "     ", LEN_WIDTH);
        } else {
            bool at_start = o->size == 0 || o->bytes[o->size - 1] == '\n';

            is_skipping = !render_word(c, p, step, o) && at_start;
        }
    }
    if (o->code == 0 && len_count > 0) {
        set_lengths(o, lens, len_count);
    }
}

/* A message whose credentials depend on its body (qop auth-int) is written twice. */
static void render_again(struct call *c, const struct template *t, int step, struct out *o)
{
    char *copy = call_scratch(c, SCRATCH_MORE) + BODY_AT;
    size_t at = body_of(o), size = o->size - at;

    if (size > BODY_MAX) {
        o->code = -EMSGSIZE;
        return;
    }
    memcpy(copy, o->bytes + at, size);
    c->auth_count--;
    *o = (struct out){.bytes = o->bytes, .capacity = o->capacity, .body = {copy, (uint32_t)size}};
    render_pieces(c, t, step, o);
}

int render(struct call *c, const struct template *t, int step, char *bytes, size_t size)
{
    struct out o = {.bytes = bytes, .capacity = size};

    render_pieces(c, t, step, &o);
    if (o.code == 0 && o.wants_body) {
        render_again(c, t, step, &o);
    }
    return o.code < 0 ? o.code : (int)o.size;
}

size_t render_text(struct call *c, const struct template *t, char *out, size_t size)
{
    int n = t ? render(c, t, (int)c->step, out, size - 1) : 0;

    n = n < 0 ? 0 : n;
    out[n] = 0;
    return (size_t)n;
}
