/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * calldebug: what -trace_calldebug keeps of each call that runs: its steps, with times; written
 * only when the call fails. Allocates per call: it is for looking, not for measuring. One thread.
 */
#ifndef VAPERF_NODE_SIPP_CALLDEBUG_H
#define VAPERF_NODE_SIPP_CALLDEBUG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "node/scenario/call.h"

struct calldebug_entry;

enum { CALLDEBUG_BUCKETS = 4096 };

struct sipp_calldebug {
    bool is_rfc3339;
    struct calldebug_entry **buckets; /* by the call's number */
};

/* 0 or -ENOMEM. */
int sipp_calldebug_init(struct sipp_calldebug *d, bool is_rfc3339);
void sipp_calldebug_finish(struct sipp_calldebug *d); /* a zeroed one is fine */

/* A step of a call; step is UINT_MAX for what belongs to none. real_ns: the wall clock. */
void sipp_calldebug_event(struct sipp_calldebug *d, const struct scenario *s, uint64_t number,
                          unsigned step, enum call_event event, uint64_t real_ns);
/* The call is over: what is known of it is appended to `out`, or forgotten when it is NULL. */
void sipp_calldebug_end(struct sipp_calldebug *d, uint64_t number, struct buf *out);

#endif
