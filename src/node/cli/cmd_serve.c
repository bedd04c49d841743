/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_serve: the node for its controller. The loop's thread; what it starts has its own.
 */
#include "node/cli/command.h"

#include <unistd.h>

#include "node/cli/args.h"
#include "node/serve/node.h"

static int run(const struct command *c, int argc, char *argv[], struct err *e)
{
    int r = args_take_nothing(c, argc, argv, e);
    if (r < 0)
        return r;
    json_t *commands = command_list_to_json();
    r = node_serve(STDIN_FILENO, STDOUT_FILENO, commands, e);
    json_decref(commands);
    return r < 0 ? r : EXIT_GOOD;
}

const struct command cmd_serve = {
    .name = "serve",
    .words = "",
    .summary = "serves a controller over stdin and stdout",
    .about = "JSON-RPC 2.0, one object a line. Ends with its input, and everything it started ends "
             "with it.",
    .driver_kind = -1,
    .run = run,
};
