/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * route_count: what the kernel's main table holds, by a dump of it (rtnetlink(7)). One thread.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

#include "io/route.h"

enum { DUMP_MAX = 32768 /* bytes of one answer */ };

static bool has_prefix(const uint8_t *address, const struct route_block *b)
{
    const unsigned bytes = b->base_length / 8, bits = b->base_length % 8;
    const uint8_t mask = (uint8_t)(0xff00u >> bits);

    return memcmp(address, b->base, bytes) == 0 &&
           (bits == 0 || (address[bytes] & mask) == b->base[bytes]);
}

static bool is_of_block(const uint8_t *message, size_t size, const struct route_block *b)
{
    const size_t width = b->family == AF_INET6 ? 16 : 4;
    struct rtmsg r;
    struct rtattr a;

    if (size < NLMSG_HDRLEN + sizeof(r)) {
        return false;
    }
    memcpy(&r, message + NLMSG_HDRLEN, sizeof(r));
    if (r.rtm_family != b->family || r.rtm_dst_len != b->length || r.rtm_table != RT_TABLE_MAIN ||
        (r.rtm_flags & RTM_F_CLONED) != 0) {
        return false;
    }
    for (size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(r)); at + sizeof(a) <= size;) {
        memcpy(&a, message + at, sizeof(a));
        if (a.rta_len < sizeof(a) || a.rta_len > size - at) {
            return false;
        }
        if (a.rta_type == RTA_DST && a.rta_len >= sizeof(a) + width) {
            return has_prefix(message + at + sizeof(a), b);
        }
        at += (a.rta_len + 3u) & ~3u;
    }
    return false;
}

/* One answer of many messages. 1: it was the last. */
static int read_answer(int fd, const struct route_block *b, uint64_t *count)
{
    uint8_t bytes[DUMP_MAX] __attribute__((aligned(8)));
    const ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
    struct nlmsghdr head;

    if (n < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    for (size_t at = 0; at + sizeof(head) <= (size_t)n; at += (head.nlmsg_len + 3u) & ~3u) {
        memcpy(&head, bytes + at, sizeof(head));
        if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > (size_t)n - at) {
            return -EBADMSG;
        }
        if (head.nlmsg_type == NLMSG_DONE) {
            return 1;
        }
        if (head.nlmsg_type == NLMSG_ERROR) {
            struct nlmsgerr error = {.error = -EIO};
            if (head.nlmsg_len >= NLMSG_HDRLEN + sizeof(error)) {
                memcpy(&error, bytes + at + NLMSG_HDRLEN, sizeof(error));
            }
            return error.error != 0 ? error.error : -EIO;
        }
        *count += head.nlmsg_type == RTM_NEWROUTE && is_of_block(bytes + at, head.nlmsg_len, b);
    }
    return 0;
}

int route_count(const struct route_block *b, uint64_t *ret_count, struct err *e)
{
    const struct timeval patience = {.tv_sec = 20};
    struct {
        struct nlmsghdr head;
        struct rtmsg route;
    } ask = {.head = {.nlmsg_len = sizeof(ask),
                      .nlmsg_type = RTM_GETROUTE,
                      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
             .route = {.rtm_family = (unsigned char)b->family}};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    uint64_t count = 0;
    int result = fd < 0 ? -errno : 0;

    if (result == 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        result = send(fd, &ask, sizeof(ask), 0) < 0 ? -errno : 0;
    }
    while (result == 0) {
        result = read_answer(fd, b, &count);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (result < 0) {
        return err_set(e, result, "netlink: routes: %s", strerror(-result));
    }
    *ret_count = count;
    return 0;
}
