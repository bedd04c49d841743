/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * net: what tcp and udp have in common: options, the talk that lasts over the rounds, figures. For
 * their files alone; the runner's thread.
 */
#ifndef VAPERF_NODE_BENCH_NET_H
#define VAPERF_NODE_BENCH_NET_H

#include "base/json.h"
#include "base/opt.h"
#include "io/udp.h"
#include "node/bench/exchange.h"

enum net_direction { NET_SEND, NET_RECEIVE, NET_BOTH };
extern const char *const net_direction_words[]; /* "send", "receive", "both": of this end */

struct net_options {
    const char *peer;
    int direction;
    uint64_t size_bytes;
    uint64_t payload_bytes; /* udp's from here on */
    double rate_bits;
    bool offload;
};

#define NET_OPTIONS(size)                                                                         \
    {"peer",                                                                                      \
     OPT_STRING,                                                                                  \
     NULL,                                                                                        \
     "ADDRESS:PORT of the far end (vaperf-node far); a plan opens one where the load comes from", \
     0,                                                                                           \
     0,                                                                                           \
     NULL,                                                                                        \
     offsetof(struct net_options, peer),                                                          \
     0},                                                                                          \
        {"direction",                                                                             \
         OPT_CHOICE,                                                                              \
         "send",                                                                                  \
         "which way, as seen from here",                                                          \
         0,                                                                                       \
         0,                                                                                       \
         net_direction_words,                                                                     \
         offsetof(struct net_options, direction),                                                 \
         0},                                                                                      \
    {                                                                                             \
        "size", OPT_SIZE, size, "of payload each way a round", 1, 1e15, NULL,                     \
            offsetof(struct net_options, size_bytes), 0                                           \
    }

struct net_state {
    struct net_options o;
    struct talk talk;
    struct exchange_figures own, far; /* of the last whole round */
    bool is_udp;
    struct udp_socket udp; /* udp's */
};

/* A peer was given. */
int net_check(const char *who, const struct net_options *o, struct err *e);
/* {"what": who, ...} without udp's members. New reference. */
json_t *net_round(const char *who, const struct net_options *o);
/* Every byte, or with udp at least one packet, arrived where it was to go. */
int net_verify(const char *who, const struct net_state *s, struct err *e);
json_t *net_figures(const struct net_state *s);

#endif
