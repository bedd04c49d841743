/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_guest, cmd_agent: the node in a virtual machine, as its first process or as a service of its
 * system. One thread.
 */
#include "node/cli/command.h"

#include <errno.h>

#include "base/arena.h"
#include "node/guest/agent.h"
#include "node/guest/guest.h"

static const struct opt no_options[] = {OPT_END};

struct agent_words {
    const char *port;
};

static const struct opt agent_table[] = {
    {.name = "port",
     .type = OPT_STRING,
     .dflt = GUEST_PORT,
     .help = "name of the virtio-serial port",
     .offset = offsetof(struct agent_words, port)},
    OPT_END,
};

static int no_more(const struct command *c, int used, int argc, char *argv[], struct err *e)
{
    if (used < 0)
        return used;
    return used < argc ? err_set(e, -EINVAL, "%s takes no '%s'", c->name, argv[used]) : 0;
}

static int run_guest(const struct command *c, int argc, char *argv[], struct err *e)
{
    int r = no_more(c, opt_parse_argv(no_options, argc, argv, NULL, NULL, e), argc, argv, e);
    return r < 0 ? r : guest_run(e);
}

static int run_agent(const struct command *c, int argc, char *argv[], struct err *e)
{
    struct agent_words w;
    struct arena a;
    arena_init(&a);
    opt_defaults(agent_table, &w, sizeof w);
    int r = no_more(c, opt_parse_argv(agent_table, argc, argv, &w, &a, e), argc, argv, e);
    if (r == 0)
        r = agent_run(&(struct agent_options){.port = w.port}, e);
    arena_finish(&a);
    return r < 0 ? r : EXIT_GOOD;
}

const struct command cmd_guest = {
    .name = "guest",
    .words = "",
    .summary = "is the first process of a virtual machine, and its whole system",
    .about =
        "Sets up what the kernel's command line says (vaperf.hostname=NAME and, once for each\n"
        "address, vaperf.net=MAC,ADDRESS/PREFIX[,GATEWAY]) and serves controllers over the\n"
        "virtio-serial port " GUEST_PORT ". Refuses to be any process but number 1. A program\n"
        "of this one's that is called init does the same.",
    .driver_kind = -1,
    .run = run_guest,
};

const struct command cmd_agent = {
    .name = "agent",
    .words = "[--port NAME]",
    .summary = "serves controllers over a virtio-serial port, as a service of a guest",
    .about = "For a virtual machine with a system of its own. Serves one controller after the\n"
             "other, each with a node that ends, with everything it started, when its controller\n"
             "goes. Ends at SIGTERM. The other end of the port is for vaperf-node bridge.",
    .driver_kind = -1,
    .options = agent_table,
    .run = run_agent,
};
