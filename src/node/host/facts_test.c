/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Facts of this very machine: what must be there is there, nothing is an empty guess.
 */
#include "base/test.h"

#include <string.h>
#include <sys/utsname.h>

#include "base/cpu.h"
#include "node/host/facts.h"

static void facts_are_those_of_this_machine(void **state)
{
    json_t *facts = facts_collect("1.2.3");
    struct utsname u;
    const char *key;
    json_t *value;

    (void)state;
    assert_int_equal(uname(&u), 0);
    assert_string_equal(json_string_value(json_object_get(facts, "kernel")), u.release);
    assert_string_equal(json_string_value(json_object_get(facts, "vaperf_version")), "1.2.3");
    assert_int_equal(json_integer_value(json_object_get(facts, "cpus_online")), cpu_online_count());
    assert_true(json_integer_value(json_object_get(facts, "memory_total_bytes")) > 1 << 20);
    assert_true(json_is_object(json_object_get(facts, "sysctl")));
    json_object_foreach(facts, key, value)
    {
        assert_false(json_is_string(value) && json_string_length(value) == 0 &&
                     strcmp(key, "cpus_isolated") != 0);
    }
    json_decref(facts);
}

static void what_is_not_known_is_null(void **state)
{
    json_t *facts = facts_collect(NULL);

    (void)state;
    assert_true(json_is_null(json_object_get(facts, "vaperf_version")));
    json_decref(facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_are_those_of_this_machine),
        cmocka_unit_test(what_is_not_known_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
