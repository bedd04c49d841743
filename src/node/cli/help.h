/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * help: what people read, from the tables: the program's help, a command's, a driver's.
 * Prints where it is told to.
 */
#ifndef VAPERF_NODE_CLI_HELP_H
#define VAPERF_NODE_CLI_HELP_H

#include <stdio.h>

#include "node/cli/command.h"

void help_print_program(FILE *out);
/* d NULL: the command itself, with the list of its drivers; else `COMMAND TYPE`. */
void help_print_command(const struct command *c, const struct driver *d, FILE *out);
/* The manual page in man(7) form. */
void help_print_manual(FILE *out);
/* That of one type of a command: vaperf-node-load-rtp. */
void help_print_type_manual(const struct command *c, const struct driver *d, FILE *out);
/* Of the command sip: its help with the options of SIPp, and vaperf-node-sip(1). */
void help_print_sip(const struct command *c, FILE *out);
void help_print_sip_manual(const struct command *c, FILE *out);

#endif
