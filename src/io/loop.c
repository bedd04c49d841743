/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * loop: epoll and a sorted list of timers. Removed watches and timers are freed after the turn, so
 * that a callback may remove anything. One thread but for loop_wake.
 */
#include "io/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { EVENTS_MAX = 64 };

struct loop_watch {
    struct loop *loop;
    struct loop_watch *next;
    void (*ready)(void *arg, unsigned events);
    void *arg;
    int fd;
    bool removed;
};

struct loop_timer {
    struct loop *loop;
    struct loop_timer *next;
    void (*fire)(void *arg);
    void *arg;
    uint64_t at_ns, every_ns;
    bool removed;
};

struct loop {
    int epoll_fd, wake_fd;
    unsigned depth; /* turns inside turns: only the outermost frees */
    bool stopped;
    struct loop_watch *watches;
    struct loop_timer *timers;
};

int loop_create(struct loop **ret)
{
    struct epoll_event wake = {.events = EPOLLIN, .data.ptr = NULL};
    struct loop *l = calloc(1, sizeof(*l));
    int result;

    if (l == NULL) {
        return -ENOMEM;
    }
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->epoll_fd < 0 || l->wake_fd < 0 ||
        epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->wake_fd, &wake) < 0) {
        result = -errno;
        loop_destroy(l);
        return result;
    }
    *ret = l;
    return 0;
}

static void free_removed(struct loop *l, bool all)
{
    for (struct loop_watch **at = &l->watches; *at != NULL;) {
        struct loop_watch *w = *at;
        if (w->removed || all) {
            *at = w->next;
            free(w);
        } else {
            at = &w->next;
        }
    }
    for (struct loop_timer **at = &l->timers; *at != NULL;) {
        struct loop_timer *t = *at;
        if (t->removed || all) {
            *at = t->next;
            free(t);
        } else {
            at = &t->next;
        }
    }
}

void loop_destroy(struct loop *l)
{
    if (l == NULL) {
        return;
    }
    free_removed(l, true);
    if (l->wake_fd >= 0) {
        close(l->wake_fd);
    }
    if (l->epoll_fd >= 0) {
        close(l->epoll_fd);
    }
    free(l);
}

static uint32_t to_epoll(unsigned events)
{
    return (events & LOOP_READ ? (uint32_t)EPOLLIN : 0) |
           (events & LOOP_WRITE ? (uint32_t)EPOLLOUT : 0);
}

int loop_add(struct loop *l, int fd, unsigned events, void (*ready)(void *arg, unsigned events),
             void *arg, struct loop_watch **ret)
{
    struct loop_watch *w = calloc(1, sizeof(*w));
    struct epoll_event event = {.events = to_epoll(events), .data.ptr = w};

    if (w == NULL) {
        return -ENOMEM;
    }
    if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        int result = -errno;
        free(w);
        return result;
    }
    *w = (struct loop_watch){l, l->watches, ready, arg, fd, false};
    l->watches = w;
    *ret = w;
    return 0;
}

int loop_change(struct loop_watch *w, unsigned events)
{
    struct epoll_event event = {.events = to_epoll(events), .data.ptr = w};
    return epoll_ctl(w->loop->epoll_fd, EPOLL_CTL_MOD, w->fd, &event) < 0 ? -errno : 0;
}

void loop_remove(struct loop_watch *w)
{
    if (w == NULL || w->removed) {
        return;
    }
    (void)epoll_ctl(w->loop->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
    w->removed = true;
}

int loop_add_timer(struct loop *l, uint64_t at_ns, uint64_t every_ns, void (*fire)(void *arg),
                   void *arg, struct loop_timer **ret)
{
    struct loop_timer *t = calloc(1, sizeof(*t));
    if (t == NULL) {
        return -ENOMEM;
    }
    *t = (struct loop_timer){l, l->timers, fire, arg, at_ns, every_ns, false};
    l->timers = t;
    *ret = t;
    return 0;
}

void loop_remove_timer(struct loop_timer *t)
{
    if (t != NULL) {
        t->removed = true;
    }
}

static uint64_t next_timer(const struct loop *l, uint64_t until_ns)
{
    for (const struct loop_timer *t = l->timers; t != NULL; t = t->next) {
        if (!t->removed && t->at_ns < until_ns) {
            until_ns = t->at_ns;
        }
    }
    return until_ns;
}

static void fire_due(struct loop *l)
{
    uint64_t now = clock_now_ns();
    for (struct loop_timer *t = l->timers; t != NULL; t = t->next) {
        if (t->removed || t->at_ns > now) {
            continue;
        }
        if (t->every_ns == 0) {
            t->at_ns = UINT64_MAX;
        } else {
            t->at_ns += ((now - t->at_ns) / t->every_ns + 1) * t->every_ns;
        }
        t->fire(t->arg);
    }
}

static int wait_events(struct loop *l, struct epoll_event *events, uint64_t until_ns)
{
    uint64_t now = clock_now_ns(), wait = until_ns > now ? until_ns - now : 0;
    struct timespec limit = {(time_t)(wait / NS_PER_S), (long)(wait % NS_PER_S)};
    return epoll_pwait2(l->epoll_fd, events, EVENTS_MAX, until_ns == UINT64_MAX ? NULL : &limit,
                        NULL);
}

static void dispatch(struct loop *l, const struct epoll_event *event)
{
    struct loop_watch *w = event->data.ptr;
    uint64_t count;

    if (w == NULL) {
        (void)!read(l->wake_fd, &count, sizeof(count));
        return;
    }
    if (!w->removed) {
        unsigned events = (event->events & EPOLLIN ? LOOP_READ : 0u) |
                          (event->events & EPOLLOUT ? LOOP_WRITE : 0u) |
                          (event->events & (EPOLLHUP | EPOLLERR) ? LOOP_HANGUP : 0u);
        w->ready(w->arg, events);
    }
}

int loop_turn(struct loop *l, uint64_t until_ns)
{
    struct epoll_event events[EVENTS_MAX];
    int n = wait_events(l, events, next_timer(l, until_ns));

    if (n < 0) {
        return -errno;
    }
    l->depth++;
    for (int i = 0; i < n; i++) {
        dispatch(l, &events[i]);
    }
    fire_due(l);
    if (--l->depth == 0) {
        free_removed(l, false);
    }
    return 0;
}

int loop_run(struct loop *l)
{
    l->stopped = false;
    while (!l->stopped) {
        int result = loop_turn(l, UINT64_MAX);
        if (result < 0 && result != -EINTR) {
            return result;
        }
    }
    return 0;
}

void loop_stop(struct loop *l)
{
    l->stopped = true;
    loop_wake(l);
}

void loop_wake(struct loop *l)
{
    uint64_t one = 1;
    (void)!write(l->wake_fd, &one, sizeof(one));
}
