/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * relay: see relay.h. The owner's side: counters, start and end of the threads, whose own side is
 * relay_thread.c; ports are in relay_ports.c. One edge-triggered epoll set: a packet's arrival
 * wakes one thread, which reads that port empty.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/addr.h"
#include "node/appliance/relay_private.h"

enum { READY_WORKING = 1, READY_SHARED = 8 };

/* A thread that works takes one stream at a time: what it took and has not begun would wait while
 * another thread is idle. Without work and without others, more at once costs less. */
static int ready_max(const struct relay_options *o)
{
    if (o->threads == 1 || (o->work != NULL && o->work->is_owned)) {
        return RELAY_READY_MAX;
    }
    return o->work != NULL ? READY_WORKING : READY_SHARED;
}

static int start_threads(struct relay *r, struct err *e)
{
    struct epoll_event stop = {.events = EPOLLIN, .data.ptr = NULL};

    for (uint32_t i = 0; i < r->options.threads; i++) {
        struct relay_thread *t = &r->threads[i];
        char name[16];
        int result = relay_is_owned(r) ? relay_timed_open(t) : 0;
        if (result < 0) {
            return err_set(e, result, "thread %u: %s", i, strerror(-result));
        }
        if ((i == 0 || relay_is_owned(r)) &&
            epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, r->stop_fd, &stop) < 0) {
            return err_set(e, -errno, "epoll: %s", strerror(errno));
        }
        result = pthread_create(&t->thread, NULL,
                                r->direct != NULL ? relay_direct_run : relay_thread_run, t);
        if (result != 0) {
            return err_set(e, -result, "thread %u: %s", i, strerror(result));
        }
        t->started = true;
        str_printf(name, sizeof(name), "relay.%u", i);
        (void)pthread_setname_np(t->thread, name);
    }
    return 0;
}

int relay_open(struct relay **ret, const struct relay_options *o, struct err *e)
{
    struct relay *r = calloc(1, sizeof(*r));
    int result = 0;

    if (r == NULL) {
        return err_set(e, -ENOMEM, "no memory for the relay");
    }
    r->options = *o;
    r->ready_max = ready_max(o);
    r->threads = aligned_alloc(RELAY_CACHE_LINES, o->threads * sizeof(*r->threads));
    r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    r->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->threads == NULL || r->epoll_fd < 0 || r->stop_fd < 0) {
        result = err_set(e, -ENOMEM, "no memory or descriptors for the relay");
        r->options.threads = 0;
    } else {
        for (uint32_t i = 0; i < o->threads; i++) {
            relay_thread_init(&r->threads[i], r);
        }
        if (addr_parse(&r->local, o->address) < 0) {
            result = err_set(e, -EINVAL, "'%s' is no address (e.g. 127.0.0.1)", o->address);
        }
    }
    if (result == 0 && o->xdp) {
        result = relay_direct_open(r, e);
    }
    if (result == 0 && o->work != NULL && o->work->prepare != NULL) {
        o->work->prepare(&r->options.plan);
    }
    if (result == 0) {
        result = start_threads(r, e);
    }
    if (result < 0) {
        relay_close(r);
        return result;
    }
    *ret = r;
    return 0;
}

const char *relay_how(const struct relay *r)
{
    return r->direct != NULL ? relay_direct_how(r) : "udp sockets";
}

uint32_t relay_threads(const struct relay *r)
{
    return r->options.threads;
}

size_t relay_streams(const struct relay *r)
{
    return r->streams;
}

double relay_rounds_per_us(const struct relay *r)
{
    return r->options.plan.rounds_per_us;
}

/* CPU time of the thread so far, read from outside it. */
static uint64_t cpu_of(const struct relay_thread *t)
{
    struct timespec spent;
    clockid_t clock;

    if (!t->started || pthread_getcpuclockid(t->thread, &clock) != 0 ||
        clock_gettime(clock, &spent) < 0) {
        return 0;
    }
    return (uint64_t)spent.tv_sec * NS_PER_S + (uint64_t)spent.tv_nsec;
}

static uint64_t read_counter(const _Atomic uint64_t *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

void relay_read(const struct relay *r, uint32_t thread, struct relay_stats *ret)
{
    const struct relay_thread *t = &r->threads[thread];

    *ret = (struct relay_stats){
        .received = read_counter(&t->received),
        .relayed = read_counter(&t->relayed),
        .bytes = read_counter(&t->bytes),
        .send_errors = read_counter(&t->send_errors) + relay_direct_refused(r),
        .oversized = read_counter(&t->oversized),
        .cpu_ns = cpu_of(t),
        .worked = read_counter(&t->worked),
        .unworked = read_counter(&t->unworked),
        .timed = read_counter(&t->timed),
        .timed_ns = read_counter(&t->timed_ns),
    };
    for (int i = 0; i < WORK_COUNTERS; i++) {
        ret->counted[i] = read_counter(&t->counted[i]);
    }
}

uint64_t relay_drops(const struct relay *r)
{
    uint64_t all = 0;
    for (const struct port_block *b = r->blocks; b != NULL; b = b->next) {
        for (size_t i = 0; i < b->count; i++) {
            int64_t drops = udp_drops(&b->ports[i].socket);
            all += drops > 0 ? (uint64_t)drops : 0;
        }
    }
    return all + relay_direct_drops(r);
}

uint64_t relay_buffer_bytes(const struct relay *r)
{
    for (const struct port_block *b = r->blocks; b != NULL; b = b->next) {
        if (b->count > 0) {
            return b->ports[0].socket.receive_bytes;
        }
    }
    return 0;
}

/* In this order: what left the queue before the first look is in a thread's hands at the second. */
static bool is_port_empty(const struct port *p)
{
    int waiting = 0;

    if (ioctl(p->socket.fd, FIONREAD, &waiting) == 0 && waiting > 0) {
        return false;
    }
    return atomic_load(&p->state) == PORT_IDLE;
}

/* The way of a packet: its socket, a thread's hands, what waits to be played out. Looked at in that
 * order, so that none slips past. */
static bool is_empty(const struct relay *r)
{
    for (const struct port_block *b = r->blocks; b != NULL; b = b->next) {
        for (size_t i = 0; i < b->count; i++) {
            if (!is_port_empty(&b->ports[i])) {
                return false;
            }
        }
    }
    if (!relay_direct_is_empty(r)) {
        return false;
    }
    for (uint32_t i = 0; relay_is_owned(r) && i < r->options.threads; i++) {
        /* A thread that has let go of a port, and not noted yet what waits there, holds it. */
        struct relay_thread *t = &r->threads[i];
        pthread_mutex_lock(&t->owned);
        bool is_waiting = atomic_load(&t->waiting) > 0;
        pthread_mutex_unlock(&t->owned);
        if (is_waiting) {
            return false;
        }
    }
    return true;
}

int relay_drain(const struct relay *r, uint64_t deadline_ns)
{
    while (!is_empty(r)) {
        if (clock_now_ns() >= deadline_ns) {
            return -ETIMEDOUT;
        }
        (void)clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    return 0;
}

void relay_close(struct relay *r)
{
    uint64_t one = 1;

    if (r == NULL) {
        return;
    }
    atomic_store(&r->stop, true);
    (void)!write(r->stop_fd, &one, sizeof(one));
    for (uint32_t i = 0; i < r->options.threads; i++) {
        if (r->threads[i].started) {
            (void)pthread_join(r->threads[i].thread, NULL);
        }
    }
    relay_forget_ports(r, 0);
    for (uint32_t i = 0; i < r->options.threads; i++) {
        relay_timed_close(&r->threads[i]);
    }
    for (struct port_block *b = r->blocks, *next; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    relay_direct_close(r);
    if (r->epoll_fd >= 0) {
        close(r->epoll_fd);
    }
    if (r->stop_fd >= 0) {
        close(r->stop_fd);
    }
    free(r->threads);
    free(r);
}
