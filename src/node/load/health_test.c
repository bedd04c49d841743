/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every void rule by itself: broken it gives its own reason, kept it gives none.
 */
#include "base/test.h"

#include <math.h>
#include <string.h>

#include "node/load/health.h"

static const struct health_limits limits = {1000000, 100000000, 1000000, 2, 1, 99.9};
static const struct health well = {.steal_pct = 2,
                                   .wait_pct = 1,
                                   .lateness_p99_ns = 1000000,
                                   .pause_ns = 100000000,
                                   .clock_step_ns = 1000000,
                                   .achieved_pct = 99.9};

static void a_well_generator_is_valid(void **state)
{
    struct health_reasons r;
    struct health unknown = well;

    (void)state;
    health_check(&well, &limits, &r);
    assert_int_equal(r.count, 0);
    unknown.steal_pct = unknown.wait_pct = NAN;
    health_check(&unknown, &limits, &r);
    assert_int_equal(r.count, 0);
}

static void check_one(struct health h, const char *first, const char *second)
{
    struct health_reasons r;
    health_check(&h, &limits, &r);
    assert_int_equal(r.count, 1);
    assert_non_null(strstr(r.text[0], first));
    assert_non_null(strstr(r.text[0], second));
}

static void each_rule_has_its_reason_with_value_and_limit(void **state)
{
    struct health h;

    (void)state;
    h = well;
    h.socket_drops = 3;
    check_one(h, "receive queue", "3 packets");
    h = well;
    h.send_failures = 4;
    check_one(h, "refused", "4 packets");
    h = well;
    h.lateness_p99_ns = 1500000;
    check_one(h, "late", "1ms");
    h = well;
    h.pause_ns = 300000000;
    check_one(h, "stood still for 300ms", "100ms");
    h = well;
    h.steal_pct = 2.5;
    check_one(h, "stolen", "2.50 %");
    h = well;
    h.wait_pct = 1.25;
    check_one(h, "waited", "1.25 %");
    h = well;
    h.clock_step_ns = 5000000;
    check_one(h, "stepped", "1ms");
    h = well;
    h.achieved_pct = 99.5;
    check_one(h, "99.500 %", "99.9 %");
}

static void all_at_once_gives_all_reasons(void **state)
{
    const struct health worst = {1, 1, 1u << 30, 50, 50, 1u << 30, 1u << 30, 0};
    struct health_reasons r;

    (void)state;
    health_check(&worst, &limits, &r);
    assert_int_equal(r.count, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_well_generator_is_valid),
        cmocka_unit_test(each_rule_has_its_reason_with_value_and_limit),
        cmocka_unit_test(all_at_once_gives_all_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
