/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ethtool: settings of a network interface by the kernel's ethtool netlink family
 * (Documentation/networking/ethtool-netlink.rst): how long and for how many packets it waits before
 * it interrupts. One thread; a socket of its own for each call.
 */
#ifndef VAPERF_IO_ETHTOOL_H
#define VAPERF_IO_ETHTOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct ethtool_wait {
    bool has_rx_usecs, has_rx_frames; /* given, or known */
    uint32_t rx_usecs, rx_frames;
};

/* -ENODEV, -ENOTSUP when the interface has no such settings. */
int ethtool_get_coalesce(const char *interface, struct ethtool_wait *ret, struct err *e);
/* What is not given stays. -ENOTSUP, -EINVAL with the driver's own words, -EPERM. */
int ethtool_set_coalesce(const char *interface, const struct ethtool_wait *want, struct err *e);

#endif
