/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The real kernel's answers. An interface whose driver can set when it interrupts is not on every
 * machine: what such a one says is in the system tests, with a guest's.
 */
#include "base/test.h"

#include <errno.h>
#include <string.h>

#include "io/ethtool.h"

static bool has_family(struct err *e)
{
    struct ethtool_wait c;
    return ethtool_get_coalesce("lo", &c, e) != -ENOTSUP ||
           strstr(e->text, "no ethtool netlink") == NULL;
}

static void what_cannot_be_is_said(void **state)
{
    static const struct ethtool_wait want = {true, true, 50, 8};
    struct ethtool_wait c;
    struct err e = {0};

    (void)state;
    if (!has_family(&e)) {
        skip();
    }
    assert_int_equal(ethtool_get_coalesce("lo", &c, &e), -ENOTSUP);
    assert_non_null(strstr(e.text, "interface lo: "));
    assert_int_equal(ethtool_get_coalesce("nosuch0", &c, &e), -ENODEV);
    assert_non_null(strstr(e.text, "nosuch0"));
    assert_true(ethtool_set_coalesce("lo", &want, &e) <
                0); /* root: not supported, else: not allowed */
    assert_non_null(strstr(e.text, "interface lo: "));
}

static void a_name_that_is_none_is_not_asked_for(void **state)
{
    struct ethtool_wait c;
    struct err e = {0};

    (void)state;
    assert_int_equal(ethtool_get_coalesce("", &c, &e), -EINVAL);
    assert_int_equal(ethtool_get_coalesce("a-name-that-is-too-long", &c, &e), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_is_said),
        cmocka_unit_test(a_name_that_is_none_is_not_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
