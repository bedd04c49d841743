/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ring_filter: a frame_filter as the kernel's socket filter (Documentation/networking/filter.rst).
 * Pure.
 */
#ifndef VAPERF_IO_RING_FILTER_H
#define VAPERF_IO_RING_FILTER_H

#include <linux/filter.h>

#include "io/frame.h"

enum { RING_FILTER_MAX = 48 };

/* How many instructions. */
unsigned ring_filter_write(struct sock_filter code[RING_FILTER_MAX], const struct frame_filter *f);

#endif
