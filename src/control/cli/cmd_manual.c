/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_manual: the manual page on stdout. One thread.
 */
#include <stdio.h>

#include "control/cli/command.h"

static int run_manual(const struct command *c, int argc, char *argv[], struct err *e)
{
    struct arena a;
    char none = 0;
    arena_init(&a);
    int r = command_parse_options(c, argc, argv, &none, sizeof none, &a, e);
    arena_finish(&a);
    if (r == 0)
        help_print_manual(stdout);
    return r < 0 ? r : EXIT_GOOD;
}

const struct command cmd_manual = {
    .name = "manual",
    .words = "",
    .summary = "print the manual page of this program",
    .about = "In the form of man(1): vaperf manual | man -l -",
    .run = run_manual,
};
