/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * interrupt: see interrupt.h.
 */
#include "control/cli/interrupt.h"

#include <signal.h>
#include <stddef.h>

static struct run *running; /* for the signal handler alone */

static void on_signal(int signal_number)
{
    (void)signal_number;
    if (running != NULL)
        run_interrupt(running);
}

void interrupt_watch(struct run *r)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = r != NULL ? on_signal : SIG_DFL};
    running = r;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
}
