/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * buf: a growable row of bytes that is always NUL-ended. A failed allocation is remembered and
 * every later append is ignored, so a writer checks once, at the end (buf_failed). One thread.
 */
#ifndef VAPERF_BASE_BUF_H
#define VAPERF_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data; /* NULL while nothing was appended */
    size_t size, capacity;
    bool failed;
};

void buf_init(struct buf *b);
void buf_finish(struct buf *b);
void buf_clear(struct buf *b); /* keeps the memory */
void buf_append(struct buf *b, const void *bytes, size_t size);
void buf_append_str(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
void buf_remove_front(struct buf *b, size_t size);
bool buf_failed(const struct buf *b);
/* The text, "" when empty. Lends. */
const char *buf_str(const struct buf *b);
/* Gives the memory away (free() it) and leaves an empty buf. NULL when failed. */
char *buf_take(struct buf *b);
/* The lines of the text as one, with this between them; the ends at the bottom go. */
void buf_join_lines(struct buf *b, char separator);
/* Base64 (RFC 4648 §4) of bytes appended to b; and back, -EBADMSG when it is not base64. */
void buf_append_base64(struct buf *b, const void *bytes, size_t size);
int buf_decode_base64(struct buf *b, const char *text);
/* Whole file. -errno. */
int buf_load(struct buf *b, const char *path);

#endif
