/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * twin: see twin.h.
 */
#include "node/calls/twin.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/addr.h"
#include "io/tcp.h"

enum { ESCAPE = 27, LINKS_MAX = 2 * TWIN_PEERS_MAX, QUEUE_SIZE = 1 << 20, EVENTS_MAX = 16 };
#define PATIENCE_NS (10 * NS_PER_S)
#define RETRY_NS (50 * NS_PER_MS)

/* A connection: to a peer by its number, or one that came. */
struct link {
    struct tcp_conn conn;
    uint8_t *queue;
    char *in;
    size_t in_size;
    int peer; /* -1: it came */
};

struct twin {
    struct twin_options o;
    struct twin_events events;
    void *arg;
    struct tcp_listener listener;
    int epoll;
    struct link links[LINKS_MAX];
    char text[TWIN_COMMAND_MAX]; /* a command on its way out */
    bool was_connected;
};

/* ---- links ---- */

static void watch(struct twin *t, struct link *l, int how)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = l};

    e.events |= tcp_wants_write(&l->conn) ? (uint32_t)EPOLLOUT : 0u;
    (void)epoll_ctl(t->epoll, how, l->conn.fd, &e);
}

static struct link *free_link(struct twin *t)
{
    for (int i = 0; i < LINKS_MAX; i++) {
        struct link *l = &t->links[i];

        if (l->conn.state != TCP_CLOSED) {
            continue;
        }
        if (l->queue == NULL) {
            l->queue = malloc(QUEUE_SIZE);
            l->in = malloc(TWIN_COMMAND_MAX + 1);
            if (l->queue == NULL || l->in == NULL) {
                return NULL;
            }
            tcp_init(&l->conn, l->queue, QUEUE_SIZE);
        }
        l->in_size = 0;
        return l;
    }
    return NULL;
}

static void drop(struct link *l)
{
    tcp_close(&l->conn); /* epoll forgets a closed descriptor */
}

static const struct sockaddr_storage *address_of(const struct twin *t, int peer)
{
    return peer < 0 || t->o.name == NULL ? &t->o.address : &t->o.peers[peer].address;
}

static struct link *connect_to(struct twin *t, int peer)
{
    struct link *l = free_link(t);

    if (l == NULL || tcp_connect(&l->conn, NULL, address_of(t, peer)) < 0) {
        return NULL;
    }
    l->peer = peer;
    watch(t, l, EPOLL_CTL_ADD);
    return l;
}

static struct link *find_link(struct twin *t, int peer)
{
    for (int i = 0; i < LINKS_MAX; i++) {
        struct link *l = &t->links[i];

        if (l->conn.state != TCP_CLOSED && (l->peer == peer || t->o.name == NULL)) {
            return l;
        }
    }
    return NULL;
}

static int find_peer(const struct twin *t, const char *name)
{
    for (uint32_t i = 0; i < t->o.peer_count; i++) {
        if (strcmp(t->o.peers[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* ---- commands ---- */

/* Who sent it: the value of its line From:, without blanks. */
static void read_source(const char *text, char *ret, size_t size)
{
    const char *at = strstr(text, "From:");

    ret[0] = '\0';
    if (at != NULL) {
        at += 5;
        at += strspn(at, " \t");
        str_printf(ret, size, "%.*s", (int)strcspn(at, " \t\r\n"), at);
    }
}

static void take_commands(struct twin *t, struct link *l)
{
    char source[TWIN_NAME_MAX] = "";
    char *end;

    while ((end = memchr(l->in, ESCAPE, l->in_size)) != NULL) {
        size_t size = (size_t)(end - l->in);

        *end = '\0';
        if (t->o.name != NULL) {
            read_source(l->in, source, sizeof(source));
        }
        if (size > 0) {
            t->events.command(t->arg, source, l->in, size);
        }
        l->in_size -= size + 1;
        memmove(l->in, end + 1, l->in_size);
    }
}

static void read_link(struct twin *t, struct link *l)
{
    long n;

    while ((n = tcp_receive(&l->conn, l->in + l->in_size, TWIN_COMMAND_MAX - l->in_size)) > 0) {
        l->in_size += (size_t)n;
        take_commands(t, l);
        if (l->in_size == TWIN_COMMAND_MAX) { /* no command is so long */
            n = -EMSGSIZE;
            break;
        }
    }
    if (n < 0) {
        drop(l);
    }
}

static void accept_links(struct twin *t)
{
    struct link *l;

    while ((l = free_link(t)) != NULL && tcp_accept(&t->listener, &l->conn) > 0) {
        l->peer = -1;
        t->was_connected = true;
        watch(t, l, EPOLL_CTL_ADD);
    }
}

int twin_send(struct twin *t, const char *dest, const void *bytes, size_t size)
{
    int peer = t->o.name != NULL ? find_peer(t, dest) : -1, result;
    struct link *l;

    if (t->o.name != NULL && peer < 0) {
        return -ENOENT;
    }
    if (size + 1 > sizeof(t->text)) {
        return -EMSGSIZE;
    }
    l = find_link(t, peer);
    l = l == NULL && t->o.name != NULL ? connect_to(t, peer) : l;
    if (l == NULL) {
        return -ENOTCONN;
    }
    memcpy(t->text, bytes, size);
    t->text[size] = ESCAPE;
    result = tcp_send(&l->conn, t->text, size + 1);
    if (result < 0 && result != -EAGAIN) {
        drop(l);
        return result;
    }
    watch(t, l, EPOLL_CTL_MOD);
    return result;
}

void twin_turn(struct twin *t)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(t->epoll, events, EVENTS_MAX, 0);

    for (int i = 0; i < n; i++) {
        struct link *l = events[i].data.ptr;

        if (l == NULL) {
            accept_links(t);
            continue;
        }
        if (l->conn.state != TCP_CLOSED && tcp_flush(&l->conn) < 0) {
            drop(l);
        }
        if (l->conn.state == TCP_OPEN) {
            t->was_connected = true;
            read_link(t, l);
        }
        if (l->conn.state != TCP_CLOSED) {
            watch(t, l, EPOLL_CTL_MOD);
        }
    }
}

/* ---- life ---- */

/* Tries until the other side listens. */
static int connect_first(struct twin *t, int peer, struct err *e)
{
    const uint64_t patience = t->o.patience_ns > 0 ? t->o.patience_ns : PATIENCE_NS;
    const uint64_t until = clock_now_ns() + patience;
    char text[ADDR_TEXT_MAX];

    do {
        struct link *l = connect_to(t, peer);
        struct pollfd p = {.fd = l != NULL ? l->conn.fd : -1, .events = POLLOUT};

        if (l != NULL && poll(&p, 1, (int)(RETRY_NS / NS_PER_MS)) == 1 &&
            tcp_flush(&l->conn) == 0 && l->conn.state == TCP_OPEN) {
            watch(t, l, EPOLL_CTL_MOD);
            t->was_connected = true;
            return 0;
        }
        if (l != NULL) {
            drop(l);
        }
        (void)clock_sleep_until(clock_now_ns() + RETRY_NS);
    } while (clock_now_ns() < until);
    addr_format(address_of(t, peer), text, sizeof(text));
    return err_set(e, -ETIMEDOUT, "the 3PCC twin at %s does not listen", text);
}

static int listen_at(struct twin *t, const struct sockaddr_storage *address, struct err *e)
{
    struct epoll_event event = {.events = EPOLLIN};
    char text[ADDR_TEXT_MAX];
    int result = tcp_listen(&t->listener, address, 0);

    if (result == 0 && epoll_ctl(t->epoll, EPOLL_CTL_ADD, t->listener.fd, &event) < 0) {
        result = -errno;
    }
    addr_format(address, text, sizeof(text));
    return result == 0 ? 0
                       : err_set(e, result, "cannot listen for 3PCC twins at %s: %s", text,
                                 strerror(-result));
}

static int open_plain(struct twin *t, struct err *e)
{
    return t->o.connects ? connect_first(t, -1, e) : listen_at(t, &t->o.address, e);
}

static int open_extended(struct twin *t, struct err *e)
{
    int self = find_peer(t, t->o.name), result;

    if (self < 0) {
        return err_set(e, -EINVAL, "no 3PCC peer is named %s: its address is missing", t->o.name);
    }
    result = listen_at(t, &t->o.peers[self].address, e);
    for (uint32_t i = 0; t->o.connects && i < t->o.peer_count && result == 0; i++) {
        result = (int)i == self ? 0 : connect_first(t, (int)i, e);
    }
    return result;
}

int twin_open(struct twin **ret, const struct twin_options *o, const struct twin_events *events,
              void *arg, struct err *e)
{
    struct twin *t = calloc(1, sizeof(*t));
    int result;

    if (t == NULL) {
        return err_set(e, -ENOMEM, "no memory for 3PCC");
    }
    t->o = *o;
    t->events = *events;
    t->arg = arg;
    t->listener.fd = -1;
    for (int i = 0; i < LINKS_MAX; i++) {
        t->links[i].conn.fd = -1;
    }
    t->epoll = epoll_create1(EPOLL_CLOEXEC);
    result = t->epoll < 0      ? err_set(e, -errno, "3PCC: %s", strerror(errno))
             : o->name != NULL ? open_extended(t, e)
                               : open_plain(t, e);
    if (result < 0) {
        twin_close(t);
        return result;
    }
    *ret = t;
    return 0;
}

void twin_close(struct twin *t)
{
    if (t == NULL) {
        return;
    }
    for (int i = 0; i < LINKS_MAX; i++) {
        tcp_close(&t->links[i].conn);
        free(t->links[i].queue);
        free(t->links[i].in);
    }
    tcp_unlisten(&t->listener);
    if (t->epoll >= 0) {
        (void)close(t->epoll);
    }
    free(t);
}

int twin_fd(const struct twin *t)
{
    return t->epoll;
}

bool twin_is_gone(const struct twin *t)
{
    for (int i = 0; i < LINKS_MAX; i++) {
        if (t->links[i].conn.state != TCP_CLOSED) {
            return false;
        }
    }
    return t->was_connected;
}

const struct sockaddr_storage *twin_local(const struct twin *t)
{
    return &t->listener.local;
}

/* ---- -slave_cfg ---- */

static int read_peer(struct twin_options *ret, char *line)
{
    struct twin_peer *p = &ret->peers[ret->peer_count];
    char *address = strchr(line, ';');

    if (address == NULL || address == line || ret->peer_count == TWIN_PEERS_MAX ||
        address - line >= TWIN_NAME_MAX) {
        return -EINVAL;
    }
    *address++ = '\0';
    address[strcspn(address, ";")] = '\0';
    if (addr_parse(&p->address, address) < 0 || addr_port(&p->address) == 0) {
        return -EINVAL;
    }
    str_printf(p->name, sizeof(p->name), "%s", line);
    ret->peer_count++;
    return 0;
}

int twin_read_peers(struct twin_options *ret, const char *path, struct err *e)
{
    FILE *f = fopen(path, "re");
    char line[256];
    int result = 0;

    if (f == NULL) {
        return err_set(e, -errno, "%s: %s", path, strerror(errno));
    }
    for (int number = 1; result == 0 && fgets(line, sizeof(line), f) != NULL; number++) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] == '\0' || line[0] == '#') {
            continue;
        }
        if ((result = read_peer(ret, line)) < 0) {
            err_set(e, result, "a line is name;address:port, of at most %d peers", TWIN_PEERS_MAX);
            err_at(e, path, number, 1);
        }
    }
    (void)fclose(f);
    return result;
}
