/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * exchange: one round of tcp, udp or pingpong, from either end of a talk. The near end is the
 * bench, the far end serves it. What a round is, is said by the near end in one object:
 * {"what": "udp", "send": true, "receive": false, "bytes": ..., "payload": ...}. The runner's
 * thread, or a session's; sending both ways at once takes one more.
 */
#ifndef VAPERF_NODE_BENCH_EXCHANGE_H
#define VAPERF_NODE_BENCH_EXCHANGE_H

#include "node/bench/bulk.h"
#include "node/bench/talk.h"

enum exchange_side { EXCHANGE_NEAR, EXCHANGE_FAR };

struct exchange {
    struct talk *talk;
    enum exchange_side side;
    bool sends, receives; /* this end */
    uint64_t bytes;       /* tcp: each way */
    struct bulk udp;      /* fd, payload_bytes, packets, rate_bits, offload, stop */
};

struct exchange_figures {
    struct bulk_figures sent, received; /* packets: 0 with tcp */
};

/* tcp: `bytes` each way that is asked for. Near: far's figures too. */
int exchange_tcp(const struct exchange *x, struct exchange_figures *ret,
                 struct exchange_figures *ret_far, struct err *e);
/* udp: after what has arrived, what has not come within 50 ms is lost. */
int exchange_udp(const struct exchange *x, struct exchange_figures *ret,
                 struct exchange_figures *ret_far, struct err *e);

#endif
