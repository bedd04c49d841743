/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * settings_test: words to numbers, and what is refused.
 */
#include "base/test.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "control/platform/settings.h"

static struct settings_scale scale_of(enum cgroup_layout layout)
{
    struct settings_scale scale = {.layout = layout, .is_root = true};
    for (unsigned cpu = 2; cpu < 6; cpu++)
        cpu_set_add(&scale.cpus, cpu);
    return scale;
}

static struct settings resolved(enum cgroup_layout layout, const struct machine_spec *spec)
{
    struct settings_scale scale = scale_of(layout);
    struct settings s;
    struct err e;
    err_clear(&e);
    if (settings_resolve(&scale, spec, &s, &e) < 0)
        fail_msg("%s", e.text);
    return s;
}

static void refused(enum cgroup_layout layout, const struct machine_spec *spec, const char *word)
{
    struct settings_scale scale = scale_of(layout);
    struct settings s;
    struct err e;
    err_clear(&e);
    assert_int_equal(settings_resolve(&scale, spec, &s, &e), -ENOTSUP);
    assert_non_null(strstr(e.text, word));
}

static void test_weight_keeps_its_ratio(void **state)
{
    (void)state;
    const uint64_t weights[] = {64, 256, 512, 8192, 25600};
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        struct machine_spec spec = {.weight = weights[i]};
        assert_int_equal(resolved(CGROUP_V1, &spec).weight * 256, weights[i] * 1024);
        assert_int_equal(resolved(CGROUP_V2, &spec).weight * 256, weights[i] * 100);
    }
    assert_int_equal(resolved(CGROUP_V1, &(struct machine_spec){.weight = 1}).weight, 4);
    assert_int_equal(resolved(CGROUP_V1, &(struct machine_spec){.weight = 65536}).weight, 262144);
}

static void test_weight_is_refused_not_clipped(void **state)
{
    (void)state;
    refused(CGROUP_V1, &(struct machine_spec){.weight = 65537}, "1 to 65536");
    refused(CGROUP_V2, &(struct machine_spec){.weight = 25664}, "3 to 25600");
    refused(CGROUP_V2, &(struct machine_spec){.weight = 300}, "multiples of 64");
    refused(CGROUP_NONE, &(struct machine_spec){.weight = 256}, "no cpu cgroup");
    struct settings_scale user = scale_of(CGROUP_V1);
    struct settings s;
    struct err e;
    user.is_root = false;
    err_clear(&e);
    assert_int_equal(settings_resolve(&user, &(struct machine_spec){.weight = 256}, &s, &e),
                     -ENOTSUP);
    assert_non_null(strstr(e.text, "needs root"));
}

static void test_cap(void **state)
{
    (void)state;
    struct settings s = resolved(CGROUP_V1, &(struct machine_spec){.cap_pct = 40});
    assert_int_equal(s.quota_us, 40000);
    assert_int_equal(s.period_us, 100000);
    s = resolved(CGROUP_V2,
                 &(struct machine_spec){.cap_pct = 150, .cap_period_ns = 10 * NS_PER_MS});
    assert_int_equal(s.quota_us, 15000);
    assert_int_equal(s.period_us, 10000);
    s = resolved(CGROUP_V1, &(struct machine_spec){.cap_pct = 100, .cap_period_ns = NS_PER_MS});
    assert_int_equal(s.quota_us, 1000);
    refused(CGROUP_V1, &(struct machine_spec){.cap_pct = 40, .cap_period_ns = NS_PER_MS}, "1 ms");
    refused(CGROUP_V1, &(struct machine_spec){.cap_pct = 40, .cap_period_ns = NS_PER_MS / 2},
            "from 1ms to 1s");
    refused(CGROUP_V1, &(struct machine_spec){.cap_pct = 40, .cap_period_ns = 2 * NS_PER_S},
            "from 1ms to 1s");
    refused(CGROUP_V1, &(struct machine_spec){.cap_period_ns = NS_PER_MS}, "without a cap");
}

static void test_cpus(void **state)
{
    (void)state;
    char text[64];
    struct machine_spec spec = {.vcpus = 2};
    struct settings s = resolved(CGROUP_V1, &spec);
    assert_string_equal(cpu_set_format(&s.cpus, text, sizeof text), "2-3");
    spec.has_pin = true;
    cpu_set_add(&spec.pin, 3);
    cpu_set_add(&spec.pin, 5);
    s = resolved(CGROUP_V1, &spec);
    assert_string_equal(cpu_set_format(&s.cpus, text, sizeof text), "3,5");
    spec.vcpus = 1;
    s = resolved(CGROUP_V1, &spec);
    assert_string_equal(cpu_set_format(&s.cpus, text, sizeof text), "3");
    spec.vcpus = 3;
    refused(CGROUP_V1, &spec, "pin names 2");
    refused(CGROUP_V1, &(struct machine_spec){.vcpus = 5}, "offers 4");
    cpu_set_add(&spec.pin, 0);
    refused(CGROUP_V1, &spec, "CPU 0");
    assert_false(resolved(CGROUP_NONE, &(struct machine_spec){.vcpus = 0}).has_cpus);
}

static void test_check_names_every_setting(void **state)
{
    (void)state;
    struct settings_scale scale = scale_of(CGROUP_V1);
    struct setting_check checks[MACHINE_CHECKS_MAX];
    struct machine_spec spec = {.vcpus = 1,
                                .weight = 512,
                                .cap_pct = 40,
                                .cap_period_ns = NS_PER_MS,
                                .memory_bytes = UINT64_C(1) << 29};
    int n = settings_check(&scale, SETTINGS_BY_CPUSET, &spec, checks, MACHINE_CHECKS_MAX);
    assert_int_equal(n, 6);
    assert_string_equal(checks[0].setting, "vcpus");
    assert_int_equal(checks[0].state, SETTING_APPLIED);
    assert_string_equal(checks[0].text, "CPUs 2 by cpuset");
    assert_int_equal(checks[1].state, SETTING_DEFAULT);
    assert_string_equal(checks[2].text, "cpu.shares 2048");
    assert_string_equal(checks[3].setting, "cap");
    assert_int_equal(checks[3].state, SETTING_UNSUPPORTED);
    assert_string_equal(checks[4].text, "at most 512M");
    assert_string_equal(checks[5].setting, "coalesce");
    assert_int_equal(checks[5].state, SETTING_DEFAULT);
    spec.coalesce.has_rx_usecs = true;
    settings_check(&scale, SETTINGS_BY_CPUSET, &spec, checks, MACHINE_CHECKS_MAX);
    assert_int_equal(checks[5].state, SETTING_UNSUPPORTED);
    assert_non_null(strstr(checks[5].text, "no interface that interrupts"));
    assert_int_equal(settings_check(&scale, SETTINGS_BY_CPUSET, &spec, checks, 2), 2);
}

static void test_names(void **state)
{
    (void)state;
    struct err e;
    assert_int_equal(settings_check_name("cpu.1", &e), 0);
    const char *const bad[] = {"",    "../x", ".x",  "-x",
                               "a b", "a/b",  "a$b", "a1234567890123456789012345678901234567890"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(settings_check_name(bad[i], &e), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weight_keeps_its_ratio),
        cmocka_unit_test(test_weight_is_refused_not_clipped),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_cpus),
        cmocka_unit_test(test_check_names_every_setting),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
