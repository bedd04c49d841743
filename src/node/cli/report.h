/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * report: results as short aligned tables for people. Reads the JSON that goes to control too, so
 * that both say the same. Prints where it is told to.
 */
#ifndef VAPERF_NODE_CLI_REPORT_H
#define VAPERF_NODE_CLI_REPORT_H

#include <stdio.h>

#include "base/json.h"
#include "node/cli/output.h"

/* Of load_report_json. title: "load rtp to 127.0.0.1:5000"; to: the address that somebody typed,
 * and where perhaps nobody listens; NULL: none. */
void report_print_load(FILE *out, const char *title, const char *to, const json_t *report);
/* Members that are numbers, texts or bools, a line each; deeper objects as "a.b". Histograms and
 * lists of more than a few are left out. */
void report_print_values(FILE *out, const json_t *object);
/* Takes the result of a command: on stdout as JSON where that was asked for, else as values. */
void report_result(const struct output_options *o, json_t *result);

#endif
