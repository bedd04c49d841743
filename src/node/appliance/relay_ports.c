/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * relay_ports: the relay's ports come and go. Owner's thread; the pool serves them meanwhile. A
 * port of a thread that owns its streams is changed while that thread's mutex is held.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "io/addr.h"
#include "node/appliance/relay_private.h"

/* The limit of open files follows what is needed; above the hard one that takes a privilege. */
static int allow_files(size_t ports, struct err *e)
{
    struct rlimit limit;
    rlim_t want = ports + 256, had;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return err_set(e, -errno, "open files: %s", strerror(errno));
    }
    if (limit.rlim_cur >= want) {
        return 0;
    }
    had = limit.rlim_max;
    limit.rlim_cur = want;
    limit.rlim_max = want > had ? want : had;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0) {
        return 0;
    }
    limit.rlim_cur = limit.rlim_max = had;
    if (had < ports + 64 || setrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return err_set(e, -EMFILE,
                       "%zu ports need as many open files, %llu are allowed here (ulimit -Hn)",
                       ports, (unsigned long long)had);
    }
    return 0;
}

static struct port *new_port(struct relay *r)
{
    struct port_block *b = r->blocks;

    if (b == NULL || b->count == RELAY_PORT_BLOCK) {
        b = calloc(1, sizeof(*b));
        if (b == NULL) {
            return NULL;
        }
        for (size_t i = 0; i < RELAY_PORT_BLOCK; i++) {
            b->ports[i].socket.fd = -1;
        }
        b->next = r->blocks;
        r->blocks = b;
    }
    return &b->ports[b->count++];
}

/* Where the next stream binds; the RTP of a pair has an even port. */
static int next_local(const struct relay *r, enum relay_kind kind, struct sockaddr_storage *ret,
                      struct err *e)
{
    size_t port = r->options.base_port + r->port_count;

    *ret = r->local;
    if (r->options.base_port == 0) {
        return 0;
    }
    if (kind == RELAY_PAIRS && port % 2 != 0) {
        return err_set(e, -EINVAL,
                       "RTP with RTCP beside it goes to even ports (RFC 3550 clause 11), %zu is "
                       "odd: base_port %zu",
                       port, port - 1);
    }
    if (port + (kind == RELAY_PAIRS) > UINT16_MAX) {
        return err_set(e, -EINVAL, "base_port %u leaves too few ports for %zu streams",
                       r->options.base_port, r->streams + 1);
    }
    addr_set_port(ret, (uint16_t)port);
    return 0;
}

static struct port *port_at(const struct relay *r, size_t index)
{
    const struct port_block *b = r->blocks;
    size_t first = r->port_count - b->count; /* of the newest block */

    while (index < first) {
        b = b->next;
        first -= b->count;
    }
    return (struct port *)&b->ports[index - first];
}

/* The port of the stream before the newest one. */
static struct port *port_before(const struct relay *r)
{
    size_t i = r->port_count - 2;

    return port_at(r, port_at(r, i)->kind == PORT_CONTROL ? i - 1 : i);
}

/* Streams of a conference have one owner, and each knows the one before it. */
static int open_work(struct relay *r, struct port *p)
{
    const struct work_ops *work = r->options.work;
    size_t size = r->options.plan.conference > 0 ? r->options.plan.conference : 1;
    size_t index = r->streams - 1;
    int result = 0;

    if (work == NULL) {
        return 0;
    }
    if (work->is_owned) { /* a place in the blocks has one index, so it never changes */
        p->owner = &r->threads[index / size % r->options.threads];
        pthread_mutex_lock(&p->owner->owned);
        result = relay_timed_reserve(p->owner, (uint32_t)(index + 1));
    }
    p->work = result == 0 && work->stream_size > 0 ? calloc(1, work->stream_size) : NULL;
    if (work->stream_size > 0 && p->work == NULL) {
        result = -ENOMEM;
    } else if (work->open != NULL) {
        void *neighbour = index % size > 0 ? port_before(r)->work : NULL;
        result = work->open(p->work, &r->options.plan, neighbour);
    }
    if (p->owner != NULL) {
        pthread_mutex_unlock(&p->owner->owned);
    }
    if (result < 0) {
        free(p->work);
        p->work = NULL;
    }
    return result;
}

static void close_port(struct relay *r, struct port *p)
{
    const struct work_ops *work = r->options.work;
    int epoll_fd = p->owner != NULL ? p->owner->epoll_fd : r->epoll_fd;

    (void)epoll_ctl(epoll_fd, EPOLL_CTL_DEL, p->socket.fd, NULL);
    udp_close(&p->socket);
    r->streams -= p->kind == PORT_MEDIA;
    if (p->owner != NULL) {
        relay_timed_note(p);
    }
    if (p->work != NULL && work->close != NULL) {
        work->close(p->work);
    }
    free(p->work);
    p->work = NULL;
}

/* A port that no thread gets events of yet; it takes the socket. NULL: no memory. */
static struct port *take_socket(struct relay *r, enum port_kind kind, const struct udp_socket *s,
                                const struct sockaddr_storage *peer)
{
    struct port *p = new_port(r);

    if (p == NULL) {
        return NULL;
    }
    relay_port_lock(p);
    p->socket = *s;
    p->peer = *peer;
    p->peer_size = addr_size(peer);
    p->latch = peer->ss_family == AF_UNSPEC;
    p->kind = kind;
    relay_port_unlock(p);
    r->port_count++;
    return p;
}

/* Of the newest stream, whose thread serves it too. */
static int open_control(struct relay *r, const struct udp_socket *s,
                        const struct sockaddr_storage *peer, struct err *e)
{
    struct sockaddr_storage next = *peer;
    struct relay_thread *owner = port_at(r, r->port_count - 1)->owner;
    struct port *p;

    if (peer->ss_family != AF_UNSPEC) {
        addr_set_port(&next, (uint16_t)(addr_port(peer) + 1));
    }
    p = take_socket(r, PORT_CONTROL, s, &next);
    if (p == NULL) {
        return err_set(e, -ENOMEM, "no memory for a stream");
    }
    p->owner = owner;
    return r->direct != NULL ? relay_direct_add(r, p, e) : 0;
}

static int open_stream(struct relay *r, struct udp_socket *s, const struct sockaddr_storage *peer,
                       struct err *e)
{
    struct port *p = take_socket(r, PORT_MEDIA, s, peer);

    if (p == NULL) {
        udp_close(s);
        return err_set(e, -ENOMEM, "no memory for a stream");
    }
    r->streams++;
    if (open_work(r, p) < 0) { /* the caller forgets it */
        return err_set(e, -ENOMEM, "no memory for the work of a stream");
    }
    return r->direct != NULL ? relay_direct_add(r, p, e) : 0;
}

static int check_peer(const struct relay *r, enum relay_kind kind,
                      const struct sockaddr_storage *peer, struct err *e)
{
    char text[ADDR_TEXT_MAX];

    if (peer->ss_family != AF_UNSPEC && peer->ss_family != r->local.ss_family) {
        return err_set(e, -EAFNOSUPPORT, "%s cannot be reached from %s: IPv4 and IPv6",
                       addr_format(peer, text, sizeof(text)), r->options.address);
    }
    if (kind == RELAY_PAIRS && peer->ss_family != AF_UNSPEC && addr_port(peer) % 2 != 0) {
        return err_set(e, -EINVAL,
                       "%s: RTP with RTCP beside it has even ports (RFC 3550 clause 11)",
                       addr_format(peer, text, sizeof(text)));
    }
    return 0;
}

static int open_ports(struct relay *r, enum relay_kind kind, const struct sockaddr_storage *peer,
                      struct sockaddr_storage *ret, struct err *e)
{
    struct udp_socket opened, next = {.fd = -1};
    struct sockaddr_storage local;
    char text[ADDR_TEXT_MAX];
    int result = next_local(r, kind, &local, e);

    if (result < 0 || (result = check_peer(r, kind, peer, e)) < 0) {
        return result;
    }
    result = kind == RELAY_PAIRS ? udp_open_pair(&opened, &next, &local, r->options.buffer_bytes, 0)
                                 : udp_open(&opened, &local, r->options.buffer_bytes, 0);
    if (result < 0) {
        return err_set(e, result, "cannot open %s: %s", addr_format(&local, text, sizeof(text)),
                       strerror(-result));
    }
    *ret = opened.local;
    result = open_stream(r, &opened, peer, e);
    if (result == 0 && kind == RELAY_PAIRS) {
        const size_t before = r->port_count;
        result = open_control(r, &next, peer, e);
        if (r->port_count > before) {
            next.fd = -1; /* it is the port's */
        }
    }
    if (result < 0) {
        udp_close(&next);
    }
    return result;
}

/* Closes the newest ports. Their memory stays: a thread may still hold an event of one. */
void relay_forget_ports(struct relay *r, size_t keep)
{
    for (struct port_block *b = r->blocks; b != NULL && r->port_count > keep; b = b->next) {
        while (b->count > 0 && r->port_count > keep) {
            struct port *p = &b->ports[--b->count];
            struct relay_thread *owner = p->owner;
            if (owner != NULL) {
                pthread_mutex_lock(&owner->owned);
            }
            relay_port_lock(p);
            relay_direct_remove(r, p);
            close_port(r, p);
            relay_port_unlock(p);
            if (owner != NULL) {
                pthread_mutex_unlock(&owner->owned);
            }
            r->port_count--;
        }
    }
}

static int watch_new_ports(struct relay *r, size_t count, struct err *e)
{
    size_t left = r->direct == NULL ? count : 0; /* no socket of a direct relay ever gets any */

    for (struct port_block *b = r->blocks; b != NULL && left > 0; b = b->next) {
        for (size_t i = b->count; i > 0 && left > 0; i--, left--) {
            struct port *p = &b->ports[i - 1];
            struct epoll_event event = relay_event(p);
            int epoll_fd = p->owner != NULL ? p->owner->epoll_fd : r->epoll_fd;
            if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, p->socket.fd, &event) < 0) {
                return err_set(e, -errno, "epoll: %s", strerror(errno));
            }
        }
    }
    return 0;
}

/* A port of a work that owns its streams has always the same thread, by its place in the blocks: so
 * all streams have one port, or all have two. */
static int settle_kind(struct relay *r, enum relay_kind kind, struct err *e)
{
    if (relay_is_owned(r) && r->has_kind && r->kind != kind) {
        return err_set(e, -EINVAL,
                       "%s: streams with RTCP on a port of its own and streams without cannot go "
                       "together",
                       r->options.work->name);
    }
    r->kind = kind;
    r->has_kind = true;
    return 0;
}

int relay_add(struct relay *r, enum relay_kind kind, const struct sockaddr_storage *peers,
              size_t count, struct sockaddr_storage *ret, struct err *e)
{
    const size_t before = r->port_count, ports = kind == RELAY_PAIRS ? 2 * count : count;
    int result = settle_kind(r, kind, e);

    if (result == 0) {
        result = allow_files(before + ports, e);
    }

    for (size_t i = 0; i < count && result == 0; i++) {
        result = open_ports(r, kind, &peers[i], &ret[i], e);
    }
    if (result == 0) {
        result = watch_new_ports(r, ports, e);
    }
    if (result < 0) {
        relay_forget_ports(r, before);
    }
    return result;
}
