/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ways_stream: connections, TCP or TLS, cut into messages (RFC 3261 §18.3). The shard's
 * thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include "io/addr.h"
#include "node/calls/ways_private.h"

static bool is_tls(const struct ways *t)
{
    return t->o.kind == WAYS_TLS;
}

static int fd_of(const struct way *w)
{
    return w->stream.tcp.fd;
}

static bool wants_write(const struct ways *t, const struct way *w)
{
    return is_tls(t) ? tls_wants_write(&w->stream) : tcp_wants_write(&w->stream.tcp);
}

static void watch_for_write(struct ways *t, uint32_t i)
{
    struct way *w = &t->ways[i];
    bool wanted = wants_write(t, w);

    if (fd_of(w) >= 0 && wanted != w->is_watched_for_write) {
        w->is_watched_for_write = wanted;
        t->pending += wanted ? 1 : UINT32_MAX;
        (void)way_watch(t, i, fd_of(w), EPOLLIN | (wanted ? (uint32_t)EPOLLOUT : 0), EPOLL_CTL_MOD);
    }
}

/* ---- opening and closing ---- */

/* Untouched pages cost nothing, so every connection may have room for the largest message. */
static int open_memory(struct ways *t)
{
    size_t in = (size_t)t->way_count * STREAM_IN, out = (size_t)t->way_count * t->out_size;
    void *memory = mmap(NULL, in + out, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED) {
        return -errno;
    }
    t->in = memory;
    t->out = t->in + in;
    t->memory_size = in + out;
    for (uint32_t i = 0; i < t->way_count; i++) {
        tls_init(&t->ways[i].stream, t->out + i * t->out_size, (uint32_t)t->out_size);
    }
    return 0;
}

int stream_side_open(struct ways *t, struct err *e)
{
    char text[ADDR_TEXT_MAX];
    int result;

    t->unsent = calloc(t->way_count + 1, sizeof(*t->unsent));
    if (t->unsent == NULL) {
        return err_set(e, -ENOMEM, "no memory for %u connections", t->way_count);
    }
    t->out_size =
        t->o.sharing == WAYS_ONE && (t->o.flags & WAYS_SERVER) == 0 ? STREAM_OUT_ONE : STREAM_OUT;
    result = open_memory(t);
    if (result < 0) {
        return err_set(e, result, "no memory for %u connections", t->way_count);
    }
    for (uint32_t i = 0; i < t->fixed; i++) {
        struct way *w = &t->ways[way_allot(t)];
        w->local = t->o.sharing == WAYS_PER_ADDRESS ? t->o.sources[i] : t->o.local;
    }
    if ((t->o.flags & WAYS_SERVER) == 0) {
        return 0;
    }
    result = tcp_listen_by(&t->listener, t->o.interface, &t->o.local,
                           (t->o.flags & WAYS_REUSE_PORT) != 0 ? TCP_REUSE_PORT : 0);
    if (result == 0) {
        t->o.local = t->listener.local;
        result = way_watch(t, WAYS_NO_WAY, t->listener.fd, EPOLLIN, EPOLL_CTL_ADD);
    }
    return result < 0 ? err_set(e, result, "cannot listen on %s: %s",
                                addr_format(&t->o.local, text, sizeof(text)), strerror(-result))
                      : 0;
}

static void begin_way(struct ways *t, uint32_t i)
{
    struct way *w = &t->ways[i];
    socklen_t size = sizeof(w->local);

    w->in_used = 0;
    w->framer = (struct sip_framer){0};
    (void)getsockname(fd_of(w), (struct sockaddr *)&w->local, &size);
    w->is_watched_for_write = wants_write(t, w);
    t->pending += w->is_watched_for_write ? 1 : 0;
    (void)way_watch(t, i, fd_of(w), EPOLLIN | (w->is_watched_for_write ? (uint32_t)EPOLLOUT : 0),
                    EPOLL_CTL_ADD);
}

int stream_way_connect_to(struct ways *t, uint32_t i, const struct sockaddr_storage *to)
{
    struct way *w = &t->ways[i];
    struct sockaddr_storage local = w->local;
    int result;

    addr_set_port(&local, t->o.sharing == WAYS_PER_ADDRESS ? addr_port(&local) : 0);
    result = is_tls(t) ? tls_connect(&w->stream, t->o.tls, t->o.interface, &local, to)
                       : tcp_connect_by(&w->stream.tcp, t->o.interface, &local, to);
    if (result == 0) {
        w->is_taken = false;
        t->counts.connects++;
        begin_way(t, i);
    }
    return result;
}

int stream_way_connect(struct ways *t, uint32_t i, uint64_t now_ns)
{
    struct way *w = &t->ways[i];

    if (t->o.remote == NULL) {
        return -EDESTADDRREQ;
    }
    if (w->tried_ns != 0 && now_ns - w->tried_ns < t->o.reconnect_ns) {
        return -EAGAIN;
    }
    w->tried_ns = i < t->fixed ? now_ns : 0;
    return stream_way_connect_to(t, i, t->o.remote);
}

void stream_way_close(struct ways *t, uint32_t i)
{
    struct way *w = &t->ways[i];

    if (fd_of(w) < 0) {
        return;
    }
    if (w->is_unsent && w->stream.tcp.state == TCP_OPEN) { /* last words */
        (void)(is_tls(t) ? tls_flush(&w->stream) : tcp_flush(&w->stream.tcp));
    }
    t->pending -= w->is_watched_for_write ? 1 : 0;
    w->is_watched_for_write = false;
    t->counts.closes++;
    tls_close(&w->stream);
}

static void end_way(struct ways *t, uint32_t i, int reason, bool was_open)
{
    ways_hold(t, i); /* its number stays until everybody knows */
    stream_way_close(t, i);
    t->events.closed(t->arg, i, reason == -ESHUTDOWN ? 0 : reason, was_open);
    ways_release(t, i);
}

void stream_side_accept(struct ways *t)
{
    for (;;) {
        uint32_t i = way_allot(t);
        int result;
        if (i == WAYS_NO_WAY) {
            return; /* it waits in the backlog */
        }
        result = is_tls(t) ? tls_accept(&t->listener, t->o.tls, &t->ways[i].stream)
                           : tcp_accept(&t->listener, &t->ways[i].stream.tcp);
        if (result <= 0) {
            way_return(t, i);
            return;
        }
        t->ways[i].is_taken = true;
        t->counts.accepts++;
        begin_way(t, i);
    }
}

/* ---- messages ---- */

static int flush_way(struct ways *t, uint32_t i)
{
    struct way *w = &t->ways[i];
    int result = is_tls(t) ? tls_flush(&w->stream) : tcp_flush(&w->stream.tcp);

    watch_for_write(t, i);
    return result;
}

void stream_side_flush(struct ways *t)
{
    while (t->unsent_count > 0) {
        uint32_t i = t->unsent[--t->unsent_count];
        t->ways[i].is_unsent = false;
        if (fd_of(&t->ways[i]) >= 0) {
            (void)flush_way(t, i); /* an error shows when the way is read next */
        }
    }
}

/* All messages of a turn leave a connection together. */
int stream_side_send(struct ways *t, uint32_t i, const void *bytes, size_t size)
{
    struct way *w = &t->ways[i];
    int result;

    if (fd_of(w) < 0) {
        return -ENOTCONN;
    }
    result = tcp_queue_put(&w->stream.tcp.queue, bytes, size);
    if (result == -EAGAIN && flush_way(t, i) >= 0) {
        result = tcp_queue_put(&w->stream.tcp.queue, bytes, size);
    }
    if (result == 0) {
        t->counts.sent++;
        if (!w->is_unsent) {
            w->is_unsent = true;
            t->unsent[t->unsent_count++] = i;
        }
    }
    return result;
}

/* Hands out the whole messages in the buffer. -EBADMSG: it cannot be cut. */
static int cut(struct ways *t, uint32_t i, uint64_t now_ns)
{
    struct way *w = &t->ways[i];
    uint8_t *in = t->in + (size_t)i * STREAM_IN;
    size_t at = 0;
    int n;

    do {
        size_t skip = 0;
        n = sip_frame(&w->framer, (const char *)in + at, w->in_used - at, WAYS_MESSAGE_MAX, &skip);
        at += skip;
        if (n > 0) {
            struct sockaddr_storage from = w->stream.tcp.peer;
            t->counts.received++;
            t->events.message(t->arg, i, &from, (const char *)in + at, (size_t)n, now_ns);
            at += (size_t)n;
        }
    } while (n > 0 && fd_of(w) >= 0);
    if (at > 0 && fd_of(w) >= 0) {
        memmove(in, in + at, w->in_used - at);
        w->in_used -= (uint32_t)at;
    }
    return n < 0 ? n : 0;
}

/* Reads until nothing is left; -errno ends the way. */
static int read_way(struct ways *t, uint32_t i, uint64_t now_ns)
{
    struct way *w = &t->ways[i];
    uint8_t *in = t->in + (size_t)i * STREAM_IN;

    for (int round = 0; round < UDP_ROUNDS_MAX && fd_of(w) >= 0; round++) {
        size_t room = STREAM_IN - w->in_used;
        long n = is_tls(t) ? tls_receive(&w->stream, in + w->in_used, room)
                           : tcp_receive(&w->stream.tcp, in + w->in_used, room);
        if (n <= 0) {
            return (int)n;
        }
        w->in_used += (uint32_t)n;
        if (cut(t, i, now_ns) < 0) {
            t->counts.not_framed++;
            return -EBADMSG;
        }
        if ((size_t)n < room && !is_tls(t)) {
            return 0;
        }
    }
    return 0;
}

void stream_side_ready(struct ways *t, uint32_t i, unsigned epoll_events, uint64_t now_ns)
{
    struct way *w = &t->ways[i];
    bool was_open = w->stream.tcp.state == TCP_OPEN;
    int result = 0;

    if (fd_of(w) < 0) {
        return; /* closed by a call earlier in this turn */
    }
    if (wants_write(t, w) || (epoll_events & EPOLLOUT) != 0) {
        result = is_tls(t) ? tls_flush(&w->stream) : tcp_flush(&w->stream.tcp);
    }
    if (result >= 0 && (epoll_events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        result = read_way(t, i, now_ns);
    }
    if (fd_of(w) < 0) {
        return;
    }
    if (result < 0) {
        end_way(t, i, result, was_open);
    } else {
        watch_for_write(t, i);
    }
}
