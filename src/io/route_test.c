/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * route: prefixes, and real routes in a network namespace of the test's own, where the kernel lets
 * us have one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "io/link.h"
#include "io/route.h"

static void prefixes_are_read(void **state)
{
    struct route_block b;
    char text[INET6_ADDRSTRLEN];
    struct err e;

    (void)state;
    assert_int_equal(route_parse_prefix(&b, "10.0.0.0/8", &e), 0);
    b.length = 28;
    b.count = 1000000;
    assert_int_equal(route_check(&b, &e), 0);
    assert_string_equal(route_format(&b, 999999, 1, text, sizeof(text)), "10.244.35.241");
    b.count = 1048577;
    assert_int_equal(route_check(&b, &e), -EINVAL);
    assert_non_null(strstr(e.text, "1048576 do"));
    b.length = 7;
    assert_int_equal(route_check(&b, &e), -EINVAL);
    assert_int_equal(route_parse_prefix(&b, "2001:db8::/32", &e), 0);
    b.length = 64;
    b.count = 1u << 31;
    assert_int_equal(route_check(&b, &e), 0);
    assert_string_equal(route_format(&b, 0x10002, 0xf, text, sizeof(text)), "2001:db8:1:2::f");
    assert_int_equal(route_parse_prefix(&b, "10.0.0.1/8", &e), -EINVAL);
    assert_int_equal(route_parse_prefix(&b, "10.0.0.0/33", &e), -EINVAL);
    assert_int_equal(route_parse_prefix(&b, "10.0.0.0", &e), -EINVAL);
    assert_int_equal(route_parse_prefix(&b, "nowhere/8", &e), -EINVAL);
}

static unsigned count_routes(void)
{
    struct buf text;
    unsigned lines = 0;

    buf_init(&text);
    assert_int_equal(buf_load(&text, "/proc/net/route"), 0);
    for (const char *at = strchr(buf_str(&text), '\n'); at != NULL && at[1] != '\0';
         at = strchr(at + 1, '\n')) {
        lines += strncmp(at + 1, "lo\t", 3) == 0;
    }
    buf_finish(&text);
    return lines;
}

static void routes_come_and_go(void **state)
{
    struct route_block b, taken;
    struct link_info lo;
    uint64_t count = 0;
    struct err e = {0};

    (void)state;
    if (unshare(CLONE_NEWNET) < 0) {
        print_message("no network namespace of our own here: %s\n", strerror(errno));
        skip();
    }
    assert_int_equal(system("ip link set lo up"), 0);
    assert_int_equal(link_find(&lo, "lo", &e), 0);
    assert_int_equal(route_parse_prefix(&b, "10.0.0.0/8", &e), 0);
    b.length = 24;
    b.count = 2500; /* more than two batches */
    b.interface = lo.index;
    assert_int_equal(inet_pton(AF_INET, "127.0.0.2", b.next_hop), 1);
    if (route_add(&b, &e) < 0) {
        fail_msg("%s", e.text);
    }
    assert_int_equal(count_routes(), 2500);
    assert_int_equal(route_count(&b, &count, &e), 0);
    assert_int_equal(count, 2500);
    assert_int_equal(system("ip route add 11.0.0.0/24 dev lo; ip route add 10.0.0.0/25 dev lo"), 0);
    assert_int_equal(route_count(&b, &count, &e), 0);
    assert_int_equal(count, 2500); /* others of other places and lengths are none of the block */
    assert_int_equal(system("ip route del 11.0.0.0/24; ip route del 10.0.0.0/25"), 0);
    taken = b; /* the same again is refused, with the number, and nothing else remains of it */
    assert_int_equal(route_remove(&b, &e), 0);
    assert_int_equal(count_routes(), 0);
    assert_int_equal(route_count(&b, &count, &e), 0);
    assert_int_equal(count, 0);
    assert_int_equal(system("ip route add 10.0.7.0/24 dev lo"), 0);
    assert_int_equal(route_add(&taken, &e), -EEXIST);
    assert_non_null(strstr(e.text, "route 8 of 2500, 10.0.7.0/24"));
    assert_int_equal(count_routes(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_are_read),
        cmocka_unit_test(routes_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
