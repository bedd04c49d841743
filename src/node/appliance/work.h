/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * work: what a media server does to a packet between taking and sending it. A work has a private
 * state a stream; packets of one stream come one after another, from one thread at a time. Nothing
 * is allocated between open and close. A packet that is not for it (no RTP, RTCP, another payload
 * type or size) is refused and goes on as it is.
 *
 * RTP's sequence number, timestamp and SSRC are always those of the packet that came in, so that
 * whoever sent it knows its answer.
 */
#ifndef VAPERF_NODE_APPLIANCE_WORK_H
#define VAPERF_NODE_APPLIANCE_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORK_COUNTERS = 2 };

/* By plan, the same for all streams. */
struct work_plan {
    uint64_t compute_ns;  /* compute: CPU time a packet */
    uint64_t playout_ns;  /* jitter-buffer: how long the fastest packets are held */
    uint64_t tail_ns;     /* echo-cancel: the longest echo */
    uint32_t clock_hz;    /* jitter-buffer: of timestamps of dynamic payload types */
    uint32_t conference;  /* mix: streams of one, counted as they are opened */
    uint64_t rounds;      /* compute: filled by prepare */
    double rounds_per_us; /* the same; 0: not calibrated */
};

/* One packet through a work. */
struct work_io {
    const uint8_t *bytes; /* what came; lent */
    uint32_t size;
    uint64_t at_ns; /* now */
    uint8_t *out;   /* room for another one */
    uint32_t room;
    const uint8_t *send;             /* what goes on: bytes or out; set by the work */
    uint32_t send_size;              /* 0: nothing now */
    uint32_t counted[WORK_COUNTERS]; /* added to the counters by the work */
};

struct work_ops {
    const char *name;
    size_t stream_size;
    bool rewrites; /* it changes payloads */
    /* Its streams belong to one thread each: they are woken by time, or know each other. */
    bool is_owned;
    const char *counters[WORK_COUNTERS];     /* metric names, unit packets; NULL: not used */
    void (*prepare)(struct work_plan *plan); /* once; optional */
    /* neighbour: the state of the stream before it in its conference, NULL: the first. -ENOMEM
     * leaves nothing. Optional, as close. */
    int (*open)(void *stream, const struct work_plan *plan, void *neighbour);
    /* 0, or -EBADMSG: not for it. */
    int (*packet)(void *stream, const struct work_plan *plan, struct work_io *io);
    /* When it wants to send by itself, UINT64_MAX: never; and the one that is due then. is_owned
     * only, optional. */
    uint64_t (*due)(const void *stream);
    void (*release)(void *stream, struct work_io *io);
    void (*close)(void *stream);
};

/* work.c: in the order of work_names, NULL-ended. */
extern const struct work_ops *const work_registry[];
extern const char *const work_names[];
extern const struct work_ops work_compute; /* not in it: chosen by its time */

#endif
