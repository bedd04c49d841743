/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * csv: SIPp's files of figures, column for column: -trace_stat, -trace_counts, -trace_rtt. Pure:
 * texts are appended to a buffer.
 */
#ifndef VAPERF_NODE_SIPP_CSV_H
#define VAPERF_NODE_SIPP_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "node/sipp/stats.h"

/* When a row is of, and what is no sum. Times are ns of the wall clock. */
struct sipp_moment {
    uint64_t start_ns, last_ns, now_ns; /* of the run, of the period before, of this row */
    double target_rate;                 /* calls/s, or users */
    uint64_t current_calls;
};

struct sipp_csv {
    char delimiter;
    bool is_rfc3339;
    bool periodic_rtd; /* repartitions are of the period, not from the start */
};

/* The whole header line, and a row: `total` since the start, `period` since the row before. */
void sipp_csv_stat_header(const struct sipp_csv *c, const struct sipp_stats *s, struct buf *out);
void sipp_csv_stat_row(const struct sipp_csv *c, const struct sipp_moment *m,
                       const struct sipp_stats *total, const struct sipp_stats *period,
                       struct buf *out);

void sipp_csv_counts_header(const struct sipp_csv *c, const struct sipp_stats *s, struct buf *out);
void sipp_csv_counts_row(const struct sipp_csv *c, const struct sipp_moment *m,
                         const struct sipp_stats *total, struct buf *out);

/* The codes of unexpected responses since the row before. */
void sipp_csv_codes_row(const struct sipp_csv *c, const struct sipp_moment *m,
                        const unsigned *codes, size_t count, struct buf *out);

void sipp_csv_rtt_header(const struct sipp_csv *c, struct buf *out);
/* since_ns: from the start of the run to the end of the response time. */
void sipp_csv_rtt_row(const struct sipp_csv *c, uint64_t since_ns, uint64_t response_ns,
                      const char *rtd, struct buf *out);

/* "2026-01-02<TAB>03:04:05.678901<TAB>1767323045.678901", or as RFC 3339 says; local time, as SIPp
 * does. */
void sipp_csv_time(bool is_rfc3339, uint64_t real_ns, struct buf *out);
/* "00:01:02:345678": the last part in microseconds. */
void sipp_csv_duration(double us, struct buf *out);

#endif
