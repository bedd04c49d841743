/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bencode: see bencode.h. A value is checked once, as a whole, without recursion; after that its
 * parts are found by walking over it.
 */
#include "node/codec/bencode.h"

#include <errno.h>
#include <string.h>

enum { DIGITS_MAX = 18 }; /* of a number that fits in 64 bits whatever the digits */

void bencode_put_number(struct buf *b, int64_t number)
{
    buf_printf(b, "i%llde", (long long)number);
}

void bencode_put_text(struct buf *b, const char *text)
{
    buf_printf(b, "%zu:", strlen(text));
    buf_append_str(b, text);
}

void bencode_open_list(struct buf *b)
{
    buf_append(b, "l", 1);
}

void bencode_open_dict(struct buf *b)
{
    buf_append(b, "d", 1);
}

void bencode_close(struct buf *b)
{
    buf_append(b, "e", 1);
}

void bencode_put_pair(struct buf *b, const char *key, const char *text)
{
    bencode_put_text(b, key);
    bencode_put_text(b, text);
}

/* Digits up to `end`. The bytes taken with it, -EBADMSG. */
static int64_t take_digits(const uint8_t *at, size_t size, uint8_t end, int64_t *ret)
{
    size_t n = 0;

    for (*ret = 0; n < size && n < DIGITS_MAX && at[n] >= '0' && at[n] <= '9'; n++) {
        *ret = *ret * 10 + (at[n] - '0');
    }
    return n > 0 && n < size && at[n] == end ? (int64_t)n + 1 : -EBADMSG;
}

/* A number or a text. The bytes taken, -EBADMSG. */
static int64_t take_plain(const uint8_t *at, size_t size, struct bencode *ret)
{
    bool is_number = size > 0 && at[0] == 'i', is_negative = is_number && size > 1 && at[1] == '-';
    size_t front = (size_t)is_number + is_negative;
    int64_t value, n = take_digits(at + front, size - front, is_number ? 'e' : ':', &value);

    if (n < 0) {
        return n;
    }
    n += (int64_t)front;
    if (is_number) {
        *ret = (struct bencode){.type = BENCODE_NUMBER, .number = is_negative ? -value : value};
        return n;
    }
    if ((uint64_t)value > size - (size_t)n) {
        return -EBADMSG;
    }
    *ret = (struct bencode){.type = BENCODE_TEXT, .bytes = at + n, .size = (size_t)value};
    return n + value;
}

/* What surrounds the place that is read. */
struct walk {
    struct {
        bool is_dict, wants_value;
    } outer[BENCODE_DEPTH_MAX];
    unsigned depth;
};

static bool may_follow(const struct walk *w, enum bencode_type type)
{
    return w->depth == 0 || !w->outer[w->depth - 1].is_dict || type == BENCODE_TEXT ||
           w->outer[w->depth - 1].wants_value;
}

static void note_value(struct walk *w)
{
    if (w->depth > 0) {
        w->outer[w->depth - 1].wants_value = !w->outer[w->depth - 1].wants_value;
    }
}

static int64_t open_one(struct walk *w, char c)
{
    if (w->depth == BENCODE_DEPTH_MAX || !may_follow(w, BENCODE_LIST)) {
        return -EBADMSG;
    }
    w->outer[w->depth].is_dict = c == 'd';
    w->outer[w->depth++].wants_value = false;
    return 1;
}

static int64_t close_one(struct walk *w)
{
    if (w->depth == 0 || (w->outer[w->depth - 1].is_dict && w->outer[w->depth - 1].wants_value)) {
        return -EBADMSG;
    }
    w->depth--;
    note_value(w);
    return 1;
}

/* One step of the walk: the bytes taken. */
static int64_t step(struct walk *w, const uint8_t *at, size_t size)
{
    struct bencode plain;
    int64_t n;

    if (size == 0) {
        return -EBADMSG;
    }
    if (at[0] == 'l' || at[0] == 'd') {
        return open_one(w, (char)at[0]);
    }
    if (at[0] == 'e') {
        return close_one(w);
    }
    n = take_plain(at, size, &plain);
    if (n < 0 || !may_follow(w, plain.type)) {
        return -EBADMSG;
    }
    note_value(w);
    return n;
}

/* One whole value from the front. The bytes taken, -EBADMSG. */
static int64_t take_value(const uint8_t *bytes, size_t size, struct bencode *ret)
{
    struct walk w = {.depth = 0};
    size_t at = 0;

    do {
        int64_t n = step(&w, bytes + at, size - at);
        if (n < 0) {
            return n;
        }
        at += (size_t)n;
    } while (w.depth > 0);
    if (bytes[0] != 'l' && bytes[0] != 'd') {
        return take_plain(bytes, at, ret);
    }
    *ret = (struct bencode){
        .type = bytes[0] == 'l' ? BENCODE_LIST : BENCODE_DICT, .bytes = bytes + 1, .size = at - 2};
    return (int64_t)at;
}

int bencode_decode(struct bencode *ret, const uint8_t *bytes, size_t size)
{
    struct bencode value;
    int64_t n = size > 0 ? take_value(bytes, size, &value) : -EBADMSG;

    if (n < 0 || (size_t)n != size) {
        return -EBADMSG;
    }
    *ret = value;
    return 0;
}

int bencode_next(struct bencode *rest, struct bencode *ret)
{
    int64_t n = rest->size > 0 ? take_value(rest->bytes, rest->size, ret) : 0;

    if (n <= 0) {
        return 0;
    }
    rest->bytes += n;
    rest->size -= (size_t)n;
    return 1;
}

int bencode_find(const struct bencode *dict, const char *key, enum bencode_type type,
                 struct bencode *ret)
{
    struct bencode rest = *dict, name, value;

    while (dict->type == BENCODE_DICT && bencode_next(&rest, &name) &&
           bencode_next(&rest, &value)) {
        if (name.size == strlen(key) && memcmp(name.bytes, key, name.size) == 0) {
            if (value.type != type) {
                return -EBADMSG;
            }
            *ret = value;
            return 0;
        }
    }
    return -ENOENT;
}
