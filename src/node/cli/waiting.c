/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * waiting: see waiting.h.
 */
#include "node/cli/waiting.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

/* What is quicker needs no words. */
enum { FIRST_NS = 500 * 1000 * 1000 };

/* 0: the time is over, 1: the waiting is. */
static int wait_for_end(const struct waiting *w, uint64_t until_ns)
{
    struct pollfd end = {.fd = w->end_fd, .events = POLLIN};
    int n;
    do {
        const uint64_t now_ns = clock_now_ns();
        const uint64_t ns = until_ns > now_ns ? until_ns - now_ns : 0;
        const struct timespec left = {.tv_sec = (time_t)(ns / NS_PER_S),
                                      .tv_nsec = (long)(ns % NS_PER_S)};
        n = ppoll(&end, 1, &left, NULL);
    } while (n < 0 && errno == EINTR);
    return n != 0;
}

static void *tell(void *arg)
{
    struct waiting *w = arg;
    uint64_t next_ns = w->from_ns + FIRST_NS;
    for (; !wait_for_end(w, next_ns); next_ns += w->interval_ns)
        progress_show(&w->progress, "%-9s %s, %.1f s", "before", w->what,
                      (double)(clock_now_ns() - w->from_ns) / 1e9);
    progress_end(&w->progress);
    return NULL;
}

void waiting_begin(struct waiting *w, const struct output_options *o, const char *what,
                   const char *where)
{
    *w = (struct waiting){.from_ns = clock_now_ns(), .interval_ns = o->interval_ns};
    progress_init(&w->progress, o->quiet);
    str_printf(w->what, sizeof w->what, "%s %s", what, where);
    if (o->quiet || (w->end_fd = eventfd(0, EFD_CLOEXEC)) < 0)
        return;
    w->started = pthread_create(&w->thread, NULL, tell, w) == 0;
    if (!w->started)
        close(w->end_fd);
}

void waiting_end(struct waiting *w)
{
    if (!w->started)
        return;
    (void)eventfd_write(w->end_fd, 1);
    (void)pthread_join(w->thread, NULL);
    close(w->end_fd);
    w->started = false;
}
