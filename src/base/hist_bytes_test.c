/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/hist.h"
#include "base/json.h"
#include "base/rand.h"
#include "base/test.h"

struct fixture {
    struct hist *hist, *back;
    struct buf bytes;
};

static int set_up(void **state)
{
    static struct fixture f;
    f.hist = hist_create();
    f.back = hist_create();
    buf_init(&f.bytes);
    *state = &f;
    return f.hist == NULL || f.back == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    hist_destroy(f->hist);
    hist_destroy(f->back);
    buf_finish(&f->bytes);
    return 0;
}

static void check_round_trip(struct fixture *f)
{
    buf_clear(&f->bytes);
    assert_int_equal(hist_encode(f->hist, &f->bytes), 0);
    for (uint64_t v = 1; v < HIST_LARGEST_NS; v = v * 2 + 1) /* what was there is gone */
        hist_record(f->back, v);
    assert_int_equal(hist_decode(f->back, f->bytes.data, f->bytes.size), 0);
    assert_memory_equal(f->back, f->hist, sizeof *f->hist);
}

static void test_round_trip(void **state)
{
    struct fixture *f = *state;
    check_round_trip(f);
    static const uint64_t values[] = {0, 1, 2047, 2048, 1000000, HIST_LARGEST_NS, UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        hist_record(f->hist, values[i]);
        check_round_trip(f);
    }
    struct rand_state r;
    rand_init(&r, 1);
    for (int i = 0; i < 20000; i++)
        hist_record(f->hist, (uint64_t)rand_exponential(&r, 5e6));
    hist_record_n(f->hist, 77, UINT64_C(1) << 40);
    check_round_trip(f);
}

/* The layout is an interface: these bytes lie in databases. */
static void test_known_bytes(void **state)
{
    struct fixture *f = *state;
    /* total 3, over 0, sum 3000, min 2, max 2996; bucket 2 twice; bucket 2522, 2519 further, once
     */
    static const unsigned char known[] = {'V', 'H',  1,    11, 42, 3,    0,    0xb8, 0x17,
                                          2,   0xb4, 0x17, 2,  2,  0xd7, 0x13, 1};
    hist_record_n(f->hist, 2, 2);
    hist_record(f->hist, 2996);
    assert_int_equal(hist_bucket(2996), 2522);
    hist_encode(f->hist, &f->bytes);
    assert_int_equal(f->bytes.size, sizeof known + 4);
    assert_memory_equal(f->bytes.data, known, sizeof known);
}

/* Every single bit matters, and so does every byte. */
static void test_corrupt_bytes_are_refused(void **state)
{
    struct fixture *f = *state;
    for (uint64_t v = 3; v < 1000000000; v = v * 3 + 1)
        hist_record(f->hist, v);
    assert_int_equal(hist_encode(f->hist, &f->bytes), 0);
    memset(f->back, 0xee, sizeof *f->back);
    unsigned char *bytes = (unsigned char *)f->bytes.data;
    for (size_t i = 0; i < f->bytes.size * 8; i++) {
        bytes[i / 8] ^= (unsigned char)(1U << i % 8);
        assert_int_equal(hist_decode(f->back, bytes, f->bytes.size), -EBADMSG);
        bytes[i / 8] ^= (unsigned char)(1U << i % 8);
    }
    for (size_t n = 0; n < f->bytes.size; n++)
        assert_int_equal(hist_decode(f->back, bytes, n), -EBADMSG);
    buf_append(&f->bytes, "", 1);
    assert_int_equal(hist_decode(f->back, f->bytes.data, f->bytes.size), -EBADMSG);
    for (size_t i = 0; i < sizeof *f->back; i++) /* `ret` only on success */
        assert_int_equal(((unsigned char *)f->back)[i], 0xee);
}

/* Bytes with a right seal and a wrong meaning. */
static void check_sealed(struct fixture *f, const void *bytes, size_t size, int expected)
{
    buf_clear(&f->bytes);
    buf_append(&f->bytes, "VH\1\13\52", 5);
    buf_append(&f->bytes, bytes, size);
    uint32_t seal = hist_seal(f->bytes.data, f->bytes.size);
    for (int i = 0; i < 4; i++)
        buf_append(&f->bytes, &(unsigned char){(unsigned char)(seal >> (8 * i))}, 1);
    assert_int_equal(hist_decode(f->back, f->bytes.data, f->bytes.size), expected);
}

#define CHECK_SEALED(f, bytes, expected) check_sealed(f, bytes, sizeof bytes - 1, expected)

static void test_wrong_meanings_are_refused(void **state)
{
    struct fixture *f = *state;
    /*            total over sum min max { gap count } */
    CHECK_SEALED(f, "\2\0\14\5\7\5\1\1\1", 0);
    CHECK_SEALED(f, "\3\0\14\5\7\5\1\1\1", -EBADMSG);             /* total */
    CHECK_SEALED(f, "\2\1\14\5\7\5\1\1\1", -EBADMSG);             /* over without one */
    CHECK_SEALED(f, "\2\0\14\4\7\5\1\1\1", -EBADMSG);             /* min elsewhere */
    CHECK_SEALED(f, "\2\0\14\5\6\5\1\1\1", -EBADMSG);             /* max elsewhere */
    CHECK_SEALED(f, "\2\0\14\5\7\5\1\1\1\0\0", -EBADMSG);         /* count 0 */
    CHECK_SEALED(f, "\2\0\14\5\7\5\1\1", -EBADMSG);               /* a gap without count */
    CHECK_SEALED(f, "\2\0\14\5\7\5\1\1\201\0", -EBADMSG);         /* longer than needed */
    CHECK_SEALED(f, "\2\0\14\5\7\5\2\377\377\377\7\1", -EBADMSG); /* behind the last bucket */
    CHECK_SEALED(f, "\2\0\14\5\7\5\1\377\377\377\377\377\377\377\377\377\1\1", -EBADMSG);
    CHECK_SEALED(f, "\2\0\14\5\7\5\1\377\377\377\377\377\377\377\377\377\2\1", -EBADMSG);
    CHECK_SEALED(f, "\0\5\1", -EBADMSG); /* empty with a bucket */
    CHECK_SEALED(f, "\0", 0);
    CHECK_SEALED(f, "", -EBADMSG);
    CHECK_SEALED(f, "\1\0\5\5", -EBADMSG); /* ends in the summary */
    /* counts that overflow to the right total: 2^64-1 + 3 = 2 */
    CHECK_SEALED(f, "\2\0\14\5\7\5\377\377\377\377\377\377\377\377\377\1\1\3", -EBADMSG);
}

static void test_encode_without_memory(void **state)
{
    struct fixture *f = *state;
    for (uint64_t v = 1; v < 500; v++)
        hist_record(f->hist, v);
    long failed = 1;
    for (long n = 0; failed > 0; n++) {
        struct buf b;
        buf_init(&b);
        test_alloc_fail_at(n);
        int r = hist_encode(f->hist, &b);
        failed = test_alloc_restore();
        assert_int_equal(r, failed > 0 ? -ENOMEM : 0);
        buf_finish(&b);
    }
}

static void test_as_json(void **state)
{
    struct fixture *f = *state;
    struct buf back;
    hist_record_n(f->hist, 77, 3);
    json_t *text = hist_to_json(f->hist);
    buf_init(&back);
    assert_int_equal(buf_decode_base64(&back, json_string_value(text)), 0);
    assert_int_equal(hist_decode(f->back, back.data, back.size), 0);
    assert_memory_equal(f->back, f->hist, sizeof *f->hist);
    buf_finish(&back);
    json_decref(text);
    test_alloc_fail_at(0);
    text = hist_to_json(f->hist);
    test_alloc_restore();
    assert_true(json_is_null(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_known_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_corrupt_bytes_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_meanings_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_encode_without_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_as_json, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
