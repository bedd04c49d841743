/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bridge: connect, greet, pass bytes on both ways. One thread.
 */
#include "node/guest/bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "node/guest/hello.h"

enum { PIECE_BYTES = 65536, CONNECT_AGAIN_MS = 50 };
/* The guest's node stops what it started, then says that it has ended. */
static const uint64_t last_words_ns = 10 * NS_PER_S;

struct bridge {
    const char *path;
    int socket, in_fd, out_fd;
    char nonce[HELLO_NONCE_SIZE + 1];
    struct hello_scan scan;
    struct buf to_guest, to_us;
    bool greeted;               /* the guest has repeated our nonce */
    bool in_ended;              /* we have nothing more to say, and to_guest ends so */
    bool ended;                 /* the guest has nothing more to say */
    uint64_t wait_ns, until_ns; /* until_ns: 0, or when patience ends */
};

static int connect_once(const char *path, struct err *e)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof a.sun_path)
        return err_set(e, -EINVAL, "%s: the name of a socket has at most %zu characters", path,
                       sizeof a.sun_path - 1);
    memcpy(a.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(e, -errno, "socket: %s", strerror(errno));
    if (connect(fd, (const struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    int r = -errno;
    close(fd);
    return err_set(e, r, "%s: %s", path, strerror(-r));
}

/* The socket may not be there yet, or nobody may listen yet. */
static int connect_patiently(struct bridge *b, struct err *e)
{
    for (;;) {
        int fd = connect_once(b->path, e);
        const bool may_come = fd == -ENOENT || fd == -ECONNREFUSED;
        if (!may_come || clock_now_ns() >= b->until_ns)
            return may_come ? err_prefix(e, "no guest listens at ") : fd;
        clock_sleep_until(clock_now_ns() + CONNECT_AGAIN_MS * NS_PER_MS);
    }
}

static int take_greeting(struct bridge *b, struct err *e)
{
    if (b->greeted)
        return err_set(e, -ECONNRESET, "%s: the guest, or the node in it, has ended", b->path);
    if (strcmp(b->scan.nonce, b->nonce) == 0) {
        b->greeted = true;
        b->until_ns = 0;
    }
    return 0;
}

static int take_from_guest(struct bridge *b, const char *bytes, size_t size, struct err *e)
{
    int r = 0;
    for (size_t at = 0, used; r >= 0 && at < size && !b->ended; at += used) {
        switch (hello_next(&b->scan, bytes + at, size - at, &used)) {
        case HELLO_GREETING:
            r = take_greeting(b, e);
            break;
        case HELLO_DATA:
            if (b->greeted)
                buf_append(&b->to_us, bytes + at, used);
            break;
        case HELLO_END:
            b->ended = b->greeted;
            break;
        case HELLO_MORE:
            break;
        }
    }
    return r;
}

static int read_socket(struct bridge *b, struct err *e)
{
    char bytes[PIECE_BYTES];
    const ssize_t n = recv(b->socket, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0)
        return take_from_guest(b, bytes, (size_t)n, e);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (b->in_ended) {
        b->ended = true;
        return 0;
    }
    return err_set(e, -ECONNRESET, "%s: the guest has ended", b->path);
}

static int read_input(struct bridge *b, struct err *e)
{
    char bytes[PIECE_BYTES];
    const char end = HELLO_EOT;
    const ssize_t n = read(b->in_fd, bytes, sizeof bytes);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR
                   ? 0
                   : err_set(e, -errno, "standard input: %s", strerror(errno));
    if (n > 0) {
        buf_append(&b->to_guest, bytes, (size_t)n);
        return 0;
    }
    buf_append(&b->to_guest, &end, 1);
    b->in_ended = true;
    b->until_ns = clock_now_ns() + last_words_ns;
    return 0;
}

static int write_socket(struct bridge *b, struct err *e)
{
    const ssize_t n =
        send(b->socket, b->to_guest.data, b->to_guest.size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0)
        buf_remove_front(&b->to_guest, (size_t)n);
    if (n >= 0 || errno == EAGAIN || errno == EINTR || errno == EPIPE)
        return 0; /* a broken pipe is told by reading, with what was said before */
    return err_set(e, -errno, "%s: %s", b->path, strerror(errno));
}

/* A pipe that is ready takes this much without blocking. */
static int write_output(struct bridge *b)
{
    const size_t size = b->to_us.size < PIPE_BUF ? b->to_us.size : PIPE_BUF;
    const ssize_t n = write(b->out_fd, b->to_us.data, size);
    if (n > 0)
        buf_remove_front(&b->to_us, (size_t)n);
    return n < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;
}

static int patience_ms(const struct bridge *b)
{
    const uint64_t now = clock_now_ns();
    if (b->until_ns == 0)
        return -1;
    return b->until_ns <= now ? 0 : (int)((b->until_ns - now) / NS_PER_MS) + 1;
}

static int impatient(const struct bridge *b, struct err *e)
{
    if (b->greeted)
        return err_set(e, -ETIMEDOUT, "%s: the node in the guest does not end", b->path);
    return err_set(e, -ETIMEDOUT,
                   "%s: no answer from a node in the guest within %.3g s: is it still booting, "
                   "or is another controller connected?",
                   b->path, (double)b->wait_ns / 1e9);
}

/* One turn. 1: our reader has gone. */
static int turn(struct bridge *b, struct err *e)
{
    enum { SOCKET, IN, OUT, COUNT };
    const bool listen = b->to_us.size < PIECE_BYTES && !b->ended;
    const bool hear = b->greeted && !b->in_ended && b->to_guest.size < PIECE_BYTES && !b->ended;
    struct pollfd fds[COUNT] = {
        [SOCKET] = {.fd = b->socket,
                    .events =
                        (short)((listen ? POLLIN : 0) | (b->to_guest.size > 0 ? POLLOUT : 0))},
        [IN] = {.fd = hear ? b->in_fd : -1, .events = POLLIN},
        [OUT] = {.fd = b->greeted ? b->out_fd : -1,
                 .events = (short)(b->to_us.size > 0 ? POLLOUT : 0)},
    };
    if (fds[SOCKET].events == 0)
        fds[SOCKET].fd = -1; /* a hang-up is not news before what it said has been passed on */
    int n = poll(fds, COUNT, patience_ms(b));
    if (n < 0)
        return errno == EINTR ? 0 : err_set(e, -errno, "poll: %s", strerror(errno));
    if (n == 0)
        return impatient(b, e);
    if ((fds[OUT].revents & (POLLERR | POLLNVAL)) != 0)
        return 1;
    int r = 0;
    if ((fds[OUT].revents & POLLOUT) != 0 && write_output(b) < 0)
        return 1;
    if ((fds[SOCKET].revents & POLLOUT) != 0)
        r = write_socket(b, e);
    if (r >= 0 && listen && (fds[SOCKET].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
        r = read_socket(b, e);
    if (r >= 0 && fds[IN].revents != 0)
        r = read_input(b, e);
    return r;
}

static int greet_and_pass(struct bridge *b, struct err *e)
{
    char greeting[HELLO_SIZE];
    int r = hello_draw(b->nonce);
    if (r < 0)
        return err_set(e, r, "no random numbers for a greeting");
    hello_format(b->nonce, greeting);
    buf_append(&b->to_guest, greeting, sizeof greeting);
    while (r == 0 && !(b->ended && b->to_us.size == 0)) {
        r = turn(b, e);
        if (buf_failed(&b->to_guest) || buf_failed(&b->to_us))
            r = err_set(e, -ENOMEM, "no memory");
    }
    return r < 0 ? r : 0;
}

int bridge_run(const char *path, uint64_t wait_ns, int in_fd, int out_fd, struct err *e)
{
    struct bridge b = {.path = path,
                       .in_fd = in_fd,
                       .out_fd = out_fd,
                       .wait_ns = wait_ns,
                       .until_ns = clock_now_ns() + wait_ns};
    signal(SIGPIPE, SIG_IGN);
    int r = connect_patiently(&b, e);
    if (r < 0)
        return r;
    b.socket = r;
    buf_init(&b.to_guest);
    buf_init(&b.to_us);
    r = greet_and_pass(&b, e);
    close(b.socket);
    buf_finish(&b.to_guest);
    buf_finish(&b.to_us);
    return r;
}
