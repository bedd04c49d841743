/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * guest: process 1. One thread.
 */
#include "node/guest/guest.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "base/log.h"
#include "node/guest/agent.h"
#include "node/guest/system.h"

/* Tells a node who its parent is. */
static const char mark[] = "VAPERF_GUEST";

static int switch_off(struct err *e)
{
    sync();
    kill(-1, SIGKILL);
    reboot(RB_POWER_OFF);
    return err_set(e, -errno, "cannot switch the machine off: %s", strerror(errno));
}

int guest_run(struct err *e)
{
    static const struct agent_options options = {.port = GUEST_PORT, .flags = AGENT_SOLE};
    if (getpid() != 1)
        return err_set(e, -EPERM,
                       "guest is for process 1 of a virtual machine; elsewhere use serve or agent");
    system_set_up();
    setenv(mark, "1", 1);
    for (;;) {
        int r = agent_run(&options, e);
        if (r == AGENT_POWER_OFF)
            return switch_off(e);
        if (r < 0) {
            log_error("%s; trying again", e->text);
            sleep(1); /* nothing to wait for: it failed before it could */
        }
    }
}

int guest_power_off(struct err *e)
{
    if (getenv(mark) == NULL || getppid() != 1)
        return err_set(e, -EPERM, "this node is not in a guest that is ours to switch off");
    return kill(1, SIGPWR) < 0 ? err_set(e, -errno, "process 1: %s", strerror(errno)) : 0;
}
