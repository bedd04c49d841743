/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * signalling_net: the sockets and threads of the signalling appliance. All threads read one UDP
 * socket; a TCP connection is read by the thread that has it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/addr.h"
#include "node/appliance/compute.h"
#include "node/appliance/signalling_private.h"

enum { TICK_MS = 10, VISIT_MAX = 4, PORT_TRIES = 16 };
/* What epoll tells; connections have their numbers, above these. */
enum { EVENT_STOP, EVENT_UDP, EVENT_LISTENER, EVENT_RTP }; /* below SIGNALLING_EVENT_CONNECTIONS */

struct sip_hop signalling_hop(const struct sockaddr_storage *a, uint32_t connection)
{
    struct sip_hop hop = {.connection = connection};
    memcpy(&hop.address, a,
           a->ss_family == AF_INET6 ? sizeof(hop.address.v6) : sizeof(hop.address.v4));
    return hop;
}

struct sockaddr_storage signalling_address(const struct sip_hop *hop)
{
    struct sockaddr_storage a = {0};
    memcpy(&a, &hop->address, sizeof(hop->address));
    return a;
}

void signalling_send(struct signalling_thread *t, const struct sip_hop *to, const char *bytes,
                     size_t size)
{
    struct signalling_outgoing *o;

    if (t->out_count == SIGNALLING_OUTBOX || t->out_size + size > SIGNALLING_OUTBOX_BYTES) {
        signalling_flush(t);
    }
    o = &t->out[t->out_count++];
    *o = (struct signalling_outgoing){*to, t->out_size, (uint32_t)size};
    memcpy(t->out_bytes + t->out_size, bytes, size);
    t->out_size += (uint32_t)size;
}

/* The next ones that go by UDP, in one system call. Returns how many it took. */
static uint32_t send_udp(struct signalling_thread *t, uint32_t first)
{
    struct mmsghdr out[SIGNALLING_BATCH];
    struct iovec parts[SIGNALLING_BATCH];
    uint32_t n = 0;
    int sent;

    while (n < SIGNALLING_BATCH && first + n < t->out_count &&
           t->out[first + n].to.connection == 0) {
        struct signalling_outgoing *o = &t->out[first + n];
        parts[n] = (struct iovec){t->out_bytes + o->at, o->size};
        out[n] = (struct mmsghdr){.msg_hdr = {.msg_name = &o->to.address,
                                              .msg_namelen = o->to.address.any.sa_family == AF_INET6
                                                                 ? sizeof(o->to.address.v6)
                                                                 : sizeof(o->to.address.v4),
                                              .msg_iov = &parts[n],
                                              .msg_iovlen = 1}};
        n++;
    }
    sent = sendmmsg(t->server->udp.fd, out, n, 0);
    if (sent <= 0) {
        signalling_count_by(t, COUNT_SEND_ERRORS, 1);
        return 1; /* that one is lost, as packets are */
    }
    return (uint32_t)sent;
}

void signalling_flush(struct signalling_thread *t)
{
    uint32_t i = 0;

    while (i < t->out_count) {
        const struct signalling_outgoing *o = &t->out[i];
        if (o->to.connection == 0) {
            i += send_udp(t, i);
            continue;
        }
        if (signalling_tcp_send(t, o->to.connection, t->out_bytes + o->at, o->size) < 0) {
            signalling_count_by(t, COUNT_SEND_ERRORS, 1);
        }
        i++;
    }
    t->out_count = t->out_size = 0;
}

void signalling_finish_turn(struct signalling_thread *t)
{
    static const uint8_t bytes[64] = {1};

    for (; t->new_calls > 0; t->new_calls--) {
        if (t->server->rounds > 0) {
            (void)compute_do(t->server->rounds, bytes, sizeof(bytes));
        }
    }
    signalling_records_flush(t);
    signalling_flush(t);
}

/* A set of parts: a bit for each. */
struct part_set {
    uint64_t bits[SIGNALLING_PARTS / 64];
};

/* In the order of their numbers, as everybody who takes several. */
static void take_parts(struct signalling_thread *t, const struct part_set *set, uint64_t now_ns)
{
    for (uint32_t w = 0; w < SIGNALLING_PARTS / 64; w++) {
        for (uint64_t left = set->bits[w]; left != 0; left &= left - 1) {
            (void)signalling_take_part(t, 64 * w + (uint32_t)__builtin_ctzll(left), now_ns);
        }
    }
}

static void give_parts(struct signalling *s, const struct part_set *set)
{
    for (uint32_t w = 0; w < SIGNALLING_PARTS / 64; w++) {
        for (uint64_t left = set->bits[w]; left != 0; left &= left - 1) {
            signalling_give_part(&s->parts[64 * w + (uint32_t)__builtin_ctzll(left)]);
        }
    }
}

/* A batch, with the parts of all its messages held. */
static int read_batch(struct signalling_thread *t, struct part_set *held,
                      uint32_t part[SIGNALLING_BATCH])
{
    struct signalling *s = t->server;
    unsigned room = s->options.threads > 1 ? SIGNALLING_SHARED_BATCH : SIGNALLING_BATCH;
    int got;

    for (unsigned i = 0; i < room; i++) {
        t->messages[i].msg_hdr.msg_namelen = sizeof(t->from[i]);
    }
    pthread_mutex_lock(&s->reading);
    got = recvmmsg(s->udp.fd, t->messages, room, MSG_DONTWAIT, NULL);
    for (int i = 0; i < got; i++) {
        part[i] = signalling_part_of(t->data[i], t->messages[i].msg_len);
        held->bits[part[i] / 64] |= UINT64_C(1) << part[i] % 64;
    }
    take_parts(t, held, clock_now_ns());
    pthread_mutex_unlock(&s->reading);
    return got;
}

static void read_udp(struct signalling_thread *t)
{
    int got = 1;

    for (int visit = 0; visit < VISIT_MAX && got > 0; visit++) {
        struct part_set held = {{0}};
        uint32_t part[SIGNALLING_BATCH];
        got = read_batch(t, &held, part);
        for (int i = 0; i < got; i++) {
            struct sip_hop from = signalling_hop(&t->from[i], 0);
            signalling_receive(&t->server->parts[part[i]], t->data[i], t->messages[i].msg_len,
                               &from);
        }
        signalling_finish_turn(t);
        give_parts(t->server, &held);
    }
}

static void dispatch(struct signalling_thread *t, const struct epoll_event *event)
{
    switch (event->data.u64) {
    case EVENT_STOP:
        break;
    case EVENT_UDP:
        read_udp(t);
        break;
    case EVENT_LISTENER:
        signalling_tcp_accept(t);
        break;
    case EVENT_RTP:
        signalling_rtp(t);
        break;
    default:
        signalling_tcp_ready(t, (uint32_t)event->data.u64 - SIGNALLING_EVENT_CONNECTIONS,
                             event->events);
    }
}

static void *run(void *arg)
{
    struct signalling_thread *t = arg;
    struct epoll_event events[32];

    while (!atomic_load(&t->server->stop)) {
        int n = epoll_wait(t->epoll_fd, events, 32, TICK_MS);
        uint64_t now = clock_now_ns();
        for (int i = 0; i < n; i++) {
            dispatch(t, &events[i]);
        }
        if (now - t->ticked_ns >= TICK_MS * NS_PER_MS) {
            t->ticked_ns = now;
            signalling_tick(t, now);
            signalling_records_sync(t, now);
            atomic_store_explicit(&t->counts[COUNT_CPU_NS], clock_thread_cpu_ns(),
                                  memory_order_relaxed);
        }
    }
    return NULL;
}

static int watch(struct signalling_thread *t, int fd, uint64_t what, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u64 = what};
    return epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int start_thread(struct signalling *s, uint32_t number)
{
    struct signalling_thread *t = &s->threads[number];
    int result;

    t->server = s;
    t->number = number;
    t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    t->data = malloc(SIGNALLING_BATCH * sizeof(*t->data));
    t->out_bytes = malloc(SIGNALLING_OUTBOX_BYTES);
    t->records = malloc(SIGNALLING_RECORDS_SIZE);
    if (t->epoll_fd < 0 || t->data == NULL || t->out_bytes == NULL || t->records == NULL) {
        return t->epoll_fd < 0 ? -errno : -ENOMEM;
    }
    for (int i = 0; i < SIGNALLING_BATCH; i++) {
        t->parts[i] = (struct iovec){t->data[i], SIP_MESSAGE_MAX};
        t->messages[i].msg_hdr =
            (struct msghdr){.msg_name = &t->from[i], .msg_iov = &t->parts[i], .msg_iovlen = 1};
    }
    result = watch(t, s->stop_fd, EVENT_STOP, EPOLLIN);
    result = result < 0 ? result : watch(t, s->udp.fd, EVENT_UDP, EPOLLIN | EPOLLEXCLUSIVE);
    result = result < 0 ? result : watch(t, s->tcp.fd, EVENT_LISTENER, EPOLLIN | EPOLLEXCLUSIVE);
    if (result == 0 && number == 0) {
        result = watch(t, s->rtp.fd, EVENT_RTP, EPOLLIN);
    }
    if (result == 0) {
        result = -pthread_create(&t->thread, NULL, run, t);
        t->started = result == 0;
    }
    return result;
}

/* UDP and TCP on the same port; with any port, until one is free for both. */
static int open_sockets(struct signalling *s, struct sockaddr_storage *local, struct err *e)
{
    char text[ADDR_TEXT_MAX];
    int result = -EADDRINUSE;

    for (int i = 0; i < PORT_TRIES && result == -EADDRINUSE; i++) {
        result = udp_open(&s->udp, local, s->options.buffer_bytes, 0);
        if (result == 0) {
            result = tcp_listen(&s->tcp, &s->udp.local, 0);
        }
        if (result < 0) {
            udp_close(&s->udp);
        }
        if (s->options.base_port > 0) {
            break;
        }
    }
    if (result < 0) {
        return err_set(e, result, "signalling: %s: %s", addr_format(local, text, sizeof(text)),
                       strerror(-result));
    }
    s->local = s->udp.local;
    addr_set_port(local, 0);
    result = udp_open(&s->rtp, local, s->options.buffer_bytes, 0);
    return result < 0 ? err_set(e, result, "signalling: socket for RTP: %s", strerror(-result)) : 0;
}

static void name_ourselves(struct signalling *s)
{
    char *colon;

    (void)addr_format(&s->local, s->host_port, sizeof(s->host_port));
    str_printf(s->host, sizeof(s->host), "%s", s->host_port);
    colon = strrchr(s->host, ':');
    if (colon != NULL) {
        *colon = '\0';
    }
}

static int open_parts(struct signalling *s)
{
    struct sip_layer_options o = {.t1_ns = s->options.t1_ns,
                                  .t2_ns = 8 * s->options.t1_ns,
                                  .t4_ns = 10 * s->options.t1_ns,
                                  .timer_c_ns = s->options.timer_c_ns,
                                  .transactions_max =
                                      (uint32_t)(s->options.transactions / SIGNALLING_PARTS) + 1};

    if (getrandom(s->secret, sizeof(s->secret), 0) != sizeof(s->secret)) {
        return -EIO;
    }
    memcpy(&o.seed, s->secret, sizeof(o.seed));
    for (uint32_t i = 0; i < SIGNALLING_PARTS; i++) {
        struct signalling_part *p = &s->parts[i];
        p->server = s;
        o.number = i;
        pthread_mutex_init(&p->mutex, NULL);
        if (sip_layer_create(&p->layer, &o, &signalling_layer_owner, p) < 0) {
            return -ENOMEM;
        }
        sip_layer_tick(p->layer, clock_now_ns());
    }
    return 0;
}

static int start_all(struct signalling *s)
{
    int result = open_parts(s);

    s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->stop_fd < 0) {
        return -errno;
    }
    for (uint32_t i = 0; result == 0 && i < s->options.threads; i++) {
        result = start_thread(s, i);
    }
    return result;
}

int signalling_start(struct signalling *s, const char *address, struct err *e)
{
    struct sockaddr_storage local;
    int result;

    if (addr_parse(&local, address) < 0) {
        return err_set(e, -EINVAL, "signalling: '%s' is no address (e.g. 192.0.2.10)", address);
    }
    addr_set_port(&local, (uint16_t)s->options.base_port);
    result = open_sockets(s, &local, e);
    if (result < 0) {
        return result;
    }
    name_ourselves(s);
    if (s->options.work_ns > 0) {
        s->rounds_per_us = compute_calibrate();
        s->rounds = (uint64_t)(s->rounds_per_us * (double)s->options.work_ns / NS_PER_US);
    }
    pthread_mutex_init(&s->reading, NULL);
    s->parts = aligned_alloc(128, SIGNALLING_PARTS * sizeof(*s->parts));
    s->threads = aligned_alloc(128, s->options.threads * sizeof(*s->threads));
    if (s->parts == NULL || s->threads == NULL || signalling_registrar_create(s) < 0) {
        return err_set(e, -ENOMEM, "no memory for appliance signalling");
    }
    memset(s->parts, 0, SIGNALLING_PARTS * sizeof(*s->parts));
    memset(s->threads, 0, s->options.threads * sizeof(*s->threads));
    for (uint32_t i = 0; i < s->options.threads; i++) {
        s->threads[i].epoll_fd = -1;
    }
    result = signalling_tcp_open(s, e);
    if (result == 0) {
        result = start_all(s);
        return result < 0 ? err_set(e, result, "signalling: threads: %s", strerror(-result)) : 0;
    }
    return result;
}

static void free_thread(struct signalling_thread *t)
{
    if (t->epoll_fd >= 0) {
        close(t->epoll_fd);
    }
    free(t->data);
    free(t->out_bytes);
    free(t->records);
}

void signalling_stop(struct signalling *s)
{
    const uint64_t one = 1;

    atomic_store(&s->stop, true);
    if (s->stop_fd >= 0 && write(s->stop_fd, &one, sizeof(one)) < 0) {
        /* the threads look every few milliseconds anyway */
    }
    for (uint32_t i = 0; s->threads != NULL && i < s->options.threads; i++) {
        if (s->threads[i].started) {
            pthread_join(s->threads[i].thread, NULL);
        }
    }
    signalling_tcp_close(s);
    for (uint32_t i = 0; s->threads != NULL && i < s->options.threads; i++) {
        free_thread(&s->threads[i]);
    }
    for (uint32_t i = 0; s->parts != NULL && i < SIGNALLING_PARTS; i++) {
        signalling_calls_forget(&s->parts[i]);
        sip_layer_destroy(s->parts[i].layer);
    }
    signalling_registrar_destroy(s);
    free(s->parts);
    free(s->threads);
    if (s->stop_fd >= 0) {
        close(s->stop_fd);
    }
    udp_close(&s->udp);
    udp_close(&s->rtp);
    tcp_unlisten(&s->tcp);
}
