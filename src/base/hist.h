/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * hist: log-linear histogram of nanoseconds, 1 ns to 1 h, <= 0.1 % error, one layout for all, so
 * that merging is adding. Percentiles are never averaged: merge, then ask.
 *
 * Thread rule: one writer; any thread may take a snapshot while it writes (counters are relaxed
 * atomics, each only grows). Reset only when the writer is stopped: an interval is the difference
 * of two snapshots.
 */
#ifndef VAPERF_BASE_HIST_H
#define VAPERF_BASE_HIST_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { HIST_SUB_BITS = 11, HIST_MAX_BITS = 42 }; /* 2^42 ns > 1 h */
enum { HIST_BUCKETS = (HIST_MAX_BITS - HIST_SUB_BITS + 2) << (HIST_SUB_BITS - 1) };
/* 64 neighbours are a block; which blocks are in use stands in 64-bit words, a bit a block. */
enum {
    HIST_BLOCK = 64,
    HIST_USED_WORDS = (HIST_BUCKETS + 64 * HIST_BLOCK - 1) / (64 * HIST_BLOCK)
};

/* Longer values are counted as this one, and in `over`: 1 h. */
#define HIST_LARGEST_NS UINT64_C(3600000000000)

struct hist {
    uint64_t total;                 /* values recorded, the clamped ones too */
    uint64_t over;                  /* values above 1 h, recorded as 1 h */
    uint64_t sum;                   /* of the values as given, ns */
    uint64_t min, max;              /* exact; min is UINT64_MAX while empty */
    uint64_t used[HIST_USED_WORDS]; /* where all other blocks are empty: nobody looks there */
    uint64_t count[HIST_BUCKETS];
};

struct hist *hist_create(void); /* zeroed, all pages there already; NULL without memory */
/* The same, but its pages come with the values: for who reads, or records little. */
struct hist *hist_create_sparse(void);
void hist_destroy(struct hist *h);
/* Of one that was created, or is all zero. */
void hist_reset(struct hist *h);
void hist_record(struct hist *h, uint64_t value_ns);
void hist_record_n(struct hist *h, uint64_t value_ns, uint64_t n);

/* Beside the writer; what ret_copy held is gone. Buckets and total agree; a value on its way in may
 * be in sum alone. */
void hist_snapshot(const struct hist *from, struct hist *ret_copy);
/* `from` is not being written: take a snapshot first. */
void hist_merge(struct hist *into, const struct hist *from);
/* later - earlier of the same writer; min and max become those of the difference's buckets. */
void hist_subtract(struct hist *later, const struct hist *earlier);

/* The value at a percentile 0..100 (upper end of its bucket, never above max; 0: min). 0 when
 * empty. 1 h for those in `over`. */
uint64_t hist_percentile(const struct hist *h, double pct);
double hist_mean(const struct hist *h);
/* How many values lie at or below value_ns. */
uint64_t hist_count_below(const struct hist *h, uint64_t value_ns);
/* The first bucket in use from `bucket` on; HIST_BUCKETS: none. */
unsigned hist_next(const struct hist *h, unsigned bucket);

/* The bucket of a value (0 counts as 1 ns), and the least and greatest value of a bucket. */
unsigned hist_bucket(uint64_t value_ns);
uint64_t hist_bucket_low(unsigned bucket);
uint64_t hist_bucket_high(unsigned bucket);

/* Sparse, versioned, machine-independent bytes (for SQLite and, in base64, JSON). */
int hist_encode(const struct hist *h, struct buf *out);
/* The same bytes in base64 as a JSON string, the caller's; null without memory. */
struct json_t *hist_to_json(const struct hist *h);
/* -EBADMSG on anything that is not a histogram of ours. `ret` was created; it is written only on
 * success. */
int hist_decode(struct hist *ret, const void *bytes, uint64_t size);
/* The check sum that ends the encoded bytes (for tests and fuzzing). */
uint32_t hist_seal(const void *bytes, uint64_t size);

#endif
