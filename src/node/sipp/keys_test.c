/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keys and commands, right and wrong ones.
 */
#include "base/test.h"

#include <errno.h>

#include "node/sipp/keys.h"

static void test_keys(void **state)
{
    struct sipp_order o;
    (void)state;
    assert_true(sipp_key('*', &o));
    assert_int_equal(o.kind, SIPP_RATE_BY);
    assert_int_equal((int)o.value, 10);
    assert_true(sipp_key('3', &o));
    assert_int_equal(o.kind, SIPP_SHOW_SCREEN);
    assert_int_equal((int)o.value, 3);
    assert_false(sipp_key('0', &o));
    assert_false(sipp_key('c', &o));
    assert_false(sipp_key('\0', &o));
}

static void test_commands(void **state)
{
    static const struct {
        const char *text;
        enum sipp_order_kind kind;
        int value;
    } all[] = {{"set rate 50", SIPP_SET_RATE, 50},      {" set limit 3\n", SIPP_SET_LIMIT, 3},
               {"set rate-scale 5", SIPP_SET_SCALE, 5}, {"set limit 7", SIPP_SET_LIMIT, 7},
               {"set hide true", SIPP_SET_HIDE, 1},     {"trace logs off", SIPP_SET_TRACE, 0},
               {"dump screens", SIPP_DUMP_SCREEN, 0},   {"dump stats", SIPP_DUMP_STATS, 0},
               {"reset stats", SIPP_RESET_STATS, 0}};
    struct sipp_order o;
    struct err e;
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(sipp_command(all[i].text, &o, &e), 0);
        assert_int_equal(o.kind, all[i].kind);
        assert_int_equal((int)o.value, all[i].value);
    }
    static const char *const bad[] = {
        "",           "set",           "set rate",     "set rate x", "set rat 5", "set rate -1",
        "trace x on", "trace logs up", "dump nothing", "set hide 7x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(sipp_command(bad[i], &o, &e), -EINVAL);
}

static void test_datagrams(void **state)
{
    struct sipp_order o[4];
    struct err e = {0};
    (void)state;
    assert_int_equal(sipp_control("++q\n", 4, o, 4, &e), 3);
    assert_int_equal(o[2].kind, SIPP_QUIT);
    assert_int_equal(e.code, 0);
    assert_int_equal(sipp_control("cset rate 12", 12, o, 4, &e), 1);
    assert_int_equal(o[0].kind, SIPP_SET_RATE);
    assert_int_equal(sipp_control("+++++++", 7, o, 4, &e), 4);
    assert_int_equal(sipp_control("c", 1, o, 4, &e), 0);
    assert_int_equal(e.code, -EINVAL);
    err_clear(&e);
    assert_int_equal(sipp_control("\xff\x01+", 3, o, 4, &e), 1);
    assert_int_equal(e.code, -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_datagrams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
