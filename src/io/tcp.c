/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tcp: see tcp.h.
 */
#include "io/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "io/addr.h"
#include "io/netif.h"

enum { BACKLOG = 4096 };

/* ---- what waits ---- */

void tcp_queue_init(struct tcp_queue *q, uint8_t *memory, uint32_t size)
{
    *q = (struct tcp_queue){.bytes = memory, .size = size};
}

int tcp_queue_put(struct tcp_queue *q, const uint8_t *bytes, size_t size)
{
    uint32_t at, row;

    if (size > q->size - q->used) {
        return -EAGAIN;
    }
    if (size == 0) {
        return 0;
    }
    at = (q->first + q->used) % q->size;
    row = q->size - at;
    row = row < size ? row : (uint32_t)size;
    memcpy(q->bytes + at, bytes, row);
    memcpy(q->bytes, bytes + row, size - row);
    q->used += (uint32_t)size;
    return 0;
}

const uint8_t *tcp_queue_front(const struct tcp_queue *q, size_t *ret_size)
{
    uint32_t row = q->size - q->first;

    *ret_size = q->used < row ? q->used : row;
    return q->bytes + q->first;
}

void tcp_queue_take(struct tcp_queue *q, size_t size)
{
    q->used -= (uint32_t)size;
    q->first = q->used == 0 ? 0 : (uint32_t)((q->first + size) % q->size);
}

/* ---- a connection ---- */

void tcp_init(struct tcp_conn *c, uint8_t *memory, uint32_t size)
{
    *c = (struct tcp_conn){.fd = -1, .state = TCP_CLOSED};
    tcp_queue_init(&c->queue, memory, size);
}

static void set_no_delay(int fd)
{
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* A port is only taken when the peer is known, so that many connections may share one. */
static int bind_source(int fd, const struct sockaddr_storage *local)
{
    int on = 1;

    if (local == NULL) {
        return 0;
    }
    if (addr_port(local) == 0) {
        (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    } else {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    }
    return bind(fd, (const struct sockaddr *)local, addr_size(local)) < 0 ? -errno : 0;
}

int tcp_connect_by(struct tcp_conn *c, const char *interface, const struct sockaddr_storage *local,
                   const struct sockaddr_storage *peer)
{
    int fd, result;

    if (c->state != TCP_CLOSED) {
        return -EISCONN;
    }
    fd = socket(peer->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    result = netif_bind(fd, interface);
    result = result == 0 ? bind_source(fd, local) : result;
    if (result == 0 && connect(fd, (const struct sockaddr *)peer, addr_size(peer)) < 0 &&
        errno != EINPROGRESS) {
        result = -errno;
    }
    if (result < 0) {
        close(fd);
        return result;
    }
    set_no_delay(fd);
    c->fd = fd;
    c->state = TCP_CONNECTING;
    c->peer = *peer;
    return 0;
}

int tcp_connect(struct tcp_conn *c, const struct sockaddr_storage *local,
                const struct sockaddr_storage *peer)
{
    return tcp_connect_by(c, NULL, local, peer);
}

static int end_connecting(struct tcp_conn *c)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof(peer), error_size = sizeof(int);
    int error = 0;

    if (getpeername(c->fd, (struct sockaddr *)&peer, &size) == 0) {
        c->state = TCP_OPEN;
        return 0;
    }
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &error_size) < 0) {
        return -errno;
    }
    return error != 0 ? -error : 1;
}

/* How much of it the kernel took, 0: nothing now, -errno. */
static long write_some(struct tcp_conn *c, const void *bytes, size_t size)
{
    ssize_t n = send(c->fd, bytes, size, MSG_NOSIGNAL);

    if (n >= 0) {
        return n;
    }
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

int tcp_send(struct tcp_conn *c, const void *bytes, size_t size)
{
    long n = 0;

    if (c->state == TCP_CLOSED) {
        return -ENOTCONN;
    }
    /* What the kernel took cannot be taken back: there must be room for all the rest. */
    if (size > c->queue.size - c->queue.used) {
        return -EAGAIN;
    }
    if (c->state == TCP_OPEN && c->queue.used == 0) {
        n = write_some(c, bytes, size);
        if (n < 0) {
            return (int)n;
        }
    }
    return tcp_queue_put(&c->queue, (const uint8_t *)bytes + n, size - (size_t)n);
}

int tcp_flush(struct tcp_conn *c)
{
    int result;

    if (c->state == TCP_CLOSED) {
        return -ENOTCONN;
    }
    if (c->state == TCP_CONNECTING && (result = end_connecting(c)) != 0) {
        return result;
    }
    while (c->queue.used > 0) {
        size_t size;
        const uint8_t *bytes = tcp_queue_front(&c->queue, &size);
        long n = write_some(c, bytes, size);
        if (n <= 0) {
            return n < 0 ? (int)n : 1;
        }
        tcp_queue_take(&c->queue, (size_t)n);
    }
    return 0;
}

bool tcp_wants_write(const struct tcp_conn *c)
{
    return c->state == TCP_CONNECTING || (c->state == TCP_OPEN && c->queue.used > 0);
}

long tcp_receive(struct tcp_conn *c, void *bytes, size_t room)
{
    ssize_t n;

    if (c->state != TCP_OPEN) {
        return c->state == TCP_CLOSED ? -ENOTCONN : 0;
    }
    n = recv(c->fd, bytes, room, 0);
    if (n > 0 || (n == 0 && room == 0)) {
        return n;
    }
    if (n == 0) {
        return -ESHUTDOWN;
    }
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

void tcp_close(struct tcp_conn *c)
{
    if (c == NULL || c->fd < 0) {
        return;
    }
    close(c->fd);
    c->fd = -1;
    c->state = TCP_CLOSED;
    tcp_queue_take(&c->queue, c->queue.used);
}

void tcp_abort(struct tcp_conn *c)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};

    if (c != NULL && c->fd >= 0) {
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
        tcp_close(c);
    }
}

/* ---- a listener ---- */

int tcp_listen_by(struct tcp_listener *ret, const char *interface,
                  const struct sockaddr_storage *local, unsigned flags)
{
    struct tcp_listener l = {.fd = -1};
    socklen_t size = sizeof(l.local);
    int on = 1, result;

    l.fd = socket(local->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l.fd < 0) {
        return -errno;
    }
    if ((result = netif_bind(l.fd, interface)) < 0) {
        close(l.fd);
        return result;
    }
    (void)setsockopt(l.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (((flags & TCP_REUSE_PORT) != 0 &&
         setsockopt(l.fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0) ||
        bind(l.fd, (const struct sockaddr *)local, addr_size(local)) < 0 ||
        listen(l.fd, BACKLOG) < 0 || getsockname(l.fd, (struct sockaddr *)&l.local, &size) < 0) {
        result = -errno;
        close(l.fd);
        return result;
    }
    *ret = l;
    return 0;
}

int tcp_listen(struct tcp_listener *ret, const struct sockaddr_storage *local, unsigned flags)
{
    return tcp_listen_by(ret, NULL, local, flags);
}

int tcp_accept(const struct tcp_listener *l, struct tcp_conn *c)
{
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof(peer);
    int fd;

    if (c->state != TCP_CLOSED) {
        return -EISCONN;
    }
    fd = accept4(l->fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        /* accept(2): errors of the connection that waited are none of the listener's. */
        return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED || errno == EPROTO
                   ? 0
                   : -errno;
    }
    set_no_delay(fd);
    c->fd = fd;
    c->state = TCP_OPEN;
    c->peer = peer;
    return 1;
}

void tcp_unlisten(struct tcp_listener *l)
{
    if (l != NULL && l->fd >= 0) {
        close(l->fd);
        l->fd = -1;
    }
}
