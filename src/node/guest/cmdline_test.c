/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/guest/cmdline.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/test.h"

static void test_all(void **state)
{
    (void)state;
    struct cmdline c;
    assert_int_equal(cmdline_parse("console=ttyS0 quiet vaperf.hostname=media.1 "
                                   "vaperf.net=52:54:00:AB:cd:01,10.0.0.2/24,10.0.0.1 x=y "
                                   "vaperf.net=52:54:00:ab:cd:02,fd00::2/64 vaperf.scratch=vda\n",
                                   &c, NULL),
                     0);
    assert_string_equal(c.hostname, "media.1");
    assert_string_equal(c.scratch, "vda");
    assert_int_equal(c.net_count, 2);
    assert_memory_equal(c.nets[0].mac, "\x52\x54\x00\xab\xcd\x01", 6);
    assert_int_equal(c.nets[0].family, AF_INET);
    assert_memory_equal(c.nets[0].address, "\x0a\x00\x00\x02", 4);
    assert_int_equal(c.nets[0].prefix, 24);
    assert_true(c.nets[0].has_gateway);
    assert_memory_equal(c.nets[0].gateway, "\x0a\x00\x00\x01", 4);
    assert_int_equal(c.nets[1].family, AF_INET6);
    assert_int_equal(c.nets[1].prefix, 64);
    assert_false(c.nets[1].has_gateway);
}

static void test_nothing(void **state)
{
    (void)state;
    struct cmdline c;
    assert_int_equal(cmdline_parse("", &c, NULL), 0);
    assert_int_equal(c.net_count, 0);
    assert_string_equal(c.hostname, "guest");
    assert_string_equal(c.scratch, "");
}

static void test_wrong(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "vaperf.net=",
        "vaperf.net=52:54:00:00:00:01",
        "vaperf.net=52:54:00:00:00:01,10.0.0.2",
        "vaperf.net=52:54:00:00:00:01,10.0.0.2/33",
        "vaperf.net=52:54:00:00:00:01,10.0.0.2/24x",
        "vaperf.net=52:54:00:00:00:01,10.0.0.2/-1",
        "vaperf.net=52:54:00:00:00,10.0.0.2/24",
        "vaperf.net=52:54:00:00:00:01:02,10.0.0.2/24",
        "vaperf.net=5254:0:00:00:00:01,10.0.0.2/24",
        "vaperf.net=52:54:00:00:00:01,10.0.0.256/24",
        "vaperf.net=52:54:00:00:00:01,10.0.0.2/24,",
        "vaperf.net=52:54:00:00:00:01,10.0.0.2/24,fd00::1",
        "vaperf.hostname=",
        "vaperf.scratch=",
        "vaperf.scratch=../vda",
        "vaperf.scratch=a-name-that-is-no-disk",
        "vaperf.net52",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct cmdline c;
        struct err e = {0};
        assert_int_equal(cmdline_parse(wrong[i], &c, &e), -EINVAL);
        assert_non_null(strstr(e.text, wrong[i]));
        assert_int_equal(c.net_count, 0);
    }
}

static void test_one_wrong_hides_no_other(void **state)
{
    (void)state;
    struct cmdline c;
    struct err e = {0};
    assert_int_equal(cmdline_parse("vaperf.net=x vaperf.hostname=a "
                                   "vaperf.net=52:54:00:00:00:01,10.0.0.2/8 vaperf.y=1",
                                   &c, &e),
                     -EINVAL);
    assert_non_null(strstr(e.text, "'vaperf.net=x'"));
    assert_int_equal(c.net_count, 1);
    assert_string_equal(c.hostname, "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_one_wrong_hides_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
