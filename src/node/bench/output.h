/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * output: what other benchmark programs print, as figures with the unit in the name. Pure.
 */
#ifndef VAPERF_NODE_BENCH_OUTPUT_H
#define VAPERF_NODE_BENCH_OUTPUT_H

#include "base/err.h"
#include "base/json.h"

enum output_parser {
    OUTPUT_NONE,
    OUTPUT_FIO,
    OUTPUT_IPERF3,
    OUTPUT_SOCKPERF,
    OUTPUT_BONNIE,
    OUTPUT_SYSBENCH,
    OUTPUT_STRESS_NG,
    OUTPUT_CYCLICTEST,
    OUTPUT_REGEX
};
extern const char *const output_parser_words[]; /* NULL-ended */

/* New reference: {"read_bytes_per_s": 123.0, ...}. -EBADMSG when nothing of what the program should
 * print is there, with the beginning of what it printed. pattern: of OUTPUT_REGEX, "name=REGEX"
 * with one group that is a number (POSIX extended), several with ";;" between. */
int output_parse(enum output_parser parser, const char *pattern, const char *text, json_t **ret,
                 struct err *e);
/* Is the pattern right? -EINVAL. */
int output_check_pattern(const char *pattern, struct err *e);

#endif
