/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ways: see ways.h. Which way a call takes, and who is told what is ready.
 */
#include "node/calls/ways.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/addr.h"
#include "node/calls/ways_private.h"

/* ---- ways ---- */

uint32_t way_allot(struct ways *t)
{
    uint32_t i = t->free_first;

    if (i != WAYS_NO_WAY) {
        t->free_first = t->ways[i].next_free;
    } else if (t->fresh < t->way_count) {
        i = t->fresh++;
    } else {
        return WAYS_NO_WAY;
    }
    t->ways[i].holders = 0;
    t->ways[i].is_taken = false;
    return i;
}

void way_return(struct ways *t, uint32_t i)
{
    t->ways[i].next_free = t->free_first;
    t->free_first = i;
}

int way_watch(struct ways *t, uint32_t i, int fd, uint32_t events, int op)
{
    struct epoll_event event = {.events = events, .data.u32 = i};
    return epoll_ctl(t->epoll_fd, op, fd, &event) < 0 ? -errno : 0;
}

static bool is_udp(const struct ways *t)
{
    return t->o.kind == WAYS_UDP;
}

static bool is_server(const struct ways *t)
{
    return (t->o.flags & WAYS_SERVER) != 0;
}

/* Ways that calls share: a server of streams has none, its peers make them. */
static uint32_t count_fixed(const struct ways_options *o)
{
    if (o->sharing == WAYS_PER_ADDRESS) {
        return o->source_count;
    }
    if ((o->flags & WAYS_SERVER) != 0) {
        return o->kind == WAYS_UDP ? 1 : 0;
    }
    return o->sharing == WAYS_ONE ? 1 : 0;
}

int ways_open(struct ways **ret, const struct ways_options *o, const struct ways_events *events,
              void *arg, struct err *e)
{
    struct ways *t = calloc(1, sizeof(*t));
    int result = 0;

    if (t == NULL) {
        return err_set(e, -ENOMEM, "no memory for sockets");
    }
    t->o = *o;
    t->events = *events;
    t->arg = arg;
    t->listener.fd = -1;
    t->free_first = WAYS_NO_WAY;
    t->fixed = count_fixed(o);
    t->way_count = o->sharing == WAYS_PER_CALL || (!is_udp(t) && is_server(t))
                       ? t->fixed + o->ways_max
                       : t->fixed;
    t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    t->ways = calloc(t->way_count + 1, sizeof(*t->ways));
    if (t->epoll_fd < 0 || t->ways == NULL) {
        result = err_set(e, t->ways == NULL ? -ENOMEM : -errno, "no memory for %u sockets",
                         t->way_count);
    }
    for (uint32_t i = 0; t->ways != NULL && i < t->way_count; i++) {
        t->ways[i].udp.fd = t->ways[i].stream.tcp.fd = -1;
    }
    if (result < 0 || (result = is_udp(t) ? udp_side_open(t, e) : stream_side_open(t, e)) < 0) {
        ways_close(t);
        return result;
    }
    *ret = t;
    return 0;
}

void ways_close(struct ways *t)
{
    if (t == NULL) {
        return;
    }
    for (uint32_t i = 0; t->ways != NULL && i < t->way_count; i++) {
        if (t->ways[i].is_ours) {
            udp_close(&t->ways[i].udp);
        }
        tls_close(&t->ways[i].stream);
    }
    tcp_unlisten(&t->listener);
    if (t->epoll_fd >= 0) {
        close(t->epoll_fd);
    }
    if (t->in != NULL) {
        (void)munmap(t->in, t->memory_size);
    }
    if (t->udp_in != NULL) {
        free(t->udp_in->data);
    }
    free(t->unsent);
    free(t->udp_in);
    free(t->udp_out);
    free(t->ways);
    free(t);
}

/* ---- calls and their ways ---- */

static int open_way(struct ways *t, uint32_t i, uint64_t now_ns)
{
    struct way *w = &t->ways[i];

    if (!is_udp(t)) {
        if (w->stream.tcp.fd >= 0) {
            return w->stream.tcp.queue.used > w->stream.tcp.queue.size / 2 ? -ENOBUFS : 0;
        }
        return stream_way_connect(t, i, now_ns);
    }
    if (w->udp.fd < 0) {
        struct sockaddr_storage local = t->o.local;
        addr_set_port(&local, 0);
        return udp_way_open(t, i, &local);
    }
    return 0;
}

int64_t ways_take(struct ways *t, uint64_t number, uint64_t now_ns)
{
    uint32_t i = t->fixed > 0 ? (uint32_t)(number % t->fixed) : 0;
    int result;

    if (t->o.sharing == WAYS_PER_CALL || t->fixed == 0) {
        i = way_allot(t);
        if (i == WAYS_NO_WAY) {
            return -EMFILE;
        }
        t->ways[i].local = t->o.local;
    }
    result = open_way(t, i, now_ns);
    if (result < 0) {
        if (i >= t->fixed) {
            way_return(t, i);
        }
        return result;
    }
    t->ways[i].holders++;
    return i;
}

int64_t ways_take_to(struct ways *t, const struct sockaddr_storage *to)
{
    uint32_t i = way_allot(t);
    int result;

    if (i == WAYS_NO_WAY) {
        return -EMFILE;
    }
    t->ways[i].local = t->o.local;
    result = stream_way_connect_to(t, i, to);
    if (result < 0) {
        way_return(t, i);
        return result;
    }
    t->ways[i].holders++;
    return i;
}

void ways_hold(struct ways *t, uint32_t way)
{
    t->ways[way].holders++;
}

void ways_release(struct ways *t, uint32_t way)
{
    struct way *w = &t->ways[way];

    if (--w->holders > 0 || way < t->fixed) {
        return;
    }
    /* A UDP socket stays open for the next call; a connection that the peer made is the peer's. */
    if (!is_udp(t) && !w->is_taken) {
        stream_way_close(t, way);
    }
    if (is_udp(t) || !w->is_taken || w->stream.tcp.fd < 0) {
        way_return(t, way);
    }
}

void ways_drop(struct ways *t, uint32_t way)
{
    if (!is_udp(t)) {
        stream_way_close(t, way);
    }
}

uint32_t ways_holders(const struct ways *t, uint32_t way)
{
    return t->ways[way].holders;
}

int ways_send(struct ways *t, uint32_t way, uint32_t call, const struct sockaddr *to,
              const void *bytes, size_t size)
{
    return is_udp(t) ? udp_side_send(t, way, call, to, bytes, size)
                     : stream_side_send(t, way, bytes, size);
}

const struct sockaddr_storage *ways_local(const struct ways *t, uint32_t way)
{
    /* A server's connections are all of the port that it listens on. */
    return way == WAYS_NO_WAY ? &t->o.local : &t->ways[way].local;
}

/* ---- a turn ---- */

int ways_turn(struct ways *t, uint64_t now_ns, int64_t real_offset_ns)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(t->epoll_fd, events, EVENTS_MAX, 0), more = n == EVENTS_MAX;

    for (int k = 0; k < n; k++) {
        uint32_t i = events[k].data.u32;
        if (i == WAYS_NO_WAY) {
            stream_side_accept(t);
        } else if (is_udp(t)) {
            more |= udp_side_read(t, i, now_ns, real_offset_ns);
        } else {
            stream_side_ready(t, i, events[k].events, now_ns);
        }
    }
    ways_flush(t);
    return more;
}

int ways_fd(const struct ways *t)
{
    return t->epoll_fd;
}

void ways_flush(struct ways *t)
{
    if (is_udp(t)) {
        udp_side_flush(t);
    } else {
        stream_side_flush(t);
    }
}

bool ways_is_idle(const struct ways *t)
{
    return t->pending == 0;
}

void ways_read_counts(const struct ways *t, struct ways_counts *ret)
{
    *ret = t->counts;
}

uint64_t ways_drops(const struct ways *t)
{
    uint64_t all = 0;

    for (uint32_t i = 0; is_udp(t) && i < t->fresh; i++) {
        int64_t n = t->ways[i].udp.fd >= 0 ? udp_drops(&t->ways[i].udp) : 0;
        all += n > 0 ? (uint64_t)n : 0;
    }
    return all;
}
