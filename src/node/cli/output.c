/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * output: JSON on stdout. Lines are flushed, so that a reader sees them as they happen. Whether
 * stdout took them is checked once, by main. The main thread's.
 */
#include "node/cli/output.h"

#include <stdio.h>

/* Takes the value; NULL (no memory) prints nothing. */
static void print_line(json_t *value, size_t flags)
{
    if (value == NULL)
        return;
    json_dumpf(value, stdout, flags);
    putchar('\n');
    fflush(stdout);
    json_decref(value);
}

void output_columns(const struct output_options *o, const struct sample_column *columns,
                    size_t count)
{
    if (o->json_lines)
        print_line(json_pack("{s:o}", "columns", sample_columns_to_json(columns, count)),
                   JSON_COMPACT);
}

void output_row(const struct output_options *o, const char *source, uint64_t at_ns,
                const double *values, size_t count)
{
    const struct sample_row row = {.at_ns = at_ns, .values = values, .count = count};
    if (o->json_lines)
        print_line(sample_row_to_json(source, &row), JSON_COMPACT);
}

bool output_result(const struct output_options *o, json_t *result)
{
    if (o->json_lines)
        print_line(json_pack("{s:o}", "result", result), JSON_COMPACT);
    else if (o->json)
        print_line(result, JSON_INDENT(2));
    return o->json_lines || o->json;
}
