/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * router: what the kernel's texts say, which routes fit, and that settings are put back.
 */
#include "node/appliance/router.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/test.h"
#include "io/addr.h"
#include "node/appliance/appliance.h"

static const char snmp[] =
    "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos "
    "InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout\n"
    "Ip: 1 64 1000 0 3 900 0 5 60 70 7 11 0\n"
    "Icmp: InMsgs ForwDatagrams\nIcmp: 4 77\n";
static const char snmp6[] = "Ip6InReceives                   \t500\n"
                            "Ip6OutForwDatagrams             \t400\n"
                            "Ip6InNoRoutes                   \t2\n";

static void counters_are_read(void **state)
{
    struct router_counters c;

    (void)state;
    router_parse_counters(snmp, snmp6, &c);
    assert_int_equal(c.forwarded, 900 + 400);
    assert_int_equal(c.no_route, 11 + 3 + 2);
    assert_int_equal(c.discarded, 5 + 7);
    router_parse_counters("", "", &c);
    assert_int_equal(c.forwarded + c.no_route + c.discarded, 0);
    router_parse_counters("Ip: ForwDatagrams\n", "Ip6OutForwDatagrams\n", &c);
    assert_int_equal(c.forwarded, 0);
}

static void links_are_read(void **state)
{
    static const char dev[] =
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets\n"
        "    lo:   10       1    0    0    0     0          0         0     10  1 0 0 0 0 0 0\n"
        "  eth1: 6400     100    0    9    0     0          0         0   3200 50 0 4 0 0 0 0\n";
    struct router_link l;

    (void)state;
    assert_int_equal(router_parse_link(dev, "eth1", &l), 0);
    assert_int_equal(l.received, 100);
    assert_int_equal(l.receive_drops, 9);
    assert_int_equal(l.sent, 50);
    assert_int_equal(l.send_drops, 4);
    assert_int_equal(router_parse_link(dev, "eth", &l), -ENODEV);
}

static void routes_must_fit(void **state)
{
    const struct appliance_ops *ops = appliance_find("router");
    struct router_options o;
    struct err e;

    (void)state;
    opt_defaults(router_options_table, &o, sizeof(o));
    assert_int_equal(ops->check(&o, &e), 0);
    o.routes = 1000000;
    assert_int_equal(ops->check(&o, &e), 0);
    o.prefix_length = 24;
    assert_int_equal(ops->check(&o, &e), -EINVAL);
    assert_non_null(strstr(e.text, "prefix: 1000000 prefixes of length 24"));
    o.routes = 0;
    assert_int_equal(ops->check(&o, &e), -EINVAL); /* neither kind */
    o.routes6 = 10;
    assert_int_equal(ops->check(&o, &e), 0);
    o.prefix6 = "10.0.0.0/8";
    assert_int_equal(ops->check(&o, &e), -EINVAL);
}

static void flows_reach_the_whole_table(void **state)
{
    const struct appliance_ops *ops = appliance_find("router");
    struct router_state s = {.mode = ROUTER_ROUTE};
    struct router_options o;
    struct sockaddr_storage ends[8];
    struct err e;

    (void)state;
    opt_defaults(router_options_table, &o, sizeof(o));
    o.routes = o.routes6 = 1000;
    assert_int_equal(router_blocks(&o, &s.blocks[0], &s.blocks[1], &e), 0);
    assert_int_equal(ops->endpoints(&s, ends, 8, ends, &e), 0);
    for (int i = 0; i < 8; i++) {
        struct sockaddr_storage want;
        char got_text[ADDR_TEXT_MAX], want_text[ADDR_TEXT_MAX];
        assert_int_equal(ends[i].ss_family, i % 2 == 0 ? AF_INET : AF_INET6);
        route_address(&s.blocks[i % 2], (uint64_t)i * 125, 1, &want);
        addr_set_port(&want, addr_port(&ends[i]));
        assert_string_equal(addr_format(&ends[i], got_text, sizeof(got_text)),
                            addr_format(&want, want_text, sizeof(want_text)));
    }
}

static void read_back(const char *path, const char *wanted)
{
    struct buf text;

    buf_init(&text);
    assert_int_equal(buf_load(&text, path), 0);
    assert_memory_equal(buf_str(&text), wanted, strlen(wanted));
    buf_finish(&text);
}

static void settings_are_put_back(void **state)
{
    char path[] = "/tmp/vaperf-tunable-XXXXXX";
    int fd = mkstemp(path);
    struct tunables t = {0};
    struct err e;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "one\n", 4), 4);
    assert_int_equal(tunables_set(&t, path, "two", "test", &e), 0);
    assert_int_equal(tunables_set(&t, path, "six", "test", &e), 0);
    read_back(path, "six");
    assert_int_equal(tunables_set(&t, "/nowhere/at/all", "1", "rps", &e), -ENOENT);
    assert_non_null(strstr(e.text, "rps: cannot become '1'"));
    tunables_restore(&t);
    read_back(path, "one");
    assert_int_equal(tunables_set_sysctls(&t, "net.ipv4.ip_forward", &e), -EINVAL);
    assert_int_equal(tunables_set_sysctl(&t, "../../etc/passwd", "1", &e), -EINVAL);
    tunables_restore(&t);
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_are_read),     cmocka_unit_test(links_are_read),
        cmocka_unit_test(routes_must_fit),       cmocka_unit_test(flows_reach_the_whole_table),
        cmocka_unit_test(settings_are_put_back),
    };
    return cmocka_run_group_tests_name("router", tests, NULL, NULL);
}
