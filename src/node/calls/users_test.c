/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Users are taken once, given back, and move between the pools.
 */
#include "node/calls/users.h"

#include "base/test.h"

enum { COUNT = 50, FIRST = 101 };

static void each_is_taken_once(void **state)
{
    struct users u;
    struct rand_state r;
    int seen[COUNT] = {0};

    (void)state;
    rand_init(&r, 1);
    assert_int_equal(users_init(&u, FIRST, COUNT, USERS_REGISTERED), 0);
    for (int i = 0; i < COUNT; i++) {
        uint32_t user = users_take(&u, USERS_REGISTERED, &r);
        assert_true(user >= FIRST && user < FIRST + COUNT);
        assert_true(users_is_registered(&u, user));
        seen[user - FIRST]++;
    }
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(seen[i], 1);
    }
    assert_int_equal(users_take(&u, USERS_REGISTERED, &r), 0);
    assert_int_equal(users_take(&u, USERS_UNREGISTERED, &r), 0);
    users_give(&u, FIRST + 7, USERS_STAY, false);
    assert_int_equal(users_take(&u, USERS_REGISTERED, &r), FIRST + 7);
    users_finish(&u);
}

static void they_register_and_unregister(void **state)
{
    struct users u;
    struct rand_state r;
    uint32_t user;

    (void)state;
    rand_init(&r, 2);
    assert_int_equal(users_init(&u, 1, 2, USERS_UNREGISTERED), 0);
    user = users_take(&u, USERS_UNREGISTERED, &r);
    users_give(&u, user, USERS_REGISTER, false);
    assert_false(users_is_registered(&u, user));
    user = users_take(&u, USERS_UNREGISTERED, &r);
    users_give(&u, user, USERS_REGISTER, true);
    assert_true(users_is_registered(&u, user));
    assert_int_equal(u.known[USERS_REGISTERED], 1);
    assert_int_equal(u.known[USERS_UNREGISTERED], 1);
    assert_int_equal(users_take(&u, USERS_REGISTERED, &r), user);
    users_give(&u, user, USERS_UNREGISTER, false);
    assert_true(users_is_registered(&u, user));
    assert_int_equal(users_take(&u, USERS_REGISTERED, &r), user);
    users_give(&u, user, USERS_UNREGISTER, true);
    assert_false(users_is_registered(&u, user));
    assert_int_equal(u.free_count[USERS_UNREGISTERED], 2);
    users_finish(&u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_taken_once),
        cmocka_unit_test(they_register_and_unregister),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
