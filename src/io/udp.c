/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * udp: see udp.h.
 */
#include "io/udp.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/addr.h"
#include "io/netif.h"

enum { PAIR_TRIES = 256 /* ports whose neighbour may be taken */ };

static uint64_t set_buffer(int fd, int forced, int plain, uint64_t bytes)
{
    int want = bytes > INT32_MAX ? INT32_MAX : (int)bytes, got = 0;
    socklen_t size = sizeof(got);

    /* The forced form goes above the system's limit and needs CAP_NET_ADMIN. */
    if (bytes > 0 && setsockopt(fd, SOL_SOCKET, forced, &want, sizeof(want)) < 0) {
        (void)setsockopt(fd, SOL_SOCKET, plain, &want, sizeof(want));
    }
    (void)getsockopt(fd, SOL_SOCKET, plain, &got, &size);
    return got > 0 ? (uint64_t)got : 0;
}

void udp_set_buffers(struct udp_socket *s, uint64_t bytes)
{
    s->receive_bytes = set_buffer(s->fd, SO_RCVBUFFORCE, SO_RCVBUF, bytes);
    s->send_bytes = set_buffer(s->fd, SO_SNDBUFFORCE, SO_SNDBUF, bytes);
}

int udp_open_by(struct udp_socket *ret, const char *interface, const struct sockaddr_storage *local,
                uint64_t buffer_bytes, unsigned flags)
{
    struct udp_socket s = {.fd = -1};
    socklen_t size = sizeof(s.local);
    int on = 1, result;

    s.fd = socket(local->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s.fd < 0) {
        return -errno;
    }
    if ((result = netif_bind(s.fd, interface)) < 0) {
        close(s.fd);
        return result;
    }
    if (((flags & UDP_REUSE_PORT) != 0 &&
         setsockopt(s.fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0) ||
        bind(s.fd, (const struct sockaddr *)local, addr_size(local)) < 0 ||
        getsockname(s.fd, (struct sockaddr *)&s.local, &size) < 0 ||
        ((flags & UDP_TIMESTAMPS) != 0 &&
         setsockopt(s.fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0)) {
        result = -errno;
        close(s.fd);
        return result;
    }
    udp_set_buffers(&s, buffer_bytes);
    *ret = s;
    return 0;
}

int udp_open(struct udp_socket *ret, const struct sockaddr_storage *local, uint64_t buffer_bytes,
             unsigned flags)
{
    return udp_open_by(ret, NULL, local, buffer_bytes, flags);
}

/* One socket at a port of the kernel's choice (or the one given), and one beside it. */
static int open_beside(struct udp_socket pair[2], const struct sockaddr_storage *local,
                       uint64_t buffer_bytes, unsigned flags)
{
    struct sockaddr_storage other;
    struct udp_socket one = {.fd = -1};
    unsigned odd;
    int result = udp_open(&one, local, buffer_bytes, flags);

    if (result < 0) {
        return result;
    }
    odd = addr_port(&one.local) & 1u;
    other = one.local;
    addr_set_port(&other, (uint16_t)(addr_port(&one.local) ^ 1u));
    result = udp_open(&pair[1 - odd], &other, buffer_bytes, flags);
    if (result < 0) {
        udp_close(&one);
        return result;
    }
    pair[odd] = one;
    return 0;
}

int udp_open_pair(struct udp_socket *ret_even, struct udp_socket *ret_next,
                  const struct sockaddr_storage *local, uint64_t buffer_bytes, unsigned flags)
{
    const unsigned port = addr_port(local);
    struct udp_socket pair[2];
    int result = -EADDRINUSE;

    if (port % 2 != 0) {
        return -EINVAL;
    }
    for (int i = 0; i < (port == 0 ? PAIR_TRIES : 1) && result == -EADDRINUSE; i++) {
        result = open_beside(pair, local, buffer_bytes, flags);
    }
    if (result == 0) {
        *ret_even = pair[0];
        *ret_next = pair[1];
    }
    return result;
}

void udp_close(struct udp_socket *s)
{
    if (s != NULL && s->fd >= 0) {
        close(s->fd);
        s->fd = -1;
    }
}

int64_t udp_drops(const struct udp_socket *s)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof(info);

    if (getsockopt(s->fd, SOL_SOCKET, SO_MEMINFO, info, &size) < 0) {
        return -errno;
    }
    return info[SK_MEMINFO_DROPS];
}

uint64_t udp_received_real_ns(const struct msghdr *m)
{
    struct msghdr *message = (struct msghdr *)m; /* CMSG_NXTHDR takes no const */

    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(c), sizeof(t));
            return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
        }
    }
    return 0;
}

void udp_take_segments(const struct udp_socket *s)
{
    int on = 1;
    (void)setsockopt(s->fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
}

size_t udp_segment_size(const struct msghdr *m)
{
    struct msghdr *message = (struct msghdr *)m; /* CMSG_NXTHDR takes no const */

    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int size;
            memcpy(&size, CMSG_DATA(c), sizeof(size));
            return size > 0 ? (size_t)size : 0;
        }
    }
    return 0;
}
