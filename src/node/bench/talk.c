/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * talk: see talk.h.
 */
#include "node/bench/talk.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/addr.h"

enum { SLICE_MS = 100, CHUNK = 128 << 10 };

int talk_fail(const struct talk *t, int code, struct err *e)
{
    switch (code) {
    case -ECANCELED:
        return code;
    case -ETIMEDOUT:
    case -EAGAIN:
        return err_set(e, -ETIMEDOUT,
                       "nothing moves between here and the far end at %s for %d s: is the link "
                       "down?",
                       t->peer, TALK_QUIET_S);
    case -EPIPE:
    case -ECONNRESET:
        return err_set(e, -EPIPE, "the far end at %s has gone", t->peer);
    case -ECONNREFUSED:
        return err_set(e, code, "nobody listens at %s (vaperf-node far there?)", t->peer);
    case -ENETUNREACH:
    case -EHOSTUNREACH:
    case -ENETDOWN:
        return err_set(e, code, "the far end at %s cannot be reached: %s: is the link down?",
                       t->peer, strerror(-code));
    default:
        return err_set(e, code, "the far end at %s: %s", t->peer, strerror(-code));
    }
}

/* Until the socket is ready for `events`. 0, -ETIMEDOUT, -ECANCELED. */
static int wait_for(const struct talk *t, short events)
{
    const uint64_t until = clock_now_ns() + TALK_QUIET_S * NS_PER_S;

    do {
        struct pollfd p = {.fd = t->fd, .events = events};
        if (t->stop != NULL && atomic_load(t->stop)) {
            return -ECANCELED;
        }
        if (poll(&p, 1, SLICE_MS) > 0) {
            return 0;
        }
    } while (clock_now_ns() < until);
    return -ETIMEDOUT;
}

void talk_init(struct talk *t, int fd, const atomic_bool *stop)
{
    struct sockaddr_storage a;
    socklen_t size = sizeof a;
    int on = 1;

    *t = (struct talk){.fd = fd, .stop = stop};
    if (getpeername(fd, (struct sockaddr *)&a, &size) == 0) {
        (void)addr_format(&a, t->peer, sizeof t->peer);
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int talk_connect(struct talk *t, const char *peer, const atomic_bool *stop, struct err *e)
{
    struct sockaddr_storage a;
    int code = 0;
    socklen_t size = sizeof code;

    *t = (struct talk){.fd = -1, .stop = stop};
    str_printf(t->peer, sizeof t->peer, "%s", peer);
    if (addr_parse(&a, peer) < 0 || addr_port(&a) == 0) {
        return err_set(e, -EINVAL, "peer: '%s' is no address with a port, such as 10.0.0.1:5300",
                       peer);
    }
    int fd = socket(a.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return err_set(e, -errno, "socket: %s", strerror(errno));
    }
    t->fd = fd;
    int r = connect(fd, (const struct sockaddr *)&a, addr_size(&a)) < 0 ? -errno : 0;
    if (r == -EINPROGRESS) {
        r = wait_for(t, POLLOUT);
        if (r == 0) {
            (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
            r = -code;
        }
    }
    if (r < 0) {
        talk_close(t);
        return talk_fail(t, r, e);
    }
    talk_init(t, fd, stop);
    return 0;
}

void talk_close(struct talk *t)
{
    if (t->fd >= 0) {
        close(t->fd);
    }
    t->fd = -1;
}

int talk_send(struct talk *t, const void *bytes, size_t size, struct err *e)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n =
            send(t->fd, (const char *)bytes + done, size - done, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            done += (size_t)n;
            continue;
        }
        const int r = errno == EAGAIN ? wait_for(t, POLLOUT) : errno == EINTR ? 0 : -errno;
        if (r < 0) {
            return talk_fail(t, r, e);
        }
    }
    return 0;
}

/* Some bytes, at least one: how many, or an error. */
static ssize_t receive_some(struct talk *t, void *bytes, size_t room, struct err *e)
{
    if (t->ahead_size > 0) {
        const size_t n = t->ahead_size < room ? t->ahead_size : room;
        memcpy(bytes, t->ahead, n);
        t->ahead_size -= n;
        memmove(t->ahead, t->ahead + n, t->ahead_size);
        return (ssize_t)n;
    }
    for (;;) {
        const ssize_t n = recv(t->fd, bytes, room, MSG_DONTWAIT);
        if (n > 0) {
            return n;
        }
        const int r = n == 0            ? -EPIPE
                      : errno == EAGAIN ? wait_for(t, POLLIN)
                      : errno == EINTR  ? 0
                                        : -errno;
        if (r < 0) {
            return talk_fail(t, r, e);
        }
    }
}

int talk_receive(struct talk *t, void *bytes, size_t size, struct err *e)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = receive_some(t, (char *)bytes + done, size - done, e);
        if (n < 0) {
            return (int)n;
        }
        done += (size_t)n;
    }
    return 0;
}

int talk_say(struct talk *t, json_t *object, struct err *e)
{
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    int r = text != NULL ? talk_send(t, text, strlen(text), e)
                         : err_set(e, -ENOMEM, "no memory for a word to the far end");
    if (r == 0) {
        r = talk_send(t, "\n", 1, e);
    }
    free(text);
    json_decref(object);
    return r;
}

bool talk_has_word(const struct talk *t)
{
    struct pollfd p = {.fd = t->fd, .events = POLLIN};
    return t->ahead_size > 0 || poll(&p, 1, 0) > 0;
}

/* Reads no further than what may be said before the next answer: lines are short. */
static int hear_line(struct talk *t, char *line, struct err *e)
{
    size_t n = 0;

    while (n < TALK_LINE_MAX) {
        const ssize_t got = receive_some(t, line + n, TALK_LINE_MAX - n, e);
        if (got < 0) {
            return (int)got;
        }
        const char *end = memchr(line + n, '\n', (size_t)got);
        n += (size_t)got;
        if (end != NULL) {
            const size_t used = (size_t)(end - line) + 1;
            memmove(t->ahead + (n - used), t->ahead, t->ahead_size);
            memcpy(t->ahead, line + used, n - used);
            t->ahead_size += n - used;
            return (int)used;
        }
    }
    return err_set(e, -EBADMSG, "the far end at %s talks nonsense", t->peer);
}

int talk_hear(struct talk *t, json_t **ret, struct err *e)
{
    char line[TALK_LINE_MAX];
    int n = hear_line(t, line, e);

    if (n < 0) {
        return n;
    }
    json_t *object = json_parse(line, (size_t)n, NULL);
    if (!json_is_object(object)) {
        json_decref(object);
        return err_set(e, -EBADMSG, "the far end at %s talks nonsense", t->peer);
    }
    const char *error = json_str_or(object, "error", NULL);
    if (error != NULL) {
        err_set(e, -EREMOTEIO, "the far end at %s: %s", t->peer, error);
        json_decref(object);
        return -EREMOTEIO;
    }
    *ret = object;
    return 0;
}

int talk_send_bytes(struct talk *t, uint64_t size, struct err *e)
{
    static const char zeros[CHUNK];
    int r = 0;

    while (size > 0 && r == 0) {
        const size_t n = size < CHUNK ? (size_t)size : CHUNK;
        r = talk_send(t, zeros, n, e);
        size -= n;
    }
    return r;
}

int talk_receive_bytes(struct talk *t, uint64_t size, struct err *e)
{
    char *room = malloc(CHUNK);
    int r = room != NULL ? 0 : err_set(e, -ENOMEM, "no memory to receive into");

    while (room != NULL && size > 0 && r == 0) {
        const ssize_t n = receive_some(t, room, size < CHUNK ? (size_t)size : CHUNK, e);
        r = n < 0 ? (int)n : 0;
        size -= n > 0 ? (uint64_t)n : 0;
    }
    free(room);
    return r;
}
