/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * signalling_tcp: the connections of the signalling appliance. Each is read by one thread; any
 * thread writes to it, under its mutex. Its number, which messages carry, is not given again soon.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "io/addr.h"
#include "node/appliance/signalling_private.h"

enum { QUEUE_SIZE = 1 << 18, INPUT_SIZE = SIP_MESSAGE_MAX + 1 };

struct connection {
    pthread_mutex_t mutex;
    struct tcp_conn tcp;
    struct signalling_thread *reader;
    _Atomic uint32_t number; /* place + 1 + n * places; 0: free */
    uint32_t uses;
    uint8_t *queue;
    char *input;
    size_t have;
    struct sip_framer framer;
};

struct signalling_connections {
    pthread_mutex_t mutex; /* of who is free and who is where */
    uint32_t count, next;
    struct connection *all;
};

int signalling_tcp_open(struct signalling *s, struct err *e)
{
    struct signalling_connections *cs = calloc(1, sizeof(*cs));

    s->connections = cs;
    if (cs != NULL) {
        cs->count = (uint32_t)s->options.connections;
        cs->all = calloc(cs->count, sizeof(*cs->all));
    }
    if (cs == NULL || cs->all == NULL) {
        return err_set(e, -ENOMEM, "no memory for %llu connections",
                       (unsigned long long)s->options.connections);
    }
    pthread_mutex_init(&cs->mutex, NULL);
    for (uint32_t i = 0; i < cs->count; i++) {
        pthread_mutex_init(&cs->all[i].mutex, NULL);
        cs->all[i].tcp.fd = -1;
    }
    return 0;
}

void signalling_tcp_close(struct signalling *s)
{
    struct signalling_connections *cs = s->connections;

    for (uint32_t i = 0; cs != NULL && cs->all != NULL && i < cs->count; i++) {
        tcp_close(&cs->all[i].tcp);
        free(cs->all[i].queue);
        free(cs->all[i].input);
        pthread_mutex_destroy(&cs->all[i].mutex);
    }
    if (cs != NULL) {
        free(cs->all);
        free(cs);
    }
    s->connections = NULL;
}

/* A free place with its memory; the caller holds the table's mutex. NULL: none. */
static struct connection *take_place(struct signalling_connections *cs)
{
    for (uint32_t n = 0; n < cs->count; n++) {
        uint32_t at = (cs->next + n) % cs->count;
        struct connection *c = &cs->all[at];
        if (c->number != 0) {
            continue;
        }
        c->queue = c->queue != NULL ? c->queue : malloc(QUEUE_SIZE);
        c->input = c->input != NULL ? c->input : malloc(INPUT_SIZE);
        if (c->queue == NULL || c->input == NULL) {
            return NULL;
        }
        cs->next = at + 1;
        tcp_init(&c->tcp, c->queue, QUEUE_SIZE);
        c->have = 0;
        c->framer = (struct sip_framer){0};
        return c;
    }
    return NULL;
}

static uint32_t new_number(const struct signalling_connections *cs, struct connection *c)
{
    uint32_t turns = (UINT32_MAX - cs->count) / cs->count - 1;
    return (uint32_t)(c - cs->all) + 1 + (c->uses++ % turns) * cs->count;
}

static uint32_t events_of(const struct connection *c)
{
    return tcp_wants_write(&c->tcp) ? EPOLLIN | EPOLLOUT : EPOLLIN;
}

/* The connection is the thread's to read. */
static int adopt(struct signalling_thread *t, struct connection *c)
{
    struct epoll_event event = {.events = events_of(c),
                                .data.u64 = SIGNALLING_EVENT_CONNECTIONS + (uint64_t)c->number};

    c->reader = t;
    return epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, c->tcp.fd, &event) < 0 ? -errno : 0;
}

static void drop(struct connection *c)
{
    tcp_close(&c->tcp);
    c->number = 0;
}

void signalling_tcp_accept(struct signalling_thread *t)
{
    struct signalling_connections *cs = t->server->connections;
    struct connection *c;

    for (;;) {
        pthread_mutex_lock(&cs->mutex);
        c = take_place(cs);
        if (c == NULL || tcp_accept(&t->server->tcp, &c->tcp) <= 0) {
            pthread_mutex_unlock(&cs->mutex);
            return;
        }
        pthread_mutex_lock(&c->mutex);
        c->number = new_number(cs, c);
        if (adopt(t, c) < 0) {
            drop(c);
        }
        pthread_mutex_unlock(&c->mutex);
        pthread_mutex_unlock(&cs->mutex);
    }
}

static bool is_peer(const struct connection *c, const struct sockaddr_storage *a)
{
    return c->number != 0 && c->tcp.peer.ss_family == a->ss_family &&
           memcmp(&c->tcp.peer, a, addr_size(a)) == 0;
}

uint32_t signalling_tcp_to(struct signalling_thread *t, const struct sip_hop *hop)
{
    struct signalling_connections *cs = t->server->connections;
    struct sockaddr_storage to = signalling_address(hop);
    struct connection *c = NULL;
    uint32_t number = 0;

    pthread_mutex_lock(&cs->mutex);
    for (uint32_t i = 0; i < cs->count && number == 0; i++) {
        if (is_peer(&cs->all[i], &to)) {
            number = cs->all[i].number;
        }
    }
    c = number == 0 ? take_place(cs) : NULL;
    if (c != NULL) {
        pthread_mutex_lock(&c->mutex);
        if (tcp_connect(&c->tcp, NULL, &to) == 0) {
            number = new_number(cs, c);
            c->number = number;
            if (adopt(t, c) < 0) {
                drop(c);
                number = 0;
            }
        }
        pthread_mutex_unlock(&c->mutex);
    }
    pthread_mutex_unlock(&cs->mutex);
    return number;
}

static void watch_again(struct connection *c)
{
    struct epoll_event event = {.events = events_of(c),
                                .data.u64 = SIGNALLING_EVENT_CONNECTIONS + (uint64_t)c->number};
    (void)epoll_ctl(c->reader->epoll_fd, EPOLL_CTL_MOD, c->tcp.fd, &event);
}

static struct connection *find(struct signalling *s, uint32_t number)
{
    struct signalling_connections *cs = s->connections;
    return &cs->all[(number - 1) % cs->count];
}

int signalling_tcp_send(struct signalling_thread *t, uint32_t connection, const char *bytes,
                        size_t size)
{
    struct connection *c = find(t->server, connection);
    bool waited;
    int result = -ENOTCONN;

    pthread_mutex_lock(&c->mutex);
    if (c->number == connection) {
        waited = tcp_wants_write(&c->tcp);
        result = tcp_send(&c->tcp, bytes, size);
        if (result == 0 && tcp_wants_write(&c->tcp) != waited) {
            watch_again(c);
        }
    }
    pthread_mutex_unlock(&c->mutex);
    return result;
}

/* Treats all whole messages. -EBADMSG or -EMSGSIZE: the stream cannot be cut any more. */
static int treat_input(struct signalling_thread *t, struct connection *c)
{
    struct sockaddr_storage peer = c->tcp.peer;
    struct sip_hop from = signalling_hop(&peer, c->number);
    struct signalling_part *p;
    size_t at = 0, skip;
    int size;

    while ((size = sip_frame(&c->framer, c->input + at, c->have - at, SIP_MESSAGE_MAX, &skip)) >
           0) {
        at += skip;
        p = signalling_take_part(t, signalling_part_of(c->input + at, (size_t)size),
                                 clock_now_ns());
        signalling_receive(p, c->input + at, (size_t)size, &from);
        signalling_finish_turn(t);
        signalling_give_part(p);
        at += (size_t)size;
    }
    at += skip;
    c->have -= at;
    memmove(c->input, c->input + at, c->have);
    return size;
}

/* More input; others may be writing. */
static long receive(struct connection *c)
{
    long got = 0;

    pthread_mutex_lock(&c->mutex);
    if (c->tcp.state == TCP_OPEN) {
        got = tcp_receive(&c->tcp, c->input + c->have, INPUT_SIZE - c->have);
    }
    pthread_mutex_unlock(&c->mutex);
    return got;
}

/* Only the reader closes, so that nobody else's input goes away under him. */
void signalling_tcp_ready(struct signalling_thread *t, uint32_t number, uint32_t events)
{
    struct connection *c = find(t->server, number);
    long got = 1;
    int result = 0;

    if (c->number != number) {
        return; /* an old event */
    }
    pthread_mutex_lock(&c->mutex);
    if ((events & EPOLLOUT) != 0 || c->tcp.state == TCP_CONNECTING) {
        result = tcp_flush(&c->tcp);
        if (result >= 0) {
            watch_again(c);
        }
    }
    pthread_mutex_unlock(&c->mutex);
    while (result >= 0 && got > 0) {
        got = receive(c);
        if (got > 0) {
            c->have += (size_t)got;
            result = treat_input(t, c);
        }
    }
    if (result < 0 || got < 0) {
        if (result == -EBADMSG || result == -EMSGSIZE) {
            signalling_count_by(t, COUNT_MALFORMED, 1);
        }
        pthread_mutex_lock(&t->server->connections->mutex);
        pthread_mutex_lock(&c->mutex);
        drop(c);
        pthread_mutex_unlock(&c->mutex);
        pthread_mutex_unlock(&t->server->connections->mutex);
    }
}
