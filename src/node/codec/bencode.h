/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bencode: the notation of rtpengine's ng protocol (numbers, texts, lists, dictionaries; that of
 * BEP 3): written into a buf, read where it lies. Reading is pure and allocates nothing; any
 * thread.
 */
#ifndef VAPERF_NODE_CODEC_BENCODE_H
#define VAPERF_NODE_CODEC_BENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { BENCODE_DEPTH_MAX = 32 };
enum bencode_type { BENCODE_NUMBER, BENCODE_TEXT, BENCODE_LIST, BENCODE_DICT };

struct bencode {
    enum bencode_type type;
    int64_t number;
    const uint8_t *bytes; /* lent: of a text, or what is in a list or dictionary */
    size_t size;
};

/* A list or dictionary is opened, filled and closed; a dictionary's keys are texts, each followed
 * by its value, in their order as bytes. */
void bencode_put_number(struct buf *b, int64_t number);
void bencode_put_text(struct buf *b, const char *text);
void bencode_open_list(struct buf *b);
void bencode_open_dict(struct buf *b);
void bencode_close(struct buf *b);
void bencode_put_pair(struct buf *b, const char *key, const char *text);

/* The bytes are one value and nothing else; what is in it is checked too. -EBADMSG. */
int bencode_decode(struct bencode *ret, const uint8_t *bytes, size_t size);
/* Takes the next value off a list or dictionary that was decoded (a dictionary gives key, value,
 * key …). 1, or 0 when there is none left. */
int bencode_next(struct bencode *rest, struct bencode *ret);
/* The value of a key, of this type. -ENOENT: there is none; -EBADMSG: it has another type. */
int bencode_find(const struct bencode *dict, const char *key, enum bencode_type type,
                 struct bencode *ret);

#endif
