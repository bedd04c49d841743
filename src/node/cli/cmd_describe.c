/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_describe: what this node can do, as JSON. One thread.
 */
#include "node/cli/command.h"

#include "node/cli/args.h"
#include "node/cli/output.h"
#include "node/serve/describe.h"

static int run(const struct command *c, int argc, char *argv[], struct err *e)
{
    const struct output_options pretty = {.json = true};
    int r = args_take_nothing(c, argc, argv, e);
    if (r < 0)
        return r;
    json_t *commands = command_list_to_json();
    output_result(&pretty, describe_node(commands));
    json_decref(commands);
    return EXIT_GOOD;
}

const struct command cmd_describe = {
    .name = "describe",
    .words = "",
    .summary = "prints every driver with its options, as JSON",
    .about = "What this node can do, and what not and why. A controller checks plans against it.",
    .driver_kind = -1,
    .run = run,
};
