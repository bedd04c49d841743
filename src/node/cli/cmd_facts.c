/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_facts: what is needed to repeat a measurement on this host, as JSON. One thread.
 */
#include "node/cli/command.h"

#include "node/cli/args.h"
#include "node/cli/output.h"
#include "node/host/facts.h"
#include "version.h"

static int run(const struct command *c, int argc, char *argv[], struct err *e)
{
    const struct output_options pretty = {.json = true};
    int r = args_take_nothing(c, argc, argv, e);
    if (r < 0)
        return r;
    output_result(&pretty, facts_collect(VAPERF_VERSION));
    return EXIT_GOOD;
}

const struct command cmd_facts = {
    .name = "facts",
    .words = "",
    .summary = "prints what is needed to repeat a measurement on this host, as JSON",
    .about = "Kernel, CPU, governor, mitigations, buffers and more. What is not known is null.",
    .driver_kind = -1,
    .run = run,
};
