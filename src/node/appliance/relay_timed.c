/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * relay_timed: streams that belong to one thread of the pool, and what they send by themselves. A
 * heap of the streams that are due, one timer in the thread's own epoll set. The thread works on
 * them with its mutex held; the owner of the relay takes it to add or remove one.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/appliance/relay_private.h"

enum { RELEASE_MAX = 256 /* packets of a stream in one turn */ };

int relay_timed_open(struct relay_thread *t)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = t};
    int result = -pthread_mutex_init(&t->owned, NULL);

    if (result < 0) {
        return result;
    }
    t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    t->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (t->epoll_fd < 0 || t->timer_fd < 0 ||
        epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, t->timer_fd, &event) < 0) {
        result = -errno;
        relay_timed_close(t);
        return result;
    }
    t->armed_ns = UINT64_MAX;
    return 0;
}

void relay_timed_close(struct relay_thread *t)
{
    if (!relay_is_owned(t->relay) || t->epoll_fd == t->relay->epoll_fd) {
        return;
    }
    if (t->epoll_fd >= 0) {
        close(t->epoll_fd);
    }
    if (t->timer_fd >= 0) {
        close(t->timer_fd);
    }
    free(t->due.ports);
    t->due = (struct due_heap){0};
    pthread_mutex_destroy(&t->owned);
    t->epoll_fd = t->relay->epoll_fd;
    t->timer_fd = -1;
}

int relay_timed_reserve(struct relay_thread *t, uint32_t count)
{
    uint32_t room = count < 64 ? 64 : 2 * count;
    struct port **ports;

    if (count <= t->due.room) {
        return 0;
    }
    ports = realloc(t->due.ports, room * sizeof(struct port *));
    if (ports == NULL) {
        return -ENOMEM;
    }
    t->due.ports = ports;
    t->due.room = room;
    return 0;
}

static void put(struct due_heap *h, uint32_t place, struct port *p)
{
    h->ports[place] = p;
    p->due_place = place + 1;
}

static void move_up(struct due_heap *h, uint32_t place)
{
    struct port *p = h->ports[place];

    while (place > 0 && h->ports[(place - 1) / 2]->due_ns > p->due_ns) {
        put(h, place, h->ports[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(h, place, p);
}

static void move_down(struct due_heap *h, uint32_t place)
{
    struct port *p = h->ports[place];

    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= h->count) {
            break;
        }
        child += child + 1 < h->count && h->ports[child + 1]->due_ns < h->ports[child]->due_ns;
        if (h->ports[child]->due_ns >= p->due_ns) {
            break;
        }
        put(h, place, h->ports[child]);
        place = child;
    }
    put(h, place, p);
}

static void take_out(struct due_heap *h, struct port *p)
{
    uint32_t place = p->due_place - 1;
    struct port *last = h->ports[--h->count];

    p->due_place = 0;
    if (last != p) {
        put(h, place, last);
        move_up(h, place);
        move_down(h, last->due_place - 1);
    }
}

void relay_timed_note(struct port *p)
{
    struct relay_thread *t = p->owner;
    const struct work_ops *work;
    uint64_t due = UINT64_MAX;

    work = t->relay->options.work;
    if (p->socket.fd >= 0 && work->due != NULL && p->kind == PORT_MEDIA) {
        due = work->due(p->work);
    }
    p->due_ns = due;
    if (due == UINT64_MAX) {
        if (p->due_place > 0) {
            take_out(&t->due, p);
        }
    } else if (p->due_place == 0) {
        put(&t->due, t->due.count++, p);
        move_up(&t->due, t->due.count - 1);
    } else {
        move_up(&t->due, p->due_place - 1);
        move_down(&t->due, p->due_place - 1);
    }
    atomic_store(&t->waiting, t->due.count);
}

static void release(struct relay_thread *t, struct port *p, uint64_t now_ns)
{
    const struct work_ops *work = t->relay->options.work;
    bool timed = atomic_load_explicit(&t->relayed, memory_order_relaxed) % RELAY_TIMED_EVERY == 0;
    uint64_t from = timed ? clock_thread_cpu_ns() : 0;

    for (int i = 0; i < RELEASE_MAX && work->due(p->work) <= now_ns; i++) {
        struct work_io io = {.at_ns = now_ns, .out = t->out, .room = sizeof(t->out)};
        work->release(p->work, &io);
        if (timed) { /* the packet's own work was counted when it came */
            relay_bump(&t->timed_ns, clock_thread_cpu_ns() - from);
            timed = false;
        }
        if (io.send_size > 0) {
            relay_send(t, p, io.send, io.send_size, &p->peer, p->peer_size);
        }
    }
    relay_timed_note(p);
}

void relay_timed_turn(struct relay_thread *t)
{
    uint64_t now = clock_now_ns(), first;
    struct itimerspec when = {0};

    while (t->due.count > 0 && t->due.ports[0]->due_ns <= now) {
        release(t, t->due.ports[0], now);
    }
    first = t->due.count > 0 ? t->due.ports[0]->due_ns : UINT64_MAX;
    if (first == t->armed_ns) {
        return;
    }
    t->armed_ns = first;
    if (first != UINT64_MAX) {
        when.it_value.tv_sec = (time_t)(first / NS_PER_S);
        when.it_value.tv_nsec = (long)(first % NS_PER_S);
    }
    (void)timerfd_settime(t->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}
