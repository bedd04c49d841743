/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * capture: the UDP datagrams of a capture file (pcap, pcapng), for playing them. The one door to
 * libpcap. Load and finish belong to one thread; any reads in between. The bytes are not trusted:
 * what is no whole UDP datagram over Ethernet, Linux cooked capture, loopback or plain IP is left
 * out and counted.
 */
#ifndef VAPERF_NODE_PCAP_CAPTURE_H
#define VAPERF_NODE_PCAP_CAPTURE_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct capture_datagram {
    uint64_t after_ns; /* since the first one */
    size_t at;         /* of its payload in `bytes` */
    uint16_t size;
    uint16_t source_port, port;
};

struct capture {
    struct capture_datagram *datagrams; /* in the order of the file, times never fall */
    size_t count;
    uint8_t *bytes;
    uint64_t left_out; /* packets that are none of these */
};

/* 0, or -ENOTSUP with the reason: this program was linked without libpcap. */
int capture_supported(struct err *e);
/* -ENOENT and others of opening; -EBADMSG: no capture file, or nothing to play in it; -ENOTSUP. */
int capture_load(struct capture *ret, const char *path, struct err *e);
void capture_finish(struct capture *c); /* a zeroed one is fine */

#endif
