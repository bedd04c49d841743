/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * icmp: see icmp.h. The kernel stamps with CLOCK_REALTIME; what is told is moved to
 * CLOCK_MONOTONIC by the difference of the two at reading.
 */
#include "node/timing/icmp.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/addr.h"
#include "io/udp.h"

enum { MESSAGE_MAX = sizeof((struct icmp_message *)0)->bytes };

int icmp_parse_address(struct sockaddr_storage *ret, const char *text, struct err *e)
{
    struct sockaddr_storage a;
    if (addr_parse(&a, text) < 0 || addr_port(&a) != 0) {
        return err_set(e, -EINVAL, "'%s' is no address, such as 10.0.0.1 or fd00::1", text);
    }
    *ret = a;
    return 0;
}

/* Nothing but echo requests and replies may wake us. */
static void set_filter(int fd, int family)
{
    const struct {
        uint32_t data;
    } v4 = {~(UINT32_C(1) << ICMP_ECHO | UINT32_C(1) << ICMP_ECHOREPLY)};
    struct icmp6_filter v6;

    if (family == AF_INET) {
        (void)setsockopt(fd, SOL_RAW, 1 /* ICMP_FILTER */, &v4, sizeof v4);
        return;
    }
    ICMP6_FILTER_SETBLOCKALL(&v6);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REQUEST, &v6);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &v6);
    (void)setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &v6, sizeof v6);
}

int icmp_open(const struct sockaddr_storage *local, const struct sockaddr_storage *peer,
              struct err *e)
{
    const struct sockaddr_storage *named = peer != NULL ? peer : local;
    const int family = named != NULL ? named->ss_family : AF_INET;
    char text[ADDR_TEXT_MAX];
    int on = 1, fd = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
                            family == AF_INET ? (int)IPPROTO_ICMP : (int)IPPROTO_ICMPV6);

    if (fd < 0) {
        return err_set(e, -errno, "a raw ICMP socket: %s%s", strerror(errno),
                       errno == EPERM ? " (it needs CAP_NET_RAW)" : "");
    }
    set_filter(fd, family);
    int r = setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    if (r == 0 && local != NULL) {
        r = bind(fd, (const struct sockaddr *)local, addr_size(local));
    }
    if (r == 0 && peer != NULL) {
        r = connect(fd, (const struct sockaddr *)peer, addr_size(peer));
    }
    if (r < 0) {
        const int code = -errno;
        close(fd);
        return err_set(e, code, "ICMP at %s: %s",
                       named != NULL ? addr_format_host(named, text, sizeof text) : "any address",
                       strerror(-code));
    }
    return fd;
}

/* The kernel writes the check sum of IPv6 itself (RFC 3542 §3.1). */
int icmp_send(int fd, const struct sockaddr_storage *to, const uint8_t *bytes, size_t size)
{
    uint8_t packet[MESSAGE_MAX];

    if (size > sizeof packet || size == 0) {
        return -EMSGSIZE;
    }
    memcpy(packet, bytes, size);
    if (to->ss_family == AF_INET6) {
        packet[0] = packet[0] == ICMP_ECHO ? ICMP6_ECHO_REQUEST : ICMP6_ECHO_REPLY;
    }
    const ssize_t n =
        sendto(fd, packet, size, MSG_DONTWAIT, (const struct sockaddr *)to, addr_size(to));
    return n == (ssize_t)size ? 0 : n < 0 ? -errno : -EIO;
}

/* Where the ICMP message begins: IPv4 gives its header too (RFC 3542 §3: IPv6 none). */
static size_t find_message(const struct sockaddr_storage *from, const uint8_t *packet, size_t size)
{
    return from->ss_family == AF_INET && size > 0 ? (size_t)(packet[0] & 0x0f) * 4 : 0;
}

int icmp_receive(int fd, struct icmp_message *ret)
{
    uint8_t packet[60 + sizeof ret->bytes];
    char control[CMSG_SPACE(sizeof(struct timespec)) + 64];
    struct iovec piece = {packet, sizeof packet};
    struct msghdr m = {.msg_name = &ret->from,
                       .msg_namelen = sizeof ret->from,
                       .msg_iov = &piece,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof control};
    const ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);

    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    }
    const size_t header = find_message(&ret->from, packet, (size_t)n);
    const uint64_t stamp = udp_received_real_ns(&m), now = clock_now_ns(), real = clock_real_ns();
    ret->size = (size_t)n > header ? (size_t)n - header : 0;
    ret->size = ret->size < sizeof ret->bytes ? ret->size : sizeof ret->bytes;
    memcpy(ret->bytes, packet + header, ret->size);
    if (ret->from.ss_family == AF_INET6 && ret->size > 0) {
        ret->bytes[0] = ret->bytes[0] == ICMP6_ECHO_REQUEST ? ICMP_ECHO : ICMP_ECHOREPLY;
    }
    ret->received_ns =
        stamp != 0 && stamp < real && real - stamp < now ? now - (real - stamp) : now;
    return 1;
}
