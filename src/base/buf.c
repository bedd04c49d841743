/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * buf: growable bytes with one check at the end. One thread per buf.
 */
#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_BYTES = 64, READ_BYTES = 4096 };

void buf_init(struct buf *b)
{
    memset(b, 0, sizeof *b);
}

void buf_finish(struct buf *b)
{
    if (b == NULL)
        return;
    free(b->data);
    buf_init(b);
}

void buf_clear(struct buf *b)
{
    b->size = 0;
    b->failed = false;
    if (b->data != NULL)
        b->data[0] = '\0';
}

/* Room for `more` bytes and the NUL; false, and `failed` set, without memory. */
static bool buf_reserve(struct buf *b, size_t more)
{
    if (b->failed)
        return false;
    if (more < b->capacity - b->size)
        return true;
    size_t need, capacity = b->capacity == 0 ? FIRST_BYTES : b->capacity;
    if (__builtin_add_overflow(b->size, more, &need) || need >= SIZE_MAX / 2) {
        b->failed = true;
        return false;
    }
    while (capacity <= need)
        capacity *= 2;
    char *data = realloc(b->data, capacity);
    if (data == NULL) {
        b->failed = true;
        return false;
    }
    if (b->data == NULL)
        data[0] = '\0';
    b->data = data;
    b->capacity = capacity;
    return true;
}

void buf_append(struct buf *b, const void *bytes, size_t size)
{
    if (size == 0 || !buf_reserve(b, size))
        return;
    memcpy(b->data + b->size, bytes, size);
    b->size += size;
    b->data[b->size] = '\0';
}

void buf_append_str(struct buf *b, const char *text)
{
    buf_append(b, text, strlen(text));
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    if (size < 0)
        b->failed = true;
    else if (buf_reserve(b, (size_t)size)) {
        vsnprintf(b->data + b->size, (size_t)size + 1, format, again);
        b->size += (size_t)size;
    }
    va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

void buf_remove_front(struct buf *b, size_t size)
{
    if (size >= b->size)
        size = b->size;
    if (size == 0)
        return;
    b->size -= size;
    memmove(b->data, b->data + size, b->size + 1);
}

bool buf_failed(const struct buf *b)
{
    return b->failed;
}

const char *buf_str(const struct buf *b)
{
    return b->data != NULL ? b->data : "";
}

char *buf_take(struct buf *b)
{
    char *data = NULL;
    if (buf_reserve(b, 0)) {
        data = b->data;
        b->data = NULL;
    }
    buf_finish(b);
    return data;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void buf_join_lines(struct buf *b, char separator)
{
    while (b->size > 0 && b->data[b->size - 1] == '\n')
        b->data[--b->size] = '\0';
    for (size_t i = 0; i < b->size; i++)
        if (b->data[i] == '\n')
            b->data[i] = separator;
}

void buf_append_base64(struct buf *b, const void *bytes, size_t size)
{
    const unsigned char *in = bytes;
    if (!buf_reserve(b, size / 3 * 4 + 4))
        return;
    for (; size > 0; in += 3) {
        size_t n = size < 3 ? size : 3;
        unsigned v = (unsigned)in[0] << 16;
        v |= n > 1 ? (unsigned)in[1] << 8 : 0;
        v |= n > 2 ? in[2] : 0;
        char out[4] = {base64_digits[v >> 18], base64_digits[v >> 12 & 63],
                       n > 1 ? base64_digits[v >> 6 & 63] : '=',
                       n > 2 ? base64_digits[v & 63] : '='};
        buf_append(b, out, sizeof out);
        size -= n;
    }
}

static int base64_value(char c)
{
    const char *at = c == '\0' ? NULL : strchr(base64_digits, c);
    return at == NULL ? -1 : (int)(at - base64_digits);
}

/* One group of four digits to 1-3 bytes; the count, or -EBADMSG. Only the last may be padded. */
static int base64_group(const char *text, bool last, unsigned char out[3])
{
    int pad = 0;
    unsigned v = 0;
    for (int i = 0; i < 4; i++) {
        int digit = base64_value(text[i]);
        if (text[i] == '=' && last && i >= 2) {
            pad++;
            digit = 0;
        } else if (digit < 0 || pad > 0) {
            return -EBADMSG;
        }
        v = v << 6 | (unsigned)digit;
    }
    /* Bits behind the last byte must be 0 (RFC 4648 §3.5), so that a text has one meaning. */
    if ((pad == 1 && (v & 0xff) != 0) || (pad == 2 && (v & 0xffff) != 0))
        return -EBADMSG;
    out[0] = (unsigned char)(v >> 16);
    out[1] = (unsigned char)(v >> 8);
    out[2] = (unsigned char)v;
    return 3 - pad;
}

int buf_decode_base64(struct buf *b, const char *text)
{
    size_t length = strlen(text), before = b->size;
    if (length % 4 != 0)
        return -EBADMSG;
    for (size_t i = 0; i < length; i += 4) {
        unsigned char out[3];
        int n = base64_group(text + i, i + 4 == length, out);
        if (n < 0) {
            b->size = before;
            if (b->data != NULL)
                b->data[before] = '\0';
            return n;
        }
        buf_append(b, out, (size_t)n);
    }
    return b->failed ? -ENOMEM : 0;
}

int buf_load(struct buf *b, const char *path)
{
    size_t before = b->size;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = 0;
    ssize_t n = 1;
    while (n != 0) {
        if (!buf_reserve(b, READ_BYTES)) {
            r = -ENOMEM;
            break;
        }
        n = read(fd, b->data + b->size, b->capacity - b->size - 1);
        if (n < 0 && errno != EINTR) {
            r = -errno;
            break;
        }
        if (n > 0)
            b->size += (size_t)n;
    }
    if (r < 0)
        b->size = before;
    if (b->data != NULL)
        b->data[b->size] = '\0';
    close(fd);
    return r;
}
