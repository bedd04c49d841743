/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_manual: manual pages on stdout. One thread.
 */
#include "node/cli/command.h"

#include <errno.h>
#include <stdio.h>

#include "node/cli/args.h"
#include "node/cli/help.h"

static int run(const struct command *c, int argc, char *argv[], struct err *e)
{
    struct driver d;
    if (argc == 0 || argv[0][0] == '-') {
        int r = args_take_nothing(c, argc, argv, e);
        if (r == 0)
            help_print_manual(stdout);
        return r < 0 ? r : EXIT_GOOD;
    }
    const struct command *of = command_find(argv[0]);
    if (of == &cmd_sip && argc == 1) {
        help_print_sip_manual(of, stdout);
        return EXIT_GOOD;
    }
    if (of == NULL || of->driver_kind < 0)
        return err_set(e, -EINVAL, "no command with types is called '%s' (such as load)", argv[0]);
    if (argc != 2)
        return err_set(e, -EINVAL, "manual takes a command and one of its types, such as load rtp");
    int r = drivers_find((enum driver_kind)of->driver_kind, argv[1], &d, e);
    if (r < 0)
        return r;
    help_print_type_manual(of, &d, stdout);
    return EXIT_GOOD;
}

const struct command cmd_manual = {
    .name = "manual",
    .words = "[COMMAND TYPE | sip]",
    .summary = "prints the manual page of this program, of one type of a command, or of sip",
    .about = "In the form of man(1): vaperf-node manual load rtp | man -l -",
    .driver_kind = -1,
    .run = run,
};
