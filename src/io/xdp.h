/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * xdp: the small program at an interface that hands the wanted frames to AF_XDP sockets and lets
 * all others pass to the kernel. It is written here instruction by instruction, so that no compiler
 * and no library is needed where it runs. It goes when it is closed or its process ends, however
 * that ends. One thread opens and closes; xdp_join from any one at a time.
 */
#ifndef VAPERF_IO_XDP_H
#define VAPERF_IO_XDP_H

#include <stdint.h>

#include "base/err.h"
#include "io/frame.h"

enum xdp_mode {
    XDP_ANY,    /* the driver's own hook where it has one, else the general one: ask which */
    XDP_NATIVE, /* in the driver, before the kernel makes anything of a packet */
    XDP_GENERIC /* any interface, slower: in the kernel's receive path */
};

/* What the program writes just before a frame that it hands over. */
struct xdp_stamp {
    uint64_t at_ns; /* CLOCK_MONOTONIC */
    uint64_t mark;  /* XDP_STAMPED: it did */
};
#define XDP_STAMPED UINT64_C(0x5641504552464d44)

struct xdp_program {
    int program_fd, map_fd, link_fd;
    uint32_t queues;
    enum xdp_mode mode; /* what it became */
};

/* Attaches. `queues`: of the interface. -EBUSY: somebody else's program is there; -EPERM,
 * -ENODEV, -EOPNOTSUPP (XDP_NATIVE at a driver without it); the text says it. */
int xdp_open(struct xdp_program *ret, const char *interface, uint32_t queues,
             const struct frame_filter *filter, enum xdp_mode mode, struct err *e);
/* Frames that come in on this queue go to this socket from now on. -errno. */
int xdp_join(const struct xdp_program *p, uint32_t queue, int socket_fd);
void xdp_close(struct xdp_program *p); /* NULL-safe, twice-safe */
const char *xdp_mode_name(enum xdp_mode mode);

#endif
