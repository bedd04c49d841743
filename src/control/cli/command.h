/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * command: one command is one file cmd_<name>.c with one entry here; the table in commands.c is
 * what main, --help and the manual read.
 */
#ifndef VAPERF_CONTROL_CLI_COMMAND_H
#define VAPERF_CONTROL_CLI_COMMAND_H

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/opt.h"

struct command_example {
    const char *line; /* behind "vaperf " */
    const char *says; /* what it does */
};

struct command_short {
    const char *word;  /* "-c" */
    const char *means; /* "--connect" */
};

struct command {
    const char *name;
    const char *words;         /* behind the name: "check PLAN [options]" */
    const char *summary;       /* one line, no final stop */
    const char *about;         /* a paragraph or two for --help, lines of <= 90 columns */
    const struct opt *options; /* NULL: none */
    const struct command_example *examples; /* ended by a NULL line; NULL: none */
    const struct command_short *shorts;     /* ended by a NULL word; NULL: none */
    /* argv: the words behind the command's name. An exit code, or -errno with e (-ECANCELED: help
     * is wanted; main prints it). */
    int (*run)(const struct command *c, int argc, char *argv[], struct err *e);
};

extern const struct command *const command_table[]; /* NULL-ended, in the order of the help */

/* Options and positional words in any order: after opt_defaults, fills `options` and puts the words
 * that are no options in front of argv. No option may be OPT_REQUIRED. Returns how many words,
 * -EINVAL, or -ECANCELED for --help. "--" ends the options. The command's shorts stand
 * for what they mean. */
int command_parse(const struct command *c, int argc, char *argv[], void *options, struct arena *a,
                  struct err *e);

/* The whole of it for a command without words: defaults, options, and that there is nothing else.
 * 0, -EINVAL, -ECANCELED. */
int command_parse_options(const struct command *c, int argc, char *argv[], void *options,
                          size_t size, struct arena *a, struct err *e);

extern const struct command cmd_calibrate;
extern const struct command cmd_doctor;
extern const struct command cmd_image;
extern const struct command cmd_manual;
extern const struct command cmd_plan;
extern const struct command cmd_report;
extern const struct command cmd_run;
extern const struct command cmd_top;
extern const struct command cmd_clean;

void help_print_program(FILE *out);
void help_print_command(const struct command *c, FILE *out);
void help_print_manual(FILE *out); /* the manual page, in man(7) macros */

#endif
