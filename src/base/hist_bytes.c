/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * hist_bytes: a hist as bytes that mean the same on every machine, and back. Pure; the hist must
 * not be written meanwhile.
 *
 *   'V' 'H' version sub_bits max_bits
 *   total over sum min max              LEB128, shortest form; only total when that is 0
 *   { gap count } for each bucket in use; gap: buckets skipped since the one before
 *   FNV-1a (32 bits) of all that, least byte first
 */
#include "base/hist.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/json.h"

enum { VERSION = 1, HEAD_BYTES = 5, SEAL_BYTES = 4, VARINT_MAX = 10 };
static const unsigned char head[HEAD_BYTES] = {'V', 'H', VERSION, HIST_SUB_BITS, HIST_MAX_BITS};

uint32_t hist_seal(const void *bytes, uint64_t size)
{
    const unsigned char *at = bytes;
    uint32_t hash = UINT32_C(2166136261);
    for (uint64_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * UINT32_C(16777619);
    return hash;
}

static void put_varint(struct buf *out, uint64_t v)
{
    unsigned char bytes[VARINT_MAX];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        bytes[n++] = (unsigned char)(v | 0x80);
    bytes[n++] = (unsigned char)v;
    buf_append(out, bytes, n);
}

int hist_encode(const struct hist *h, struct buf *out)
{
    const size_t start = out->size;
    buf_append(out, head, sizeof head);
    put_varint(out, h->total);
    if (h->total > 0) {
        put_varint(out, h->over);
        put_varint(out, h->sum);
        put_varint(out, h->min);
        put_varint(out, h->max);
    }
    unsigned next = 0;
    for (unsigned i = hist_next(h, 0); i < HIST_BUCKETS; i = hist_next(h, next)) {
        put_varint(out, i - next);
        put_varint(out, h->count[i]);
        next = i + 1;
    }
    if (buf_failed(out))
        return -ENOMEM;
    uint32_t seal = hist_seal(out->data + start, out->size - start);
    unsigned char bytes[SEAL_BYTES];
    for (int i = 0; i < SEAL_BYTES; i++)
        bytes[i] = (unsigned char)(seal >> (8 * i));
    buf_append(out, bytes, sizeof bytes);
    return buf_failed(out) ? -ENOMEM : 0;
}

json_t *hist_to_json(const struct hist *h)
{
    struct buf bytes, text;
    json_t *value = NULL;

    buf_init(&bytes);
    buf_init(&text);
    if (hist_encode(h, &bytes) == 0) {
        buf_append_base64(&text, bytes.data, bytes.size);
        value = buf_failed(&text) ? NULL : json_string(buf_str(&text));
    }
    buf_finish(&bytes);
    buf_finish(&text);
    return value != NULL ? value : json_null();
}

struct reader {
    const unsigned char *at, *end;
};

/* A longer form than needed is refused: one hist, one row of bytes. */
static int get_varint(struct reader *r, uint64_t *ret)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (r->at == r->end)
            return -EBADMSG;
        unsigned char c = *r->at++;
        if ((shift == 63 && c > 1) || (c == 0 && shift > 0))
            return -EBADMSG;
        v |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80) {
            *ret = v;
            return 0;
        }
    }
    return -EBADMSG;
}

struct summary {
    uint64_t total, over, sum, min, max;
};

static int get_summary(struct reader *r, struct summary *ret)
{
    *ret = (struct summary){.min = UINT64_MAX};
    uint64_t *const fields[] = {&ret->total, &ret->over, &ret->sum, &ret->min, &ret->max};
    for (size_t i = 0; i < 5; i++) {
        if (get_varint(r, fields[i]) < 0)
            return -EBADMSG;
        if (ret->total == 0)
            return 0;
    }
    return 0;
}

/* Do min, max, over and total agree with what the buckets say? */
static bool is_consistent(const struct summary *s, uint64_t counted, unsigned first, unsigned last,
                          uint64_t last_count)
{
    if (s->total != counted)
        return false;
    if (counted == 0)
        return true;
    const bool has_over = s->max > HIST_LARGEST_NS;
    return s->min <= s->max && hist_bucket(s->min) == first && hist_bucket(s->max) == last &&
           (s->over > 0) == has_over && (!has_over || s->over <= last_count);
}

/* Reads the buckets; into `to` unless it is NULL. */
static int get_buckets(struct reader *r, const struct summary *s, struct hist *to)
{
    uint64_t next = 0, counted = 0, gap = 0, n = 0;
    unsigned first = 0, last = 0;
    while (r->at < r->end) {
        if (get_varint(r, &gap) < 0 || get_varint(r, &n) < 0 || gap >= HIST_BUCKETS - next ||
            n == 0 || __builtin_add_overflow(counted, n, &counted))
            return -EBADMSG;
        last = (unsigned)(next + gap);
        if (next == 0)
            first = last;
        if (to != NULL)
            hist_record_n(to, hist_bucket_low(last), n);
        next = last + 1;
    }
    return is_consistent(s, counted, first, last, n) ? 0 : -EBADMSG;
}

int hist_decode(struct hist *ret, const void *bytes, uint64_t size)
{
    if (size < HEAD_BYTES + 1 + SEAL_BYTES || memcmp(bytes, head, HEAD_BYTES) != 0)
        return -EBADMSG;
    struct reader r = {.at = bytes, .end = (const unsigned char *)bytes + size - SEAL_BYTES};
    uint32_t seal = 0;
    for (int i = 0; i < SEAL_BYTES; i++)
        seal |= (uint32_t)r.end[i] << (8 * i);
    if (hist_seal(bytes, size - SEAL_BYTES) != seal)
        return -EBADMSG;

    r.at += HEAD_BYTES;
    struct summary s;
    if (get_summary(&r, &s) < 0)
        return -EBADMSG;
    /* Twice: the first time only checks, so that `ret` stays as it was when something is wrong. */
    struct reader again = r;
    if (get_buckets(&r, &s, NULL) < 0)
        return -EBADMSG;
    hist_reset(ret);
    get_buckets(&again, &s, ret);
    ret->total = s.total;
    ret->over = s.over;
    ret->sum = s.sum;
    ret->min = s.min;
    ret->max = s.max;
    return 0;
}
