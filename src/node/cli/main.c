/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * main of vaperf-node. One thread; commands start others.
 */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/program.h"
#include "node/cli/command.h"
#include "node/cli/help.h"
#include "version.h"

static const char *command_at(size_t i)
{
    return command_table[i] != NULL ? command_table[i]->name : NULL;
}

static int run(size_t i, int argc, char *argv[], struct err *e)
{
    return command_table[i]->run(command_table[i], argc, argv, e);
}

/* Of `COMMAND --help` and, where the first word is a type, of `COMMAND TYPE --help`. */
static void print_command_help(size_t i, int argc, char *argv[], FILE *out)
{
    const struct command *c = command_table[i];
    struct driver d;
    bool of_type = c->driver_kind >= 0 && argc > 0 && argv[0][0] != '-' &&
                   drivers_find((enum driver_kind)c->driver_kind, argv[0], &d, NULL) == 0;
    help_print_command(c, of_type ? &d : NULL, out);
}

static const char *basename_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static size_t place_of(const struct command *c)
{
    size_t i = 0;
    while (command_table[i] != c)
        i++;
    return i;
}

int main(int argc, char *argv[])
{
    static const struct program node = {
        .name = "vaperf-node",
        .version = VAPERF_VERSION,
        .command_at = command_at,
        .run = run,
        .print_help = help_print_program,
        .print_command_help = print_command_help,
    };
    log_init(node.name, LOG_INFO);
    /* Process 1 of our guest: its words are the kernel's. */
    if (getpid() == 1 && argc > 0 && strcmp(basename_of(argv[0]), "init") == 0)
        return program_run_command(&node, place_of(&cmd_guest), 0, argv + argc);
    if (argc > 0 && strcmp(basename_of(argv[0]), "sipp") == 0) {
        log_init("sipp", LOG_INFO);
        return program_run_command(&node, place_of(&cmd_sip), argc - 1, argv + 1);
    }
    return program_run(&node, argc, argv);
}
