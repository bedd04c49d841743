/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * signals: a signalfd and poll. The main thread's.
 */
#include "node/cli/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

int signals_open(struct signals *s, struct err *e)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->fd < 0 ? err_set(e, -errno, "signalfd: %s", strerror(errno)) : 0;
}

void signals_close(struct signals *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

uint64_t signals_until(uint64_t from_ns, uint64_t duration_ns)
{
    return duration_ns > 0 ? from_ns + duration_ns : UINT64_MAX;
}

bool signals_wait(struct signals *s, uint64_t until_ns, int other_fd)
{
    for (;;) {
        struct pollfd fds[2] = {{.fd = s->fd, .events = POLLIN},
                                {.fd = other_fd, .events = POLLIN}};
        const uint64_t now = clock_now_ns();
        const uint64_t left = until_ns > now ? until_ns - now : 0;
        const struct timespec timeout = {.tv_sec = (time_t)(left / NS_PER_S),
                                         .tv_nsec = (long)(left % NS_PER_S)};
        int n = ppoll(fds, 2, until_ns == UINT64_MAX ? NULL : &timeout, NULL);
        struct signalfd_siginfo info;
        if (n > 0 && fds[0].revents != 0 && read(s->fd, &info, sizeof info) > 0)
            return true;
        if (n >= 0 && (n == 0 || fds[1].revents != 0))
            return false;
    }
}
