/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * neighbour: see neighbour.h.
 */
#include "io/neighbour.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/addr.h"

enum { MESSAGE_MAX = 4096, DISCARD_PORT = 9 };
#define ANSWERS_WITHIN_NS (2 * NS_PER_S)
#define LOOK_EVERY_NS (5 * NS_PER_MS)

static const size_t attr_head = sizeof(struct rtattr);

/* A request, and then its answer. */
struct talk {
    struct nlmsghdr head __attribute__((aligned(8)));
    uint8_t body[MESSAGE_MAX];
    size_t size; /* of the body */
};

static void begin(struct talk *t, uint16_t type, const void *header, size_t size)
{
    memset(t, 0, sizeof(*t));
    t->head.nlmsg_type = type;
    t->head.nlmsg_flags = NLM_F_REQUEST;
    memcpy(t->body, header, size);
    t->size = size;
}

static void put(struct talk *t, uint16_t type, const void *data, size_t size)
{
    const struct rtattr a = {.rta_len = (uint16_t)(attr_head + size), .rta_type = type};

    memcpy(t->body + t->size, &a, sizeof(a));
    memcpy(t->body + t->size + attr_head, data, size);
    t->size += attr_head + ((size + 3) & ~(size_t)3);
}

/* The attribute of a type behind the `skip` bytes of an answer's header; NULL: none. */
static const void *find(const struct talk *t, size_t skip, uint16_t type, size_t size)
{
    struct rtattr a;

    for (size_t at = skip; at + sizeof(a) <= t->size; at += ((size_t)a.rta_len + 3) & ~(size_t)3) {
        memcpy(&a, t->body + at, sizeof(a));
        if (a.rta_len < sizeof(a) || at + a.rta_len > t->size) {
            return NULL;
        }
        if (a.rta_type == type && a.rta_len >= sizeof(a) + size) {
            return t->body + at + sizeof(a);
        }
    }
    return NULL;
}

static int ask(int fd, struct talk *t)
{
    ssize_t n;

    t->head.nlmsg_len = (uint32_t)(sizeof(t->head) + t->size);
    if (send(fd, &t->head, t->head.nlmsg_len, 0) < 0) {
        return -errno;
    }
    n = recv(fd, &t->head, sizeof(t->head) + sizeof(t->body), 0);
    if (n < (ssize_t)sizeof(t->head) || t->head.nlmsg_len > (size_t)n) {
        return n < 0 ? -errno : -EBADMSG;
    }
    t->size = t->head.nlmsg_len - sizeof(t->head);
    if (t->head.nlmsg_type == NLMSG_ERROR) {
        int code;
        memcpy(&code, t->body, sizeof(code));
        return code < 0 ? code : -EBADMSG;
    }
    return 0;
}

struct hop {
    int family;
    size_t size;
    uint8_t address[16];
};

static void hop_to(struct hop *h, const struct sockaddr_storage *to)
{
    const struct sockaddr_in6 *six = (const void *)to;
    const struct sockaddr_in *four = (const void *)to;

    h->family = to->ss_family;
    h->size = to->ss_family == AF_INET6 ? 16 : 4;
    memcpy(h->address,
           to->ss_family == AF_INET6 ? (const void *)&six->sin6_addr
                                     : (const void *)&four->sin_addr,
           h->size);
}

/* The gateway takes the place of the address. */
static int find_route(int fd, struct hop *h, unsigned interface)
{
    const struct rtmsg want = {.rtm_family = (uint8_t)h->family,
                               .rtm_dst_len = (uint8_t)(8 * h->size)};
    struct rtmsg got;
    struct talk t;
    const void *gateway, *leads_by;
    int result;

    begin(&t, RTM_GETROUTE, &want, sizeof(want));
    put(&t, RTA_DST, h->address, h->size);
    if ((result = ask(fd, &t)) < 0) {
        return result;
    }
    memcpy(&got, t.body, sizeof(got));
    leads_by = find(&t, sizeof(got), RTA_OIF, sizeof(interface));
    if (got.rtm_type != RTN_UNICAST || leads_by == NULL ||
        memcmp(leads_by, &interface, sizeof(interface)) != 0) {
        return -EHOSTUNREACH;
    }
    gateway = find(&t, sizeof(got), RTA_GATEWAY, h->size);
    if (gateway != NULL) {
        memcpy(h->address, gateway, h->size);
    }
    return 0;
}

/* -ENOENT: not known yet. */
static int look_up(int fd, const struct hop *h, unsigned interface, uint8_t *ret_mac)
{
    const struct ndmsg want = {.ndm_family = (uint8_t)h->family, .ndm_ifindex = (int)interface};
    const int known = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;
    struct ndmsg got;
    struct talk t;
    const void *mac;
    int result;

    begin(&t, RTM_GETNEIGH, &want, sizeof(want));
    put(&t, NDA_DST, h->address, h->size);
    if ((result = ask(fd, &t)) < 0) {
        return result;
    }
    memcpy(&got, t.body, sizeof(got));
    mac = find(&t, sizeof(got), NDA_LLADDR, 6);
    if ((got.ndm_state & known) == 0 || mac == NULL) {
        return -ENOENT;
    }
    memcpy(ret_mac, mac, 6);
    return 0;
}

/* An empty packet there makes the kernel ask. */
static void provoke(const struct sockaddr_storage *to, unsigned interface)
{
    struct sockaddr_storage there = *to;
    char name[IF_NAMESIZE];
    int fd = socket(to->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return;
    }
    addr_set_port(&there, DISCARD_PORT);
    if (if_indextoname(interface, name) != NULL) {
        (void)setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, sizeof(name));
    }
    (void)sendto(fd, "", 0, MSG_DONTWAIT, (const struct sockaddr *)&there, addr_size(&there));
    close(fd);
}

static int find_mac(int fd, const struct hop *h, unsigned interface,
                    const struct sockaddr_storage *to, uint8_t *ret_mac)
{
    uint64_t until = clock_now_ns() + ANSWERS_WITHIN_NS;
    bool asked = false;
    int result;

    while ((result = look_up(fd, h, interface, ret_mac)) == -ENOENT && clock_now_ns() < until) {
        if (!asked) {
            provoke(to, interface);
            asked = true;
        }
        (void)clock_sleep_until(clock_now_ns() + LOOK_EVERY_NS);
    }
    return result;
}

int neighbour_find(struct neighbour *ret, unsigned interface, const struct sockaddr_storage *to,
                   struct err *e)
{
    char text[ADDR_TEXT_MAX], name[IF_NAMESIZE] = "?";
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), result;
    struct neighbour n = {.interface = interface};
    struct hop h = {0};

    if (fd < 0) {
        return err_set(e, -errno, "netlink: %s", strerror(errno));
    }
    (void)if_indextoname(interface, name);
    hop_to(&h, to);
    result = find_route(fd, &h, interface);
    if (result < 0) {
        result = err_set(e, -EHOSTUNREACH, "no way from interface %s to %s", name,
                         addr_format(to, text, sizeof(text)));
    } else if (find_mac(fd, &h, interface, to, n.mac) < 0) {
        result =
            err_set(e, -EHOSTUNREACH, "nobody at interface %s answers for the way to %s: is it up?",
                    name, addr_format(to, text, sizeof(text)));
    } else {
        *ret = n;
    }
    close(fd);
    return result;
}
