/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/map.h"

#include <errno.h>
#include <stdio.h>

#include "base/test.h"

enum { MANY = 5000 };

static void test_many_in_order(void **state)
{
    (void)state;
    static int values[MANY];
    struct map m;
    map_init(&m);
    assert_null(map_find(&m, "none"));
    for (int i = 0; i < MANY; i++) {
        char key[32];
        snprintf(key, sizeof key, "key.%d", i);
        assert_int_equal(map_add(&m, key, &values[i]), 0);
    }
    assert_int_equal(m.count, MANY);
    for (int i = 0; i < MANY; i++) {
        char key[32];
        snprintf(key, sizeof key, "key.%d", i);
        assert_ptr_equal(map_find(&m, key), &values[i]);
        assert_string_equal(m.entries[i].key, key);
    }
    assert_null(map_find(&m, "key.5000"));
    assert_null(map_find(&m, ""));
    map_finish(&m);
    map_finish(&m);
    map_finish(NULL);
}

static void test_replace(void **state)
{
    (void)state;
    int a, b;
    struct map m;
    map_init(&m);
    map_add(&m, "x", &a);
    map_add(&m, "y", &a);
    map_add(&m, "x", &b);
    assert_int_equal(m.count, 2);
    assert_ptr_equal(map_find(&m, "x"), &b);
    assert_ptr_equal(m.entries[0].value, &b);
    map_finish(&m);
}

/* Whichever allocation fails: -ENOMEM, and what was in the map still is. */
static void test_without_memory(void **state)
{
    (void)state;
    int value;
    for (long n = 0; n < 40; n++) {
        struct map m;
        map_init(&m);
        int added = 0, r = 0;
        char key[32];
        test_alloc_fail_at(n);
        for (; added < 30; added++) {
            snprintf(key, sizeof key, "%d", added);
            r = map_add(&m, key, &value);
            if (r < 0)
                break;
        }
        long failed = test_alloc_restore();
        assert_int_equal(r, failed > 0 ? -ENOMEM : 0);
        assert_int_equal(m.count, added);
        for (int i = 0; i < added; i++) {
            snprintf(key, sizeof key, "%d", i);
            assert_ptr_equal(map_find(&m, key), &value);
        }
        assert_int_equal(map_add(&m, "after", &value), 0);
        assert_ptr_equal(map_find(&m, "after"), &value);
        map_finish(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_in_order),
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
