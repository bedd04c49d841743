/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmdline: what a guest is told on its kernel's command line:
 *   vaperf.hostname=NAME
 *   vaperf.net=MAC,ADDRESS/PREFIX[,GATEWAY]    once for each address; IPv4 or IPv6
 *   vaperf.scratch=DEVICE                      its disk, such as vda: an ext4, for /var/tmp
 * Other words are the kernel's. Pure.
 */
#ifndef VAPERF_NODE_GUEST_CMDLINE_H
#define VAPERF_NODE_GUEST_CMDLINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { CMDLINE_NETS_MAX = 32, CMDLINE_HOSTNAME_MAX = 65, CMDLINE_DEVICE_MAX = 16 };

struct cmdline_net {
    uint8_t mac[6];
    int family; /* AF_INET, AF_INET6 */
    uint8_t address[16];
    uint8_t prefix;
    int has_gateway;
    uint8_t gateway[16];
};

struct cmdline {
    char hostname[CMDLINE_HOSTNAME_MAX]; /* "guest" when not told */
    char scratch[CMDLINE_DEVICE_MAX];    /* "": it has none */
    struct cmdline_net nets[CMDLINE_NETS_MAX];
    size_t net_count;
};

/* What is wrong in one word does not hide the others: everything right is in ret also on -EINVAL,
 * with the first fault in e. */
int cmdline_parse(const char *text, struct cmdline *ret, struct err *e);

#endif
