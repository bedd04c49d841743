/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * frame: whole Ethernet frames of UDP over IPv4 or IPv6, as the packet ring and AF_XDP carry them
 * (IEEE 802.3, 802.1Q; RFC 791, 8200, 768). Writing is with checksums; reading trusts no length.
 * Pure; any thread.
 */
#ifndef VAPERF_IO_FRAME_H
#define VAPERF_IO_FRAME_H

#include <net/ethernet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    FRAME_VLAN_SIZE = 4,
    FRAME_UDP_SIZE = 8,
    FRAME_HEADERS_MAX = ETH_HLEN + FRAME_VLAN_SIZE + 40 + FRAME_UDP_SIZE, /* of IPv6 */
    FRAME_NO_VLAN = -1
};

/* One that waits to be filled and sent, or one that came. */
struct frame {
    uint8_t *data;
    uint32_t size;
    uint64_t at_ns; /* when the kernel got it, 0: it did not say; the clock is its source's */
};

/* What frames with the same ends have in common. */
struct frame_route {
    uint8_t from_mac[ETH_ALEN], to_mac[ETH_ALEN]; /* ours; the next hop's */
    int vlan;                                     /* 0..4094, FRAME_NO_VLAN: untagged */
    uint8_t priority;                             /* of the VLAN tag, 0..7 */
    uint8_t dscp;                                 /* 0..63 (RFC 2474) */
    uint8_t hops;                                 /* TTL or hop limit; 0: 64 */
};

/* Headers of frames that differ in ports and payload only. */
struct frame_template {
    uint8_t headers[FRAME_HEADERS_MAX];
    uint32_t headers_size, payload_size;
    uint64_t sum; /* of UDP's checksum (RFC 768), without ports and payload */
};

/* Which frames one wants: UDP to a port of first..last, without fragments, IP options or extension
 * headers; the rest stays the kernel's. */
struct frame_filter {
    uint16_t port_first, port_last;
    struct sockaddr_storage address; /* of its destination; AF_UNSPEC: any */
};

/* The UDP part of a frame. */
struct frame_udp {
    const uint8_t *payload;
    uint32_t size;
    struct sockaddr_storage from, to;
};

/* Headers before a payload of these families. */
uint32_t frame_headers_size(const struct frame_route *r, int family);
/* Writes the headers before the `size` bytes of payload that already lie at
 * data + frame_headers_size(), with all checksums. from and to: one family, both with ports. The
 * size of the frame. */
uint32_t frame_write_udp(uint8_t *data, uint32_t size, const struct frame_route *r,
                         const struct sockaddr *from, const struct sockaddr *to);
/* The same in two steps: once for all frames with these addresses and this size, then for each.
 * Ports are as sockaddr_in has them; those of from and to are not read. The payload is copied,
 * unless it lies at its place. */
void frame_prepare_udp(struct frame_template *ret, uint32_t size, const struct frame_route *r,
                       const struct sockaddr *from, const struct sockaddr *to);
uint32_t frame_write_like(uint8_t *data, const struct frame_template *t, uint16_t from_port,
                          uint16_t to_port, const void *payload);
/* -EPROTONOSUPPORT: no UDP in one piece behind at most one tag; -EBADMSG: lengths that do not fit
 * or a wrong IPv4 header checksum. UDP's own checksum is not read: between machines of one host it
 * has often not been made yet. */
int frame_read_udp(const uint8_t *data, uint32_t size, struct frame_udp *ret);
/* Does an interface carry it whose longest frame without a tag has so many bytes, MTU and Ethernet
 * header? A tag may come on top (IEEE 802.1Q). */
bool frame_is_carried(const struct frame *f, uint32_t longest);
/* RFC 1071, continued from `sum`; not folded. */
uint64_t frame_checksum_add(uint64_t sum, const void *data, size_t size);
uint16_t frame_checksum_fold(uint64_t sum); /* in the order of the network; complemented */

#endif
