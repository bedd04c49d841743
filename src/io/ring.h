/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ring: a packet socket whose frames lie in memory shared with the kernel (packet(7), TPACKET_V2):
 * whole frames out, past the queueing discipline, and the wanted ones in, with the kernel's time of
 * each. What comes in is a copy: the kernel gets it too; what goes out the kernel copies whole
 * (doc/decisions/0007-frames-of-a-ring-are-copied.md). Nothing is allocated after the opening.
 * One thread per ring, ring_read_counters from any.
 */
#ifndef VAPERF_IO_RING_H
#define VAPERF_IO_RING_H

#include "base/err.h"
#include "io/frame.h"

enum { RING_FRAME_MAX = 1984 }; /* the longest frame */

struct ring_config {
    const char *interface;
    uint32_t frames;                   /* of each direction, a power of two; 0: 4096 */
    const struct frame_filter *filter; /* NULL: only sends */
};

/* Since it was opened. */
struct ring_counters {
    uint64_t receive_drops; /* the kernel found no free frame */
    uint64_t too_long;      /* frames to be sent that the interface does not carry */
};

struct ring;

/* -EPERM, -ENODEV, -ENETDOWN; the text says it. */
int ring_open(struct ring **ret, const struct ring_config *c, struct err *e);
void ring_close(struct ring *r);   /* NULL-safe */
int ring_fd(const struct ring *r); /* readable when frames wait; -1: it only sends */

/* As those of xsk.h: lends up to n frames of RING_FRAME_MAX bytes; how many. What is not sent is
 * lent again. */
unsigned ring_reserve(struct ring *r, struct frame *f, unsigned n);
/* Sends the first n of those lent last, by their sizes; one longer than the interface carried at
 * the opening is not sent, but counted. n, or -errno when the interface is gone or down. */
int ring_send(struct ring *r, const struct frame *f, unsigned n);
/* Frames that were sent and that the interface has not yet taken; another ring_send, also of 0
 * frames, asks the kernel again. */
unsigned ring_waiting(struct ring *r);

/* Lends up to n frames that came, in order; at_ns is CLOCK_REALTIME. */
unsigned ring_receive(struct ring *r, struct frame *f, unsigned n);
/* Gives back the n lent last. */
void ring_release(struct ring *r, unsigned n);

int ring_read_counters(struct ring *r, struct ring_counters *ret); /* -errno */

#endif
