/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * hist: recording, and reading of a hist that nobody writes. The bytes are in hist_bytes.c.
 * hist_record is the writer's alone; only hist_snapshot may read beside it.
 */
#include "base/hist.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINEAR = 1 << HIST_SUB_BITS,
    HALF = 1 << (HIST_SUB_BITS - 1),
    BLOCKS = HIST_BUCKETS / HIST_BLOCK
};
_Static_assert(HIST_BUCKETS % HIST_BLOCK == 0, "the last block is whole");

/* Below 2^11 a bucket a nanosecond; above, 1024 buckets for each power of two. */
unsigned hist_bucket(uint64_t value_ns)
{
    if (value_ns > HIST_LARGEST_NS)
        value_ns = HIST_LARGEST_NS;
    if (value_ns < LINEAR)
        return value_ns == 0 ? 1 : (unsigned)value_ns;
    unsigned shift = 64 - HIST_SUB_BITS - (unsigned)__builtin_clzll(value_ns);
    return shift * HALF + (unsigned)(value_ns >> shift);
}

uint64_t hist_bucket_low(unsigned bucket)
{
    if (bucket < LINEAR)
        return bucket;
    unsigned shift = bucket / HALF - 1;
    return (uint64_t)(bucket - shift * HALF) << shift;
}

uint64_t hist_bucket_high(unsigned bucket)
{
    if (bucket < LINEAR)
        return bucket;
    unsigned shift = bucket / HALF - 1;
    uint64_t high = hist_bucket_low(bucket) + (UINT64_C(1) << shift) - 1;
    return high < HIST_LARGEST_NS ? high : HIST_LARGEST_NS;
}

/* ---- blocks in use ---- */

/* The first one in use from `block` on; BLOCKS: none. */
static unsigned next_block(const uint64_t *used, unsigned block)
{
    for (unsigned word = block / 64; word < HIST_USED_WORDS; word++) {
        const uint64_t rest =
            word == block / 64 ? used[word] >> block % 64 << block % 64 : used[word];
        if (rest != 0)
            return word * 64 + (unsigned)__builtin_ctzll(rest);
    }
    return BLOCKS;
}

static uint64_t *counts_of(struct hist *h, unsigned block)
{
    return &h->count[block * HIST_BLOCK];
}

unsigned hist_next(const struct hist *h, unsigned bucket)
{
    unsigned block = next_block(h->used, bucket / HIST_BLOCK);
    while (block < BLOCKS) {
        const unsigned first = block * HIST_BLOCK;
        for (unsigned i = bucket > first ? bucket : first; i < first + HIST_BLOCK; i++)
            if (h->count[i] != 0)
                return i;
        block = next_block(h->used, block + 1);
    }
    return HIST_BUCKETS;
}

/* ---- life ---- */

struct hist *hist_create_sparse(void)
{
    struct hist *h = calloc(1, sizeof *h);
    if (h != NULL)
        h->min = UINT64_MAX;
    return h;
}

struct hist *hist_create(void)
{
    struct hist *h = hist_create_sparse();
    /* One by one: the kernel would lend one empty page for all until they are written. */
    for (unsigned i = 0; h != NULL && i < HIST_BUCKETS; i += HIST_BLOCK)
        *(volatile uint64_t *)&h->count[i] = 0;
    return h;
}

void hist_destroy(struct hist *h)
{
    free(h);
}

static void set_empty(struct hist *h)
{
    h->total = h->over = h->sum = h->max = 0;
    h->min = UINT64_MAX;
}

void hist_reset(struct hist *h)
{
    for (unsigned b = next_block(h->used, 0); b < BLOCKS; b = next_block(h->used, b + 1))
        memset(counts_of(h, b), 0, HIST_BLOCK * sizeof h->count[0]);
    memset(h->used, 0, sizeof h->used);
    set_empty(h);
}

/* ---- recording ---- */

/* Relaxed stores of one writer: no locked instruction, and never a torn value for a reader. */
static inline void put(uint64_t *at, uint64_t value)
{
    __atomic_store_n(at, value, __ATOMIC_RELAXED);
}

static inline uint64_t get(const uint64_t *at)
{
    return __atomic_load_n(at, __ATOMIC_RELAXED);
}

/* Released after the count: who sees that the block is in use sees why. Bits only come, so that a
 * snapshot holds the one before it. */
static inline void mark(struct hist *h, unsigned block)
{
    uint64_t *word = &h->used[block / 64];
    const uint64_t bit = UINT64_C(1) << block % 64;
    if ((*word & bit) == 0)
        __atomic_store_n(word, *word | bit, __ATOMIC_RELEASE);
}

void hist_record_n(struct hist *h, uint64_t value_ns, uint64_t n)
{
    if (n == 0)
        return;
    const unsigned i = hist_bucket(value_ns);
    uint64_t *bucket = &h->count[i];
    put(bucket, *bucket + n);
    mark(h, i / HIST_BLOCK);
    put(&h->total, h->total + n);
    put(&h->sum, h->sum + value_ns * n);
    if (value_ns < h->min)
        put(&h->min, value_ns);
    if (value_ns > h->max)
        put(&h->max, value_ns);
    if (value_ns > HIST_LARGEST_NS)
        put(&h->over, h->over + n);
}

void hist_record(struct hist *h, uint64_t value_ns)
{
    hist_record_n(h, value_ns, 1);
}

static uint64_t clamp(uint64_t v, uint64_t low, uint64_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* Min, max and over made to fit the first and last bucket in use: after a subtraction they are
 * those of another time, and beside a writer they may lag behind the buckets. */
static void fit_range(struct hist *h, unsigned first, unsigned last)
{
    const uint64_t over_max = last == hist_bucket(HIST_LARGEST_NS) ? h->count[last] : 0;
    h->over = h->max > HIST_LARGEST_NS ? clamp(h->over, 0, over_max) : 0;
    h->min = clamp(h->min, first == 1 ? 0 : hist_bucket_low(first), hist_bucket_high(first));
    h->max =
        clamp(h->max, hist_bucket_low(last), h->over > 0 ? UINT64_MAX : hist_bucket_high(last));
    if (h->min > h->max)
        h->min = h->max;
}

/* All but the sum made to fit the buckets, which are what was counted. */
static void fit_to_buckets(struct hist *h)
{
    const unsigned first = hist_next(h, 0);
    unsigned last = 0;
    uint64_t total = 0;
    for (unsigned b = next_block(h->used, 0); b < BLOCKS; b = next_block(h->used, b + 1)) {
        const uint64_t before = total;
        for (unsigned i = b * HIST_BLOCK; i < (b + 1) * HIST_BLOCK; i++) {
            if (h->count[i] != 0)
                last = i;
            total += h->count[i];
        }
        if (total == before) /* a difference left nothing */
            h->used[b / 64] &= ~(UINT64_C(1) << b % 64);
    }
    h->total = total;
    if (total > 0)
        fit_range(h, first, last);
    else
        set_empty(h);
}

/* A word of blocks in use; those that are in use in the copy alone are emptied. */
static void copy_blocks(const struct hist *from, struct hist *to, unsigned word)
{
    const uint64_t used = __atomic_load_n(&from->used[word], __ATOMIC_ACQUIRE);
    for (uint64_t rest = used | to->used[word]; rest != 0; rest &= rest - 1) {
        const unsigned first = (word * 64 + (unsigned)__builtin_ctzll(rest)) * HIST_BLOCK;
        const bool empty = (used & rest & -rest) == 0;
        for (unsigned i = first; i < first + HIST_BLOCK; i++)
            to->count[i] = empty ? 0 : get(&from->count[i]);
    }
    to->used[word] = used;
}

void hist_snapshot(const struct hist *from, struct hist *ret_copy)
{
    ret_copy->over = get(&from->over);
    ret_copy->sum = get(&from->sum);
    for (unsigned word = 0; word < HIST_USED_WORDS; word++)
        copy_blocks(from, ret_copy, word);
    /* After the buckets, so that they hold at least every value that was counted. */
    ret_copy->min = get(&from->min);
    ret_copy->max = get(&from->max);
    fit_to_buckets(ret_copy);
}

void hist_merge(struct hist *into, const struct hist *from)
{
    into->total += from->total;
    into->over += from->over;
    into->sum += from->sum;
    if (from->min < into->min)
        into->min = from->min;
    if (from->max > into->max)
        into->max = from->max;
    for (unsigned b = next_block(from->used, 0); b < BLOCKS; b = next_block(from->used, b + 1))
        for (unsigned i = b * HIST_BLOCK; i < (b + 1) * HIST_BLOCK; i++)
            into->count[i] += from->count[i];
    for (unsigned word = 0; word < HIST_USED_WORDS; word++)
        into->used[word] |= from->used[word];
}

static uint64_t minus(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

void hist_subtract(struct hist *later, const struct hist *earlier)
{
    later->over = minus(later->over, earlier->over);
    later->sum = minus(later->sum, earlier->sum);
    for (unsigned b = next_block(later->used, 0); b < BLOCKS; b = next_block(later->used, b + 1))
        for (unsigned i = b * HIST_BLOCK; i < (b + 1) * HIST_BLOCK; i++)
            later->count[i] = minus(later->count[i], earlier->count[i]);
    fit_to_buckets(later);
}

/* ---- reading ---- */

uint64_t hist_percentile(const struct hist *h, double pct)
{
    if (h->total == 0)
        return 0;
    if (!(pct > 0))
        return h->min;
    /* The smallest rank with at least pct % of the values at or below it; 99.9 % of 1000 is
     * rank 999, whatever 99.9 is in binary. */
    double want = (pct < 100 ? pct : 100) / 100 * (double)h->total;
    uint64_t rank = (uint64_t)ceil(want * (1 - 1e-12)), seen = 0;
    if (rank == 0)
        rank = 1;
    if (rank > h->total)
        rank = h->total;
    unsigned i = hist_next(h, 0);
    while (i < HIST_BUCKETS && (seen += h->count[i]) < rank)
        i = hist_next(h, i + 1);
    uint64_t high = hist_bucket_high(i);
    return high < h->max ? high : h->max;
}

double hist_mean(const struct hist *h)
{
    return h->total == 0 ? 0 : (double)h->sum / (double)h->total;
}

uint64_t hist_count_below(const struct hist *h, uint64_t value_ns)
{
    const unsigned last = hist_bucket(value_ns);
    uint64_t n = 0;
    for (unsigned i = hist_next(h, 0); i <= last; i = hist_next(h, i + 1))
        n += h->count[i];
    /* Those above 1 h lie in the bucket of 1 h, and not at or below it. */
    if (last == hist_bucket(HIST_LARGEST_NS) && value_ns < h->max)
        n -= h->over;
    return n;
}
