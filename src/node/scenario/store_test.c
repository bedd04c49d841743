/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of store.
 */
#include "node/scenario/store.h"

#include <string.h>

#include "base/test.h"

static void keeps_texts_of_any_length(void **state)
{
    struct call_store *st = call_store_create(8, 0);
    static const size_t sizes[] = {1, 55, 56, 57, 115, 116, 117, 500, 1500, 70000};
    static char text[70000], back[70000];

    (void)state;
    assert_non_null(st);
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)('a' + i % 23);
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint32_t handle = call_store_add(st, text, sizes[i]);

        assert_int_not_equal(handle, 0);
        assert_int_equal(call_store_size(st, handle), sizes[i]);
        memset(back, 0, sizeof(back));
        assert_int_equal(call_store_read(st, handle, back, sizeof(back)), sizes[i]);
        assert_memory_equal(back, text, sizes[i]);
        assert_int_equal(call_store_read(st, handle, back, 30), sizes[i] < 30 ? sizes[i] : 30);
        call_store_remove(st, handle);
        assert_int_equal(call_store_used(st), 0);
    }
    call_store_destroy(st);
}

static void empty_is_no_handle(void **state)
{
    struct call_store *st = call_store_create(0, 0);
    char c;

    (void)state;
    assert_int_equal(call_store_add(st, "", 0), 0);
    assert_int_equal(call_store_size(st, 0), 0);
    assert_int_equal(call_store_read(st, 0, &c, 1), 0);
    call_store_remove(st, 0);
    call_store_destroy(st);
    call_store_destroy(NULL);
}

static void full_store_gives_nothing_and_keeps_the_rest(void **state)
{
    struct call_store *st = call_store_create(0, 0);
    static char text[5000];
    uint32_t handles[64];
    size_t n = 0, used;

    (void)state;
    memset(text, 'x', sizeof(text));
    while (n < 64 && (handles[n] = call_store_add(st, text, sizeof(text))) != 0) {
        n++;
    }
    assert_in_range(n, 40, 63);
    assert_int_equal(call_store_capacity(st), CALL_STORE_SLAB_CHUNKS * CALL_STORE_CHUNK_BYTES);
    used = call_store_used(st);
    assert_int_equal(call_store_add(st, text, sizeof(text)), 0);
    assert_int_equal(call_store_used(st), used);
    while (n > 0) {
        call_store_remove(st, handles[--n]);
    }
    assert_int_equal(call_store_used(st), 0);
    call_store_destroy(st);
}

static void grows_up_to_its_limit(void **state)
{
    struct call_store *st = call_store_create(1, (size_t)4 << 20);
    static char text[10000];
    size_t n = 0;

    (void)state;
    while (call_store_add(st, text, sizeof(text)) != 0) {
        n++;
    }
    assert_in_range(call_store_capacity(st), (size_t)4 << 20, (size_t)5 << 20);
    assert_in_range(n, 370, 500);
    call_store_destroy(st);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_texts_of_any_length),
        cmocka_unit_test(empty_is_no_handle),
        cmocka_unit_test(full_store_gives_nothing_and_keeps_the_rest),
        cmocka_unit_test(grows_up_to_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
