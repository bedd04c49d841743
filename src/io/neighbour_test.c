/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The real tables of a link of our own: known, asked for, behind a gateway, not there.
 */
#include "io/two_sides.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "io/addr.h"
#include "io/neighbour.h"
#include "io/netif.h"

static struct two_sides sides;
static struct netif left, right;

static int find(const char *address, struct neighbour *ret, struct err *e)
{
    struct sockaddr_storage to;

    assert_int_equal(addr_parse(&to, address), 0);
    return neighbour_find(ret, left.index, &to, e);
}

static void expect_right(const char *address)
{
    struct neighbour n = {0};
    struct err e = {0};

    if (find(address, &n, &e) < 0) {
        fail_msg("%s", e.text);
    }
    assert_memory_equal(n.mac, right.mac, sizeof(n.mac));
    assert_int_equal(n.interface, left.index);
}

static void next_hops(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) { /* the second time it is known */
        expect_right("10.77.0.2");
        expect_right("[fd77::2]");
    }
    two_sides_run(&sides, LEFT, "ip route add 10.99.0.0/16 via 10.77.0.2");
    expect_right("10.99.1.1");
}

static void not_there(void **state)
{
    struct neighbour n;
    struct err e = {0};

    (void)state;
    assert_int_equal(find("10.55.0.1", &n, &e), -EHOSTUNREACH);
    assert_non_null(strstr(e.text, "no way from interface left to 10.55.0.1"));
    assert_int_equal(find("10.77.0.1", &n, &e), -EHOSTUNREACH); /* ourselves */
}

static void interface_of_an_address(void **state)
{
    struct sockaddr_storage a;
    struct err e = {0};
    struct netif n;

    (void)state;
    assert_int_equal(addr_parse(&a, "[fd77::1]"), 0);
    assert_int_equal(netif_find(&n, &a, &e), 0);
    assert_string_equal(n.name, "left");
    assert_int_equal(addr_parse(&a, "10.1.1.1"), 0);
    assert_int_equal(netif_find(&n, &a, &e), -EADDRNOTAVAIL);
    assert_non_null(strstr(e.text, "10.1.1.1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_hops),
        cmocka_unit_test(not_there),
        cmocka_unit_test(interface_of_an_address),
    };
    struct err e = {0};
    int result;

    if (!two_sides_open(&sides, 1)) {
        return 77;
    }
    two_sides_enter(&sides, RIGHT);
    result = netif_read(&right, "right", &e);
    two_sides_enter(&sides, LEFT);
    result = result < 0 || netif_read(&left, "left", &e) < 0
                 ? 1
                 : cmocka_run_group_tests(tests, NULL, NULL);
    two_sides_close(&sides);
    return result;
}
