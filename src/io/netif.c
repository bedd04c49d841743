/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * netif: see netif.h.
 */
#include "io/netif.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/str.h"
#include "io/addr.h"

/* A driver that cannot say how many it has, has one. */
static uint32_t read_queues(int fd, struct ifreq *r)
{
    struct ethtool_channels c = {.cmd = ETHTOOL_GCHANNELS};
    uint32_t n;

    r->ifr_data = (void *)&c;
    if (ioctl(fd, SIOCETHTOOL, r) < 0) {
        return 1;
    }
    n = c.rx_count + c.combined_count;
    return n > 0 ? n : 1;
}

static int read_all(int fd, struct netif *n)
{
    struct ifreq r = {0};

    memcpy(r.ifr_name, n->name, sizeof(r.ifr_name));
    if (ioctl(fd, SIOCGIFINDEX, &r) < 0) {
        return -errno;
    }
    n->index = (unsigned)r.ifr_ifindex;
    if (ioctl(fd, SIOCGIFFLAGS, &r) < 0) {
        return -errno;
    }
    n->flags = (unsigned)(unsigned short)r.ifr_flags;
    if (ioctl(fd, SIOCGIFMTU, &r) < 0) {
        return -errno;
    }
    n->mtu = (uint32_t)r.ifr_mtu;
    if (ioctl(fd, SIOCGIFHWADDR, &r) < 0) {
        return -errno;
    }
    memcpy(n->mac, r.ifr_hwaddr.sa_data, sizeof(n->mac));
    n->queues = read_queues(fd, &r);
    return 0;
}

int netif_read(struct netif *ret, const char *name, struct err *e)
{
    struct netif n = {.index = 0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result;

    str_printf(n.name, sizeof(n.name), "%s", name);
    result = fd < 0 ? -errno : read_all(fd, &n);
    if (fd >= 0) {
        close(fd);
    }
    if (result < 0) {
        return err_set(e, result, "interface %s: %s", name, strerror(-result));
    }
    *ret = n;
    return 0;
}

static int is_same(const struct sockaddr *a, const struct sockaddr_storage *b)
{
    if (a == NULL || a->sa_family != b->ss_family) {
        return 0;
    }
    return a->sa_family == AF_INET6
               ? memcmp(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr,
                        &((const struct sockaddr_in6 *)(const void *)b)->sin6_addr, 16) == 0
               : memcmp(&((const struct sockaddr_in *)(const void *)a)->sin_addr,
                        &((const struct sockaddr_in *)(const void *)b)->sin_addr, 4) == 0;
}

int netif_find(struct netif *ret, const struct sockaddr_storage *address, struct err *e)
{
    char text[ADDR_TEXT_MAX], name[IF_NAMESIZE] = "";
    struct ifaddrs *all;

    if (getifaddrs(&all) < 0) {
        return err_set(e, -errno, "interfaces: %s", strerror(errno));
    }
    for (const struct ifaddrs *i = all; i != NULL && name[0] == '\0'; i = i->ifa_next) {
        if (is_same(i->ifa_addr, address)) {
            str_printf(name, sizeof(name), "%s", i->ifa_name);
        }
    }
    freeifaddrs(all);
    if (name[0] == '\0') {
        return err_set(e, -EADDRNOTAVAIL, "no interface here has the address %s",
                       addr_format(address, text, sizeof(text)));
    }
    return netif_read(ret, name, e);
}

int netif_bind(int fd, const char *name)
{
    if (name == NULL) {
        return 0;
    }
    return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name)) < 0 ? -errno
                                                                                          : 0;
}
