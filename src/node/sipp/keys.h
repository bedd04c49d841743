/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * keys: SIPp's hot keys, and the commands behind `c`, from the terminal or a datagram of the
 * control port. Pure: a text becomes orders.
 */
#ifndef VAPERF_NODE_SIPP_KEYS_H
#define VAPERF_NODE_SIPP_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "node/sipp/options.h"

enum sipp_order_kind {
    SIPP_RATE_BY, /* value: how many scales are added */
    SIPP_QUIT,    /* no new calls; a second one ends at once */
    SIPP_QUIT_NOW,
    SIPP_PAUSE,       /* or goes on */
    SIPP_DUMP_SCREEN, /* into the screen file */
    SIPP_SHOW_SCREEN, /* value: its number */
    SIPP_SET_RATE,    /* value */
    SIPP_SET_SCALE,
    SIPP_SET_LIMIT,
    SIPP_SET_HIDE,   /* value: 0, 1 */
    SIPP_SET_TRACE,  /* trace, value: 0, 1 */
    SIPP_DUMP_STATS, /* a row of -trace_stat now */
    SIPP_RESET_STATS,
};

struct sipp_order {
    enum sipp_order_kind kind;
    double value;
    enum sipp_trace_kind trace;
};

/* One key. False: it means nothing ('c' begins a command, which is read to the end of the line). */
bool sipp_key(char key, struct sipp_order *ret);

/* The text behind `c`: "set rate 50", "trace messages on", "dump tasks". 0, or -EINVAL with what is
 * known. */
int sipp_command(const char *text, struct sipp_order *ret, struct err *e);

/* A datagram of the control port: keys, or one command behind a `c`. Fills up to `room` orders and
 * returns how many; what it does not know is left out, e is set then. */
size_t sipp_control(const char *bytes, size_t size, struct sipp_order *ret, size_t room,
                    struct err *e);

#endif
