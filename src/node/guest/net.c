/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * net: one request, one acknowledgement. One thread.
 */
#include "node/guest/net.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "node/guest/system.h"

struct request {
    struct nlmsghdr header;
    char body[256];
};

static void begin(struct request *q, uint16_t type, uint16_t flags, const void *body, size_t size)
{
    *q = (struct request){.header = {.nlmsg_len = (uint32_t)NLMSG_LENGTH(size),
                                     .nlmsg_type = type,
                                     .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags),
                                     .nlmsg_seq = 1}};
    memcpy(NLMSG_DATA(&q->header), body, size);
}

static void attribute(struct request *q, uint16_t type, const void *value, size_t size)
{
    const struct rtattr a = {.rta_len = (uint16_t)RTA_LENGTH(size), .rta_type = type};
    char *at = (char *)q + NLMSG_ALIGN(q->header.nlmsg_len);
    memcpy(at, &a, sizeof a);
    memcpy(at + RTA_LENGTH(0), value, size);
    q->header.nlmsg_len = (uint32_t)(NLMSG_ALIGN(q->header.nlmsg_len) + RTA_ALIGN(a.rta_len));
}

static int ask(int fd, const struct request *q)
{
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[512];
    } answer;
    if (send(fd, q, q->header.nlmsg_len, 0) < 0)
        return -errno;
    const ssize_t n = recv(fd, &answer, sizeof answer, 0);
    if (n < 0)
        return -errno;
    if ((size_t)n < sizeof answer.header + sizeof answer.error ||
        answer.header.nlmsg_type != NLMSG_ERROR)
        return -EBADMSG;
    return answer.error.error;
}

static int bring_up(int fd, unsigned index)
{
    const struct ifinfomsg link = {
        .ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    struct request q;
    begin(&q, RTM_NEWLINK, 0, &link, sizeof link);
    return ask(fd, &q);
}

static int add_address(int fd, unsigned index, const struct cmdline_net *net)
{
    const size_t size = net->family == AF_INET ? 4 : 16;
    const struct ifaddrmsg address = {.ifa_family = (uint8_t)net->family,
                                      .ifa_prefixlen = net->prefix,
                                      .ifa_flags = net->family == AF_INET6 ? IFA_F_NODAD : 0,
                                      .ifa_index = index};
    struct request q;
    begin(&q, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &address, sizeof address);
    attribute(&q, IFA_LOCAL, net->address, size);
    attribute(&q, IFA_ADDRESS, net->address, size);
    return ask(fd, &q);
}

static int add_gateway(int fd, unsigned index, const struct cmdline_net *net)
{
    const struct rtmsg route = {.rtm_family = (uint8_t)net->family,
                                .rtm_table = RT_TABLE_MAIN,
                                .rtm_protocol = RTPROT_BOOT,
                                .rtm_scope = RT_SCOPE_UNIVERSE,
                                .rtm_type = RTN_UNICAST};
    struct request q;
    begin(&q, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &route, sizeof route);
    attribute(&q, RTA_GATEWAY, net->gateway, net->family == AF_INET ? 4 : 16);
    attribute(&q, RTA_OIF, &index, sizeof index);
    return ask(fd, &q);
}

static bool has_mac(const char *interface, const char *wanted)
{
    char path[320];
    str_printf(path, sizeof path, "/sys/class/net/%s/address", interface);
    return system_says(path, wanted);
}

static unsigned find_interface(const char *mac)
{
    unsigned index = 0;
    DIR *d = opendir("/sys/class/net");
    if (d == NULL)
        return 0;
    for (const struct dirent *entry; index == 0 && (entry = readdir(d)) != NULL;)
        if (entry->d_name[0] != '.' && has_mac(entry->d_name, mac))
            index = if_nametoindex(entry->d_name);
    closedir(d);
    return index;
}

static int set_up_one(int fd, const struct cmdline_net *net, struct err *e)
{
    char mac[18], text[INET6_ADDRSTRLEN] = "";
    const uint8_t *m = net->mac;
    str_printf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
               m[5]);
    const unsigned index = find_interface(mac);
    if (index == 0)
        return err_set(e, -ENODEV, "there is no network interface with the address %s", mac);
    int r = bring_up(fd, index);
    if (r < 0)
        return err_set(e, r, "interface %s: up: %s", mac, strerror(-r));
    inet_ntop(net->family, net->address, text, sizeof text);
    if ((r = add_address(fd, index, net)) < 0)
        return err_set(e, r, "interface %s: address %s/%u: %s", mac, text, net->prefix,
                       strerror(-r));
    if (!net->has_gateway || (r = add_gateway(fd, index, net)) >= 0)
        return 0;
    inet_ntop(net->family, net->gateway, text, sizeof text);
    return err_set(e, r, "interface %s: gateway %s: %s", mac, text, strerror(-r));
}

int net_set_up(const struct cmdline_net *nets, size_t count, struct err *e)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        return err_set(e, -errno, "netlink: %s", strerror(errno));
    int result = bring_up(fd, if_nametoindex("lo"));
    if (result < 0)
        err_set(e, result, "interface lo: %s", strerror(-result));
    for (size_t i = 0; i < count; i++) {
        struct err why;
        int r = set_up_one(fd, &nets[i], &why);
        if (r < 0 && result == 0)
            result = err_set(e, r, "%s", why.text);
    }
    close(fd);
    return result;
}
