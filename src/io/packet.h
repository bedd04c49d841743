/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * packet: a socket for whole Ethernet frames (packet(7)) with the ways of udp.h: large buffers,
 * kernel receive timestamps, the kernel's own count of drops (udp_drops). It receives UDP over IPv4
 * and IPv6 to one port alone, from one interface, and nothing that leaves by it. One thread
 * per socket.
 */
#ifndef VAPERF_IO_PACKET_H
#define VAPERF_IO_PACKET_H

#include <linux/filter.h>

#include "io/link.h"
#include "io/udp.h"

enum { PACKET_FILTER_MAX = 20 };

/* Frames on `link` to the UDP port `port`. ret->local stays as it is. Frames are sent by
 * any interface, named in a struct sockaddr_ll. -EPERM without CAP_NET_RAW; nothing stays open. */
int packet_open(struct udp_socket *ret, const struct link_info *link, uint16_t port,
                uint64_t buffer_bytes);
void packet_close(struct udp_socket *s); /* NULL-safe, twice-safe */
/* The classic BPF program behind it, for other kinds of sockets: how many instructions. */
unsigned packet_filter(struct sock_filter ret[PACKET_FILTER_MAX], uint16_t port);

#endif
