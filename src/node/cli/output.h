/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * output: the options that every command with a result has, and their forms on stdout: one JSON
 * object (--json) or one a line as it happens (--json_lines). The main thread's.
 */
#ifndef VAPERF_NODE_CLI_OUTPUT_H
#define VAPERF_NODE_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/opt.h"
#include "rpc/sample.h"

struct output_options {
    bool json, json_lines, quiet;
    uint64_t interval_ns;
};

/* Into an option table: the struct of the command's options and its output_options member. */
#define OUTPUT_OPTION(option, kind, text, about, owner, path)                    \
    {                                                                            \
        .name = (option), .type = (kind), .dflt = (text), .help = (about),       \
        .min = (kind) == OPT_DURATION ? 1e6 : 0, .offset = offsetof(owner, path) \
    }
#define OUTPUT_OPTIONS(owner, member)                                                              \
    OUTPUT_OPTION("interval", OPT_DURATION, "1s",                                                  \
                  "time between lines of progress, and between samples", owner,                    \
                  member.interval_ns),                                                             \
        OUTPUT_OPTION("json", OPT_FLAG, "false", "the result as one JSON object on stdout", owner, \
                      member.json),                                                                \
        OUTPUT_OPTION("json_lines", OPT_FLAG, "false",                                             \
                      "a JSON object a line on stdout: columns, samples as they come, result",     \
                      owner, member.json_lines),                                                   \
        OUTPUT_OPTION("quiet", OPT_FLAG, "false", "no progress on stderr", owner, member.quiet)

/* These print with --json_lines only. */
void output_columns(const struct output_options *o, const struct sample_column *columns,
                    size_t count);
void output_row(const struct output_options *o, const char *source, uint64_t at_ns,
                const double *values, size_t count);
/* Takes the result and prints it with --json and --json_lines. False: a person wants to read it,
 * and the result is still the caller's. */
bool output_result(const struct output_options *o, json_t *result);

#endif
