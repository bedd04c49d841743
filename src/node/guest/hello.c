/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * hello: a small scanner over bytes in pieces. Any thread, one per struct.
 */
#include "node/guest/hello.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static bool is_nonce_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* One byte of a greeting that has begun. True when it is whole. */
static bool take_nonce(struct hello_scan *scan, char c)
{
    if (scan->have < HELLO_NONCE_SIZE && is_nonce_char(c)) {
        scan->nonce[scan->have++] = c;
        return false;
    }
    scan->inside = c == HELLO_SYN;
    const bool whole = scan->have == HELLO_NONCE_SIZE && c == '\n';
    scan->have = 0;
    scan->nonce[HELLO_NONCE_SIZE] = '\0';
    return whole;
}

static size_t data_size(const char *bytes, size_t size)
{
    size_t n = 0;
    while (n < size && bytes[n] != HELLO_SYN && bytes[n] != HELLO_EOT)
        n++;
    return n;
}

enum hello_event hello_next(struct hello_scan *scan, const char *bytes, size_t size,
                            size_t *ret_used)
{
    size_t at = 0;
    while (at < size) {
        if (scan->inside) {
            if (take_nonce(scan, bytes[at++])) {
                *ret_used = at;
                return HELLO_GREETING;
            }
            continue;
        }
        if (bytes[at] == HELLO_SYN) {
            scan->inside = true;
            scan->have = 0;
            at++;
            continue;
        }
        if (at > 0) /* data is told apart from what was dropped before it */
            break;
        const size_t n = data_size(bytes, size);
        *ret_used = n > 0 ? n : 1;
        return n > 0 ? HELLO_DATA : HELLO_END;
    }
    *ret_used = at;
    return HELLO_MORE;
}

void hello_format(const char nonce[HELLO_NONCE_SIZE + 1], char ret[HELLO_SIZE])
{
    ret[0] = HELLO_SYN;
    memcpy(ret + 1, nonce, HELLO_NONCE_SIZE);
    ret[HELLO_SIZE - 1] = '\n';
}

int hello_draw(char ret_nonce[HELLO_NONCE_SIZE + 1])
{
    unsigned char bytes[HELLO_NONCE_SIZE / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return -EIO;
    for (size_t i = 0; i < sizeof bytes; i++) {
        ret_nonce[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        ret_nonce[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    ret_nonce[HELLO_NONCE_SIZE] = '\0';
    return 0;
}
