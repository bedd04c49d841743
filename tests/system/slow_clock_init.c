/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * slow_clock_init: process 1 of a guest whose clock is to run a tenth too slowly; then the guest's
 * own init, as if nothing had happened.
 */
#include <stdio.h>
#include <sys/timex.h>
#include <unistd.h>

int main(int argc, char *argv[], char *envp[])
{
    struct timex t = {.modes = ADJ_TICK, .tick = 9000}; /* us a tick of USER_HZ, 10000 when right */

    (void)argc;
    if (adjtimex(&t) < 0) {
        perror("adjtimex");
        return 1;
    }
    argv[0] = (char[]){"/init"};
    execve("/init", argv, envp);
    perror("/init");
    return 1;
}
