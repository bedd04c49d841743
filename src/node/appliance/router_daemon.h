/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * router_daemon: routing daemons that fill the router's table with what they hear by BGP. What they
 * share (a folder of their own, processes in an order, counting what has come, the feeder on the
 * other side, the end) is in router_daemon.c; what is each one's own is a struct
 * router_daemon_ops. The loop's thread.
 */
#ifndef VAPERF_NODE_APPLIANCE_ROUTER_DAEMON_H
#define VAPERF_NODE_APPLIANCE_ROUTER_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/proc.h"
#include "base/proc_log.h"
#include "io/link.h"
#include "io/route.h"

struct router_options;

enum {
    ROUTER_PARTS_MAX = 3, /* processes of a daemon, the feeder with them */
    ROUTER_WORDS_MAX = 24,
    ROUTER_PATH_MAX = 128,
    BGP_PORT = 179,
    ROUTER_DAEMON_PORT = 17901,
    ROUTER_FEEDER_PORT = 17902
};
#define ROUTER_FEEDER_ADDRESS "127.0.0.2"

/* The IPv6 next hop of routes that come from a feeder of ours, and its network, which is on the
 * link that packets leave by. */
#define ROUTER_HOP6 "fd76:6170::1"
#define ROUTER_HOP6_NETWORK "fd76:6170::/64"

/* What is to be heard, and where it leads. */
struct router_feed {
    const struct router_options *options;
    const struct route_block *blocks; /* IPv4, IPv6 */
    const struct link_info *in, *out; /* packets come in by, leave by */
    const char *folder;               /* of configurations, sockets, logs */
};

/* The words of a command, and their memory. */
struct router_command {
    const char *words[ROUTER_WORDS_MAX]; /* NULL-ended */
    char text[7][ROUTER_PATH_MAX];
};

struct router_daemon_ops {
    const char *name, *package;
    const char *parts[ROUTER_PARTS_MAX]; /* its processes in the order they start, and end */
    /* Before anything is made: can it run in this place? Optional. */
    int (*check)(const struct router_feed *f, struct err *e);
    /* Its configuration, into the folder. */
    int (*write)(const struct router_feed *f, struct err *e);
    void (*command)(const struct router_feed *f, const char *part, struct router_command *ret);
    /* May the next part start? Asked until it says yes. Optional. */
    bool (*is_ready)(const struct router_feed *f, const char *part);
    /* What BGP's session with a feeder of ours ends at: an address of the machine's. */
    void (*address)(const struct router_feed *f, char *ret, size_t room);
    /* What it left outside the folder when it was killed. Optional. */
    void (*tidy)(const char *part, pid_t pid);
    /* The IPv6 next hop's network is ours to bring into the kernel's table. */
    bool wants_network6;
};
extern const struct router_daemon_ops router_bird, router_frr;

struct router_part {
    const char *name;
    struct proc proc;
    struct proc_log *log;
};

struct router_daemon {
    const struct router_daemon_ops *ops;        /* NULL: none */
    struct router_part parts[ROUTER_PARTS_MAX]; /* the feeder, when it is ours, the last one */
    struct route_block network6;                /* count 0: not loaded */
    char folder[64];                            /* "": none */
    uint64_t learned; /* routes in the kernel's table when all were there */
};

/* Starts it, and a BIRD that sends it the routes unless the options name a peer; returns when all
 * are in the kernel's table. A failed start leaves nothing. */
int router_daemon_start(struct router_daemon *d, const struct router_daemon_ops *ops,
                        struct router_feed *f, struct err *e);
/* 0, or -EIO when one of its processes has ended: which one, and its last words. */
int router_daemon_alive(const struct router_daemon *d, struct err *e);
/* With its routes; half of a start too. */
void router_daemon_stop(struct router_daemon *d);

/* Writes a file of the folder; who: whom an error names. */
int router_daemon_save(const struct router_feed *f, const char *name, const struct buf *b,
                       struct err *e);
/* With the files and sockets in it; "", or not there: nothing. */
void router_daemon_remove_folder(const char *path);

/* router_feeder.c: a BIRD with the routes as static ones, which it sends. */
int router_feeder_write(const struct router_feed *f, const char *to, struct err *e);
void router_feeder_command(const struct router_feed *f, struct router_command *ret);
/* BIRD's words for a configuration NAME.conf and a socket NAME.ctl of the folder. */
void router_bird_command(const struct router_feed *f, const char *name, struct router_command *ret);
/* The head of its configuration. */
void router_bird_put_head(struct buf *b, const char *id);

#endif
