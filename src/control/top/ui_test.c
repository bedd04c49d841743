/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keys to wishes; which rows and columns a window shows.
 */
#include "base/test.h"

#include "base/clock.h"
#include "control/top/ui.h"

static void press(struct top_ui *ui, const char *keys)
{
    for (; *keys != '\0'; keys++)
        top_ui_key(ui, *keys);
}

static struct top_ui fresh(void)
{
    return (struct top_ui){.sort = TOP_SORT_CPU, .interval_ns = NS_PER_S, .visible = 10};
}

static void test_sorting(void **state)
{
    (void)state;
    struct top_ui ui = fresh();
    press(&ui, "s");
    assert_int_equal(ui.sort, TOP_SORT_CPU + 1);
    press(&ui, "S<");
    top_ui_key(&ui, TOP_KEY_LEFT);
    assert_int_equal(ui.sort, TOP_SORT_NAME);
    top_ui_key(&ui, TOP_KEY_LEFT);
    assert_int_equal(ui.sort, TOP_SORT_COUNT - 1);
    top_ui_key(&ui, TOP_KEY_RIGHT);
    assert_int_equal(ui.sort, TOP_SORT_NAME);
    press(&ui, "w");
    assert_string_equal(top_sort_words[ui.sort], "wait");
    press(&ui, "r");
    assert_int_equal(ui.order, TOP_SMALLEST_FIRST);
    press(&ui, "O");
    assert_string_equal(top_sort_words[ui.sort], "tx-bits");
    assert_int_equal(ui.order, TOP_LARGEST_FIRST);
    press(&ui, "a");
    assert_int_equal(ui.sort, TOP_SORT_NAME);
}

static void test_interval(void **state)
{
    (void)state;
    struct top_ui ui = fresh();
    press(&ui, "+");
    assert_int_equal(ui.interval_ns, 2 * NS_PER_S);
    press(&ui, "---");
    assert_int_equal(ui.interval_ns, 200 * NS_PER_MS);
    press(&ui, "------");
    assert_int_equal(ui.interval_ns, 100 * NS_PER_MS);
    press(&ui, "++++++++++++");
    assert_int_equal(ui.interval_ns, 60 * NS_PER_S);
    ui.interval_ns = 3600 * NS_PER_S; /* an option may have asked for more */
    press(&ui, "+");
    assert_int_equal(ui.interval_ns, 3600 * NS_PER_S);
    ui.interval_ns = 1700 * NS_PER_MS;
    press(&ui, "-");
    assert_int_equal(ui.interval_ns, NS_PER_S);
}

static void test_switches(void **state)
{
    (void)state;
    struct top_ui ui = fresh();
    press(&ui, "pv");
    assert_true(ui.paused);
    assert_int_equal(ui.rows, TOP_GUESTS_AND_VCPUS);
    press(&ui, " v");
    assert_false(ui.paused);
    assert_int_equal(ui.rows, TOP_GUESTS);
    press(&ui, "?p");
    assert_false(ui.help);
    assert_false(ui.paused); /* that key only ended the help */
    top_ui_key(&ui, TOP_KEY_NONE);
    press(&ui, "Z");
    top_ui_key(&ui, TOP_KEY_OTHER);
    assert_false(ui.quit);
    press(&ui, "hq");
    assert_true(ui.quit);
}

static void test_scrolling(void **state)
{
    (void)state;
    struct top_ui ui = fresh();
    top_ui_key(&ui, TOP_KEY_UP);
    assert_int_equal(ui.scroll, 0);
    top_ui_key(&ui, TOP_KEY_PAGE_DOWN);
    top_ui_key(&ui, TOP_KEY_DOWN);
    assert_int_equal(ui.scroll, 11);
    top_ui_fit(&ui, 15, 10);
    assert_int_equal(ui.scroll, 5);
    top_ui_key(&ui, TOP_KEY_PAGE_UP);
    assert_int_equal(ui.scroll, 0);
    top_ui_key(&ui, TOP_KEY_END);
    top_ui_key(&ui, TOP_KEY_DOWN);
    top_ui_fit(&ui, 15, 4);
    assert_int_equal(ui.scroll, 11);
    top_ui_key(&ui, TOP_KEY_HOME);
    top_ui_fit(&ui, 3, 4);
    assert_int_equal(ui.scroll, 0);
}

static void test_columns(void **state)
{
    (void)state;
    struct top_ui ui = fresh();
    assert_int_equal(top_ui_first_column(&ui, 7), 0);
    ui.sort = 7;
    assert_int_equal(top_ui_first_column(&ui, 7), 0);
    ui.sort = 8;
    assert_int_equal(top_ui_first_column(&ui, 7), 1);
    ui.sort = TOP_SORT_NAME;
    assert_int_equal(top_ui_first_column(&ui, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorting),  cmocka_unit_test(test_interval),
        cmocka_unit_test(test_switches), cmocka_unit_test(test_scrolling),
        cmocka_unit_test(test_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
