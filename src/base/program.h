/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * program: the front door of a program with commands: finds the command that the first word names,
 * runs it, says what went wrong and maps that to an exit code. --help and --version are answered
 * here. One thread; used by main functions only.
 */
#ifndef VAPERF_BASE_PROGRAM_H
#define VAPERF_BASE_PROGRAM_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

struct program {
    const char *name; /* of the program, for its messages */
    const char *version;
    /* The name of the i-th command; NULL behind the last. */
    const char *(*command_at)(size_t i);
    /* Runs the i-th with the words behind its name: an exit code, -ECANCELED when --help is among
     * them, or another negative errno with `e` filled. */
    int (*run)(size_t i, int argc, char *argv[], struct err *e);
    void (*print_help)(FILE *out);
    void (*print_command_help)(size_t i, int argc, char *argv[], FILE *out);
};

/* What main returns: runs the command of argv[1]. A result that stdout does not take (a full disk)
 * is no success. */
int program_run(const struct program *p, int argc, char *argv[]);

/* The same for a command that has been found: the words behind its name. */
int program_run_command(const struct program *p, size_t i, int argc, char *argv[]);

#endif
