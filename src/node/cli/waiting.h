/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * waiting: progress lines while the main thread is inside a call that may take seconds and tells
 * nothing itself: a neighbour that answers no ARP, a clock, a host that is not there. They come
 * from a thread of their own, the first after half a second, the others an interval apart; the main
 * thread shows no progress of its own between begin and end, and does not fork.
 */
#ifndef VAPERF_NODE_CLI_WAITING_H
#define VAPERF_NODE_CLI_WAITING_H

#include <pthread.h>
#include <stdint.h>

#include "node/cli/output.h"
#include "node/cli/progress.h"

/* All zero: nothing is waited for. */
struct waiting {
    struct progress progress;
    pthread_t thread;
    int end_fd; /* readable: it is over */
    uint64_t from_ns, interval_ns;
    char what[160];
    bool started;
};

/* what: "reaching", where: "10.0.0.5:5000". Where no thread can be had there are no lines. */
void waiting_begin(struct waiting *w, const struct output_options *o, const char *what,
                   const char *where);
void waiting_end(struct waiting *w); /* also when it has ended */

#endif
