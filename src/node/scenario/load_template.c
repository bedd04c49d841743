/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_template: a text of the file to pieces. A message's lines lose their indentation and end in
 * CRLF, its header ends in an empty line. Each byte remembers where it stood, so that a wrong
 * keyword is named with its place. One thread.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "node/scenario/load.h"

struct clean {
    struct buf text;
    size_t *origins; /* of each byte: its offset in the text of the file */
    size_t capacity;
};

static void put(struct clean *c, const char *bytes, size_t size, size_t origin)
{
    if (c->text.size + size > c->capacity) {
        c->text.failed = true; /* cannot be: room was counted before */
        return;
    }
    for (size_t i = 0; i < size; i++) {
        c->origins[c->text.size + i] = origin;
    }
    buf_append(&c->text, bytes, size);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Lines without indentation, joined by CRLF; empty ones in front are dropped. */
static void clean_lines(struct clean *c, const char *text, size_t size)
{
    size_t at = 0;
    bool is_first = true;

    while (at < size) {
        size_t end = at, from, to;

        while (end < size && text[end] != '\n') {
            end++;
        }
        for (from = at; from < end && is_blank(text[from]); from++) {
        }
        for (to = end; to > from && is_blank(text[to - 1]); to--) {
        }
        if (from < to || !is_first) {
            for (size_t i = from; i < to; i++) {
                put(c, text + i, 1, i);
            }
            if (end < size) {
                put(c, "\r\n", 2, end);
            }
            is_first = false;
        }
        at = end + 1;
    }
}

/* Blank lines at the end are dropped: a header ends in one empty line, a body in CRLF. */
static void end_message(struct clean *c, size_t size)
{
    while (c->text.size > 0 && isspace((unsigned char)c->text.data[c->text.size - 1])) {
        c->text.data[--c->text.size] = 0;
    }
    put(c, "\r\n\r\n", memmem(buf_str(&c->text), c->text.size, "\r\n\r\n", 4) ? 2 : 4, size);
}

struct pieces {
    struct piece *list;
    size_t count, capacity;
    struct buf literal;
};

static void add_piece(struct loader *l, struct pieces *p, const struct piece *piece)
{
    if (p->count == p->capacity) {
        struct piece *more;

        p->capacity = p->capacity ? 2 * p->capacity : 8;
        more = ARENA_ARRAY(&l->s->arena, struct piece, p->capacity);
        if (p->count > 0) {
            memcpy(more, p->list, p->count * sizeof(*more));
        }
        p->list = more;
    }
    p->list[p->count++] = *piece;
}

static void end_literal(struct loader *l, struct pieces *p)
{
    struct piece piece = {.kind = PIECE_TEXT, .variable = -1};

    if (p->literal.size > 0) {
        piece.text = arena_dup(&l->s->arena, buf_str(&p->literal), p->literal.size + 1);
        piece.size = (uint32_t)p->literal.size;
        add_piece(l, p, &piece);
        buf_clear(&p->literal);
    }
}

/* Behind the ']' that closes text[0] == '[', quotes and brackets within honoured. 0: there is none.
 */
static size_t keyword_end(const char *text, size_t size)
{
    char quote = 0;
    int depth = 0;

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n' && !quote) {
            return 0;
        }
        if (text[i] == '"') {
            quote = quote ? 0 : '"';
        } else if (text[i] == '[') {
            depth++;
        } else if (text[i] == ']' && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

static int hex_value(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* `\x5b` is the byte 0x5b. How many bytes it took, 0: it is none. */
static size_t take_escape(const char *text, size_t size, struct buf *literal)
{
    char byte;

    if (size < 4 || text[0] != '\\' || text[1] != 'x' || !isxdigit((unsigned char)text[2]) ||
        !isxdigit((unsigned char)text[3])) {
        return 0;
    }
    byte = (char)(hex_value(text[2]) * 16 + hex_value(text[3]));
    buf_append(literal, &byte, 1);
    return 4;
}

struct place {
    const char *text; /* of the file */
    const size_t *origins;
    int line, column;
};

static void place_of(const struct place *from, size_t at, int *ret_line, int *ret_column)
{
    size_t origin = from->origins ? from->origins[at] : at, start = 0;

    *ret_line = from->line;
    *ret_column = from->column;
    for (size_t i = 0; i < origin; i++) {
        if (from->text[i] == '\n') {
            (*ret_line)++;
            start = i + 1;
            *ret_column = 1;
        }
    }
    if (from->origins || start > 0) {
        *ret_column += (int)(origin - start);
    }
}

/* The keyword at text[at]: its size with the brackets, or negative. */
static int take_keyword(struct loader *l, const char *text, size_t at, size_t size,
                        const struct place *place, struct pieces *p)
{
    size_t end = keyword_end(text + at, size - at);
    struct piece piece;
    int line, column, code;

    place_of(place, at, &line, &column);
    if (end < 3) {
        return load_fail(l, line, column,
                         "'[' without its ']' on the line; a literal '[' is written \\x5b");
    }
    code = load_keyword(l, text + at + 1, end - 2, line, column, &piece);
    if (code < 0) {
        return code;
    }
    if (piece.kind == PIECE_TEXT) {
        buf_append(&p->literal, piece.text, piece.size);
    } else {
        end_literal(l, p);
        add_piece(l, p, &piece);
    }
    return (int)end;
}

static int split(struct loader *l, const char *text, size_t size, const struct place *place,
                 struct pieces *p)
{
    for (size_t at = 0; at < size;) {
        size_t plain = 0, end;
        int taken;

        while (at + plain < size && text[at + plain] != '[' && text[at + plain] != '\\') {
            plain++;
        }
        buf_append(&p->literal, text + at, plain);
        at += plain;
        if (at == size) {
            break;
        }
        if (text[at] == '\\') {
            end = take_escape(text + at, size - at, &p->literal);
            if (end == 0) {
                buf_append(&p->literal, text + at, 1);
                end = 1;
            }
            at += end;
            continue;
        }
        taken = take_keyword(l, text, at, size, place, p);
        if (taken < 0) {
            return taken;
        }
        at += (size_t)taken;
    }
    end_literal(l, p);
    return 0;
}

int load_template(struct loader *l, const char *text, size_t size, int line, int column,
                  enum load_text_kind kind, struct template **ret)
{
    struct clean clean = {.capacity = 2 * size + 8};
    struct pieces pieces = {0};
    struct place place = {.text = text, .line = line, .column = column};
    struct template *t = ARENA_NEW(&l->s->arena, struct template);
    int code = 0;

    buf_init(&clean.text);
    buf_init(&pieces.literal);
    if (kind != LOAD_PLAIN) {
        clean.origins = calloc(clean.capacity, sizeof(size_t));
        if (!clean.origins) {
            code = err_set(l->err, -ENOMEM, "no memory for a message");
            goto out;
        }
        clean_lines(&clean, text, size);
        if (kind == LOAD_MESSAGE) {
            end_message(&clean, size);
        }
        place.origins = clean.origins;
        text = buf_str(&clean.text);
        size = clean.text.size;
    }
    code = split(l, text, size, &place, &pieces);
    if (code == 0 && (buf_failed(&clean.text) || buf_failed(&pieces.literal))) {
        code = err_set(l->err, -ENOMEM, "no memory for a message");
    }
    t->pieces = pieces.list;
    t->count = pieces.count;
    if (code == 0) {
        *ret = t;
    }
out:
    free(clean.origins);
    buf_finish(&clean.text);
    buf_finish(&pieces.literal);
    return code;
}

int load_template_attr(struct loader *l, const struct xml_attr *a, struct template **ret)
{
    return load_template(l, a->value, strlen(a->value), a->line, a->column, LOAD_PLAIN, ret);
}
