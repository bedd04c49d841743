/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * manual: pieces of a manual page from the tables that --help is made of, in man(7) macros. Prints
 * where it is told to; one thread.
 */
#ifndef VAPERF_BASE_MANUAL_H
#define VAPERF_BASE_MANUAL_H

#include <stdio.h>

#include "base/opt.h"

/* Text that no macro and no escape may hide in. */
void manual_print_text(FILE *out, const char *text);
/* A line of it behind a macro ("" or ".B "). */
void manual_print_line(FILE *out, const char *macro, const char *text);
/* A title, and every option with its type, help, choices and default; nothing for an empty table
 * or NULL. */
void manual_print_options(FILE *out, const char *title, const struct opt *table);

#endif
