/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * live: one loop over keys, signals, readings and the clock. Signals are blocked and read from a
 * descriptor, so nothing is left half done and the terminal is always given back. Thread rule in
 * live.h.
 */
#include "control/top/live.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "control/top/reader.h"
#include "control/top/screen.h"

struct live {
    const struct top_source *source; /* what it is called; read by the reader alone */
    struct top_reader *reader;
    struct top_screen *screen;
    struct top_ui ui;
    struct top_reading last;
    struct top_view view;
    bool has_last, has_view, asked;
    uint64_t asked_ns;
    uint64_t intervals;
    int signals; /* signalfd */
    int result;  /* EXIT_INTERRUPTED after a signal */
};

static void draw(struct live *l)
{
    top_screen_draw(l->screen, &l->ui, l->has_view ? &l->view : NULL, l->source);
}

/* While paused the readings go on, so that the rates behind the pause are of one interval. */
static int take_reading(struct live *l, struct err *e)
{
    struct top_reading now;
    top_reading_init(&now);
    const int r = top_reader_take(l->reader, &now, e);
    l->asked = false;
    if (r == 0 && l->has_last && !l->ui.paused) {
        top_view_finish(&l->view);
        top_view_make(&l->view, &l->last, &now);
        l->has_view = true;
    }
    if (r == 0 && l->has_last)
        l->intervals++;
    top_reading_finish(&l->last);
    l->last = now;
    l->has_last = true;
    return r;
}

static void take_keys(struct live *l)
{
    int key;
    while ((key = top_screen_key(l->screen)) != TOP_KEY_NONE)
        top_ui_key(&l->ui, key);
}

static void take_signals(struct live *l)
{
    struct signalfd_siginfo info;
    while (read(l->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGWINCH)
            top_screen_resize(l->screen);
        else
            l->result = EXIT_INTERRUPTED;
    }
}

/* Milliseconds to the next reading, rounded up; -1 while one is awaited. */
static int wait_ms(const struct live *l)
{
    const uint64_t due_ns = l->asked_ns + l->ui.interval_ns, now_ns = clock_now_ns();
    if (l->asked)
        return -1;
    return due_ns > now_ns ? (int)((due_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS) : 0;
}

static int turn(struct live *l, struct err *e)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = l->signals, .events = POLLIN},
                           {.fd = top_reader_fd(l->reader), .events = POLLIN}};
    int r = 0;
    if (!l->asked && wait_ms(l) == 0) {
        l->asked_ns = clock_now_ns();
        l->asked = true;
        top_reader_ask(l->reader);
    }
    if (poll(fds, 3, wait_ms(l)) < 0 && errno != EINTR)
        return err_set(e, -errno, "top: %s", strerror(errno));
    if ((fds[0].revents & ~POLLIN) != 0)
        l->ui.quit = true; /* the terminal is gone; it can be read for ever, and says nothing */
    else if ((fds[0].revents & POLLIN) != 0)
        take_keys(l);
    if ((fds[1].revents & POLLIN) != 0)
        take_signals(l);
    if ((fds[2].revents & POLLIN) != 0)
        r = take_reading(l, e);
    if (l->has_view)
        top_view_sort(&l->view, l->ui.sort, l->ui.order);
    if (r == 0)
        draw(l);
    return r;
}

static int run(struct live *l, const struct top_options *o, struct err *e)
{
    int r = top_screen_open(&l->screen, e);
    if (r < 0)
        return r;
    draw(l);
    while (r == 0 && !l->ui.quit && l->result == 0 && (o->count == 0 || l->intervals < o->count))
        r = turn(l, e);
    top_screen_close(l->screen);
    return r;
}

static int block_signals(sigset_t *ret_before, struct err *e)
{
    sigset_t heard;
    sigemptyset(&heard);
    sigaddset(&heard, SIGINT);
    sigaddset(&heard, SIGTERM);
    sigaddset(&heard, SIGHUP);
    sigaddset(&heard, SIGQUIT);
    sigaddset(&heard, SIGWINCH);
    pthread_sigmask(SIG_BLOCK, &heard, ret_before);
    const int fd = signalfd(-1, &heard, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd >= 0)
        return fd;
    const int code = -errno;
    pthread_sigmask(SIG_SETMASK, ret_before, NULL);
    return err_set(e, code, "top: no signalfd: %s", strerror(-code));
}

int live_run(const struct top_options *o, struct top_source *source, struct err *e)
{
    struct live l = {
        .source = source,
        .ui = {.sort = o->sort, .order = o->order, .rows = o->rows, .interval_ns = o->interval_ns}};
    sigset_t before;
    l.signals = block_signals(&before, e);
    if (l.signals < 0) {
        top_source_close(source);
        return l.signals;
    }
    int r = top_reader_start(&l.reader, source, e);
    if (r == 0)
        r = run(&l, o, e);
    top_reader_stop(l.reader);
    top_reading_finish(&l.last);
    top_view_finish(&l.view);
    close(l.signals);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r < 0 ? r : l.result;
}
