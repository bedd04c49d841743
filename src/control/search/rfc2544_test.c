/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rfc2544_test: whole searches against a device of known capacity.
 */
#include "control/search/rfc2544.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/test.h"

enum { ROOM = 64 };

/* Carries `capacity`; above `generator` the generator is the limit. */
struct device {
    double capacity, generator;
    struct ladder_point points[ROOM];
    size_t count;
};

static struct ladder_step search(struct device *d, const struct ladder *l)
{
    struct ladder_step s;
    struct err e;
    assert_int_equal(ladder_check(l, &e), 0);
    for (ladder_next(l, d->points, 0, &s); s.end == LADDER_GOES_ON;
         ladder_next(l, d->points, d->count, &s)) {
        assert_true(d->count < ROOM);
        d->points[d->count++] =
            (struct ladder_point){s.level, s.level > d->generator  ? LADDER_VOID
                                           : s.level > d->capacity ? LADDER_FAIL
                                                                   : LADDER_PASS};
    }
    return s;
}

static const struct ladder halving = {.way = LADDER_THROUGHPUT,
                                      .options = {.to = 100000, .precision_pct = 1, .rungs = 30}};

static void throughput_is_found(void **state)
{
    struct device d = {.capacity = 41234, .generator = INFINITY};
    struct ladder_step s;
    (void)state;
    s = search(&d, &halving);
    assert_true(d.points[0].level == 100000); /* the highest first */
    assert_int_equal(s.end, LADDER_LIMIT);
    assert_true(s.highest <= 41234 && s.highest > 41234 - 1000);
    assert_true(s.reached > 41234 && s.reached - s.highest <= 1000);
    assert_in_range(d.count, 6, 9);
}

static void edges_of_throughput(void **state)
{
    struct device all = {.capacity = 2e5, .generator = INFINITY};
    struct device nothing = {.capacity = 0, .generator = INFINITY};
    struct device weak = {.capacity = 2e5, .generator = 30000};
    struct ladder_step s;
    (void)state;
    s = search(&all, &halving);
    assert_int_equal(s.end, LADDER_TOP);
    assert_true(s.highest == 100000 && all.count == 1);
    s = search(&nothing, &halving);
    assert_int_equal(s.end, LADDER_LIMIT);
    assert_true(s.highest == 0);
    s = search(&weak, &halving); /* nothing is known of the device above */
    assert_int_equal(s.end, LADDER_GENERATOR);
    assert_true(s.highest <= 30000 && s.highest > 29000);
}

static void losses_are_followed_down(void **state)
{
    const struct ladder l = {.way = LADDER_LOSS_RATE,
                             .options = {.to = 1000, .step = 10, .rungs = 20}};
    struct device d = {.capacity = 650, .generator = INFINITY};
    struct device all = {.capacity = 5000, .generator = INFINITY};
    struct ladder_step s;
    (void)state;
    s = search(&d, &l);
    assert_int_equal(s.end, LADDER_LIMIT);
    assert_int_equal(d.count, 6); /* 1000, 900, 800, 700, 600, 500: two in a row lost nothing */
    assert_true(s.highest == 600 && s.reached == 700);
    s = search(&all, &l);
    assert_int_equal(s.end, LADDER_TOP);
    assert_int_equal(all.count, 2);
    assert_true(s.highest == 1000);
}

static void wrong_ways_are_refused(void **state)
{
    const struct ladder wrong[] = {
        {.way = LADDER_THROUGHPUT, .options = {.from = 10, .to = 10, .rungs = 5}},
        {.way = LADDER_LOSS_RATE, .options = {.to = 100, .step = 20, .rungs = 5}},
    };
    enum ladder_way way;
    struct err e;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(ladder_check(&wrong[i], &e), -EINVAL);
        assert_non_null(strstr(e.text, ladder_way_names[wrong[i].way]));
    }
    assert_int_equal(ladder_find_way("loss-rate", &way), 0);
    assert_int_equal(way, LADDER_LOSS_RATE);
    assert_int_equal(ladder_find_way("lossrate", &way), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(throughput_is_found),
        cmocka_unit_test(edges_of_throughput),
        cmocka_unit_test(losses_are_followed_down),
        cmocka_unit_test(wrong_ways_are_refused),
    };
    return cmocka_run_group_tests_name("rfc2544", tests, NULL, NULL);
}
