/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * node: one peer, one loop, and the end of both. The loop's thread.
 */
#include "node/serve/node.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/serve/methods.h"
#include "node/serve/thing.h"
#include "rpc/rpc.h"

enum { LAST_WORDS_NS = 1000 * 1000 * 1000 };

static void peer_lost(void *arg, const struct err *why)
{
    struct node *n = arg;
    if (why->code != -EPIPE && n->why.code == 0)
        n->why = *why;
    n->ended = true;
    loop_wake(n->loop);
}

int node_open(struct node **ret, struct loop *l, int in_fd, int out_fd, const json_t *commands,
              struct err *e)
{
    struct node *n = calloc(1, sizeof *n);
    if (n == NULL)
        return err_set(e, -ENOMEM, "no memory");
    *n = (struct node){.loop = l, .commands = commands};
    const struct rpc_side side = {
        .name = "control", .methods = methods_table, .lost = peer_lost, .arg = n};
    int r = rpc_open(&n->peer, l, in_fd, out_fd, &side, e);
    if (r < 0) {
        free(n);
        return r;
    }
    *ret = n;
    return 0;
}

bool node_has_ended(const struct node *n)
{
    return n->ended;
}

void node_close(struct node *n)
{
    if (n == NULL)
        return;
    while (n->things != NULL)
        thing_close(n->things);
    rpc_flush(n->peer, LAST_WORDS_NS);
    rpc_close(n->peer);
    free(n);
}

static void take_signal(void *arg, unsigned events)
{
    (void)events;
    ((struct node *)arg)->ended = true; /* the turn that called this is the last */
}

/* SIGTERM and SIGINT become an event; SIGPIPE must not kill a node whose peer has gone before
 * everything it started is stopped. */
static int open_signals(struct err *e)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? err_set(e, -errno, "signalfd: %s", strerror(errno)) : fd;
}

static int serve_loop(struct loop *l, struct node *n, int signal_fd, struct err *e)
{
    struct loop_watch *watch;
    int r = loop_add(l, signal_fd, LOOP_READ, take_signal, n, &watch);
    while (r >= 0 && !n->ended) {
        r = loop_turn(l, UINT64_MAX);
        r = r == -EINTR ? 0 : r;
    }
    if (r < 0)
        return err_set(e, r, "event loop: %s", strerror(-r));
    loop_remove(watch);
    return n->why.code < 0 ? err_set(e, n->why.code, "%s", n->why.text) : 0;
}

int node_serve(int in_fd, int out_fd, const json_t *commands, struct err *e)
{
    struct loop *l = NULL;
    struct node *n = NULL;
    const int in_flags = fcntl(in_fd, F_GETFL), out_flags = fcntl(out_fd, F_GETFL);
    int signal_fd = open_signals(e);
    int r = signal_fd;
    if (r < 0)
        return r;
    if ((r = loop_create(&l)) < 0)
        err_set(e, r, "event loop: %s", strerror(-r));
    else if ((r = node_open(&n, l, in_fd, out_fd, commands, e)) >= 0 && n != NULL)
        r = serve_loop(l, n, signal_fd, e);
    node_close(n);
    loop_destroy(l);
    close(signal_fd);
    /* The descriptors may be shared with a shell. */
    fcntl(in_fd, F_SETFL, in_flags);
    fcntl(out_fd, F_SETFL, out_flags);
    return r < 0 ? r : 0;
}
