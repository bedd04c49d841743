/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_hold: keeps a container alive: as its first process it does nothing but reap what others
 * leave behind, until it is told to end. One thread.
 */
#include "node/cli/command.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "node/cli/args.h"

static int hold(struct err *e)
{
    /* A process with number 1 gets only signals it handles; blocked ones count as handled. */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (;;) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
        int signal_number = sigwaitinfo(&set, NULL);
        if (signal_number < 0 && errno != EINTR)
            return err_set(e, -errno, "wait for a signal: %s", strerror(errno));
        if (signal_number == SIGINT || signal_number == SIGTERM)
            return EXIT_GOOD;
    }
}

static int run(const struct command *c, int argc, char *argv[], struct err *e)
{
    int r = args_take_nothing(c, argc, argv, e);
    return r < 0 ? r : hold(e);
}

const struct command cmd_hold = {
    .name = "hold",
    .words = "",
    .summary = "waits until SIGTERM or SIGINT and reaps orphans: the first process of a container",
    .about = "Does nothing until SIGTERM or SIGINT, then ends with 0. As process 1 of a container "
             "it keeps\nthe container alive and reaps processes whose parent has gone.",
    .driver_kind = -1,
    .run = run,
};
