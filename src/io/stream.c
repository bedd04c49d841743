/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * stream: see stream.h. A closed stream is freed when the outermost of its own callbacks returns.
 */
#include "io/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

enum { READ_SIZE = 64 * 1024 };

struct stream {
    struct loop *loop;
    struct loop_watch *in, *out;
    struct stream_events events;
    void *arg;
    struct buf input, output;
    size_t written;  /* of output */
    size_t taken;    /* of input: lines handed out */
    size_t searched; /* of input: no line feed between taken and this */
    size_t line_max;
    int in_fd, out_fd;
    bool own_out, ended, closed;
    unsigned busy; /* depth of callbacks in progress */
};

static void release(struct stream *s)
{
    if (s->busy > 0 && --s->busy > 0) {
        return;
    }
    if (s->closed) {
        if (s->own_out) {
            close(s->out_fd);
        }
        buf_finish(&s->input);
        buf_finish(&s->output);
        free(s);
    }
}

static void end(struct stream *s, int reason)
{
    if (s->ended || s->closed) {
        return;
    }
    s->ended = true;
    loop_remove(s->in);
    loop_remove(s->out);
    s->in = s->out = NULL;
    s->events.ended(s->arg, reason);
}

static int write_some(struct stream *s)
{
    while (s->written < s->output.size) {
        ssize_t n = write(s->out_fd, s->output.data + s->written, s->output.size - s->written);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -errno;
        }
        s->written += (size_t)n;
    }
    buf_clear(&s->output);
    s->written = 0;
    return 0;
}

static void out_ready(void *arg, unsigned events);

/* Waits for room only while something is queued. */
static int wait_for_room(struct stream *s, bool wanted)
{
    int result = 0;
    if (wanted && s->out == NULL) {
        result = loop_add(s->loop, s->out_fd, LOOP_WRITE, out_ready, s, &s->out);
    } else if (!wanted && s->out != NULL) {
        loop_remove(s->out);
        s->out = NULL;
    }
    return result;
}

static void out_ready(void *arg, unsigned events)
{
    struct stream *s = arg;
    int result;

    (void)events;
    s->busy++;
    result = write_some(s);
    if (result != -EAGAIN) {
        (void)wait_for_room(s, false);
    }
    if (result < 0 && result != -EAGAIN) {
        end(s, result);
    }
    release(s);
}

/* Hands out whole lines; where it stands is in the stream, because a line's callback may turn the
 * loop and come here again. 0, or -EMSGSIZE. */
static int take_lines(struct stream *s)
{
    char *feed;

    while (!s->closed && !s->ended &&
           (feed = memchr(s->input.data + s->searched, '\n', s->input.size - s->searched)) !=
               NULL) {
        size_t start = s->taken, stop = (size_t)(feed - s->input.data);
        *feed = '\0';
        s->taken = s->searched = stop + 1;
        if (stop > start) {
            s->events.line(s->arg, s->input.data + start, stop - start);
        }
    }
    if (s->closed || s->ended) {
        return 0;
    }
    buf_remove_front(&s->input, s->taken);
    s->taken = 0;
    s->searched = s->input.size;
    return s->input.size > s->line_max ? -EMSGSIZE : 0;
}

static void in_ready(void *arg, unsigned events)
{
    struct stream *s = arg;
    char bytes[READ_SIZE];
    ssize_t n;
    int result = 0;

    (void)events;
    s->busy++;
    n = read(s->in_fd, bytes, sizeof(bytes));
    if (n > 0) {
        buf_append(&s->input, bytes, (size_t)n);
        result = buf_failed(&s->input) ? -ENOMEM : take_lines(s);
        if (result < 0) {
            end(s, result);
        }
    } else if (n == 0) {
        end(s, 0);
    } else if (errno != EAGAIN && errno != EINTR) {
        end(s, -errno);
    }
    release(s);
}

static int set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

int stream_open(struct stream **ret, struct loop *l, int in_fd, int out_fd, size_t line_max,
                const struct stream_events *events, void *arg)
{
    struct stream *s;
    int result = set_nonblocking(in_fd);

    if (result < 0 || (result = set_nonblocking(out_fd)) < 0) {
        return result;
    }
    s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return -ENOMEM;
    }
    *s = (struct stream){.loop = l,
                         .events = *events,
                         .arg = arg,
                         .line_max = line_max,
                         .in_fd = in_fd,
                         .out_fd = out_fd};
    /* One descriptor for both ways would need two watches on it: epoll has one per descriptor. */
    if (in_fd == out_fd && (s->out_fd = fcntl(in_fd, F_DUPFD_CLOEXEC, 0)) < 0) {
        result = -errno;
        free(s);
        return result;
    }
    s->own_out = s->out_fd != out_fd;
    buf_init(&s->input);
    buf_init(&s->output);
    result = loop_add(l, in_fd, LOOP_READ, in_ready, s, &s->in);
    if (result < 0) {
        if (s->own_out) {
            close(s->out_fd);
        }
        free(s);
        return result;
    }
    *ret = s;
    return 0;
}

int stream_send_line(struct stream *s, const char *text, size_t size)
{
    int result;

    if (s->ended || s->closed) {
        return -EPIPE;
    }
    buf_append(&s->output, text, size);
    buf_append(&s->output, "\n", 1);
    if (buf_failed(&s->output)) {
        return -ENOMEM;
    }
    if (s->out != NULL) {
        return 0;
    }
    result = write_some(s);
    if (result < 0) {
        /* No room: later. No reader any more: the loop finds that too, and tells of the end. */
        int waiting = wait_for_room(s, true);
        result = result == -EAGAIN ? waiting : result;
    }
    return result;
}

size_t stream_queued(const struct stream *s)
{
    return s->output.size - s->written;
}

int stream_flush(struct stream *s, unsigned long long timeout_ns)
{
    uint64_t until = clock_now_ns() + timeout_ns;
    int result;

    while ((result = write_some(s)) == -EAGAIN) {
        struct pollfd p = {.fd = s->out_fd, .events = POLLOUT};
        uint64_t now = clock_now_ns();
        if (now >= until) {
            return -ETIMEDOUT;
        }
        (void)poll(&p, 1, (int)((until - now) / NS_PER_MS) + 1);
    }
    return result;
}

void stream_close(struct stream *s)
{
    if (s == NULL || s->closed) {
        return;
    }
    s->closed = true;
    loop_remove(s->in);
    loop_remove(s->out);
    s->in = s->out = NULL;
    s->busy++;
    release(s);
}
