/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_bridge: a controller's way into a guest. One thread.
 */
#include "node/cli/command.h"

#include <errno.h>
#include <unistd.h>

#include "node/guest/bridge.h"

struct bridge_words {
    uint64_t wait_ns;
};

static const struct opt table[] = {
    {.name = "wait",
     .type = OPT_DURATION,
     .dflt = "10s",
     .help = "how long to wait for the socket and for the guest to answer",
     .offset = offsetof(struct bridge_words, wait_ns)},
    OPT_END,
};

/* The path may stand before or behind the options. */
static int parse(int argc, char *argv[], struct bridge_words *w, const char **ret_path,
                 struct err *e)
{
    const char *path = NULL;
    for (int at = 0; at < argc;) {
        int used = opt_parse_argv(table, argc - at, argv + at, w, NULL, e);
        if (used < 0)
            return used;
        at += used;
        if (at < argc && path != NULL)
            return err_set(e, -EINVAL, "bridge takes one PATH; what is '%s'?", argv[at]);
        if (at < argc)
            path = argv[at++];
    }
    if (path == NULL)
        return err_set(e, -EINVAL, "bridge: give the PATH of a unix socket");
    *ret_path = path;
    return 0;
}

static int run(const struct command *c, int argc, char *argv[], struct err *e)
{
    struct bridge_words w;
    const char *path = NULL;
    (void)c;
    opt_defaults(table, &w, sizeof w);
    int r = parse(argc, argv, &w, &path, e);
    if (r == 0)
        r = bridge_run(path, w.wait_ns, STDIN_FILENO, STDOUT_FILENO, e);
    return r < 0 ? r : EXIT_GOOD;
}

static const struct command_example examples[] = {
    {"bridge /run/vm1.agent --wait 30s", "what a controller starts to talk to the node in vm1"},
    {NULL, NULL},
};

const struct command cmd_bridge = {
    .name = "bridge",
    .words = "PATH [--wait TIME]",
    .summary = "joins stdin and stdout with the node in a guest",
    .about = "PATH is the unix socket that the hypervisor made for the guest's virtio-serial port\n"
             "(QEMU: -chardev socket,path=PATH,server=on,wait=off). What is then said is what\n"
             "vaperf-node serve understands. Ends when either side has nothing more to say.",
    .driver_kind = -1,
    .options = table,
    .examples = examples,
    .run = run,
};
