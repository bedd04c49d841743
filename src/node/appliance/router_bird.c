/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * router_bird: BIRD 2, the routing daemon of Debian's package bird2: it hears routes by BGP (RFC
 * 4271, RFC 4760) and puts them into the kernel's table; what it is told, and how it is started.
 */
#include <arpa/inet.h>
#include <inttypes.h>

#include "base/str.h"
#include "io/addr.h"
#include "node/appliance/router.h"
#include "node/appliance/router_daemon.h"

#define OWN_ADDRESS "127.0.0.1"

/* The routes go to the kernel one by one, and are not asked back: nobody else changes them. */
static void put_kernel(struct buf *b, const char *family, const char *out)
{
    buf_printf(b,
               "protocol kernel kernel_%s { scan time 3600; netlink rx buffer 16777216;"
               " %s { import none; export where source ~ [RTS_BGP, RTS_STATIC]; }; }\n"
               "protocol direct direct_%s { %s; interface \"%s\"; }\n",
               family, family, family, family, out);
}

static void put_peer(struct buf *b, const struct router_options *o)
{
    struct sockaddr_storage peer;
    char text[ADDR_TEXT_MAX];
    unsigned port;

    if (o->peer == NULL) {
        buf_printf(b,
                   "    local " OWN_ADDRESS " port %d as %" PRIu64 ";\n"
                   "    neighbor " ROUTER_FEEDER_ADDRESS " port %d as %" PRIu64 ";\n"
                   "    passive;\n",
                   ROUTER_DAEMON_PORT, o->as, ROUTER_FEEDER_PORT, o->peer_as);
        return;
    }
    (void)addr_parse(&peer, o->peer); /* checked */
    port = addr_port(&peer) != 0 ? addr_port(&peer) : BGP_PORT;
    buf_printf(b, "    local as %" PRIu64 ";\n    neighbor %s port %u as %" PRIu64 ";\n", o->as,
               addr_format_host(&peer, text, sizeof(text)), port, o->peer_as);
}

static int write_config(const struct router_feed *f, struct err *e)
{
    static const char *const families[] = {"ipv4", "ipv6"};
    const struct router_options *o = f->options;
    struct buf b;
    int result;

    buf_init(&b);
    router_bird_put_head(&b, OWN_ADDRESS);
    for (int i = 0; i < 2; i++) {
        if (f->blocks[i].count > 0) {
            put_kernel(&b, families[i], f->out->name);
        }
    }
    if (f->blocks[1].count > 0 && o->peer == NULL) {
        buf_printf(
            &b, "protocol static hop_network { ipv6; route " ROUTER_HOP6_NETWORK " via \"%s\"; }\n",
            f->out->name);
    }
    buf_append_str(&b, "protocol bgp feeder {\n");
    put_peer(&b, o);
    buf_append_str(&b, "    multihop 8;\n    connect delay time 1;\n    connect retry time 1;\n"
                       "    error wait time 1, 2;\n");
    for (int i = 0; i < 2; i++) {
        if (f->blocks[i].count > 0) {
            buf_printf(&b, "    %s { import all; export none; };\n", families[i]);
        }
    }
    buf_append_str(&b, "}\n");
    result = router_daemon_save(f, "bird.conf", &b, e);
    buf_finish(&b);
    return result;
}

static void put_address(const struct router_feed *f, char *ret, size_t room)
{
    (void)f;
    str_printf(ret, room, OWN_ADDRESS);
}

const struct router_daemon_ops router_bird = {
    .name = "bird",
    .package = "bird2",
    .parts = {"bird"},
    .write = write_config,
    .command = router_bird_command,
    .address = put_address,
};
