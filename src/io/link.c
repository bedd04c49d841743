/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * link: see link.h.
 */
#include "io/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/str.h"
#include "io/addr.h"

enum { LIST_MAX = 200 };
#define LOWER_UP 0x10000u /* IFF_LOWER_UP of linux/if.h, which net/if.h shuts out: a carrier */

static uint32_t ipv4_of(const struct sockaddr *a)
{
    return ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr);
}

static uint32_t read_mtu(const char *name)
{
    struct ifreq request = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    str_printf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    if (fd < 0 || ioctl(fd, SIOCGIFMTU, &request) < 0) {
        request.ifr_mtu = 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    return request.ifr_mtu > 0 ? (uint32_t)request.ifr_mtu : 0;
}

/* Everything that the list says of one interface. */
static void fill(struct link_info *ret, const struct ifaddrs *list, const char *name)
{
    *ret = (struct link_info){.index = if_nametoindex(name), .mtu_bytes = read_mtu(name)};
    str_printf(ret->name, sizeof(ret->name), "%s", name);
    for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
        if (i->ifa_addr == NULL || strcmp(i->ifa_name, name) != 0) {
            continue;
        }
        ret->is_up = (i->ifa_flags & IFF_UP) != 0 && (i->ifa_flags & LOWER_UP) != 0;
        if (i->ifa_addr->sa_family == AF_PACKET) {
            const struct sockaddr_ll *hardware = (const void *)i->ifa_addr;
            memcpy(ret->mac, hardware->sll_addr, sizeof(ret->mac));
        } else if (i->ifa_addr->sa_family == AF_INET && ret->address.ss_family == AF_UNSPEC) {
            memcpy(&ret->address, i->ifa_addr, sizeof(struct sockaddr_in));
            ret->netmask = i->ifa_netmask != NULL ? ipv4_of(i->ifa_netmask) : UINT32_MAX;
        }
    }
}

/* "lo, eth0 10.0.0.1, eth1": for those who looked for another. */
static const char *say_list(const struct ifaddrs *list, char *buffer, size_t size)
{
    size_t n = 0;

    buffer[0] = '\0';
    for (const struct ifaddrs *i = list; i != NULL && n < size; i = i->ifa_next) {
        char text[INET_ADDRSTRLEN] = "";
        if (i->ifa_addr == NULL ||
            (i->ifa_addr->sa_family != AF_PACKET && i->ifa_addr->sa_family != AF_INET)) {
            continue;
        }
        if (i->ifa_addr->sa_family == AF_INET) {
            const struct sockaddr_in *in = (const void *)i->ifa_addr;
            (void)inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
        }
        n += (size_t)snprintf(buffer + n, size - n, "%s%s%s%s", n > 0 ? ", " : "", i->ifa_name,
                              text[0] != '\0' ? " " : "", text);
    }
    return buffer;
}

static const char *find_name(const struct ifaddrs *list, const char *wanted)
{
    struct sockaddr_storage address;
    const bool is_address = addr_parse(&address, wanted) == 0 && address.ss_family == AF_INET;

    for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
        if (strcmp(i->ifa_name, wanted) == 0 ||
            (is_address && i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET &&
             ipv4_of(i->ifa_addr) == ipv4_of((const struct sockaddr *)&address))) {
            return i->ifa_name;
        }
    }
    return NULL;
}

int link_find(struct link_info *ret, const char *name_or_address, struct err *e)
{
    struct ifaddrs *list = NULL;
    char text[LIST_MAX];
    int result = 0;

    if (getifaddrs(&list) < 0) {
        return err_set(e, -errno, "interfaces: %s", strerror(errno));
    }
    const char *name = find_name(list, name_or_address);
    if (name == NULL) {
        result = err_set(e, -ENODEV,
                         "'%s' is no interface here and no IPv4 address of one (there is %s)",
                         name_or_address, say_list(list, text, sizeof(text)));
    } else {
        fill(ret, list, name);
    }
    freeifaddrs(list);
    return result;
}

static bool is_candidate(const struct ifaddrs *i, const struct link_info *one)
{
    return i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET &&
           (i->ifa_flags & IFF_LOOPBACK) == 0 && (i->ifa_flags & IFF_UP) != 0 &&
           strcmp(i->ifa_name, one->name) != 0;
}

int link_find_other(struct link_info *ret, const struct link_info *one, struct err *e)
{
    struct ifaddrs *list = NULL;
    char text[LIST_MAX];
    const char *name = NULL;
    bool several = false;
    int result = 0;

    if (getifaddrs(&list) < 0) {
        return err_set(e, -errno, "interfaces: %s", strerror(errno));
    }
    for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
        if (is_candidate(i, one)) {
            several = several || (name != NULL && strcmp(name, i->ifa_name) != 0);
            name = i->ifa_name;
        }
    }
    if (name == NULL || several) {
        result =
            err_set(e, -ENODEV, "besides %s there is %s interface with an address: %s", one->name,
                    several ? "more than one" : "no", say_list(list, text, sizeof(text)));
    } else {
        fill(ret, list, name);
    }
    freeifaddrs(list);
    return result;
}
