/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The roster against a plain list of the same calls.
 */
#include "node/calls/roster.h"

#include <stdio.h>
#include <string.h>

#include "base/rand.h"
#include "base/test.h"

enum { LIMIT = 200, ROUNDS = 100000 };

struct plain {
    uint64_t key, due_ns; /* key 0: free */
};

static void agrees(const struct roster *r, const struct plain *all)
{
    uint64_t next = ROSTER_NEVER;
    uint32_t used = 0;

    for (uint32_t i = 0; i < LIMIT; i++) {
        used += all[i].key != 0 ? 1 : 0;
        if (all[i].key != 0 && all[i].due_ns < next) {
            next = all[i].due_ns;
        }
    }
    assert_int_equal(r->used, used);
    assert_true(roster_next_ns(r) == next);
}

static void keeps_what_a_list_keeps(void **state)
{
    struct plain all[LIMIT] = {0};
    struct roster r;
    struct rand_state rand;

    (void)state;
    rand_init(&rand, 5);
    assert_int_equal(roster_init(&r, LIMIT, 1), 0);
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t place = (uint32_t)rand_below(&rand, LIMIT);
        switch (rand_below(&rand, 3)) {
        case 0:
            place = roster_take(&r);
            if (place != ROSTER_NONE) {
                assert_true(all[place].key == 0);
                all[place] = (struct plain){rand_u64(&rand) | 1, ROSTER_NEVER};
                roster_file(&r, place, all[place].key);
            }
            break;
        case 1:
            if (all[place].key != 0) {
                assert_int_equal(roster_find(&r, all[place].key), place);
                roster_give(&r, place);
                assert_int_equal(roster_find(&r, all[place].key), ROSTER_NONE);
                all[place].key = 0;
            }
            break;
        default:
            if (all[place].key != 0) {
                all[place].due_ns =
                    rand_below(&rand, 5) == 0 ? ROSTER_NEVER : rand_below(&rand, 1000);
                roster_set_due(&r, place, all[place].due_ns);
            }
        }
        if (i % 16 == 0) {
            agrees(&r, all);
        }
    }
    roster_finish(&r);
}

static void is_full_at_its_limit(void **state)
{
    struct roster r;

    (void)state;
    assert_int_equal(roster_init(&r, 2, 1), 0);
    assert_int_not_equal(roster_take(&r), ROSTER_NONE);
    assert_int_not_equal(roster_take(&r), ROSTER_NONE);
    assert_int_equal(roster_take(&r), ROSTER_NONE);
    roster_give(&r, 0); /* never filed */
    assert_int_equal(roster_take(&r), 0);
    roster_finish(&r);
}

static void keys_differ_by_text_and_seed(void **state)
{
    struct roster a, b;
    char text[32];
    uint64_t last = 0;

    (void)state;
    assert_int_equal(roster_init(&a, 1, 1), 0);
    assert_int_equal(roster_init(&b, 1, 2), 0);
    for (int i = 0; i < 1000; i++) {
        size_t size = (size_t)snprintf(text, sizeof(text), "%d-77@192.0.2.1", i);
        uint64_t key = roster_key(&a, text, size);
        assert_true(key != last && key != roster_key(&b, text, size));
        assert_true(key != roster_key(&a, text, size - 1));
        last = key;
    }
    roster_finish(&a);
    roster_finish(&b);
}

static void the_dead_are_known_for_a_while(void **state)
{
    struct dead_calls d;

    (void)state;
    assert_int_equal(dead_calls_init(&d, 16), 0);
    dead_calls_add(&d, 7, 100);
    assert_true(dead_calls_has(&d, 7, 99));
    assert_false(dead_calls_has(&d, 7, 100));
    for (uint64_t i = 1; i < 5; i++) {
        dead_calls_add(&d, 7 + i, 100 + i); /* the same four places: the oldest gives way */
    }
    assert_false(dead_calls_has(&d, 7, 50));
    assert_true(dead_calls_has(&d, 11, 50));
    dead_calls_finish(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_a_list_keeps),
        cmocka_unit_test(is_full_at_its_limit),
        cmocka_unit_test(keys_differ_by_text_and_seed),
        cmocka_unit_test(the_dead_are_known_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
