/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * main of vaperf. One thread.
 */
#include <signal.h>

#include "base/log.h"
#include "base/program.h"
#include "control/cli/command.h"
#include "version.h"

static const char *command_at(size_t i)
{
    return command_table[i] != NULL ? command_table[i]->name : NULL;
}

static int run(size_t i, int argc, char *argv[], struct err *e)
{
    return command_table[i]->run(command_table[i], argc, argv, e);
}

static void print_command_help(size_t i, int argc, char *argv[], FILE *out)
{
    (void)argc;
    (void)argv;
    help_print_command(command_table[i], out);
}

int main(int argc, char *argv[])
{
    static const struct program vaperf = {
        .name = "vaperf",
        .version = VAPERF_VERSION,
        .command_at = command_at,
        .run = run,
        .print_help = help_print_program,
        .print_command_help = print_command_help,
    };
    log_init(vaperf.name, LOG_INFO);
    signal(SIGPIPE, SIG_IGN); /* a node that died is an error in words, not our end */
    return program_run(&vaperf, argc, argv);
}
