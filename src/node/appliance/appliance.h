/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * appliance: the contract of a server under test inside a machine.
 *
 * check → open → endpoints* → stats* → drain → close. All calls come from the node's loop thread;
 * an appliance runs its own threads. A failed open leaves nothing. NULL-safe close.
 */
#ifndef VAPERF_NODE_APPLIANCE_APPLIANCE_H
#define VAPERF_NODE_APPLIANCE_APPLIANCE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/opt.h"
#include "rpc/sample.h"

struct appliance_ops {
    const char *name;
    const char *summary;
    const struct opt *options;
    size_t options_size;
    size_t state_size;
    bool is_server;  /* it answers a protocol at one address, which all streams get */
    bool is_foreign; /* the server is not ours: it opens no socket, and answers when it pleases */
    bool is_router;  /* its machine has two links, and it hands on whole frames between them: it
                      * answers nobody, its endpoints are destinations that lie behind it */
    int (*supported)(struct err *e); /* optional: 0 or -ENOTSUP with the reason */
    int (*check)(const void *options, struct err *e);
    /* Does it change what packets carry? Of options that were checked; optional: never. */
    bool (*rewrites)(const void *options);
    /* address: where its sockets bind (the machine's address on its first link). */
    int (*open)(void *state, const void *options, const char *address, struct err *e);
    /* Batched: for each of `count` streams that end at peers[i], the address that the load sends
     * to. All or nothing. A peer of family AF_UNSPEC: the stream's packets go back to wherever each
     * came from (an appliance used without control, whose clients are not known beforehand). An
     * appliance that can be used so has an option `base_port`: the first endpoint gets that port,
     * the next ones the ports after it; 0: any free ones. */
    int (*endpoints)(void *state, const struct sockaddr_storage *peers, size_t count,
                     struct sockaddr_storage *ret, struct err *e);
    /* The same for streams whose RTCP has a port of its own, beside RTP's: what is given is an even
     * port, the next one takes the RTCP, and the peer's port, an even one too, has its RTCP beside
     * it (RFC 3550 clause 11). NULL: it serves no such streams. */
    int (*endpoint_pairs)(void *state, const struct sockaddr_storage *peers, size_t count,
                          struct sockaddr_storage *ret, struct err *e);
    /* Columns are fixed after open. Values are read without stopping threads. */
    size_t (*columns)(const void *state, struct sample_column *ret, size_t room);
    void (*stats)(void *state, double *ret_values, size_t count);
    /* What is in its queues is finished; at most until the deadline. 0 or -ETIMEDOUT. */
    int (*drain)(void *state, uint64_t deadline_ns);
    /* Can it still serve? Asked at every row of stats; its first "no" ends the trial. Optional. */
    int (*alive)(void *state, struct err *e);
    /* Appends what its server has said for people since this was last asked; bounded. Optional. */
    void (*said)(void *state, struct buf *ret);
    void (*close)(void *state);
};

extern const struct appliance_ops *const appliance_registry[]; /* NULL-ended */
const struct appliance_ops *appliance_find(const char *name);
/* Has it endpoint_pairs? -EINVAL, with what would be right. */
int appliance_check_pairs(const struct appliance_ops *ops, struct err *e);

#endif
