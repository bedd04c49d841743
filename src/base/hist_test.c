/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/hist.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "base/test.h"

static struct hist *create(void)
{
    struct hist *h = hist_create();
    assert_non_null(h);
    assert_int_equal(h->total, 0);
    return h;
}

static void test_buckets(void **state)
{
    (void)state;
    assert_int_equal(hist_bucket(0), 1);
    assert_int_equal(hist_bucket(1), 1);
    assert_int_equal(hist_bucket(2047), 2047);
    assert_int_equal(hist_bucket(2048), 2048);
    assert_int_equal(hist_bucket(2049), 2048);
    assert_int_equal(hist_bucket(UINT64_MAX), hist_bucket(HIST_LARGEST_NS));
    /* Without gap or overlap, and never wider than 0.1 % of what is in it. */
    const unsigned top = hist_bucket(HIST_LARGEST_NS);
    assert_true(top < HIST_BUCKETS);
    for (unsigned i = 1; i <= top; i++) {
        uint64_t low = hist_bucket_low(i), high = hist_bucket_high(i);
        assert_int_equal(hist_bucket(low), i);
        assert_int_equal(hist_bucket(high), i);
        assert_true((double)(high - low) <= 0.001 * (double)low);
        if (i < top)
            assert_int_equal(hist_bucket_low(i + 1), high + 1);
    }
    assert_int_equal(hist_bucket_high(top), HIST_LARGEST_NS);
}

static void test_error_over_the_range(void **state)
{
    (void)state;
    struct rand_state r;
    rand_init(&r, 1);
    for (int i = 0; i < 200000; i++) {
        uint64_t v = (uint64_t)exp(rand_double(&r) * log(3.6e12));
        uint64_t high = hist_bucket_high(hist_bucket(v));
        assert_true(high >= v && (double)(high - v) <= 0.001 * (double)v);
    }
}

static void test_empty(void **state)
{
    (void)state;
    struct hist *h = create();
    assert_int_equal(hist_percentile(h, 50), 0);
    assert_true(hist_mean(h) == 0);
    assert_int_equal(hist_count_below(h, UINT64_MAX), 0);
    assert_true(h->min == UINT64_MAX && h->max == 0);
    hist_record_n(h, 5, 0);
    assert_true(h->total == 0 && h->min == UINT64_MAX);
    hist_destroy(h);
    hist_destroy(NULL);
}

static void test_percentiles(void **state)
{
    (void)state;
    struct hist *h = create();
    for (uint64_t v = 1; v <= 1000; v++)
        hist_record(h, v);
    assert_int_equal(hist_percentile(h, 50), 500);
    assert_int_equal(hist_percentile(h, 99), 990);
    assert_int_equal(hist_percentile(h, 99.9), 999);
    assert_int_equal(hist_percentile(h, 99.91), 1000);
    assert_int_equal(hist_percentile(h, 100), 1000);
    assert_int_equal(hist_percentile(h, 200), 1000);
    assert_int_equal(hist_percentile(h, 0), 1);
    assert_int_equal(hist_percentile(h, -1), 1);
    assert_int_equal(hist_percentile(h, NAN), 1);
    assert_int_equal(hist_percentile(h, 1e-9), 1);
    assert_true(hist_mean(h) == 500.5);
    assert_int_equal(hist_count_below(h, 0), 1); /* 0 and 1 share a bucket */
    assert_int_equal(hist_count_below(h, 10), 10);
    assert_int_equal(hist_count_below(h, 5000), 1000);
    hist_reset(h);
    hist_record(h, 1000001); /* one value: every percentile is itself, not its bucket's end */
    assert_int_equal(hist_percentile(h, 1), 1000001);
    assert_int_equal(hist_percentile(h, 100), 1000001);
    hist_destroy(h);
}

static void test_zero_and_above_an_hour(void **state)
{
    (void)state;
    struct hist *h = create();
    hist_record(h, 0);
    assert_int_equal(h->count[1], 1);
    assert_int_equal(h->min, 0);
    assert_int_equal(hist_percentile(h, 100), 0);
    hist_record(h, HIST_LARGEST_NS);
    assert_int_equal(h->over, 0);
    hist_record_n(h, 2 * HIST_LARGEST_NS, 3);
    assert_int_equal(h->over, 3);
    assert_int_equal(h->total, 5);
    assert_int_equal(h->max, 2 * HIST_LARGEST_NS);
    assert_int_equal(hist_percentile(h, 100), HIST_LARGEST_NS);
    assert_int_equal(hist_count_below(h, HIST_LARGEST_NS), 2);
    assert_int_equal(hist_count_below(h, 2 * HIST_LARGEST_NS), 5);
    assert_true(h->sum == 7 * HIST_LARGEST_NS);
    hist_destroy(h);
}

static void fill(struct hist *h, uint64_t seed, int n)
{
    struct rand_state r;
    rand_init(&r, seed);
    for (int i = 0; i < n; i++)
        hist_record(h, (uint64_t)rand_exponential(&r, 20e6));
}

static void test_merge_is_add(void **state)
{
    (void)state;
    struct hist *a = create(), *b = create(), *both = create();
    fill(a, 1, 1000);
    fill(b, 2, 3000);
    fill(both, 1, 1000);
    fill(both, 2, 3000);
    hist_merge(a, b);
    assert_memory_equal(a, both, sizeof *a);
    hist_reset(b);
    hist_merge(a, b); /* adding nothing */
    assert_memory_equal(a, both, sizeof *a);
    hist_merge(b, a);
    assert_memory_equal(b, both, sizeof *a);
    hist_destroy(a);
    hist_destroy(b);
    hist_destroy(both);
}

static void test_subtract(void **state)
{
    (void)state;
    struct hist *earlier = create(), *later = create();
    hist_record(earlier, 10);
    hist_record(earlier, 5000000);
    hist_merge(later, earlier);
    hist_record(later, 1000);
    hist_record(later, 70000);
    hist_record(later, 2 * HIST_LARGEST_NS);
    hist_subtract(later, earlier);
    assert_int_equal(later->total, 3);
    assert_int_equal(later->over, 1);
    assert_int_equal(later->min, 1000);
    assert_int_equal(later->max, 2 * HIST_LARGEST_NS);
    assert_int_equal(later->sum, 71000 + 2 * HIST_LARGEST_NS);

    hist_reset(earlier);
    hist_record(earlier, 2 * HIST_LARGEST_NS);
    hist_subtract(later, earlier);
    assert_int_equal(later->over, 0);
    assert_int_equal(hist_bucket(later->max), hist_bucket(70000));
    assert_true(later->max >= 70000);

    hist_subtract(later, later);
    assert_int_equal(later->total, 0);
    assert_true(later->min == UINT64_MAX && later->max == 0 && later->sum == 0);
    hist_destroy(earlier);
    hist_destroy(later);
}

struct writer {
    struct hist *hist;
    uint64_t stop;
};

static void *write_values(void *arg)
{
    struct writer *w = arg;
    struct rand_state r;
    rand_init(&r, 7);
    while (__atomic_load_n(&w->stop, __ATOMIC_RELAXED) == 0)
        hist_record(w->hist, rand_below(&r, 8000000000));
    return NULL;
}

/* Each snapshot beside a writer is whole in itself and holds the one before it. */
static void test_snapshot_while_writing(void **state)
{
    (void)state;
    struct writer w = {.hist = create()};
    struct hist *before = create(), *now = create(), *back = create();
    struct buf bytes;
    buf_init(&bytes);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, write_values, &w), 0);
    for (int round = 0; round < 100 || before->total == 0; round++) {
        hist_snapshot(w.hist, now);
        uint64_t counted = 0;
        for (unsigned i = 0; i < HIST_BUCKETS; i++) {
            assert_true(now->count[i] >= before->count[i]);
            counted += now->count[i];
        }
        assert_int_equal(now->total, counted);
        buf_clear(&bytes);
        assert_int_equal(hist_encode(now, &bytes), 0);
        assert_int_equal(hist_decode(back, bytes.data, bytes.size), 0);
        assert_memory_equal(back, now, sizeof *now);
        memcpy(before, now, sizeof *now);
    }
    __atomic_store_n(&w.stop, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    hist_snapshot(w.hist, now);
    assert_memory_equal(now, w.hist, sizeof *now); /* at rest nothing is adjusted */
    buf_finish(&bytes);
    hist_destroy(w.hist);
    hist_destroy(before);
    hist_destroy(now);
    hist_destroy(back);
}

/* Neither what the copy held before nor the way to a hist shows in it. */
static void test_snapshot_over_another(void **state)
{
    (void)state;
    struct hist *from = create(), *copy = hist_create_sparse(), *fresh = create();
    assert_non_null(copy);
    assert_memory_equal(copy, fresh, sizeof *copy);
    fill(copy, 3, 1000);
    hist_record(copy, 1);
    hist_record(copy, 3 * HIST_LARGEST_NS);
    hist_record(from, 5000);
    hist_record(from, 900000000);
    hist_snapshot(from, copy);
    assert_memory_equal(copy, from, sizeof *copy);
    hist_snapshot(fresh, copy);
    assert_memory_equal(copy, fresh, sizeof *copy);

    fill(copy, 3, 1000);
    hist_reset(copy);
    assert_memory_equal(copy, fresh, sizeof *copy);
    fill(copy, 3, 1000);
    hist_snapshot(copy, from);
    hist_subtract(copy, from); /* what a difference left empty is not in use */
    assert_memory_equal(copy, fresh, sizeof *copy);
    hist_destroy(from);
    hist_destroy(copy);
    hist_destroy(fresh);
}

static void test_next(void **state)
{
    (void)state;
    struct hist *h = create();
    const unsigned top = hist_bucket(HIST_LARGEST_NS);
    assert_int_equal(hist_next(h, 0), HIST_BUCKETS);
    hist_record(h, 1);
    hist_record(h, 63);
    hist_record(h, 64); /* the next block */
    hist_record(h, 4097);
    hist_record(h, HIST_LARGEST_NS);
    const unsigned want[] = {1, 63, 64, hist_bucket(4097), top, HIST_BUCKETS};
    unsigned at = 0;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        assert_int_equal(hist_next(h, at), want[i]);
        assert_int_equal(hist_next(h, want[i]), want[i]); /* also of itself */
        at = want[i] + 1;
    }
    hist_destroy(h);
}

static void test_create_without_memory(void **state)
{
    (void)state;
    test_alloc_fail_at(0);
    assert_null(hist_create());
    test_alloc_restore();
    test_alloc_fail_at(0);
    assert_null(hist_create_sparse());
    test_alloc_restore();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_error_over_the_range),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_percentiles),
        cmocka_unit_test(test_zero_and_above_an_hour),
        cmocka_unit_test(test_merge_is_add),
        cmocka_unit_test(test_subtract),
        cmocka_unit_test(test_snapshot_while_writing),
        cmocka_unit_test(test_snapshot_over_another),
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_create_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
