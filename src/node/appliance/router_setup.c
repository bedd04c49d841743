/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * router_setup: interfaces, settings of the kernel and routes of a router, and their end. The
 * loop's thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "io/addr.h"
#include "io/link_bridge.h"
#include "io/neighbour.h"
#include "node/appliance/router.h"

enum { PATH_LENGTH = 128 };

#define BRIDGE_NAME "vaperf-bridge"

static int find_other(struct router_state *s, struct err *e)
{
    struct err why = {0};
    int result = link_find_other(&s->out, &s->in, &why);

    return result == 0 ? 0
                       : err_set(e, result,
                                 "%s; by hand --listen ADDRESS names the one that packets come in "
                                 "by, --out the one that they leave by",
                                 why.text);
}

static int find_links(struct router_state *s, const struct router_options *o, const char *address,
                      struct err *e)
{
    int result = link_find(&s->in, address, e);

    if (result == 0) {
        result = o->out != NULL ? link_find(&s->out, o->out, e) : find_other(s, e);
    }
    if (result == 0 && s->in.index == s->out.index) {
        result = err_set(e, -EINVAL, "%s is the interface that packets come in by", s->out.name);
    }
    return result < 0 ? err_prefix(e, "router: a machine with two links is needed, in a plan "
                                      "links: [west, east] (on platform native with "
                                      "platform_options: {network: own}): ")
                      : 0;
}

/* `via`, or the first address of the network behind the other link, where vaperf's testers are. */
static int find_next_hop(const struct router_state *s, const struct router_options *o,
                         char text[INET_ADDRSTRLEN], struct err *e)
{
    const struct sockaddr_in *own = (const void *)&s->out.address;
    struct in_addr first;

    if (o->via != NULL) {
        if (inet_pton(AF_INET, o->via, &first) != 1) {
            return err_set(e, -EINVAL, "router: via: '%s' is no IPv4 address", o->via);
        }
    } else if (s->out.address.ss_family != AF_INET) {
        return err_set(e, -EINVAL, "router: %s has no IPv4 address: say via, the next hop",
                       s->out.name);
    } else {
        first.s_addr = htonl((ntohl(own->sin_addr.s_addr) & s->out.netmask) + 1);
    }
    (void)inet_ntop(AF_INET, &first, text, INET_ADDRSTRLEN);
    return 0;
}

static int set_ipv6(struct router_state *s, struct err *e)
{
    const char *const names[] = {s->in.name, s->out.name};
    char path[PATH_LENGTH];
    int result = 0;

    for (int i = 0; i < 2 && result == 0; i++) {
        str_printf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", names[i]);
        result = tunables_set(&s->tunables, path, "0", "IPv6", e);
    }
    return result < 0 ? result
                      : tunables_set_sysctl(&s->tunables, "net.ipv6.conf.all.forwarding", "1", e);
}

/* Only one forwards: the kernel, or we. */
static int set_kernel(struct router_state *s, const struct router_options *o, struct err *e)
{
    struct tunables *t = &s->tunables;
    const bool routes = s->mode == ROUTER_ROUTE;
    int result = tunables_set_sysctl(t, "net.ipv4.ip_forward", routes ? "1" : "0", e);

    if (result == 0 && routes && o->routes6 > 0) {
        result = set_ipv6(s, e);
    }
    if (result == 0 && o->sysctl != NULL) {
        result = tunables_set_sysctls(t, o->sysctl, e);
    }
    if (result == 0 && cpu_set_count(&o->rps) > 0) {
        result = tunables_set_rps(t, s->in.name, &o->rps, e);
    }
    if (result == 0 && cpu_set_count(&o->irq_cpus) > 0) {
        result = tunables_set_irqs(t, s->in.name, &o->irq_cpus, e);
    }
    return result < 0 ? err_prefix(e, "router: ") : 0;
}

/* IPv6 goes to an address that we give to whoever has the IPv4 one: link-local, or of a network
 * that a daemon can look up. */
static int set_hops(struct router_state *s, const char *via, struct err *e)
{
    const char *via6 = s->daemon != ROUTER_NO_DAEMON ? ROUTER_HOP6 : "fe80::1";
    struct route_block *v4 = &s->blocks[0], *v6 = &s->blocks[1];
    struct sockaddr_storage to;
    struct neighbour n;
    int result = 0;

    (void)inet_pton(AF_INET, via, v4->next_hop);
    (void)inet_pton(AF_INET6, via6, v6->next_hop);
    v4->interface = v6->interface = s->out.index;
    if (v6->count > 0) {
        result = addr_parse(&to, via) < 0 ? -EINVAL : neighbour_find(&n, s->out.index, &to, e);
    }
    if (v6->count > 0 && result == 0) {
        result = route_set_neighbour(AF_INET6, v6->next_hop, s->out.index, n.mac, e);
    }
    return result;
}

static const struct router_daemon_ops *const speakers[] = {
    [ROUTER_BIRD] = &router_bird, [ROUTER_FRR] = &router_frr};

static int load_routes(struct router_state *s, const struct router_options *o, const char *via,
                       struct err *e)
{
    const uint64_t from_ns = clock_now_ns();
    struct router_feed feed = {.options = o, .blocks = s->blocks, .in = &s->in, .out = &s->out};
    int result = set_hops(s, via, e);

    if (result == 0 && s->daemon != ROUTER_NO_DAEMON) {
        result = router_daemon_start(&s->speaker, speakers[s->daemon], &feed, e);
    }
    for (int i = 0; i < 2 && result == 0 && s->daemon == ROUTER_NO_DAEMON; i++) {
        result = s->blocks[i].count > 0 ? route_add(&s->blocks[i], e) : 0;
        s->loaded[i] = result == 0;
    }
    s->load_ns = clock_now_ns() - from_ns;
    return result < 0 ? err_prefix(e, "router: ") : 0;
}

static int start_forwarder(struct router_state *s, const char *via, struct err *e)
{
    struct sockaddr_storage to;
    struct neighbour n;
    int result = addr_parse(&to, via) < 0 ? -EINVAL : neighbour_find(&n, s->out.index, &to, e);

    if (result == 0) {
        result =
            forwarder_open(&s->forwarder, s->mode == ROUTER_RING ? FORWARDER_RING : FORWARDER_XDP,
                           &s->in, &s->out, n.mac, e);
    }
    return result;
}

static int start_bridge(struct router_state *s, struct err *e)
{
    const struct link_info members[] = {s->in, s->out};
    int result = link_bridge_open(BRIDGE_NAME, members, 2, e);

    s->is_bridged = result == 0;
    return result;
}

static int start_forwarding(struct router_state *s, const struct router_options *o, const char *via,
                            struct err *e)
{
    int result;

    if (s->mode == ROUTER_ROUTE) {
        return load_routes(s, o, via, e);
    }
    result = s->mode == ROUTER_BRIDGE ? start_bridge(s, e) : start_forwarder(s, via, e);
    return result < 0 ? err_prefix(e, "router: ") : 0;
}

/* How often a link lost or found its other end; 0 where the kernel does not say. */
static uint64_t read_carrier_changes(const char *interface)
{
    char path[PATH_LENGTH];
    struct buf text;
    uint64_t changes = 0;

    buf_init(&text);
    str_printf(path, sizeof(path), "/sys/class/net/%s/carrier_changes", interface);
    if (buf_load(&text, path) == 0) {
        changes = strtoull(buf_str(&text), NULL, 10);
    }
    buf_finish(&text);
    return changes;
}

int router_setup(struct router_state *s, const struct router_options *o, const char *address,
                 struct err *e)
{
    char via[INET_ADDRSTRLEN] = "";
    int result = router_blocks(o, &s->blocks[0], &s->blocks[1], e);

    s->mode = o->mode;
    s->daemon = o->daemon;
    if (result == 0) {
        result = find_links(s, o, address, e);
    }
    if (result == 0) {
        result = find_next_hop(s, o, via, e);
    }
    if (result == 0) {
        result = set_kernel(s, o, e);
    }
    if (result == 0) {
        result = start_forwarding(s, o, via, e);
    }
    if (result < 0) {
        router_undo(s);
        return result;
    }
    s->carrier[0] = read_carrier_changes(s->in.name);
    s->carrier[1] = read_carrier_changes(s->out.name);
    router_read_counters(&s->before);
    return 0;
}

void router_undo(struct router_state *s)
{
    router_daemon_stop(&s->speaker);
    forwarder_close(s->forwarder);
    s->forwarder = NULL;
    if (s->is_bridged) {
        link_bridge_close(BRIDGE_NAME);
    }
    s->is_bridged = false;
    for (int i = 0; i < 2; i++) {
        if (s->loaded[i] && s->blocks[i].count > 0) {
            (void)route_remove(&s->blocks[i], NULL);
        }
        s->loaded[i] = false;
    }
    tunables_restore(&s->tunables);
}

int router_check_links(const struct router_state *s, struct err *e)
{
    const char *const names[] = {s->in.name, s->out.name};

    for (int i = 0; i < 2; i++) {
        struct link_info now;
        const uint64_t changes = read_carrier_changes(names[i]);
        if (link_find(&now, names[i], NULL) < 0) {
            return err_set(e, -ENETDOWN, "router: its interface %s is gone", names[i]);
        }
        if (!now.is_up) {
            return err_set(e, -ENETDOWN, "router: its link %s is down", names[i]);
        }
        if (changes != s->carrier[i]) {
            return err_set(e, -ENETDOWN, "router: its link %s went down (%" PRIu64 " times)",
                           names[i], (changes - s->carrier[i] + 1) / 2);
        }
    }
    return 0;
}
