/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ethtool: see ethtool.h. Messages are a few hundred bytes and come back one by one, so one buffer
 * serves both ways.
 */
#include "io/ethtool.h"

#include <errno.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_MAX = 8192, FAMILY_VERSION = 1 };

/* The kernel's macros are int, or size_t, as it happens. */
static const size_t attr_head = sizeof(struct nlattr),
                    heads = sizeof(struct nlmsghdr) + sizeof(struct genlmsghdr);

static size_t aligned(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

struct message {
    uint8_t bytes[MESSAGE_MAX] __attribute__((aligned(8)));
    size_t size;
};

/* ---- writing ---- */

static void begin(struct message *m, uint16_t family, uint16_t flags, uint8_t command)
{
    const struct nlmsghdr head = {.nlmsg_type = family,
                                  .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags)};
    const struct genlmsghdr general = {.cmd = command, .version = FAMILY_VERSION};

    memset(m->bytes, 0, heads);
    memcpy(m->bytes, &head, sizeof(head));
    memcpy(m->bytes + NLMSG_HDRLEN, &general, sizeof(general));
    m->size = heads;
}

/* Our own attributes are small: there is always room. */
static void put(struct message *m, uint16_t type, const void *data, size_t size)
{
    const struct nlattr a = {.nla_len = (uint16_t)(attr_head + size), .nla_type = type};

    memset(m->bytes + m->size, 0, attr_head + aligned(size));
    memcpy(m->bytes + m->size, &a, sizeof(a));
    memcpy(m->bytes + m->size + attr_head, data, size);
    m->size += attr_head + aligned(size);
}

/* The header that every message of the family has: which interface. */
static void put_interface(struct message *m, const char *interface)
{
    uint8_t name[4 + IF_NAMESIZE] = {0};
    const size_t size = strlen(interface) + 1;
    const struct nlattr a = {.nla_len = (uint16_t)(attr_head + size),
                             .nla_type = ETHTOOL_A_HEADER_DEV_NAME};

    memcpy(name, &a, sizeof(a));
    memcpy(name + attr_head, interface, size);
    put(m, ETHTOOL_A_COALESCE_HEADER | NLA_F_NESTED, name, attr_head + aligned(size));
}

/* ---- reading ---- */

/* The attribute of a type in these bytes, its data's size in ret; NULL if there is none. */
static const uint8_t *find(const uint8_t *at, size_t size, uint16_t type, size_t *ret_size)
{
    struct nlattr a;

    while (size >= sizeof(a)) {
        memcpy(&a, at, sizeof(a));
        if (a.nla_len < attr_head || a.nla_len > size) {
            return NULL;
        }
        if ((a.nla_type & NLA_TYPE_MASK) == type) {
            *ret_size = a.nla_len - attr_head;
            return at + attr_head;
        }
        if (aligned(a.nla_len) >= size) {
            return NULL;
        }
        at += aligned(a.nla_len);
        size -= aligned(a.nla_len);
    }
    return NULL;
}

static bool find_u32(const struct message *m, uint16_t type, uint32_t *ret)
{
    const size_t head = heads;
    size_t size = 0;
    const uint8_t *data =
        m->size > head ? find(m->bytes + head, m->size - head, type, &size) : NULL;

    if (data == NULL || size != sizeof(*ret)) {
        return false;
    }
    memcpy(ret, data, sizeof(*ret));
    return true;
}

/* The kernel's "no", with its own words where it has some (netlink's extended acknowledgement). */
static int read_error(const struct message *m, const char *interface, struct err *e)
{
    const size_t head = NLMSG_HDRLEN + aligned(sizeof(struct nlmsgerr));
    const uint8_t *text = NULL;
    struct nlmsgerr error = {0};
    size_t size = 0;

    if (m->size < NLMSG_HDRLEN + sizeof(error)) {
        return err_set(e, -EBADMSG, "interface %s: netlink answered in half a message", interface);
    }
    memcpy(&error, m->bytes + NLMSG_HDRLEN, sizeof(error));
    if (error.error == 0) {
        return 0;
    }
    if (m->size > head) {
        text = find(m->bytes + head, m->size - head, NLMSGERR_ATTR_MSG, &size);
    }
    if (error.error == -EOPNOTSUPP && text == NULL) {
        return err_set(e, -ENOTSUP, "interface %s: its driver cannot set when it interrupts",
                       interface);
    }
    return err_set(e, error.error == -EOPNOTSUPP ? -ENOTSUP : error.error, "interface %s: %s%s%.*s",
                   interface, strerror(-error.error), text != NULL ? ": " : "", (int)size,
                   text != NULL ? (const char *)text : "");
}

/* ---- the conversation ---- */

static int open_socket(struct err *e)
{
    const struct timeval patience = {.tv_sec = 2};
    const int on = 1;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

    if (fd < 0) {
        return err_set(e, -errno, "netlink: %s", strerror(errno));
    }
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

/* Sends m; the answer is in m. 0 for an answer or an acknowledgement, else the kernel's error. */
static int ask(int fd, struct message *m, const char *interface, struct err *e)
{
    const uint32_t length = (uint32_t)m->size;
    struct nlmsghdr head;
    ssize_t n;

    memcpy(m->bytes, &length, sizeof(length)); /* nlmsg_len comes first */
    if (send(fd, m->bytes, m->size, 0) < 0) {
        return err_set(e, -errno, "netlink: %s", strerror(errno));
    }
    do {
        n = recv(fd, m->bytes, sizeof(m->bytes), 0);
    } while (n < 0 && errno == EINTR);
    if (n < (ssize_t)sizeof(head)) {
        return err_set(e, n < 0 ? -errno : -EBADMSG, "netlink: %s",
                       n < 0 ? strerror(errno) : "half a message");
    }
    memcpy(&head, m->bytes, sizeof(head));
    m->size = head.nlmsg_len < (size_t)n ? head.nlmsg_len : (size_t)n;
    return head.nlmsg_type == NLMSG_ERROR ? read_error(m, interface, e) : 0;
}

static int find_family(int fd, struct message *m, uint16_t *ret, struct err *e)
{
    const size_t head = heads;
    const uint8_t *data = NULL;
    size_t size = 0;
    int result;

    begin(m, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
    put(m, CTRL_ATTR_FAMILY_NAME, ETHTOOL_GENL_NAME, sizeof(ETHTOOL_GENL_NAME));
    result = ask(fd, m, "ethtool", e);
    if (result == 0 && m->size > head) {
        data = find(m->bytes + head, m->size - head, CTRL_ATTR_FAMILY_ID, &size);
    }
    if (data == NULL || size != sizeof(*ret)) {
        return err_set(e, -ENOTSUP,
                       "this kernel has no ethtool netlink (CONFIG_ETHTOOL_NETLINK, Linux 5.7)");
    }
    memcpy(ret, data, sizeof(*ret));
    return 0;
}

/* Both messages: begin, interface, what `fill` puts. */
static int converse(struct message *m, uint8_t command, const char *interface,
                    const struct ethtool_wait *want, struct err *e)
{
    uint16_t family = 0;
    int fd, result;

    if (interface[0] == '\0' || strlen(interface) >= IF_NAMESIZE) {
        return err_set(e, -EINVAL, "'%s' is no name of an interface", interface);
    }
    if ((fd = open_socket(e)) < 0) {
        return fd;
    }
    result = find_family(fd, m, &family, e);
    if (result == 0) {
        begin(m, family, want != NULL ? NLM_F_ACK : 0, command);
        put_interface(m, interface);
        if (want != NULL && want->has_rx_usecs) {
            put(m, ETHTOOL_A_COALESCE_RX_USECS, &want->rx_usecs, sizeof(want->rx_usecs));
        }
        if (want != NULL && want->has_rx_frames) {
            put(m, ETHTOOL_A_COALESCE_RX_MAX_FRAMES, &want->rx_frames, sizeof(want->rx_frames));
        }
        result = ask(fd, m, interface, e);
    }
    close(fd);
    return result;
}

int ethtool_get_coalesce(const char *interface, struct ethtool_wait *ret, struct err *e)
{
    struct message m = {.size = 0};
    int result = converse(&m, ETHTOOL_MSG_COALESCE_GET, interface, NULL, e);

    if (result < 0) {
        return result;
    }
    memset(ret, 0, sizeof(*ret));
    ret->has_rx_usecs = find_u32(&m, ETHTOOL_A_COALESCE_RX_USECS, &ret->rx_usecs);
    ret->has_rx_frames = find_u32(&m, ETHTOOL_A_COALESCE_RX_MAX_FRAMES, &ret->rx_frames);
    return 0;
}

int ethtool_set_coalesce(const char *interface, const struct ethtool_wait *want, struct err *e)
{
    struct message m = {.size = 0};
    return converse(&m, ETHTOOL_MSG_COALESCE_SET, interface, want, e);
}
