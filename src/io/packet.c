/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * packet: see packet.h. The protocol is set only when the socket has its filter, so that nothing
 * foreign ever waits in its queue.
 */
#include "io/packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* Offsets in a frame: Ethernet 14, IPv4 20 without options, IPv6 40. */
enum {
    AT_TYPE = 12,
    AT_V4_FRAGMENT = 20,
    AT_V4_PROTOCOL = 23,
    AT_V4_PORT = 36,
    AT_V6_NEXT = 20,
    AT_V6_PORT = 56,
    FRAGMENT_MASK = 0x3fff /* more of them, or not the first */,
    TAKE_ALL = 0x40000
};

#define LOAD(size, at) ((struct sock_filter)BPF_STMT(BPF_LD | (size) | BPF_ABS, at))
#define IF_NOT(value, skip) \
    ((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip))

unsigned packet_filter(struct sock_filter ret[PACKET_FILTER_MAX], uint16_t port)
{
    unsigned n = 0;

    ret[n++] = LOAD(BPF_H, AT_TYPE);
    ret[n++] = IF_NOT(ETH_P_IP, 7); /* to the look at IPv6 */
    ret[n++] = LOAD(BPF_H, AT_V4_FRAGMENT);
    ret[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FRAGMENT_MASK, 11, 0);
    ret[n++] = LOAD(BPF_B, AT_V4_PROTOCOL);
    ret[n++] = IF_NOT(IPPROTO_UDP, 9);
    ret[n++] = LOAD(BPF_H, AT_V4_PORT);
    ret[n++] = IF_NOT(port, 7);
    ret[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, TAKE_ALL);
    ret[n++] = IF_NOT(ETH_P_IPV6, 5);
    ret[n++] = LOAD(BPF_B, AT_V6_NEXT);
    ret[n++] = IF_NOT(IPPROTO_UDP, 3);
    ret[n++] = LOAD(BPF_H, AT_V6_PORT);
    ret[n++] = IF_NOT(port, 1);
    ret[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, TAKE_ALL);
    ret[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
    return n;
}

static int prepare(int fd, const struct link_info *link, uint16_t port)
{
    struct sock_filter code[PACKET_FILTER_MAX];
    const struct sock_fprog program = {(unsigned short)packet_filter(code, port), code};
    const struct sockaddr_ll at = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)link->index};
    const int on = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) < 0 ||
        bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0) {
        return -errno;
    }
    return 0;
}

int packet_open(struct udp_socket *ret, const struct link_info *link, uint16_t port,
                uint64_t buffer_bytes)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int result = fd < 0 ? -errno : prepare(fd, link, port);

    if (result < 0) {
        if (fd >= 0) {
            close(fd);
        }
        return result;
    }
    ret->fd = fd;
    udp_set_buffers(ret, buffer_bytes);
    return 0;
}

void packet_close(struct udp_socket *s)
{
    udp_close(s);
}
