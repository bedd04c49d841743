/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * agent: bytes between the port and the pipes of the node. The port says "hung up" for as long as
 * no controller is connected, so it is watched for changes (an epoll of edges) and not for states,
 * which is why this is no io/loop. One thread.
 */
#include "node/guest/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "node/guest/hello.h"
#include "node/guest/port.h"

enum { PIECE_BYTES = 65536, TO_NODE_MAX = 4 << 20 };
static const uint64_t node_end_ns = 2 * NS_PER_S, port_patience_ns = 5 * NS_PER_S;
/* That a controller is connected comes by another queue than its bytes, and may come after them. */
static const uint64_t connect_ns = 2 * NS_PER_S;
/* Nobody's greeting: whoever listens learns that its conversation is over. */
static const char gone[HELLO_NONCE_SIZE + 1] = "0000000000000000";

struct agent {
    const struct agent_options *options;
    int port, edges, signals;
    struct proc node;
    bool talking;   /* the node runs */
    bool node_told; /* its input ends with what is in to_node */
    bool power_off, stop;
    bool in_doubt;       /* the port says that nobody is connected; the greeting is newer */
    uint64_t greeted_ns; /* when the last conversation began */
    uint64_t give_up_ns; /* asked to end: no longer than this */
    struct hello_scan scan;
    struct buf to_port, to_node;
};

static bool is_sole(const struct agent *a)
{
    return (a->options->flags & AGENT_SOLE) != 0;
}

/* All that ended, but the node, whose status is proc's. */
static void reap(const struct agent *a)
{
    siginfo_t info;
    for (;;) {
        info.si_pid = 0;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0 ||
            info.si_pid == a->node.pid)
            return;
        waitpid(info.si_pid, NULL, WNOHANG);
    }
}

/* The node's exit status. */
static int end_node(struct agent *a)
{
    if (!a->talking)
        return 0;
    const int status = proc_stop(&a->node, node_end_ns);
    a->talking = false;
    buf_clear(&a->to_node);
    if (is_sole(a))
        kill(-1, SIGKILL);
    reap(a);
    return status;
}

static void append_greeting(struct agent *a, const char *nonce)
{
    char bytes[HELLO_SIZE];
    hello_format(nonce, bytes);
    buf_append(&a->to_port, bytes, sizeof bytes);
}

static void start_node(struct agent *a, const char *nonce)
{
    static char program[] = "/proc/self/exe", word[] = "serve";
    char *const argv[] = {program, word, NULL};
    struct err e;
    end_node(a);
    buf_clear(&a->to_port);
    int r = proc_start(&a->node, argv, PROC_DIE_WITH_PARENT, &e);
    if (r < 0) {
        log_error("cannot start a node: %s", e.text);
        append_greeting(a, gone);
        return;
    }
    fcntl(a->node.in_fd, F_SETFL, O_NONBLOCK);
    fcntl(a->node.out_fd, F_SETFL, O_NONBLOCK);
    a->talking = true;
    a->greeted_ns = clock_now_ns();
    a->node_told = false;
    append_greeting(a, nonce);
}

static void take_from_port(struct agent *a, const char *bytes, size_t size)
{
    for (size_t at = 0, used; at < size; at += used) {
        switch (hello_next(&a->scan, bytes + at, size - at, &used)) {
        case HELLO_GREETING:
            if (!a->power_off && !a->stop)
                start_node(a, a->scan.nonce);
            break;
        case HELLO_DATA:
            if (a->talking && !a->node_told)
                buf_append(&a->to_node, bytes + at, used);
            break;
        case HELLO_END:
            a->node_told = true;
            break;
        case HELLO_MORE:
            break;
        }
    }
}

/* Nobody is connected, and everything was read. */
static void take_silence(struct agent *a)
{
    a->in_doubt = a->talking && clock_now_ns() < a->greeted_ns + connect_ns;
    if (a->in_doubt)
        return;
    end_node(a);
    buf_clear(&a->to_port);
}

/* -errno when the port itself is gone. */
static int read_port(struct agent *a)
{
    char bytes[PIECE_BYTES];
    a->in_doubt = false;
    while (a->to_node.size < TO_NODE_MAX) {
        const ssize_t n = read(a->port, bytes, sizeof bytes);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        if (n == 0) {
            take_silence(a);
            return 0;
        }
        take_from_port(a, bytes, (size_t)n);
    }
    return 0;
}

static int write_some(int fd, struct buf *b)
{
    while (b->size > 0) {
        const ssize_t n = write(fd, b->data, b->size);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        if (n == 0)
            return 0;
        buf_remove_front(b, (size_t)n);
    }
    return 0;
}

static void write_node(struct agent *a)
{
    if (!a->talking || a->node.in_fd < 0)
        return;
    if (write_some(a->node.in_fd, &a->to_node) < 0)
        buf_clear(&a->to_node); /* it ends; its output says so */
    if (a->node_told && a->to_node.size == 0) {
        close(a->node.in_fd);
        a->node.in_fd = -1;
    }
}

static void read_node(struct agent *a)
{
    char bytes[PIECE_BYTES];
    const ssize_t n = read(a->node.out_fd, bytes, sizeof bytes);
    if (n > 0)
        buf_append(&a->to_port, bytes, (size_t)n);
    if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
        return;
    const int status = end_node(a);
    const char end = HELLO_EOT;
    if (status == 0) {
        buf_append(&a->to_port, &end, 1);
        return;
    }
    log_error("the node ended with status %d", status);
    append_greeting(a, gone);
}

static void take_signals(struct agent *a)
{
    struct signalfd_siginfo s;
    while (read(a->signals, &s, sizeof s) == (ssize_t)sizeof s) {
        if (s.ssi_signo == SIGCHLD) {
            reap(a);
            continue;
        }
        a->power_off = a->power_off || s.ssi_signo == SIGPWR;
        a->stop = true;
        a->node_told = true;
        if (a->give_up_ns == 0)
            a->give_up_ns = clock_now_ns() + 2 * node_end_ns;
    }
}

/* Waits for a change of anything. */
static void wait_for_change(struct agent *a)
{
    enum { PORT, SIGNALS, NODE_OUT, NODE_IN, COUNT };
    struct epoll_event event;
    struct pollfd fds[COUNT] = {
        [PORT] = {.fd = a->edges, .events = POLLIN},
        [SIGNALS] = {.fd = a->signals, .events = POLLIN},
        [NODE_OUT] = {.fd = a->talking && a->to_port.size == 0 ? a->node.out_fd : -1,
                      .events = POLLIN},
        [NODE_IN] = {.fd = a->talking && a->to_node.size > 0 ? a->node.in_fd : -1,
                     .events = POLLOUT},
    };
    if (poll(fds, COUNT, a->stop || a->in_doubt ? 100 : -1) < 0)
        return;
    if (fds[PORT].revents != 0)
        epoll_wait(a->edges, &event, 1, 0);
    if (fds[NODE_OUT].revents != 0)
        read_node(a);
    if (fds[SIGNALS].revents != 0)
        take_signals(a);
}

/* Until the port is gone or we are asked to end. */
static int serve_port(struct agent *a)
{
    int r = 0;
    while (r >= 0 && !(a->stop && (!a->talking || clock_now_ns() >= a->give_up_ns))) {
        r = read_port(a);
        if (r >= 0) /* edges: everything that can be done is done before the next wait */
            r = write_some(a->port, &a->to_port);
        write_node(a);
        if (buf_failed(&a->to_port) || buf_failed(&a->to_node))
            r = -ENOMEM;
        if (r >= 0)
            wait_for_change(a);
    }
    end_node(a);
    return r;
}

static int open_port(struct agent *a, struct err *e)
{
    int r = port_open(a->options->port, port_patience_ns, e);
    if (r == -ENODEV && is_sole(a)) {
        log_error("%s; waiting for it", e->text);
        r = port_open(a->options->port, UINT64_MAX, e);
    }
    if (r < 0)
        return r;
    struct epoll_event both = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
    a->port = r;
    a->edges = epoll_create1(EPOLL_CLOEXEC);
    if (a->edges >= 0 && epoll_ctl(a->edges, EPOLL_CTL_ADD, a->port, &both) == 0)
        return 0;
    return err_set(e, -errno, "port %s: %s", a->options->port, strerror(errno));
}

/* The last words block: a guest that switches itself off takes what is queued with it. */
static void close_port(struct agent *a, bool last)
{
    if (a->port >= 0 && last && a->to_port.size > 0) {
        fcntl(a->port, F_SETFL, 0);
        write_some(a->port, &a->to_port);
    }
    if (a->port >= 0)
        close(a->port);
    if (a->edges >= 0)
        close(a->edges);
    a->port = a->edges = -1;
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGPWR);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int agent_run(const struct agent_options *o, struct err *e)
{
    struct agent a = {.options = o, .port = -1, .edges = -1, .signals = open_signals()};
    buf_init(&a.to_port);
    buf_init(&a.to_node);
    int r = a.signals < 0 ? err_set(e, -errno, "signalfd: %s", strerror(errno)) : 0;
    while (r >= 0 && !a.stop) {
        r = open_port(&a, e);
        if (r < 0)
            break;
        int lost = serve_port(&a);
        close_port(&a, a.stop);
        if (lost < 0) {
            log_error("port %s is lost: %s", o->port, strerror(-lost));
            buf_clear(&a.to_port);
            a.scan = (struct hello_scan){0};
        }
    }
    close_port(&a, false);
    if (a.signals >= 0)
        close(a.signals);
    buf_finish(&a.to_port);
    buf_finish(&a.to_node);
    return r < 0 ? r : a.power_off ? AGENT_POWER_OFF : AGENT_STOPPED;
}
