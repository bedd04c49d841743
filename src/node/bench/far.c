/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * far: see far.h. A session says what went wrong to its bench and ends; the others go on.
 */
#include "node/bench/far.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "io/addr.h"
#include "io/udp.h"
#include "node/bench/exchange.h"

enum { BACKLOG = 64, LOOK_MS = 100, LAST_MS = 500 };

struct session {
    struct session *next;
    struct far *far;
    pthread_t thread;
    struct talk talk;
    struct udp_socket udp; /* fd -1: none */
    uint16_t near_port;    /* that it is connected to */
    atomic_bool ended;
};

struct far {
    int fd;
    struct sockaddr_storage address;
    pthread_t thread;
    atomic_bool stop;
    _Atomic uint64_t rounds;
    struct session *sessions; /* the listening thread's, then far_close's */
};

/* A socket beside the talk's own address, connected to the near end's port there. It lasts over
 * rounds: the near end's is connected to it, too. */
static int open_udp(struct session *s, uint16_t near_port, struct err *e)
{
    struct sockaddr_storage local, peer;
    socklen_t size = sizeof local, peer_size = sizeof peer;

    if (s->udp.fd >= 0 && s->near_port == near_port) {
        bulk_forget(s->udp.fd);
        return 0;
    }
    s->near_port = near_port;
    if (getsockname(s->talk.fd, (struct sockaddr *)&local, &size) < 0 ||
        getpeername(s->talk.fd, (struct sockaddr *)&peer, &peer_size) < 0) {
        return err_set(e, -errno, "address: %s", strerror(errno));
    }
    addr_set_port(&local, 0);
    addr_set_port(&peer, near_port);
    udp_close(&s->udp);
    int r = udp_open(&s->udp, &local, BULK_BUFFER_BYTES, 0);
    if (r == 0 && connect(s->udp.fd, (const struct sockaddr *)&peer, addr_size(&peer)) < 0) {
        r = -errno;
    }
    return r < 0 ? err_set(e, r, "a UDP socket: %s", strerror(-r)) : 0;
}

static int say_port(struct session *s, struct err *e)
{
    return talk_say(&s->talk, json_pack("{s:i}", "port", addr_port(&s->udp.local)), e);
}

static int serve_bulk(struct session *s, const json_t *round, bool is_udp, struct err *e)
{
    struct exchange_figures own, unused;
    struct exchange x = {.talk = &s->talk,
                         .side = EXCHANGE_FAR,
                         .sends =
                             json_bool_or(round, "receive", false), /* as the near end sees it */
                         .receives = json_bool_or(round, "send", false),
                         .bytes = json_u64_or(round, "bytes", 0)};
    if (!is_udp) {
        return exchange_tcp(&x, &own, &unused, e);
    }
    const uint64_t payload = json_u64_or(round, "payload", 0);
    if (payload == 0 || payload > BULK_PAYLOAD_MAX) {
        return err_set(e, -EBADMSG, "a payload of %llu bytes", (unsigned long long)payload);
    }
    int r = open_udp(s, (uint16_t)json_u64_or(round, "port", 0), e);
    x.udp = (struct bulk){.fd = s->udp.fd,
                          .payload_bytes = payload,
                          .packets = x.bytes / payload,
                          .rate_bits = json_number_or(round, "rate", 0),
                          .offload = json_bool_or(round, "offload", false),
                          .stop = &s->far->stop};
    if (r == 0) {
        r = say_port(s, e);
    }
    return r < 0 ? r : exchange_udp(&x, &own, &unused, e);
}

static int echo_tcp(struct session *s, uint64_t count, uint64_t payload, struct err *e)
{
    char *bytes = calloc(1, payload);
    int r = bytes != NULL ? 0 : err_set(e, -ENOMEM, "no memory");

    for (uint64_t i = 0; i < count && r == 0; i++) {
        r = talk_receive(&s->talk, bytes, payload, e);
        if (r == 0) {
            r = talk_send(&s->talk, bytes, payload, e);
        }
    }
    free(bytes);
    return r;
}

/* Until the near end says anything. */
static int echo_udp(struct session *s, struct err *e)
{
    char bytes[BULK_PAYLOAD_MAX];
    json_t *word = NULL;
    struct pollfd p[] = {{.fd = s->udp.fd, .events = POLLIN}, {.fd = s->talk.fd, .events = POLLIN}};

    while (!talk_has_word(&s->talk) && !atomic_load(&s->far->stop)) {
        (void)poll(p, 2, LOOK_MS);
        const ssize_t n = recv(s->udp.fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n >= 0) {
            (void)!send(s->udp.fd, bytes, (size_t)n, MSG_DONTWAIT);
        }
    }
    int r = talk_hear(&s->talk, &word, e);
    json_decref(word);
    return r;
}

static int serve_pingpong(struct session *s, const json_t *round, struct err *e)
{
    const uint64_t payload = json_u64_or(round, "payload", 0);

    if (payload == 0 || payload > BULK_PAYLOAD_MAX) {
        return err_set(e, -EBADMSG, "a payload of %llu bytes", (unsigned long long)payload);
    }
    if (strcmp(json_str_or(round, "transport", "udp"), "tcp") == 0) {
        return echo_tcp(s, json_u64_or(round, "count", 0), payload, e);
    }
    int r = open_udp(s, (uint16_t)json_u64_or(round, "port", 0), e);
    if (r == 0) {
        r = say_port(s, e);
    }
    return r < 0 ? r : echo_udp(s, e);
}

static int serve_round(struct session *s, const json_t *round, struct err *e)
{
    const char *what = json_str_or(round, "what", "");

    if (strcmp(what, "tcp") == 0 || strcmp(what, "udp") == 0) {
        return serve_bulk(s, round, what[0] == 'u', e);
    }
    if (strcmp(what, "pingpong") == 0) {
        return serve_pingpong(s, round, e);
    }
    return err_set(e, -EBADMSG, "there is no '%.32s' here", what);
}

/* Says what went wrong, and lets the near end hear it: a close with bytes unread would not. */
static void say_failure(struct session *s, const struct err *why)
{
    char bytes[4096];
    struct pollfd p = {.fd = s->talk.fd, .events = POLLIN};

    if (talk_say(&s->talk, json_pack("{s:s}", "error", why->text), NULL) < 0) {
        return;
    }
    (void)shutdown(s->talk.fd, SHUT_WR);
    while (!atomic_load(&s->far->stop) && poll(&p, 1, LAST_MS) > 0 &&
           recv(s->talk.fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
    }
}

/* Between rounds a bench may rest as long as it likes. */
static bool wait_for_round(struct session *s)
{
    while (!atomic_load(&s->far->stop)) {
        struct pollfd p = {.fd = s->talk.fd, .events = POLLIN};
        if (s->talk.ahead_size > 0 || poll(&p, 1, LOOK_MS) > 0) {
            return true;
        }
    }
    return false;
}

static void *serve(void *arg)
{
    struct session *s = arg;
    struct err e = {0};
    int r = 0;

    while (r == 0 && wait_for_round(s)) {
        json_t *round = NULL;
        r = talk_hear(&s->talk, &round, &e);
        if (r == 0 && (r = serve_round(s, round, &e)) == 0) {
            atomic_fetch_add(&s->far->rounds, 1);
        }
        json_decref(round);
    }
    if (r < 0 && r != -EPIPE && r != -ECANCELED) {
        say_failure(s, &e);
    }
    talk_close(&s->talk);
    udp_close(&s->udp);
    atomic_store(&s->ended, true);
    return NULL;
}

/* Frees sessions that have ended, or all. */
static void reap(struct far *f, bool all)
{
    for (struct session **at = &f->sessions; *at != NULL;) {
        struct session *s = *at;
        if (!all && !atomic_load(&s->ended)) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        (void)pthread_join(s->thread, NULL);
        free(s);
    }
}

static void start_session(struct far *f, int fd)
{
    struct session *s = calloc(1, sizeof *s);

    if (s == NULL) {
        close(fd);
        return;
    }
    s->far = f;
    s->udp.fd = -1;
    talk_init(&s->talk, fd, &f->stop);
    if (pthread_create(&s->thread, NULL, serve, s) != 0) {
        close(fd);
        free(s);
        return;
    }
    s->next = f->sessions;
    f->sessions = s;
}

static void *listen_on(void *arg)
{
    struct far *f = arg;

    while (!atomic_load(&f->stop)) {
        struct pollfd p = {.fd = f->fd, .events = POLLIN};
        reap(f, false);
        if (poll(&p, 1, LOOK_MS) <= 0) {
            continue;
        }
        const int fd = accept4(f->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            start_session(f, fd);
        }
    }
    return NULL;
}

static int listen_here(struct far *f)
{
    socklen_t size = sizeof f->address;
    int on = 1;

    f->fd = socket(f->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (f->fd < 0) {
        return -errno;
    }
    (void)setsockopt(f->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(f->fd, (const struct sockaddr *)&f->address, addr_size(&f->address)) < 0 ||
        listen(f->fd, BACKLOG) < 0 ||
        getsockname(f->fd, (struct sockaddr *)&f->address, &size) < 0) {
        const int code = -errno;
        close(f->fd);
        return code;
    }
    return 0;
}

int far_open(struct far **ret, const char *address, struct err *e)
{
    struct far *f = calloc(1, sizeof *f);

    if (f == NULL) {
        return err_set(e, -ENOMEM, "no memory for a far end");
    }
    int r = addr_parse(&f->address, address);
    if (r < 0) {
        err_set(e, -EINVAL, "'%s' is no address, such as 10.0.0.1 or 10.0.0.1:5300", address);
    } else if ((r = listen_here(f)) < 0) {
        err_set(e, r, "listen at %s: %s", address, strerror(-r));
    } else if ((r = -pthread_create(&f->thread, NULL, listen_on, f)) < 0) {
        close(f->fd);
        err_set(e, r, "a thread to listen: %s", strerror(-r));
    }
    if (r < 0) {
        free(f);
        return r;
    }
    *ret = f;
    return 0;
}

void far_get_address(const struct far *f, struct sockaddr_storage *ret)
{
    *ret = f->address;
}

uint64_t far_rounds(struct far *f)
{
    return atomic_load(&f->rounds);
}

void far_close(struct far *f)
{
    if (f == NULL) {
        return;
    }
    atomic_store(&f->stop, true);
    (void)pthread_join(f->thread, NULL);
    reap(f, true);
    close(f->fd);
    free(f);
}
