/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ladder_test: rungs, ends, verdicts.
 */
#include "control/search/ladder.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static const double levels[] = {100, 200, 400};
static const struct ladder listed = {.options = {.rungs = 20}, .levels = levels, .level_count = 3};
static const struct ladder_options up = {.from = 100, .to = 350, .step = 100, .rungs = 20};

static void rises_to_the_limit(void **state)
{
    struct ladder_point points[3] = {{100, LADDER_PASS}, {200, LADDER_PASS}, {400, LADDER_FAIL}};
    struct ladder_step s;
    char text[160];
    (void)state;
    assert_int_equal(ladder_check(&listed, NULL), 0);
    ladder_next(&listed, points, 0, &s);
    assert_int_equal(s.end, LADDER_GOES_ON);
    assert_true(s.level == 100 && s.highest == 0);
    ladder_next(&listed, points, 2, &s);
    assert_int_equal(s.end, LADDER_GOES_ON);
    assert_true(s.level == 400);
    ladder_next(&listed, points, 3, &s);
    assert_int_equal(s.end, LADDER_LIMIT);
    assert_true(s.highest == 200 && s.reached == 400);
    assert_string_equal(ladder_say(&s, text, sizeof text),
                        "200 is the highest level that kept the limits; 400 broke them");
}

static void first_rung_fails(void **state)
{
    const struct ladder_point point = {100, LADDER_FAIL};
    struct ladder_step s;
    char text[160];
    (void)state;
    ladder_next(&listed, &point, 1, &s);
    assert_int_equal(s.end, LADDER_LIMIT);
    assert_true(s.highest == 0);
    assert_string_equal(ladder_say(&s, text, sizeof text),
                        "no level kept the limits; 100 broke them");
}

static void generator_is_the_limit(void **state)
{
    const struct ladder_point points[] = {{100, LADDER_PASS}, {200, LADDER_VOID}};
    struct ladder_step s;
    (void)state;
    ladder_next(&listed, points, 2, &s);
    assert_int_equal(s.end, LADDER_GENERATOR);
    assert_true(s.highest == 100);
}

static void generated_rungs_are_bounded(void **state)
{
    const struct ladder l = {.options = up};
    struct ladder_point points[40];
    struct ladder_step s;
    size_t n = 0;
    (void)state;
    assert_int_equal(ladder_check(&l, NULL), 0);
    for (ladder_next(&l, points, 0, &s); s.end == LADDER_GOES_ON; ladder_next(&l, points, n, &s)) {
        points[n++] = (struct ladder_point){s.level, LADDER_PASS};
        assert_true(n < 40);
    }
    assert_int_equal(n, 3);
    assert_int_equal(s.end, LADDER_TOP);
    assert_true(s.highest == 300);
    struct ladder grows = {.options = {.from = 3, .factor = 1.1, .rungs = 5}};
    for (n = 0, ladder_next(&grows, points, 0, &s); s.end == LADDER_GOES_ON;
         ladder_next(&grows, points, n, &s))
        points[n++] = (struct ladder_point){s.level, LADDER_PASS};
    assert_int_equal(n, 5);
    assert_true(points[1].level == 4 && points[4].level == 7);
}

static void refuses_what_leads_nowhere(void **state)
{
    static const double falling[] = {200, 100};
    const struct ladder wrong[] = {
        {.options = {.from = 100, .rungs = 5}},
        {.options = {.from = 100, .step = 10, .factor = 2, .rungs = 5}},
        {.options = {.from = 100, .factor = 0.5, .rungs = 5}},
        {.options = {.from = 100, .to = 50, .step = 10, .rungs = 5}},
        {.options = {.step = 10, .rungs = 5}},
        {.options = {.rungs = 5}},
        {.options = {.rungs = 5}, .levels = falling, .level_count = 2},
    };
    struct err e;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(ladder_check(&wrong[i], &e), -EINVAL);
        assert_non_null(strstr(e.text, "ladder: "));
    }
}

static void judges_by_most(void **state)
{
    const struct ladder verified = {.way = LADDER_THROUGHPUT, .options = {.verify = true}};
    (void)state;
    assert_int_equal(ladder_judge(&verified, 1, 2, 0), LADDER_PASS);
    assert_int_equal(ladder_judge(&verified, 0, 1, 0), LADDER_FAIL);
    assert_int_equal(ladder_judge(&listed, 3, 2, 0), LADDER_PASS);
    assert_int_equal(ladder_judge(&listed, 1, 1, 3), LADDER_FAIL);
    assert_int_equal(ladder_judge(&listed, 0, 0, 2), LADDER_VOID);
    assert_int_equal(ladder_judge(&listed, 0, 0, 0), LADDER_BROKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rises_to_the_limit),         cmocka_unit_test(first_rung_fails),
        cmocka_unit_test(generator_is_the_limit),     cmocka_unit_test(generated_rungs_are_bounded),
        cmocka_unit_test(refuses_what_leads_nowhere), cmocka_unit_test(judges_by_most),
    };
    return cmocka_run_group_tests_name("ladder", tests, NULL, NULL);
}
