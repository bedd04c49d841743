/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * command: one command is one file cmd_<name>.c with one entry here; the table in commands.c is
 * what main, --help, the manual and `describe` read.
 */
#ifndef VAPERF_NODE_CLI_COMMAND_H
#define VAPERF_NODE_CLI_COMMAND_H

#include "base/err.h"
#include "base/json.h"
#include "base/opt.h"
#include "node/serve/drivers.h"

struct command_example {
    const char *line; /* behind "vaperf-node " */
    const char *says; /* what it does */
};

struct command {
    const char *name;
    const char *words;   /* behind the name: "TYPE --to ADDRESS:PORT [options]" */
    const char *summary; /* one line, no final stop */
    const char *about;   /* a paragraph or two for --help and the manual, lines of <= 90 columns */
    int driver_kind;     /* enum driver_kind of its TYPE, -1: takes none */
    const struct opt *options; /* its own; NULL: none */
    const struct opt *shared;  /* those of every driver of the kind; NULL: none */
    const char *shared_title;
    const struct command_example *examples; /* ended by a NULL line; NULL: none */
    /* argv: the words behind the command's name. An exit code, or -errno with e (-ECANCELED: help
     * is wanted; main prints it). */
    int (*run)(const struct command *c, int argc, char *argv[], struct err *e);
};

extern const struct command *const command_table[]; /* NULL-ended */
const struct command *command_find(const char *name);

/* [{name, summary}], for `describe`. New reference. */
json_t *command_list_to_json(void);

extern const struct command cmd_appliance, cmd_bench, cmd_clock, cmd_describe, cmd_facts, cmd_far,
    cmd_hold, cmd_load, cmd_manual, cmd_probe, cmd_rooted, cmd_serve, cmd_sip;
extern const struct command cmd_agent, cmd_bridge, cmd_guest;

#endif
