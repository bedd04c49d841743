/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * router_daemon: real BIRDs and FRRs in network namespaces of the test's own: routes come by BGP,
 * from a feeder of the router's and from a peer in another namespace; and what goes wrong is said.
 */
#include "base/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/two_sides.h"
#include "node/appliance/appliance.h"
#include "node/appliance/router.h"

enum { COLUMNS_MAX = 32 };

static struct two_sides sides;
static struct router_state router;
static struct router_options options;
static struct err e;

/* The router stands on the left: packets come in by "in" and leave for the right. */
static int set_up(void **state)
{
    (void)state;
    if (system("command -v bird >/dev/null") != 0 || !two_sides_open(&sides, 1)) {
        print_message("needs bird and namespaces of our own\n");
        return 0; /* each test skips itself */
    }
    two_sides_run(&sides, LEFT,
                  "ip link add in type veth peer name far; ip link set far up; "
                  "ip addr add 10.78.0.1/24 dev in; ip link set in up; ip link set lo up");
    two_sides_enter(&sides, LEFT);
    return 0;
}

static void begin(int daemon)
{
    if (sides.space[LEFT] == 0) {
        skip();
    }
    if (daemon == ROUTER_FRR && access("/usr/lib/frr/zebra", X_OK) < 0) {
        print_message("needs Debian's package frr\n");
        skip();
    }
    memset(&router, 0, sizeof(router));
    opt_defaults(router_options_table, &options, sizeof(options));
    options.daemon = daemon;
    options.via = "10.77.0.2";
    options.converge_ns = 60 * NS_PER_S;
}

static const struct appliance_ops *ops(void)
{
    return appliance_find("router");
}

static void open_router(void)
{
    if (ops()->check(&options, &e) < 0 || ops()->open(&router, &options, "10.78.0.1", &e) < 0) {
        fail_msg("%s", e.text);
    }
}

static void assert_refused(int code, const char *words)
{
    assert_int_equal(ops()->open(&router, &options, "10.78.0.1", &e), code);
    if (strstr(e.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", e.text, words);
    }
}

static uint64_t count(int which)
{
    uint64_t n = 0;

    assert_int_equal(route_count(&router.blocks[which], &n, &e), 0);
    return n;
}

static double figure(const char *metric)
{
    struct sample_column columns[COLUMNS_MAX];
    double values[COLUMNS_MAX];
    const size_t n = ops()->columns(&router, columns, COLUMNS_MAX);

    ops()->stats(&router, values, n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(columns[i].metric, metric) == 0) {
            return values[i];
        }
    }
    fail_msg("no %s", metric);
    return 0;
}

static void hear_both_kinds(int daemon, const char *protocol)
{
    char folder[sizeof(router.speaker.folder)], words[128];

    begin(daemon);
    options.routes = 1000;
    options.routes6 = 1000;
    open_router();
    assert_int_equal(count(0), 1000);
    assert_int_equal(count(1), 1000);
    two_sides_run(&sides, LEFT, "ip route get 10.0.62.113 | grep -q 'via 10.77.0.2 dev left'");
    two_sides_run(&sides, LEFT, "ip route get 2001:db8:0:3e7::1 | grep -q 'dev left'");
    str_printf(words, sizeof(words), "ip route show 10.0.62.112/28 | grep -q 'proto %s'", protocol);
    two_sides_run(&sides, LEFT, words);
    assert_true(figure("routes") == 2000);
    assert_true(figure("route_load_ms") > 0);
    assert_int_equal(ops()->alive(&router, &e), 0);
    str_printf(folder, sizeof(folder), "%s", router.speaker.folder);
    ops()->close(&router);
    assert_int_equal(count(0) + count(1), 0);
    assert_int_equal(access(folder, F_OK), -1);
    two_sides_run(&sides, LEFT, "test -z \"$(ip -6 route show fd76:6170::/64)$(ip nexthop)\"");
}

static void bird_hears_both_kinds(void **state)
{
    (void)state;
    hear_both_kinds(ROUTER_BIRD, "bird");
}

static void frr_hears_both_kinds(void **state)
{
    (void)state;
    hear_both_kinds(ROUTER_FRR, "bgp");
}

static char peer_config[64];

static void write_peer(const char *path)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs("router id 10.77.0.2;\nprotocol device {}\nprotocol static the_routes { ipv4;\n", f);
    for (int i = 0; i < 10000; i++) {
        fprintf(f, "  route 10.%d.%d.%d/28 blackhole;\n", i / 4096, i / 16 % 256, i % 16 * 16);
    }
    fputs("}\nprotocol bgp to_router { local 10.77.0.2 as 64513; neighbor 10.77.0.1 as 64512; "
          "passive;\n"
          "  ipv4 { import none; export all; }; }\n",
          f);
    assert_int_equal(fclose(f), 0);
}

/* Its files are this process's own. */
static void start_peer(struct proc *peer)
{
    static char control[64];
    char *const words[] = {(char[]){"bird"},
                           (char[]){"-f"},
                           (char[]){"-c"},
                           peer_config,
                           (char[]){"-s"},
                           control,
                           NULL};

    str_printf(peer_config, sizeof(peer_config), "/tmp/vaperf-peer-%d.conf", (int)getpid());
    str_printf(control, sizeof(control), "/tmp/vaperf-peer-%d.ctl", (int)getpid());
    write_peer(peer_config);
    two_sides_enter(&sides, RIGHT);
    assert_int_equal(proc_start(peer, words, PROC_DIE_WITH_PARENT, &e), 0);
    two_sides_enter(&sides, LEFT);
}

static void wait_exited(const struct proc *p)
{
    while (!proc_has_exited(p)) {
        (void)clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
}

/* part: who is killed. */
static void hear_a_peer(int daemon, int part, const char *protocol, const char *words)
{
    char flush[64];
    struct proc peer;

    begin(daemon);
    start_peer(&peer);
    options.routes = 10000;
    options.peer = "10.77.0.2";
    open_router();
    assert_int_equal(count(0), 10000);
    two_sides_run(&sides, LEFT, "ip route get 10.2.112.241 | grep -q 'via 10.77.0.2 dev left'");
    assert_int_equal(kill(router.speaker.parts[part].proc.pid, SIGKILL), 0);
    wait_exited(&router.speaker.parts[part].proc);
    assert_int_equal(ops()->alive(&router, &e), -EIO);
    assert_int_equal(strncmp(e.text, words, strlen(words)), 0);
    ops()->close(&router);
    assert_int_equal(count(0), 10000); /* killed, it left them */
    memset(&router, 0, sizeof(router));
    assert_refused(-EEXIST, "has 10000 routes of these prefixes already");
    str_printf(flush, sizeof(flush), "ip route flush proto %s; ip nexthop flush", protocol);
    two_sides_run(&sides, LEFT, flush);
    (void)kill(peer.pid, SIGTERM);
    (void)proc_stop(&peer, NS_PER_S);
    (void)unlink(peer_config);
}

static void bird_hears_a_peer(void **state)
{
    (void)state;
    hear_a_peer(ROUTER_BIRD, 0, "bird", "router: bird has ended");
}

static void frr_hears_a_peer(void **state)
{
    (void)state;
    hear_a_peer(ROUTER_FRR, 0, "bgp", "router: zebra has ended");
}

static void what_cannot_be_is_said(void **state)
{
    (void)state;
    begin(ROUTER_BIRD);
    options.bird = "no-such-bird";
    assert_refused(-ENOENT, "router: bird: feeder (Debian's package bird2): ");
    options.bird = "false";
    assert_refused(-EIO, "has ended");
    options.bird = "bird";
    options.peer = "10.77.0.2:1"; /* nobody is there */
    options.converge_ns = 300 * NS_PER_MS;
    assert_refused(-ETIMEDOUT, "after 300 ms 0 of 1 routes are in the kernel's table");
    options.mode = ROUTER_BRIDGE;
    assert_int_equal(ops()->check(&options, &e), -EINVAL);
    options.mode = ROUTER_ROUTE;
    options.peer = "nowhere";
    assert_int_equal(ops()->check(&options, &e), -EINVAL);
    options.peer = "10.77.0.2";
    options.peer_as = options.as;
    assert_int_equal(ops()->check(&options, &e), -EINVAL);
    options.daemon = ROUTER_NO_DAEMON;
    assert_int_equal(ops()->check(&options, &e), -EINVAL); /* a peer of nobody */
}

static void frr_says_what_is_wrong(void **state)
{
    const char *const other[] = {"sh", "-c", "printf zebra > /proc/self/comm; read x", NULL};
    char name[32] = "", false_frr[] = "/tmp/vaperf-frr-XXXXXX", script[128];
    struct proc zebra;

    (void)state;
    begin(ROUTER_FRR);
    assert_non_null(mkdtemp(false_frr));
    str_printf(script, sizeof(script),
               "printf '#!/bin/sh\necho and that is all >&2\nexit 1\n' > %s/zebra; "
               "chmod +x %s/zebra",
               false_frr, false_frr);
    two_sides_run(&sides, LEFT, script);
    options.frr = "/nowhere";
    assert_refused(-ENOENT, "router: frr: zebra (Debian's package frr): start /nowhere/zebra: ");
    options.frr = "/usr/lib/frr";
    options.frr = false_frr;
    assert_refused(-EIO, "router: frr: zebra has ended: and that is all");
    options.frr = "/usr/lib/frr";
    options.peer = "10.77.0.2:1";
    options.converge_ns = 300 * NS_PER_MS;
    assert_refused(-ETIMEDOUT, "after 300 ms 0 of 1 routes are in the kernel's table");
    assert_int_equal(
        proc_start(&zebra, (char *const *)(void *)(uintptr_t)other, PROC_DIE_WITH_PARENT, &e), 0);
    while (strcmp(name, "zebra\n") != 0) {
        char path[64];
        struct buf text;
        buf_init(&text);
        str_printf(path, sizeof(path), "/proc/%d/comm", zebra.pid);
        assert_int_equal(buf_load(&text, path), 0);
        str_printf(name, sizeof(name), "%s", buf_str(&text));
        buf_finish(&text);
    }
    assert_refused(-EBUSY, "has this network already: a machine with a network of its own");
    assert_int_equal(proc_stop(&zebra, 10 * NS_PER_S), 1); /* its input ended */
    router_daemon_remove_folder(false_frr);
}

static int tear_down(void **state)
{
    (void)state;
    if (sides.space[LEFT] != 0) {
        two_sides_close(&sides);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bird_hears_both_kinds),  cmocka_unit_test(bird_hears_a_peer),
        cmocka_unit_test(what_cannot_be_is_said), cmocka_unit_test(frr_hears_both_kinds),
        cmocka_unit_test(frr_hears_a_peer),       cmocka_unit_test(frr_says_what_is_wrong),
    };
    return cmocka_run_group_tests_name("router_daemon", tests, set_up, tear_down);
}
