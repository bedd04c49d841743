/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * route: see route.h. Only the last request of a batch asks for an answer; of the others the kernel
 * speaks up when it refuses one (RFC 3549 §2.3.2.2), and goes on with the next.
 */
#include "io/route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "io/addr.h"

enum {
    HOP_ID = 181000,
    PROTOCOL = 181,     /* of our routes alone, so that none of another's is removed */
    BATCH = 1000,       /* routes */
    REQUEST_MAX = 128,  /* bytes of one */
    ANSWER_MAX = 16384, /* bytes */
    SOCKET_BUFFER = 4 << 20
};

struct batch {
    const struct route_block *block; /* NULL: a single request */
    uint8_t *bytes;
    size_t size;
    int fd;
    uint64_t first; /* number of its first route */
};

/* ---- prefixes ---- */

static unsigned width(int family)
{
    return family == AF_INET6 ? 128 : 32;
}

int route_parse_prefix(struct route_block *ret, const char *text, struct err *e)
{
    struct route_block b = {.family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET};
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    uint64_t length;

    str_printf(address, sizeof(address), "%.*s", (int)strcspn(text, "/"), text);
    if (slash == NULL || str_parse_count(slash + 1, &length) < 0 || length > width(b.family) ||
        inet_pton(b.family, address, b.base) != 1) {
        return err_set(e, -EINVAL, "'%s' is no prefix, such as 10.0.0.0/8 or 2001:db8::/32", text);
    }
    b.base_length = (unsigned)length;
    for (unsigned bit = b.base_length; bit < width(b.family); bit++) {
        if ((b.base[bit / 8] & 0x80 >> bit % 8) != 0) {
            return err_set(e, -EINVAL, "'%s' is no prefix: it has bits behind its length", text);
        }
    }
    *ret = b;
    return 0;
}

int route_check(const struct route_block *b, struct err *e)
{
    const unsigned bits = b->length - b->base_length;
    char text[INET6_ADDRSTRLEN];

    if (b->length < b->base_length || b->length > width(b->family)) {
        return err_set(e, -EINVAL, "prefixes of length %u do not fit into one of length %u",
                       b->length, b->base_length);
    }
    if (bits < 63 && b->count > UINT64_C(1) << bits) {
        return err_set(e, -EINVAL,
                       "%" PRIu64 " prefixes of length %u do not fit into %s/%u: %" PRIu64 " do",
                       b->count, b->length, route_format(b, 0, 0, text, sizeof(text)),
                       b->base_length, UINT64_C(1) << bits);
    }
    return 0;
}

/* The base plus n prefixes and `host` addresses, from the last byte on. */
static void make_address(const struct route_block *b, uint64_t n, uint64_t host,
                         uint8_t ret[ROUTE_ADDRESS_SIZE])
{
    const unsigned shift = width(b->family) - b->length, size = width(b->family) / 8;
    unsigned __int128 low = ((unsigned __int128)n << shift) + host;

    memcpy(ret, b->base, ROUTE_ADDRESS_SIZE);
    for (unsigned i = size; i-- > 0 && low != 0; low >>= 8) {
        ret[i] |= (uint8_t)low;
    }
}

const char *route_format(const struct route_block *b, uint64_t n, uint64_t host, char *buffer,
                         size_t size)
{
    uint8_t address[ROUTE_ADDRESS_SIZE];

    make_address(b, n, host, address);
    return inet_ntop(b->family, address, buffer, (socklen_t)size);
}

void route_address(const struct route_block *b, uint64_t n, uint64_t host,
                   struct sockaddr_storage *ret)
{
    uint8_t address[ROUTE_ADDRESS_SIZE];

    make_address(b, n, host, address);
    memset(ret, 0, sizeof(*ret));
    ret->ss_family = (sa_family_t)b->family;
    if (b->family == AF_INET6) {
        memcpy(&((struct sockaddr_in6 *)(void *)ret)->sin6_addr, address, 16);
    } else {
        memcpy(&((struct sockaddr_in *)(void *)ret)->sin_addr, address, 4);
    }
}

/* ---- messages ---- */

static void put(struct batch *m, uint16_t type, const void *data, size_t size)
{
    const struct rtattr a = {.rta_len = (unsigned short)(sizeof(a) + size), .rta_type = type};

    memcpy(m->bytes + m->size, &a, sizeof(a));
    memcpy(m->bytes + m->size + sizeof(a), data, size);
    m->size += (sizeof(a) + size + 3) & ~(size_t)3;
}

/* A header whose length end_request writes. */
static size_t begin_request(struct batch *m, uint16_t type, uint16_t flags, uint32_t number)
{
    const struct nlmsghdr head = {
        .nlmsg_type = type, .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags), .nlmsg_seq = number};
    const size_t at = m->size;

    memset(m->bytes + at, 0, REQUEST_MAX);
    memcpy(m->bytes + at, &head, sizeof(head));
    m->size += sizeof(head);
    return at;
}

static void end_request(struct batch *m, size_t at)
{
    const uint32_t length = (uint32_t)(m->size - at);
    memcpy(m->bytes + at, &length, sizeof(length));
}

/* One of ours for each interface and family. */
static uint32_t hop_id(const struct route_block *b)
{
    return HOP_ID + 2 * b->interface + (b->family == AF_INET6);
}

static void put_route(struct batch *m, const struct route_block *b, uint64_t n, uint16_t flags)
{
    const size_t size = width(b->family) / 8;
    const struct rtmsg route = {.rtm_family = (unsigned char)b->family,
                                .rtm_dst_len = (unsigned char)b->length,
                                .rtm_table = RT_TABLE_MAIN,
                                .rtm_protocol = PROTOCOL,
                                .rtm_scope = RT_SCOPE_UNIVERSE,
                                .rtm_type = RTN_UNICAST};
    const uint32_t id = hop_id(b);
    uint8_t address[ROUTE_ADDRESS_SIZE];
    size_t at = begin_request(m, RTM_NEWROUTE, flags, (uint32_t)n);

    memcpy(m->bytes + m->size, &route, sizeof(route));
    m->size += sizeof(route);
    make_address(b, n, 0, address);
    put(m, RTA_DST, address, size);
    put(m, RTA_NH_ID, &id, sizeof(id));
    end_request(m, at);
}

/* ---- the conversation ---- */

static int open_netlink(struct err *e)
{
    const struct timeval patience = {.tv_sec = 20};
    const int size = SOCKET_BUFFER, on = 1;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (fd < 0) {
        return err_set(e, -errno, "netlink: %s", strerror(errno));
    }
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    }
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    }
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

static int batch_open(struct batch *ret, const struct route_block *b, struct err *e)
{
    *ret = (struct batch){.block = b, .bytes = malloc((size_t)BATCH * REQUEST_MAX)};
    if (ret->bytes == NULL) {
        return err_set(e, -ENOMEM, "no memory for routes");
    }
    ret->fd = open_netlink(e);
    if (ret->fd < 0) {
        free(ret->bytes);
        return ret->fd;
    }
    return 0;
}

static void batch_close(struct batch *m)
{
    close(m->fd);
    free(m->bytes);
}

/* The kernel's own words (NLMSGERR_ATTR_MSG) behind an answer, or "". */
static const char *find_words(const uint8_t *answer, size_t size, char *buffer, size_t room)
{
    size_t at = NLMSG_HDRLEN + sizeof(struct nlmsgerr);
    struct rtattr a;

    buffer[0] = '\0';
    while (at + sizeof(a) <= size) {
        memcpy(&a, answer + at, sizeof(a));
        if (a.rta_len < sizeof(a) || a.rta_len > size - at) {
            break;
        }
        if (a.rta_type == NLMSGERR_ATTR_MSG) {
            str_printf(buffer, room, ": %.*s", (int)(a.rta_len - sizeof(a)),
                       (const char *)answer + at + sizeof(a));
        }
        at += (a.rta_len + 3u) & ~3u;
    }
    return buffer;
}

static int refuse(const struct batch *m, uint32_t number, int error, const uint8_t *answer,
                  size_t size, struct err *e)
{
    char address[INET6_ADDRSTRLEN], words[160];

    (void)find_words(answer, size, words, sizeof(words));
    if (m->block == NULL) {
        return err_set(e, error, "%s%s", strerror(-error), words);
    }
    return err_set(e, error, "the kernel refused route %" PRIu32 " of %" PRIu64 ", %s/%u: %s%s",
                   number + 1, m->block->count,
                   route_format(m->block, number, 0, address, sizeof(address)), m->block->length,
                   strerror(-error), words);
}

/* Answers up to that of request `last`. The first refusal that is not `fine` counts. */
static int read_answers(struct batch *m, uint32_t last, int fine, struct err *e)
{
    uint8_t bytes[ANSWER_MAX] __attribute__((aligned(8)));
    int result = 0;

    for (;;) {
        ssize_t n = recv(m->fd, bytes, sizeof(bytes), 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return err_set(e, -errno, "netlink: %s", strerror(errno));
        }
        for (size_t at = 0; at + NLMSG_HDRLEN + sizeof(struct nlmsgerr) <= (size_t)n;) {
            struct nlmsghdr head;
            struct nlmsgerr error;
            memcpy(&head, bytes + at, sizeof(head));
            memcpy(&error, bytes + at + NLMSG_HDRLEN, sizeof(error));
            if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > (size_t)n - at) {
                return err_set(e, -EBADMSG, "netlink answered in half a message");
            }
            if (error.error != 0 && error.error != fine && result == 0) {
                result = refuse(m, head.nlmsg_seq, error.error, bytes + at, head.nlmsg_len, e);
            }
            if (head.nlmsg_seq == last) {
                return result;
            }
            at += (head.nlmsg_len + 3u) & ~3u;
        }
    }
}

static int exchange(struct batch *m, uint32_t last, int fine, struct err *e)
{
    if (send(m->fd, m->bytes, m->size, 0) < 0) {
        return err_set(e, -errno, "netlink: %s", strerror(errno));
    }
    m->size = 0;
    return read_answers(m, last, fine, e);
}

static int add_all(const struct route_block *b, struct err *e)
{
    const uint16_t flags = NLM_F_CREATE | NLM_F_EXCL;
    struct batch m;
    uint64_t n = 0;
    int result = batch_open(&m, b, e);

    if (result < 0) {
        return result;
    }
    while (n < b->count && result == 0) {
        const uint64_t end = n + BATCH < b->count ? n + BATCH : b->count;
        for (; n < end; n++) {
            put_route(&m, b, n, n + 1 == end ? flags | NLM_F_ACK : flags);
        }
        result = exchange(&m, (uint32_t)(end - 1), 0, e);
    }
    batch_close(&m);
    return result;
}

/* The next hop as an object of its own, which all routes name: it is checked once, not a million
 * times. Taken away, it takes its routes with it. */
static int change_hop(const struct route_block *b, uint16_t type, uint16_t flags, struct err *e)
{
    const struct nhmsg hop = {.nh_family = (unsigned char)b->family, .nh_protocol = PROTOCOL};
    const uint32_t id = hop_id(b), interface = b->interface;
    static const uint8_t none[ROUTE_ADDRESS_SIZE];
    struct batch m;
    int result = batch_open(&m, NULL, e);

    if (result < 0) {
        return result;
    }
    size_t at = begin_request(&m, type, (uint16_t)(flags | NLM_F_ACK), 0);
    memcpy(m.bytes + m.size, &hop, sizeof(hop));
    if (type == RTM_DELNEXTHOP) {
        memset(m.bytes + m.size, 0, sizeof(hop)); /* only its number may be said */
    }
    m.size += sizeof(hop);
    put(&m, NHA_ID, &id, sizeof(id));
    if (type == RTM_NEWNEXTHOP) {
        if (memcmp(b->next_hop, none, width(b->family) / 8) != 0) {
            put(&m, NHA_GATEWAY, b->next_hop, width(b->family) / 8);
        }
        put(&m, NHA_OIF, &interface, sizeof(interface));
    }
    end_request(&m, at);
    result = exchange(&m, 0, type == RTM_DELNEXTHOP ? -ENOENT : 0, e);
    batch_close(&m);
    return result;
}

int route_add(const struct route_block *b, struct err *e)
{
    char text[INET6_ADDRSTRLEN] = "";
    int result = change_hop(b, RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_REPLACE, e);

    if (result < 0) {
        return err_prefix(e, "the kernel refused the next hop %s: ",
                          inet_ntop(b->family, b->next_hop, text, sizeof(text)));
    }
    result = add_all(b, e);
    if (result < 0) {
        (void)change_hop(b, RTM_DELNEXTHOP, 0, NULL);
    }
    return result;
}

int route_remove(const struct route_block *b, struct err *e)
{
    return change_hop(b, RTM_DELNEXTHOP, 0, e);
}

int route_set_neighbour(int family, const uint8_t address[ROUTE_ADDRESS_SIZE], unsigned interface,
                        const uint8_t mac[6], struct err *e)
{
    const struct ndmsg neighbour = {
        .ndm_family = (uint8_t)family, .ndm_ifindex = (int)interface, .ndm_state = NUD_PERMANENT};
    struct batch m;
    int result = batch_open(&m, NULL, e);

    if (result < 0) {
        return result;
    }
    size_t at = begin_request(&m, RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, 0);
    memcpy(m.bytes + m.size, &neighbour, sizeof(neighbour));
    m.size += sizeof(neighbour);
    put(&m, NDA_DST, address, width(family) / 8);
    put(&m, NDA_LLADDR, mac, 6);
    end_request(&m, at);
    result = exchange(&m, 0, 0, e);
    batch_close(&m);
    return result;
}
