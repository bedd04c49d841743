/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * icmp: a raw ICMP socket, of IPv4 or IPv6 (RFC 4443), with the kernel's receive timestamps, for
 * marker and timekeeper. Echo requests and replies are given and taken with the types of IPv4; the
 * socket's family makes its own of them. Needs CAP_NET_RAW. One thread per socket.
 */
#ifndef VAPERF_NODE_TIMING_ICMP_H
#define VAPERF_NODE_TIMING_ICMP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/err.h"

struct icmp_message {
    struct sockaddr_storage from;
    uint8_t bytes[512]; /* the ICMP message, without the IP header */
    size_t size;
    uint64_t received_ns; /* CLOCK_MONOTONIC here, when the kernel had it */
};

/* Bound to a local address, or connected to a peer; either may be NULL. The descriptor does not
 * block. -EPERM and others in words. */
int icmp_open(const struct sockaddr_storage *local, const struct sockaddr_storage *peer,
              struct err *e);
/* to: of the socket's family, also where the socket is connected to. Does not block. -errno. */
int icmp_send(int fd, const struct sockaddr_storage *to, const uint8_t *bytes, size_t size);
/* 1: a message, 0: none there, -errno. */
int icmp_receive(int fd, struct icmp_message *ret);
/* An address without a port. -EINVAL in words. */
int icmp_parse_address(struct sockaddr_storage *ret, const char *text, struct err *e);

#endif
