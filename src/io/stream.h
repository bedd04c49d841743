/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * stream: lines over a pair of descriptors (a child's pipes, our stdin/stdout, a socket) on a
 * loop. Output that cannot go at once is queued, never lost, never blocks. One thread, the loop's.
 */
#ifndef VAPERF_IO_STREAM_H
#define VAPERF_IO_STREAM_H

#include <stddef.h>

#include "io/loop.h"

struct stream;

struct stream_events {
    /* A whole line without its line feed, NUL-ended; lent until the callback returns or turns the
     * loop. */
    void (*line)(void *arg, const char *text, size_t size);
    /* The other side is gone (reason 0: orderly end; -errno; -EMSGSIZE: a line above the limit).
     * Called once; nothing is called after it. The owner then closes. */
    void (*ended)(void *arg, int reason);
};

/* in_fd is read, out_fd written (they may be one). Both stay the caller's and become non-blocking.
 */
int stream_open(struct stream **ret, struct loop *l, int in_fd, int out_fd, size_t line_max,
                const struct stream_events *events, void *arg);
/* Queues the text and a line feed. -EPIPE after the end, -ENOMEM. */
int stream_send_line(struct stream *s, const char *text, size_t size);
/* Bytes not yet written. */
size_t stream_queued(const struct stream *s);
/* Writes what is queued, blocking up to timeout_ns: for the last words. 0, -ETIMEDOUT, -errno. */
int stream_flush(struct stream *s, unsigned long long timeout_ns);
void stream_close(struct stream *s); /* NULL-safe; allowed inside its own callbacks */

#endif
