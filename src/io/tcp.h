/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tcp: non-blocking connections and listeners with real back-pressure: output that the kernel has
 * no room for waits in a bounded queue of the caller's memory, and what does not fit there is
 * refused whole. Framing is the codec's. Readiness comes from the caller's epoll or loop: readable
 * means tcp_receive, writable means tcp_flush. Nothing here allocates. One thread per object.
 */
#ifndef VAPERF_IO_TCP_H
#define VAPERF_IO_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Bytes that wait, oldest first, in memory that is lent until the connection is closed. */
struct tcp_queue {
    uint8_t *bytes;
    uint32_t size, first, used;
};

void tcp_queue_init(struct tcp_queue *q, uint8_t *memory, uint32_t size);
/* All of it, or -EAGAIN and nothing. */
int tcp_queue_put(struct tcp_queue *q, const uint8_t *bytes, size_t size);
/* The longest piece from the front that lies in a row; size 0: empty. Lends. */
const uint8_t *tcp_queue_front(const struct tcp_queue *q, size_t *ret_size);
void tcp_queue_take(struct tcp_queue *q, size_t size);

enum tcp_state { TCP_CLOSED, TCP_CONNECTING, TCP_OPEN };

enum tcp_flag {
    TCP_REUSE_PORT = 1 /* several listeners of one port: the kernel deals connections out */
};

struct tcp_conn {
    int fd; /* -1: closed */
    enum tcp_state state;
    struct tcp_queue queue;
    struct sockaddr_storage peer;
};

/* A closed connection with room for `size` bytes that wait. Any state may be initialised once. */
void tcp_init(struct tcp_conn *c, uint8_t *memory, uint32_t size);
/* Starts to connect from `local` (NULL or port 0: the system's choice). The result is known when
 * the descriptor is writable: tcp_flush. -EISCONN: it is no closed connection; -errno. */
int tcp_connect(struct tcp_conn *c, const struct sockaddr_storage *local,
                const struct sockaddr_storage *peer);
/* The same by one interface alone (NULL: any). */
int tcp_connect_by(struct tcp_conn *c, const char *interface, const struct sockaddr_storage *local,
                   const struct sockaddr_storage *peer);
/* Takes all of it or nothing: written, or queued. -EAGAIN: the queue has no room, later;
 * -ENOTCONN: closed; other -errno: the connection is broken, close it. */
int tcp_send(struct tcp_conn *c, const void *bytes, size_t size);
/* Ends connecting and writes what waits. 0: nothing waits any more; 1: wait for writable again;
 * -errno: connecting failed or the connection is broken. */
int tcp_flush(struct tcp_conn *c);
/* Bytes still to go, or a connection still to be made: watch for writable. */
bool tcp_wants_write(const struct tcp_conn *c);
/* How many bytes came (> 0), 0: none now, -ESHUTDOWN: the peer ended in order, -errno. */
long tcp_receive(struct tcp_conn *c, void *bytes, size_t room);
/* What waits is dropped. The queue's memory stays for the next connection. NULL-safe, twice-safe.
 */
void tcp_close(struct tcp_conn *c);
/* As tcp_close, with a reset instead of an orderly end. */
void tcp_abort(struct tcp_conn *c);

struct tcp_listener {
    int fd;
    struct sockaddr_storage local; /* with the port that was given */
};

/* -errno, nothing stays open. */
int tcp_listen(struct tcp_listener *ret, const struct sockaddr_storage *local, unsigned flags);
/* The same by one interface alone (NULL: any). */
int tcp_listen_by(struct tcp_listener *ret, const char *interface,
                  const struct sockaddr_storage *local, unsigned flags);
/* Into a closed connection. 1: one came, 0: none waits, -errno (-EMFILE: no more descriptors). */
int tcp_accept(const struct tcp_listener *l, struct tcp_conn *c);
void tcp_unlisten(struct tcp_listener *l); /* NULL-safe, twice-safe */

#endif
