/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bridge: by iproute2 as a child (doc/decisions/0003). Neighbour entries between tester and
 * machine are permanent and there are no IPv6 addresses, so that no packet of a trial waits for ARP
 * or duplicate address detection. One thread; two controllers choose their networks under a lock.
 */
#include "control/platform/bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "control/platform/mark.h"

enum { PREFIX_COUNT = 512 };

/* Of this process, so of its mark: two platforms of one run never give the same name. */
static unsigned bridge_count, veth_count;

#define IP_TIMEOUT_NS (20 * NS_PER_S)

static void format_address(unsigned prefix, unsigned octet, char buffer[BRIDGE_ADDRESS_MAX])
{
    str_printf(buffer, BRIDGE_ADDRESS_MAX, "198.%u.%u.%u", 18 + prefix / 256, prefix % 256, octet);
}

/* Locally administered; from the address, so that it is the same each time. */
static void format_mac(unsigned prefix, unsigned octet, char buffer[18])
{
    str_printf(buffer, 18, "02:76:70:%02x:%02x:%02x", prefix / 256, prefix % 256, octet & 0xff);
}

static int ip_batch(const struct host *h, const char *netns, const struct buf *commands,
                    struct err *e)
{
    const char *in_host[] = {"ip", "-batch", "-", NULL};
    const char *in_netns[] = {"ip", "-n", netns, "-batch", "-", NULL};
    char *const *words = (char *const *)(void *)(netns != NULL ? in_netns : in_host);
    if (buf_failed(commands))
        return err_set(e, -ENOMEM, "out of memory");
    int r = host_run(h, words, buf_str(commands), NULL, IP_TIMEOUT_NS, e);
    return r > 0 ? -EIO : r;
}

static bool has_ipv6(const struct host *h)
{
    return host_sh(h, "[ -d /proc/sys/net/ipv6 ]", NULL, NULL, NULL) == 0;
}

static void mark_used(bool used[PREFIX_COUNT], const char *text)
{
    for (const char *at = strstr(text, "198."); at != NULL; at = strstr(at + 4, "198.")) {
        char *rest;
        const unsigned long second = strtoul(at + 4, &rest, 10);
        const unsigned long third = *rest == '.' ? strtoul(rest + 1, &rest, 10) : 256;
        if ((second == 18 || second == 19) && third < 256 && *rest == '.')
            used[(second - 18) * 256 + third] = true;
    }
}

static int find_used(const struct host *h, bool used[PREFIX_COUNT], struct err *e)
{
    struct buf out;
    buf_init(&out);
    int r = host_sh(h, "ip -4 -o addr show; ip -4 route show table all", NULL, &out, e);
    if (r == 0)
        mark_used(used, buf_str(&out));
    buf_finish(&out);
    return r;
}

/* A prefix that no address and no route of the hosts has; where to begin comes from the mark. */
static int choose_prefix(const struct bridge *n, const char *mark, unsigned *ret, struct err *e)
{
    bool used[PREFIX_COUNT] = {false};
    unsigned start = 0;
    int r = find_used(n->host, used, e);
    if (r == 0 && n->tester_host != n->host)
        r = find_used(n->tester_host, used, e);
    if (r < 0)
        return r;
    for (const char *c = mark; *c != '\0'; c++)
        start = start * 31 + (unsigned char)*c;
    for (unsigned i = 0; i < PREFIX_COUNT; i++) {
        unsigned prefix = (start + i) % PREFIX_COUNT;
        if (!used[prefix]) {
            *ret = prefix;
            return 0;
        }
    }
    return err_set(e, -EADDRINUSE, "no free network left in 198.18.0.0/15");
}

static int lock_choice(void)
{
    char root[MARK_PATH_MAX], path[MARK_PATH_MAX + 16];
    str_printf(path, sizeof path, "%s/.networks", mark_root(root));
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        flock(fd, LOCK_EX);
    return fd;
}

static int make_bridge(struct bridge *n, struct err *e)
{
    char mac[18];
    const bool spans = n->tester_host != n->host;
    struct buf batch;
    format_mac(n->prefix, spans ? 255 : 1, mac);
    format_address(n->prefix, 1, n->tester);
    buf_init(&batch);
    buf_printf(&batch,
               "link add name %s address %s type bridge stp_state 0 forward_delay 0 "
               "mcast_snooping 0\n",
               n->bridge, mac);
    if (has_ipv6(n->host))
        buf_printf(&batch, "link set dev %s addrgenmode none\n", n->bridge);
    if (spans)
        buf_printf(&batch, "link set dev %s master %s\nlink set dev %s up\n", n->host->interface,
                   n->bridge, n->host->interface);
    else
        buf_printf(&batch, "address add %s/24 dev %s\n", n->tester, n->bridge);
    buf_printf(&batch, "link set dev %s up\n", n->bridge);
    int r = ip_batch(n->host, NULL, &batch, e);
    buf_finish(&batch);
    return r;
}

/* Only what the plan gives away: an interface that carries other addresses is someone's way in. */
static const char port_script[] =
    "[ -e \"/sys/class/net/$1\" ] || { echo \"it has no interface $1\" >&2; exit 1; }\n"
    "[ ! -e \"/sys/class/net/$1/master\" ] || { echo \"interface $1 is in a bridge already\" >&2\n"
    "exit 1; }\n"
    "for a in $(ip -4 -o addr show dev \"$1\" | sed -n 's/.* inet \\([^ /]*\\).*/\\1/p'); do\n"
    "[ \"$a\" = \"$2\" ] || { echo \"interface $1 has the address $a, which would be cut off: "
    "\"\\\n"
    "\"give the traffic an interface of its own\" >&2; exit 1; }; done";

static int check_port(const struct host *h, struct err *e)
{
    const char *args[] = {h->interface, h->address != NULL ? h->address : "", NULL};
    int r = host_sh(h, port_script, args, NULL, e);
    return r < 0 ? err_prefix(e, "host %s: ", h->name) : 0;
}

/* The tester's end on another host. */
static int make_far_end(struct bridge *n, struct err *e)
{
    const struct host *h = n->tester_host;
    char mac[18];
    struct buf batch;
    format_mac(n->prefix, 1, mac);
    buf_init(&batch);
    buf_printf(&batch,
               "link set dev %s up\nlink add link %s name %s address %s type macvlan mode bridge\n",
               h->interface, h->interface, n->tester_dev, mac);
    if (has_ipv6(h))
        buf_printf(&batch, "link set dev %s addrgenmode none\n", n->tester_dev);
    buf_printf(&batch, "address add %s/24 dev %s\nlink set dev %s up\n", n->tester, n->tester_dev,
               n->tester_dev);
    int r = ip_batch(h, NULL, &batch, e);
    buf_finish(&batch);
    return r < 0 ? err_prefix(e, "host %s: ", h->name) : 0;
}

int bridge_check(const struct platform_env *env, struct err *e)
{
    const struct host *t = env->tester;
    if (t == NULL || (env->host->interface != NULL && t->interface != NULL))
        return 0;
    const struct host *h = env->host->interface == NULL ? env->host : t;
    return err_set(e, -EINVAL,
                   "the load comes from host %s to machines on host %s: say which interface of "
                   "host %s is cabled to the other: hosts: {%s: {uri: %s, interface: eth1}}",
                   t->name, env->host->name, h->name, h->name, h->uri != NULL ? h->uri : "local");
}

/* What comes back to the tester is the end of its way, also on a host that routes for others. */
static const char end_script[] = "for v in 4 6; do f=/proc/sys/net/ipv$v/conf/$1/forwarding; "
                                 "[ ! -e $f ] || [ \"$(cat $f)\" = 0 ] || echo 0 >$f; done";

static int keep_in(const struct bridge *n, struct err *e)
{
    const char *args[] = {n->tester_dev, NULL};
    return host_sh(n->tester_host, end_script, args, NULL, e);
}

static int make_network(struct bridge *n, struct err *e)
{
    int r = n->tester_host != n->host ? check_port(n->host, e) : 0;
    if (r < 0)
        return r;
    r = make_bridge(n, e);
    if (r == 0 && n->tester_host != n->host)
        r = make_far_end(n, e);
    if (r == 0)
        r = keep_in(n, e);
    if (r < 0)
        bridge_close(n);
    return r;
}

int bridge_open(struct bridge *ret, const struct platform_env *env, const char *name, struct err *e)
{
    struct bridge n = {.host = env->host, .last = 1};
    int r = bridge_check(env, e);
    if (r < 0)
        return r;
    n.tester_host = env->tester != NULL ? env->tester : env->host;
    str_printf(n.mark, sizeof n.mark, "%s", env->mark);
    str_printf(n.name, sizeof n.name, "%s", name);
    str_printf(n.bridge, sizeof n.bridge, "vp%sb%u", env->mark, bridge_count++);
    if (env->tester != NULL)
        str_printf(n.tester_dev, sizeof n.tester_dev, "vp%sv%u", env->mark, veth_count++);
    else
        str_printf(n.tester_dev, sizeof n.tester_dev, "%s", n.bridge);
    int lock = lock_choice();
    r = choose_prefix(&n, env->mark, &n.prefix, e);
    if (r == 0)
        r = make_network(&n, e);
    if (lock >= 0)
        close(lock);
    if (r < 0)
        return err_prefix(e, "network %s: ", name);
    *ret = n;
    return 0;
}

void bridge_close(struct bridge *n)
{
    if (n->name[0] != '\0') {
        bridge_port_remove(n->host, n->bridge, NULL);
        if (n->tester_host != n->host)
            bridge_port_remove(n->tester_host, n->tester_dev, NULL);
    }
    n->name[0] = '\0';
}

/* $1 the address with its prefix, $2 where. A network this host knows a way into is not taken. */
static const char tester_script[] =
    "w=$(ip -4 -o route show root \"$1\" | grep -v '^default' || :)\n"
    "w=$w$(ip -4 -o route show match \"${1%/*}\" | grep -v '^default' || :)\n"
    "[ -z \"$w\" ] || { echo \"this host is in that network already: $w\" >&2; exit 1; }\n"
    "ip address add \"$1\" dev \"$2\"";

int bridge_add_tester(struct bridge *n, const char *address, struct err *e)
{
    const char *args[] = {address, n->tester_dev, NULL};
    const size_t size = strcspn(address, "/");
    if (size == 0 || size >= sizeof n->tester || address[size] != '/')
        return err_set(e, -EINVAL, "tester: '%s' is no address with a prefix, such as 192.0.2.1/24",
                       address);
    int r = host_sh(n->tester_host, tester_script, args, NULL, e);
    if (r < 0)
        return err_prefix(e, "tester %s: ", address);
    str_printf(n->tester, sizeof n->tester, "%.*s", (int)size, address);
    return 0;
}

int bridge_netns_add(const struct host *h, const char *netns, struct err *e)
{
    const char *args[] = {netns, NULL};
    return host_sh(h, "ip netns add \"$1\"; ip -n \"$1\" link set dev lo up", args, NULL, e);
}

int bridge_netns_remove(const struct host *h, const char *netns, struct err *e)
{
    const char *args[] = {netns, NULL};
    return host_sh(h, "[ ! -e \"/run/netns/$1\" ] || ip netns delete \"$1\"", args, NULL, e);
}

/* Where the machine is, so that the tester need not ask. */
static int tell_tester(const struct bridge *n, const struct bridge_port *port, struct err *e)
{
    struct buf batch;
    buf_init(&batch);
    buf_printf(&batch, "neigh replace %s lladdr %s dev %s nud permanent\n", port->address,
               port->mac, n->tester_dev);
    int r = ip_batch(n->tester_host, NULL, &batch, e);
    buf_finish(&batch);
    return r;
}

static int attach_outside(struct bridge *n, const char *netns, const struct bridge_port *link,
                          struct err *e)
{
    struct buf batch;
    buf_init(&batch);
    buf_printf(&batch, "link add name %s type veth peer name %s address %s netns %s\n",
               link->outside, link->inside, link->mac, netns);
    if (has_ipv6(n->host))
        buf_printf(&batch, "link set dev %s addrgenmode none\n", link->outside);
    buf_printf(&batch, "link set dev %s master %s\nlink set dev %s up\n", link->outside, n->bridge,
               link->outside);
    int r = ip_batch(n->host, NULL, &batch, e);
    buf_finish(&batch);
    return r < 0 ? r : tell_tester(n, link, e);
}

static int attach_inside(struct bridge *n, const char *netns, const struct bridge_port *link,
                         struct err *e)
{
    char tester_mac[18];
    struct buf batch;
    format_mac(n->prefix, 1, tester_mac);
    buf_init(&batch);
    if (has_ipv6(n->host))
        buf_printf(&batch, "link set dev %s addrgenmode none\n", link->inside);
    buf_printf(&batch, "address add %s/24 dev %s\nlink set dev %s up\n", link->address,
               link->inside, link->inside);
    buf_printf(&batch, "neigh replace %s lladdr %s dev %s nud permanent\n", n->tester, tester_mac,
               link->inside);
    int r = ip_batch(n->host, netns, &batch, e);
    buf_finish(&batch);
    return r;
}

/* Names and addresses of the next machine. */
static int next_port(struct bridge *n, struct bridge_port *ret, struct err *e)
{
    if (n->last > BRIDGE_MACHINES_MAX)
        return err_set(e, -EADDRINUSE, "network %s: more than %d machines", n->name,
                       BRIDGE_MACHINES_MAX);
    unsigned octet = ++n->last;
    *ret = (struct bridge_port){0};
    str_printf(ret->outside, sizeof ret->outside, "vp%sv%u", n->mark, veth_count++);
    format_address(n->prefix, octet, ret->address);
    format_mac(n->prefix, octet, ret->mac);
    return 0;
}

int bridge_attach(struct bridge *n, const char *netns, unsigned index, struct bridge_port *ret,
                  struct err *e)
{
    struct bridge_port link;
    int r = next_port(n, &link, e);
    if (r < 0)
        return r;
    str_printf(link.inside, sizeof link.inside, "eth%u", index);
    r = attach_outside(n, netns, &link, e);
    if (r == 0)
        r = attach_inside(n, netns, &link, e);
    if (r < 0) {
        bridge_detach(n, &link);
        return err_prefix(e, "network %s: ", n->name);
    }
    *ret = link;
    return 0;
}

int bridge_reserve(struct bridge *n, struct bridge_port *ret, struct err *e)
{
    struct bridge_port port;
    int r = next_port(n, &port, e);
    if (r == 0)
        r = tell_tester(n, &port, e);
    if (r < 0)
        return err_prefix(e, "network %s: ", n->name);
    *ret = port;
    return 0;
}

void bridge_detach(struct bridge *n, const struct bridge_port *link)
{
    bridge_port_remove(n->host, link->outside, NULL);
    const char *args[] = {link->address, n->tester_dev, NULL};
    host_sh(n->tester_host, "ip neigh del \"$1\" dev \"$2\" 2>/dev/null || :", args, NULL, NULL);
}

int bridge_port_remove(const struct host *h, const char *ifname, struct err *e)
{
    const char *args[] = {ifname, NULL};
    if (!str_starts(ifname, "vp"))
        return err_set(e, -EINVAL, "interface %s is not ours", ifname);
    return host_sh(h, "[ ! -e \"/sys/class/net/$1\" ] || ip link delete dev \"$1\"", args, NULL, e);
}

int bridge_list(const struct host *h, const char *mark, struct buf *ret_links,
                struct buf *ret_namespaces, struct err *e)
{
    const char *args[] = {mark, NULL};
    buf_clear(ret_links);
    buf_clear(ret_namespaces);
    int r =
        host_sh(h, "for d in /sys/class/net/vp\"$1\"[bv]*; do [ ! -e $d ] || echo ${d##*/}; done",
                args, ret_links, e);
    if (r < 0)
        return r;
    return host_sh(h, "for d in /run/netns/vaperf-\"$1\"-*; do [ ! -e $d ] || echo ${d##*/}; done",
                   args, ret_namespaces, e);
}
