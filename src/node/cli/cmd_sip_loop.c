/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_sip_loop: looks after time-outs, keys and signals, and knows when the run is over. The run's
 * thread, which also turns the shard of calls when there is but one.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/cli/cmd_sip.h"

#define LOOK_NS (10 * NS_PER_MS) /* at shards with threads of their own */

/* What is to be done at which time; UINT64_MAX: never. */
struct due {
    uint64_t row_ns, screen_ns, rise_ns, timeout_ns, watch_ns;
};

/* Stalls of this loop, as -watchdog_... say. */
struct watch {
    uint64_t minor, major, last_ns;
};

struct loop {
    struct sip_run *r;
    struct due due;
    struct watch watch;
    int signal_fd;
};

/* ---- the end ---- */

/* Of the lock's holder: what shards are to follow has changed. */
static void order(struct sip_run *r)
{
    atomic_fetch_add(&r->orders, 1);
    cmd_sip_shards_wake(r);
}

static bool is_client(const struct sip_run *r)
{
    return scenario_role(r->scenario) == SCENARIO_CLIENT;
}

void cmd_sip_end(struct sip_run *r, enum sip_ending how, int exit_code)
{
    pthread_mutex_lock(&r->lock);
    if ((int)how > atomic_load(&r->ending))
        atomic_store(&r->ending, (int)how);
    if (exit_code >= 0 && r->exit_code < 0)
        r->exit_code = exit_code;
    if (exit_code == SIP_EXIT_FATAL && r->notes.fatal[0] == '\0')
        memcpy(r->notes.fatal, r->notes.said, sizeof r->notes.fatal);
    if (!is_client(r))
        atomic_store(&r->refuses, true);
    order(r);
    pthread_mutex_unlock(&r->lock);
}

static uint64_t calls_created(struct sip_run *r)
{
    uint64_t n = is_client(r) ? atomic_load(&r->begun) : 0;
    for (uint32_t i = 0; i < r->shard_count && !is_client(r); i++)
        n += atomic_load_explicit(&calls_get_figures(r->shards[i].calls)->count[CALLS_BEGUN],
                                  memory_order_relaxed);
    return n;
}

static bool has_all_calls(struct sip_run *r)
{
    return r->options.call_count > 0 && calls_created(r) >= r->options.call_count;
}

static bool is_over(struct sip_run *r)
{
    const bool has_all = has_all_calls(r); /* before the question who is idle */
    if (atomic_load(&r->ending) == SIP_NOW)
        return true;
    const bool ends = has_all || atomic_load(&r->ending) == SIP_SOFT;
    /* A client answers as long as it has calls of its own. */
    const bool refuses = is_client(r) ? ends && cmd_sip_shards_are_done(r) : has_all;
    if (refuses && !atomic_exchange(&r->refuses, true))
        order(r);
    return ends && cmd_sip_shards_are_idle(r);
}

/* ---- orders ---- */

static void set_rate(struct sip_run *r, double calls)
{
    pthread_mutex_lock(&r->lock);
    sipp_pace_set(&r->pace, calls, clock_now_ns());
    r->pace_serial++;
    if (r->options.call_limit == 0 && !r->has_limit)
        r->limit = sipp_pace_limit(&r->pace, r->call_ns);
    if (r->shard_count > 1 && r->limit < r->shard_count)
        r->limit = r->shard_count;
    order(r);
    pthread_mutex_unlock(&r->lock);
}

static void pause_pace(struct sip_run *r)
{
    pthread_mutex_lock(&r->lock);
    sipp_pace_pause(&r->pace, clock_now_ns());
    r->pace_serial++;
    order(r);
    pthread_mutex_unlock(&r->lock);
}

static void set_limit(struct sip_run *r, uint64_t limit)
{
    const uint64_t least = r->shard_count > 1 ? r->shard_count : 0;
    pthread_mutex_lock(&r->lock);
    r->has_limit = true;
    r->limit = limit < r->room ? limit : r->room;
    r->limit = r->limit > least ? r->limit : least;
    order(r);
    pthread_mutex_unlock(&r->lock);
    if (limit > r->room)
        cmd_sip_notes_say(r, "set limit: %llu are the most of this run (more with -l)",
                          (unsigned long long)r->room);
    if (limit < least)
        cmd_sip_notes_say(r, "set limit: %llu are the least of so many -threads",
                          (unsigned long long)least);
}

static void quit(struct sip_run *r, bool at_once)
{
    if (!at_once && atomic_load(&r->ending) == SIP_GOES_ON) {
        cmd_sip_end(r, SIP_SOFT, -1);
        return;
    }
    atomic_store(&r->aborts, true);
    cmd_sip_end(r, SIP_NOW, -1);
}

void cmd_sip_do(struct sip_run *r, const struct sipp_order *order)
{
    switch (order->kind) {
    case SIPP_RATE_BY:
        set_rate(r, r->pace.calls + order->value * r->rate_scale);
        break;
    case SIPP_SET_RATE:
        set_rate(r, order->value);
        break;
    case SIPP_SET_SCALE:
        r->rate_scale = order->value;
        break;
    case SIPP_SET_LIMIT:
        set_limit(r, (uint64_t)order->value);
        break;
    case SIPP_QUIT:
    case SIPP_QUIT_NOW:
        quit(r, order->kind == SIPP_QUIT_NOW);
        break;
    case SIPP_PAUSE:
        pause_pace(r);
        break;
    case SIPP_DUMP_SCREEN:
        cmd_sip_notes_dump(r);
        break;
    case SIPP_SHOW_SCREEN:
        r->terminal.screen = (unsigned)order->value;
        break;
    case SIPP_SET_HIDE:
        r->terminal.hides = order->value > 0;
        break;
    case SIPP_SET_TRACE:
        sipp_traces_set(&r->notes.traces, order->trace, order->value > 0);
        break;
    case SIPP_DUMP_STATS:
        cmd_sip_notes_row(r);
        break;
    case SIPP_RESET_STATS:
        cmd_sip_notes_reset(r);
        break;
    }
}

/* ---- one turn ---- */

static void raise_rate(struct sip_run *r)
{
    const struct sipp_options *o = &r->options;
    double rate = r->pace.calls + o->rate_increase;
    if (o->rate_max > 0 && rate > o->rate_max) {
        rate = o->rate_max;
        if (o->has_rate_quit)
            cmd_sip_end(r, SIP_SOFT, -1);
    }
    set_rate(r, rate);
}

static uint64_t most_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* How late the look at the clock came is how long the loop stood still. */
static void look_for_stalls(struct loop *l, uint64_t now_ns)
{
    struct sip_run *r = l->r;
    const struct sipp_options *o = &r->options;
    uint64_t late = now_ns - l->due.watch_ns;
    for (uint32_t i = 0; i < r->shard_count; i++)
        late = most_of(late, atomic_exchange(&r->shards[i].stall_ns, 0));
    l->due.watch_ns = now_ns + o->watchdog_interval_ns;
    if (now_ns - l->watch.last_ns > o->watchdog_reset_ns)
        l->watch.minor = l->watch.major = 0;
    if (late < o->watchdog_minor_ns)
        return;
    const bool is_major = late >= o->watchdog_major_ns;
    const uint64_t most = is_major ? o->watchdog_major_most : o->watchdog_minor_most;
    uint64_t *count = is_major ? &l->watch.major : &l->watch.minor;
    l->watch.last_ns = now_ns;
    sipp_stats_count(&r->notes.own, is_major ? SIPP_WATCHDOG_MAJOR : SIPP_WATCHDOG_MINOR, 1);
    cmd_sip_notes_say(r, "this program stood still for %llu ms",
                      (unsigned long long)(late / NS_PER_MS));
    if (++*count < most)
        return;
    cmd_sip_notes_say(r, "this program stood still %llu times for longer than its %s threshold",
                      (unsigned long long)*count, is_major ? "major" : "minor");
    cmd_sip_end(r, SIP_NOW, SIP_EXIT_FATAL);
}

static void time_out(struct sip_run *r)
{
    if (r->options.is_timeout_error) {
        cmd_sip_notes_say(r, "%s timed out after %.3f seconds", scenario_name(r->scenario),
                          (double)r->options.timeout_ns / 1e9);
        cmd_sip_end(r, SIP_NOW, SIP_EXIT_FATAL);
        return;
    }
    r->has_timed_out = true;
    cmd_sip_end(r, SIP_SOFT, -1);
}

static bool falls_due(uint64_t *due_ns, uint64_t now_ns, uint64_t every_ns)
{
    if (now_ns < *due_ns)
        return false;
    *due_ns = every_ns > 0 ? *due_ns + every_ns : UINT64_MAX;
    if (*due_ns <= now_ns)
        *due_ns = now_ns + every_ns;
    return true;
}

static void do_due(struct loop *l, uint64_t now_ns)
{
    struct sip_run *r = l->r;
    const struct sipp_options *o = &r->options;
    if (now_ns >= l->due.watch_ns)
        look_for_stalls(l, now_ns);
    if (falls_due(&l->due.rise_ns, now_ns,
                  o->rate_interval_ns > 0 ? o->rate_interval_ns : o->stat_period_ns))
        raise_rate(r);
    if (falls_due(&l->due.row_ns, now_ns, o->stat_period_ns))
        cmd_sip_notes_row(r);
    if (falls_due(&l->due.screen_ns, now_ns, o->screen_period_ns)) {
        cmd_sip_terminal_show(r);
        cmd_sip_notes_shown(r);
    }
    if (falls_due(&l->due.timeout_ns, now_ns, 0))
        time_out(r);
}

/* ---- waiting ---- */

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t next_ns(const struct loop *l)
{
    const struct sip_run *r = l->r;
    const struct due *d = &l->due;
    uint64_t next = least(least(d->row_ns, d->screen_ns), least(d->timeout_ns, d->rise_ns));
    next = least(next, d->watch_ns);
    return least(next, r->shard_count > 1 ? clock_now_ns() + LOOK_NS
                                          : cmd_sip_shard_next_ns(&r->shards[0]));
}

static void take_signals(struct loop *l)
{
    struct signalfd_siginfo s;
    while (read(l->signal_fd, &s, sizeof s) == (ssize_t)sizeof s) {
        if (s.ssi_signo == SIGUSR1)
            quit(l->r, false);
        else if (s.ssi_signo == SIGUSR2)
            cmd_sip_notes_dump(l->r);
        else
            cmd_sip_end(l->r, SIP_NOW, -1);
    }
}

/* While there is work, what comes within -timer_resol is taken together. */
static void wait_for_more(struct loop *l, uint64_t now_ns)
{
    struct sip_run *r = l->r;
    struct calls *own = r->shard_count > 1 ? NULL : r->shards[0].calls;
    const bool gathers = own != NULL && calls_was_busy(own) && r->options.gather_ns > 0;
    struct pollfd fds[4] = {{l->signal_fd, POLLIN, 0},
                            {r->terminal.key_fd, POLLIN, 0},
                            {r->terminal.control_fd, POLLIN, 0},
                            {own != NULL ? calls_fd(own) : -1, POLLIN, 0}};
    const uint64_t until = gathers ? now_ns + r->options.gather_ns : next_ns(l);
    const uint64_t now = clock_now_ns(), left = until > now ? until - now : 0;
    const struct timespec wait = {(time_t)(left / NS_PER_S), (long)(left % NS_PER_S)};
    if (ppoll(fds, gathers ? 3 : 4, until == UINT64_MAX ? NULL : &wait, NULL) <= 0)
        return;
    if (fds[0].revents != 0)
        take_signals(l);
    if (fds[1].revents != 0)
        cmd_sip_terminal_keys(r);
    if (fds[2].revents != 0)
        cmd_sip_terminal_control(r);
}

/* ---- the loop ---- */

/* Reconnections: every connection but the first one of each thread of a run that shares them. */
static void count_connections(struct sip_run *r)
{
    uint64_t connects = 0;
    if (r->options.transport == SIPP_UDP || r->options.sockets != SIPP_ONE || !is_client(r))
        return;
    for (uint32_t i = 0; i < r->shard_count; i++)
        connects += atomic_load_explicit(&r->shards[i].connects, memory_order_relaxed);
    if (connects <= r->options.max_reconnect + r->shard_count || atomic_load(&r->ending) == SIP_NOW)
        return;
    cmd_sip_notes_say(r, "more than %llu reconnections (-max_reconnect)",
                      (unsigned long long)r->options.max_reconnect);
    cmd_sip_end(r, SIP_NOW, SIP_EXIT_FATAL);
}

void cmd_sip_hold_signals(sigset_t *ret)
{
    sigemptyset(ret);
    sigaddset(ret, SIGINT);
    sigaddset(ret, SIGTERM);
    sigaddset(ret, SIGHUP);
    sigaddset(ret, SIGUSR1);
    sigaddset(ret, SIGUSR2);
    (void)sigprocmask(SIG_BLOCK, ret, NULL);
}

static int open_loop(struct loop *l, struct sip_run *r, struct err *e)
{
    const struct sipp_options *o = &r->options;
    const uint64_t now = clock_now_ns();
    sigset_t set;
    cmd_sip_hold_signals(&set);
    (void)signal(SIGCHLD, SIG_IGN); /* children of <exec> are nobody's */
    (void)signal(SIGPIPE, SIG_IGN);
    *l = (struct loop){.r = r, .signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (l->signal_fd < 0)
        return err_set(e, -errno, "signalfd: %s", strerror(errno));
    l->due =
        (struct due){now, o->screen_period_ns > 0 ? now + o->screen_period_ns : UINT64_MAX,
                     UINT64_MAX, o->timeout_ns > 0 ? now + o->timeout_ns : UINT64_MAX, UINT64_MAX};
    if (o->rate_increase > 0)
        l->due.rise_ns = now + (o->rate_interval_ns > 0 ? o->rate_interval_ns : o->stat_period_ns);
    if (o->watchdog_interval_ns > 0)
        l->due.watch_ns = now + o->watchdog_interval_ns;
    l->watch.last_ns = now;
    r->pace = (struct sipp_pace){.period_ns = o->rate_period_ns};
    r->rate_scale = o->rate_scale;
    r->limit = o->users > 0 ? o->users : o->call_limit;
    r->has_limit = o->users > 0;
    set_rate(r, o->rate);
    return 0;
}

/* What the run's thread does of calls. 1: there is more of it. */
static int turn(struct sip_run *r, uint64_t now_ns)
{
    struct sip_shard *s = &r->shards[0];
    if (r->shard_count > 1)
        return 0;
    const int more = cmd_sip_shard_turn(s, now_ns);
    if (calls_get_twin(s->calls) != NULL && twin_is_gone(calls_get_twin(s->calls)))
        cmd_sip_end(r, SIP_SOFT, -1);
    return more;
}

static void go_on(struct loop *l)
{
    struct sip_run *r = l->r;
    while (!is_over(r)) {
        const uint64_t now = clock_now_ns();
        do_due(l, now);
        const int more = turn(r, now);
        r->peak = most_of(r->peak, cmd_sip_shards_running(r));
        count_connections(r);
        if (more == 0 && !is_over(r))
            wait_for_more(l, now);
    }
}

int cmd_sip_loop(struct sip_run *r, struct err *e)
{
    struct loop l;
    int result = open_loop(&l, r, e);
    if (result < 0)
        return result;
    if ((result = cmd_sip_shards_start(r, e)) == 0)
        go_on(&l);
    cmd_sip_shards_stop(r);
    r->is_over = result == 0;
    close(l.signal_fd);
    return result;
}
