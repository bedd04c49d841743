/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * xsk: an AF_XDP socket at one queue of an interface: whole frames out and in, through memory
 * shared with the kernel (Documentation/networking/af_xdp.rst). Frames that come in are those that
 * an xdp_program hands over; a socket without one only sends. Nothing is allocated after the
 * opening. One thread per socket, xsk_counters from any.
 */
#ifndef VAPERF_IO_XSK_H
#define VAPERF_IO_XSK_H

#include "base/err.h"
#include "io/frame.h"
#include "io/xdp.h"

enum { XSK_FRAME_MAX = 1792 }; /* the longest frame */

enum xsk_copy {
    XSK_ANY_COPY, /* as the driver can: ask which */
    XSK_COPY,
    XSK_ZERO_COPY
};

struct xsk_config {
    const char *interface;
    uint32_t queue;
    uint32_t frames; /* of each direction, a power of two; 0: 4096 */
    enum xsk_copy copy;
    const struct xdp_program *program; /* lent while it is opened; NULL: only sends */
};

/* Since it was opened. All but `refused` and `too_long` are the kernel's own words. */
struct xsk_counters {
    uint64_t receive_drops; /* no room in our ring, or no free frame */
    uint64_t invalid;       /* descriptors that the kernel would not take */
    uint64_t refused;       /* frames that were taken and then dropped before the interface */
    uint64_t too_long;      /* frames to be sent that the interface does not carry */
};

struct xsk;

/* -EBUSY: another socket has the queue; -EINVAL: the interface has no such queue; -EOPNOTSUPP:
 * no zero copy; -EPERM. The text says it. */
int xsk_open(struct xsk **ret, const struct xsk_config *c, struct err *e);
void xsk_close(struct xsk *x);   /* NULL-safe */
int xsk_fd(const struct xsk *x); /* readable when frames wait */
bool xsk_is_zero_copy(const struct xsk *x);

/* Lends up to n frames of XSK_FRAME_MAX bytes to be written; how many. They stay the caller's until
 * xsk_send: what is not sent is lent again. */
unsigned xsk_reserve(struct xsk *x, struct frame *f, unsigned n);
/* Sends the first n of those lent last, by their sizes; one longer than the interface carried at
 * the opening is not sent, but counted. n, or -errno when the interface is gone or down (they are
 * sent when it is back). */
int xsk_send(struct xsk *x, const struct frame *f, unsigned n);
/* Frames that were sent and that the kernel has not yet taken; another xsk_send, also of 0 frames,
 * asks it again. */
unsigned xsk_waiting(const struct xsk *x);

/* Lends up to n frames that came, in order, with the program's time (CLOCK_MONOTONIC). */
unsigned xsk_receive(struct xsk *x, struct frame *f, unsigned n);
/* Gives those back. */
void xsk_release(struct xsk *x, const struct frame *f, unsigned n);

int xsk_read_counters(const struct xsk *x, struct xsk_counters *ret); /* -errno */
#endif
