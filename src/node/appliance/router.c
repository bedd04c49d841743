/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * router: the kernel of a machine with two links as a router: forwarding on, a table of many
 * routes, settings of the kernel by plan; or as a bridge; or our own forwarder in its place. What
 * is forwarded is the kernel's own count. The loop's thread.
 */
#include "node/appliance/router.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "io/addr.h"
#include "node/appliance/appliance.h"

enum { DISCARD_PORT = 9, FIRST_HOST = 1 };

static const char *const modes[] = {"route", "bridge", "ring", "xdp", NULL};
static const char *const daemons[] = {"none", "bird", "frr", NULL};

#define AT(member) offsetof(struct router_options, member)
const struct opt router_options_table[] = {
    {"mode", OPT_CHOICE, "route",
     "route: the kernel looks up each packet in its table; bridge: the kernel's bridge (the load "
     "says "
     "bridged); ring, xdp: this program hands frames on as they are, the upper bound",
     0, 0, modes, AT(mode), 0},
    {"routes", OPT_COUNT, "1", "IPv4 routes, each of a prefix of its own", 0, 1e7, NULL, AT(routes),
     0},
    {"prefix", OPT_STRING, "10.0.0.0/8", "where the IPv4 prefixes are taken from", 0, 0, NULL,
     AT(prefix), 0},
    {"prefix_length", OPT_COUNT, "28", "of each IPv4 route", 1, 32, NULL, AT(prefix_length), 0},
    {"routes6", OPT_COUNT, "0", "IPv6 routes", 0, 1e7, NULL, AT(routes6), 0},
    {"prefix6", OPT_STRING, "2001:db8::/32", "where the IPv6 prefixes are taken from", 0, 0, NULL,
     AT(prefix6), 0},
    {"prefix6_length", OPT_COUNT, "64", "of each IPv6 route", 1, 128, NULL, AT(prefix6_length), 0},
    {"out", OPT_STRING, NULL,
     "interface, or its address, that packets leave by (else the only other one)", 0, 0, NULL,
     AT(out), 0},
    {"via", OPT_STRING, NULL,
     "IPv4 address of the next hop (else the first of the network behind that interface)", 0, 0,
     NULL, AT(via), 0},
    {"daemon", OPT_CHOICE, "none",
     "who fills the table: none: this program, by netlink; bird: BIRD, frr: FRR's bgpd and zebra, "
     "with what they hear by BGP",
     0, 0, daemons, AT(daemon), 0},
    {"peer", OPT_STRING, NULL,
     "ADDRESS[:PORT] of the BGP speaker that sends the daemon the routes; without it a BIRD "
     "beside it in the machine does",
     0, 0, NULL, AT(peer), 0},
    {"as", OPT_COUNT, "64512", "the daemon's autonomous system", 1, 4294967295.0, NULL, AT(as), 0},
    {"peer_as", OPT_COUNT, "64513", "the peer's", 1, 4294967295.0, NULL, AT(peer_as), 0},
    {"converge", OPT_DURATION, "60s", "how long it may take until all routes are there", 1e8, 6e11,
     NULL, AT(converge_ns), 0},
    {"bird", OPT_STRING, "bird", "BIRD's command, or a path", 0, 0, NULL, AT(bird), 0},
    {"frr", OPT_STRING, "/usr/lib/frr", "folder of FRR's programs", 0, 0, NULL, AT(frr), 0},
    {"sysctl", OPT_STRING, NULL,
     "settings of the kernel, put back at the end: net.core.netdev_budget=600 and so on, with "
     "spaces between",
     0, 0, NULL, AT(sysctl), 0},
    {"rps", OPT_CPUS, NULL, "CPUs that share the work of the incoming interface (RPS)", 0, 0, NULL,
     AT(rps), 0},
    {"irq_cpus", OPT_CPUS, NULL, "CPUs that the incoming interface may interrupt", 0, 0, NULL,
     AT(irq_cpus), 0},
    OPT_END,
};

static int read_block(const char *what, const char *prefix, uint64_t length, uint64_t count,
                      int family, struct route_block *ret, struct err *e)
{
    int result = route_parse_prefix(ret, prefix, e);

    if (result == 0 && ret->family != family) {
        result = err_set(e, -EINVAL, "'%s' is of the other kind of IP", prefix);
    }
    if (result == 0) {
        ret->length = (unsigned)length;
        ret->count = count;
        result = route_check(ret, e);
    }
    return result < 0 ? err_prefix(e, "%s: ", what) : 0;
}

int router_blocks(const struct router_options *o, struct route_block *ret_v4,
                  struct route_block *ret_v6, struct err *e)
{
    int result = read_block("prefix", o->prefix, o->prefix_length, o->routes, AF_INET, ret_v4, e);

    return result < 0 ? result
                      : read_block("prefix6", o->prefix6, o->prefix6_length, o->routes6, AF_INET6,
                                   ret_v6, e);
}

static int check_daemon(const struct router_options *o, struct err *e)
{
    struct sockaddr_storage peer;

    if (o->daemon == ROUTER_NO_DAEMON) {
        return o->peer == NULL
                   ? 0
                   : err_set(e, -EINVAL, "peer: it is a daemon's: say daemon: bird, or frr");
    }
    if (o->mode != ROUTER_ROUTE) {
        return err_set(e, -EINVAL, "daemon: it fills the kernel's table: only mode route has one");
    }
    if (o->peer != NULL && addr_parse(&peer, o->peer) < 0) {
        return err_set(e, -EINVAL, "peer: '%s' is no address (e.g. 198.18.1.1, or [::1]:1790)",
                       o->peer);
    }
    return o->as != o->peer_as
               ? 0
               : err_set(e, -EINVAL, "peer_as: it is `as` too; a peer is another system (EBGP)");
}

static int check(const void *given, struct err *e)
{
    const struct router_options *o = given;
    struct route_block v4, v6;
    int result = check_daemon(o, e);

    if (result < 0) {
        return result;
    }

    if (o->routes + o->routes6 == 0) {
        return err_set(e, -EINVAL, "routes: a router has one at least (routes or routes6)");
    }
    return router_blocks(o, &v4, &v6, e);
}

static int open_router(void *state, const void *given, const char *address, struct err *e)
{
    struct router_state *s = state;

    memset(s, 0, sizeof(*s));
    return router_setup(s, given, address, e);
}

/* Flows are spread over the whole table, both kinds of IP in turn where it has both. */
static int endpoints(void *state, const struct sockaddr_storage *peers, size_t count,
                     struct sockaddr_storage *ret, struct err *e)
{
    struct router_state *s = state;

    (void)peers; /* they are where the packets come from */
    (void)e;
    for (size_t i = 0; i < count; i++) {
        const int which = s->blocks[0].count == 0 || (s->blocks[1].count > 0 && i % 2 == 1);
        const struct route_block *b = &s->blocks[which];
        const uint64_t step = count < b->count ? b->count / count : 1;
        const uint64_t host = FIRST_HOST + (s->next + i) / b->count;
        const unsigned host_bits = (b->family == AF_INET6 ? 128 : 32) - b->length;

        route_address(b, i * step % b->count, host_bits < 16 ? host % (1u << host_bits) : host,
                      &ret[i]);
        addr_set_port(&ret[i], DISCARD_PORT);
    }
    s->next += count;
    return 0;
}

enum column {
    FORWARDED,
    NO_ROUTE,
    DISCARDED,
    IN_PACKETS,
    IN_DROPS,
    OUT_PACKETS,
    OUT_DROPS,
    ROUTES,
    LOAD_MS,
    COLUMNS
};

static size_t columns(const void *state, struct sample_column *ret, size_t room)
{
    static const struct {
        const char *metric, *unit;
        enum sample_kind kind;
    } all[COLUMNS] = {
        [FORWARDED] = {"forwarded", "packets", SAMPLE_COUNTER},
        [NO_ROUTE] = {"no_route", "packets", SAMPLE_COUNTER},
        [DISCARDED] = {"discarded", "packets", SAMPLE_COUNTER},
        [IN_PACKETS] = {"in_packets", "packets", SAMPLE_COUNTER},
        [IN_DROPS] = {"in_drops", "packets", SAMPLE_COUNTER},
        [OUT_PACKETS] = {"out_packets", "packets", SAMPLE_COUNTER},
        [OUT_DROPS] = {"out_drops", "packets", SAMPLE_COUNTER},
        [ROUTES] = {"routes", "1", SAMPLE_GAUGE},
        [LOAD_MS] = {"route_load_ms", "ms", SAMPLE_GAUGE},
    };

    (void)state;
    for (size_t i = 0; i < COLUMNS && i < room; i++) {
        str_printf(ret[i].entity, sizeof(ret[i].entity), "router");
        str_printf(ret[i].metric, sizeof(ret[i].metric), "%s", all[i].metric);
        str_printf(ret[i].unit, sizeof(ret[i].unit), "%s", all[i].unit);
        ret[i].kind = all[i].kind;
    }
    return COLUMNS;
}

/* A bridge counts nothing of its own: its ports do. */
static double count_forwarded(const struct router_state *s, const struct router_counters *now)
{
    struct forwarder_counters own;

    if (s->mode == ROUTER_BRIDGE) {
        return NAN;
    }
    if (s->mode == ROUTER_ROUTE) {
        return (double)(now->forwarded - s->before.forwarded);
    }
    forwarder_read(s->forwarder, &own);
    return (double)own.forwarded;
}

static void stats(void *state, double *ret, size_t count)
{
    const struct router_state *s = state;
    struct router_link in = {0}, out = {0};
    struct forwarder_counters own;
    struct router_counters now;
    struct buf text;

    if (count < COLUMNS) {
        return;
    }
    router_read_counters(&now);
    buf_init(&text);
    if (buf_load(&text, "/proc/net/dev") == 0) {
        (void)router_parse_link(buf_str(&text), s->in.name, &in);
        (void)router_parse_link(buf_str(&text), s->out.name, &out);
    }
    buf_finish(&text);
    ret[FORWARDED] = count_forwarded(s, &now);
    ret[NO_ROUTE] = (double)(now.no_route - s->before.no_route);
    ret[DISCARDED] = (double)(now.discarded - s->before.discarded);
    if (s->forwarder != NULL) {
        forwarder_read(s->forwarder, &own);
        ret[DISCARDED] = (double)own.lost;
    }
    ret[IN_PACKETS] = (double)in.received;
    ret[IN_DROPS] = (double)in.receive_drops;
    ret[OUT_PACKETS] = (double)out.sent;
    ret[OUT_DROPS] = (double)out.send_drops;
    ret[ROUTES] = s->daemon != ROUTER_NO_DAEMON ? (double)s->speaker.learned
                  : s->mode == ROUTER_ROUTE     ? (double)(s->blocks[0].count + s->blocks[1].count)
                                                : 0;
    ret[LOAD_MS] = s->mode == ROUTER_ROUTE ? (double)s->load_ns / 1e6 : (double)NAN;
}

/* What is in the kernel's queues is gone in less time than it takes to ask. */
static int drain(void *state, uint64_t deadline_ns)
{
    (void)state;
    (void)deadline_ns;
    return 0;
}

static int alive(void *state, struct err *e)
{
    const struct router_state *s = state;
    const int result = router_check_links(s, e);

    if (result == 0 && router_daemon_alive(&s->speaker, e) < 0) {
        return err_prefix(e, "router: ");
    }
    return result;
}

static void close_router(void *state)
{
    if (state != NULL) {
        router_undo(state);
    }
}

extern const struct appliance_ops appliance_router;
const struct appliance_ops appliance_router = {
    .name = "router",
    .summary = "the kernel of a machine with two links, forwarding by a table of many routes",
    .options = router_options_table,
    .options_size = sizeof(struct router_options),
    .state_size = sizeof(struct router_state),
    .is_foreign = true,
    .is_router = true,
    .check = check,
    .open = open_router,
    .endpoints = endpoints,
    .columns = columns,
    .stats = stats,
    .drain = drain,
    .alive = alive,
    .close = close_router,
};
