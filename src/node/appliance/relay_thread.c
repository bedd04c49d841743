/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * relay_thread: what a thread of the pool does: waits for a stream with packets, takes them in
 * order, works on each and sends it before it looks at the next. Nothing is allocated. Threads
 * meet only in a port's state and in the kernel.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/addr.h"
#include "node/appliance/relay_private.h"

/* False: another thread is at it, and will see that there is more. */
static bool enter(struct port *p)
{
    int seen = PORT_IDLE;

    while (!atomic_compare_exchange_weak(&p->state, &seen,
                                         seen == PORT_IDLE ? PORT_BUSY : PORT_AGAIN)) {
    }
    return seen == PORT_IDLE;
}

/* False: more came meanwhile, and it is still ours. */
static bool leave(struct port *p)
{
    int seen = PORT_BUSY;

    if (atomic_compare_exchange_strong(&p->state, &seen, PORT_IDLE)) {
        return true;
    }
    atomic_store(&p->state, PORT_BUSY);
    return false;
}

void relay_port_lock(struct port *p)
{
    int idle = PORT_IDLE;

    while (!atomic_compare_exchange_weak(&p->state, &idle, PORT_BUSY)) {
        idle = PORT_IDLE;
        sched_yield();
    }
}

void relay_port_unlock(struct port *p)
{
    atomic_store(&p->state, PORT_IDLE);
}

void relay_send(struct relay_thread *t, const struct port *p, const uint8_t *bytes, uint32_t size,
                const struct sockaddr_storage *to, socklen_t to_size)
{
    if (sendto(p->socket.fd, bytes, size, 0, (const struct sockaddr *)to, to_size) ==
        (ssize_t)size) {
        relay_bump(&t->relayed, 1);
    } else {
        relay_bump(&t->send_errors, 1);
    }
}

/* One work in some is measured: what it really costs here, with cold caches and a busy sibling. */
static void work_on(struct relay_thread *t, const struct port *p, struct work_io *io)
{
    const struct relay_options *o = &t->relay->options;
    bool timed = atomic_load_explicit(&t->worked, memory_order_relaxed) % RELAY_TIMED_EVERY == 0;
    uint64_t from = timed ? clock_thread_cpu_ns() : 0;

    if (o->work->packet(p->work, &o->plan, io) < 0) {
        io->send = io->bytes;
        io->send_size = io->size;
        relay_bump(&t->unworked, 1);
        return;
    }
    if (timed) {
        relay_bump(&t->timed_ns, clock_thread_cpu_ns() - from);
        relay_bump(&t->timed, 1);
    }
    relay_bump(&t->worked, 1);
    for (int i = 0; i < WORK_COUNTERS; i++) {
        if (io->counted[i] > 0) {
            relay_bump(&t->counted[i], io->counted[i]);
        }
    }
}

bool relay_take(struct relay_thread *t, struct port *p, const struct sockaddr_storage *from,
                socklen_t from_size, struct work_io *io, const struct sockaddr_storage **ret_to,
                socklen_t *ret_to_size)
{
    *ret_to = p->latch ? from : &p->peer;
    *ret_to_size = p->latch ? from_size : p->peer_size;
    relay_bump(&t->received, 1);
    relay_bump(&t->bytes, io->size);
    if (p->owner != NULL) { /* it may be sent later: the clock, and where to */
        io->at_ns = clock_now_ns();
        if (p->latch) {
            memcpy(&p->peer, from, from_size);
            p->peer_size = from_size;
        }
    }
    if (t->relay->options.work != NULL && p->kind == PORT_MEDIA) {
        work_on(t, p, io);
    } else if (t->relay->options.work != NULL) {
        relay_bump(&t->unworked, 1);
    }
    return io->send_size > 0;
}

static void relay_packet(struct relay_thread *t, struct port *p, const struct mmsghdr *m)
{
    const struct msghdr *h = &m->msg_hdr;
    const struct sockaddr_storage *to;
    socklen_t to_size;
    struct work_io io = {.bytes = h->msg_iov->iov_base,
                         .size = m->msg_len,
                         .out = t->out,
                         .room = sizeof(t->out),
                         .send = h->msg_iov->iov_base,
                         .send_size = m->msg_len};

    if ((h->msg_flags & MSG_TRUNC) != 0) {
        relay_bump(&t->received, 1);
        relay_bump(&t->bytes, m->msg_len);
        relay_bump(&t->oversized, 1);
    } else if (relay_take(t, p, h->msg_name, h->msg_namelen, &io, &to, &to_size)) {
        relay_send(t, p, io.send, io.send_size, to, to_size);
    }
}

/* Sources cost a copy each; most streams have a peer and need none. */
static void ask_for_names(struct relay_thread *t, bool wanted)
{
    for (int i = 0; i < RELAY_BATCH; i++) {
        t->messages[i].msg_hdr.msg_name = wanted ? &t->from[i] : NULL;
        t->messages[i].msg_hdr.msg_namelen = wanted ? sizeof(t->from[i]) : 0;
    }
    t->has_names = wanted;
}

/* Takes what waits, up to a batch. Fewer than a batch: the queue was empty then. */
static int read_batch(struct relay_thread *t, struct port *p)
{
    int n;

    if (p->latch || t->has_names) {
        ask_for_names(t, p->latch);
    }
    n = recvmmsg(p->socket.fd, t->messages, RELAY_BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
        relay_packet(t, p, &t->messages[i]);
    }
    return n;
}

/* Another event for a port that may not be empty, at the end of the kernel's list. It is still ours
 * while that is done, so that its descriptor cannot become another's; who took the event too early
 * has gone, so it is made once more. */
static void put_last(const struct relay_thread *t, struct port *p)
{
    struct epoll_event again = relay_event(p);

    do {
        (void)epoll_ctl(t->epoll_fd, EPOLL_CTL_MOD, p->socket.fd, &again);
    } while (!leave(p));
}

/* Reads a stream empty. One that does not get empty goes to the end of the line: other streams,
 * and the end of the relay, have their turn. */
static void serve_port(struct relay_thread *t, struct port *p)
{
    int taken = 0;

    if (!enter(p)) {
        return;
    }
    while (p->socket.fd >= 0) {
        int n = read_batch(t, p);
        taken += n > 0 ? n : 0;
        if (taken >= RELAY_VISIT_MAX) {
            put_last(t, p);
            return;
        }
        if (n < RELAY_BATCH && leave(p)) {
            return;
        }
    }
    relay_port_unlock(p);
}

/* Streams of its own: nobody changes them meanwhile, and what is due goes out. */
static void serve_owned(struct relay_thread *t, struct epoll_event *ready, int n)
{
    uint64_t expired;

    pthread_mutex_lock(&t->owned);
    for (int i = 0; i < n; i++) {
        if (ready[i].data.ptr == t) {
            (void)!read(t->timer_fd, &expired, sizeof(expired));
        } else if (ready[i].data.ptr != NULL) {
            serve_port(t, ready[i].data.ptr);
            relay_timed_note(ready[i].data.ptr);
        }
    }
    relay_timed_turn(t);
    pthread_mutex_unlock(&t->owned);
}

void *relay_thread_run(void *arg)
{
    struct relay_thread *t = arg;
    struct epoll_event ready[RELAY_READY_MAX];

    while (!atomic_load_explicit(&t->relay->stop, memory_order_relaxed)) {
        int n = epoll_wait(t->epoll_fd, ready, t->relay->ready_max, -1);
        if (t->timer_fd >= 0) {
            serve_owned(t, ready, n);
            continue;
        }
        for (int i = 0; i < n; i++) {
            if (ready[i].data.ptr != NULL) {
                serve_port(t, ready[i].data.ptr);
            }
        }
    }
    return NULL;
}

void relay_thread_init(struct relay_thread *t, struct relay *r)
{
    memset(t, 0, sizeof(*t));
    t->relay = r;
    t->epoll_fd = r->epoll_fd;
    t->timer_fd = -1;
    for (int i = 0; i < RELAY_BATCH; i++) {
        t->parts[i] = (struct iovec){t->data[i], RELAY_PACKET_MAX};
        t->messages[i].msg_hdr.msg_iov = &t->parts[i];
        t->messages[i].msg_hdr.msg_iovlen = 1;
    }
}
