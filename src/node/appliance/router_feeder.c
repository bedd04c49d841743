/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * router_feeder: the BGP speaker on the other side, when it is ours: a BIRD 2 that has the routes
 * as static ones and sends them (RFC 4271, RFC 4760). It is the same one for every daemon, so that
 * what differs is the daemon's. It calls, over the loopback; the daemon listens.
 */
#include <arpa/inet.h>
#include <inttypes.h>

#include "base/str.h"
#include "node/appliance/router.h"
#include "node/appliance/router_daemon.h"

void router_bird_put_head(struct buf *b, const char *id)
{
    buf_printf(b,
               "log stderr { bug, error, auth };\n"
               "router id %s;\n"
               "protocol device { scan time 3600; }\n",
               id);
}

void router_bird_command(const struct router_feed *f, const char *name, struct router_command *ret)
{
    const char *const words[] = {f->options->bird, "-f", "-c", ret->text[0], "-s", ret->text[1]};

    str_printf(ret->text[0], ROUTER_PATH_MAX, "%s/%s.conf", f->folder, name);
    str_printf(ret->text[1], ROUTER_PATH_MAX, "%s/%s.ctl", f->folder, name);
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        ret->words[i] = words[i];
    }
}

void router_feeder_command(const struct router_feed *f, struct router_command *ret)
{
    router_bird_command(f, "feeder", ret);
}

static void put_routes(struct buf *b, const struct route_block *block, const char *family)
{
    char text[INET6_ADDRSTRLEN];

    if (block->count == 0) {
        return;
    }
    buf_printf(b, "protocol static static_%s {\n    %s;\n", family, family);
    for (uint64_t i = 0; i < block->count; i++) {
        buf_printf(b, "    route %s/%u blackhole;\n", route_format(block, i, 0, text, sizeof(text)),
                   block->length);
    }
    buf_append_str(b, "}\n");
}

static void put_channel(struct buf *b, const struct route_block *block, const char *family)
{
    char hop[INET6_ADDRSTRLEN] = "";

    if (block->count > 0) {
        (void)inet_ntop(block->family, block->next_hop, hop, sizeof(hop));
        buf_printf(b, "    %s { import none; export filter { bgp_next_hop = %s; accept; }; };\n",
                   family, hop);
    }
}

int router_feeder_write(const struct router_feed *f, const char *to, struct err *e)
{
    const struct router_options *o = f->options;
    struct buf b;
    int result;

    buf_init(&b);
    router_bird_put_head(&b, ROUTER_FEEDER_ADDRESS);
    put_routes(&b, &f->blocks[0], "ipv4");
    put_routes(&b, &f->blocks[1], "ipv6");
    buf_printf(&b,
               "protocol bgp tester {\n"
               "    local " ROUTER_FEEDER_ADDRESS " port %d as %" PRIu64 ";\n"
               "    neighbor %s port %d as %" PRIu64 ";\n"
               "    multihop 8;\n    connect delay time 1;\n    connect retry time 1;\n"
               "    error wait time 1, 2;\n",
               ROUTER_FEEDER_PORT, o->peer_as, to, ROUTER_DAEMON_PORT, o->as);
    put_channel(&b, &f->blocks[0], "ipv4");
    put_channel(&b, &f->blocks[1], "ipv6");
    buf_append_str(&b, "}\n");
    result = router_daemon_save(f, "feeder.conf", &b, e);
    buf_finish(&b);
    return result;
}
