/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_sip_shard: see the header. A function that has a shard runs on its thread; one that has the
 * run, on the run's.
 */
#include "node/cli/cmd_sip_shard.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/cli/cmd_sip.h"

enum { BEGIN_MAX = 256, ANSWER_NS = 200 * 1000 * 1000 };
#define RETRY_NS (10 * NS_PER_MS) /* after a user's call that found no room */
#define OFFSET_EVERY_NS (100 * NS_PER_MS)

/* ---- orders ---- */

static void follow_orders(struct sip_shard *s)
{
    struct sip_run *r = s->run;
    const uint64_t orders = atomic_load(&r->orders);
    if (atomic_load(&s->seen) == orders)
        return;
    pthread_mutex_lock(&r->lock);
    if (s->pace_serial != r->pace_serial) {
        s->pace = r->pace;
        s->pace.shard = s->number;
        s->pace.shards = r->shard_count;
        s->pace_serial = r->pace_serial;
    }
    s->limit = r->limit / r->shard_count + (s->number < r->limit % r->shard_count ? 1 : 0);
    if (s->waiting_told != r->waiting_asked) {
        calls_count_waiting(s->calls, s->waiting, scenario_step_count(r->scenario));
        s->waiting_told = r->waiting_asked;
        pthread_cond_signal(&r->told);
    }
    pthread_mutex_unlock(&r->lock);
    if (atomic_load(&r->refuses) && !s->refuses) {
        calls_refuse(s->calls);
        s->refuses = true;
    }
    atomic_store(&s->seen, orders);
}

/* ---- calls begin ---- */

/* How many calls of -m are this thread's: those of its numbers, so that all have the numbers 1 to
 * -m. Users come as they are free: whichever thread has them. */
static uint64_t own_share(const struct sip_shard *s)
{
    const struct sip_run *r = s->run;
    const uint64_t most = r->options.call_count, threads = r->shard_count;
    if (most == 0 || r->options.users > 0)
        return UINT64_MAX;
    return most / threads + (s->number < most % threads ? 1 : 0);
}

static bool begins(const struct sip_shard *s)
{
    struct sip_run *r = s->run;
    const uint64_t most = r->options.call_count;
    return atomic_load_explicit(&r->ending, memory_order_relaxed) == SIP_GOES_ON &&
           s->begun < own_share(s) &&
           (most == 0 || atomic_load_explicit(&r->begun, memory_order_relaxed) < most);
}

/* One of the calls of -m; who has one is not idle, for whoever sees that it was the last. */
static bool take_call(struct sip_shard *s)
{
    struct sip_run *r = s->run;
    const uint64_t most = r->options.call_count;
    uint64_t begun = atomic_load(&r->begun);
    atomic_fetch_add(&s->running_own, 1);
    atomic_store(&s->is_idle, false);
    while (most == 0 || begun < most)
        if (atomic_compare_exchange_weak(&r->begun, &begun, begun + 1))
            return true;
    return false;
}

static bool begin(struct sip_shard *s, uint64_t intended_ns, uint64_t now_ns)
{
    if (calls_begin(s->calls, intended_ns, now_ns) == 0) {
        atomic_fetch_sub(&s->run->begun, 1);
        return false;
    }
    s->begun++;
    sipp_stats_count(&s->stats, SIPP_OUTGOING, 1);
    return true;
}

/* -users: as many calls as users, all the time. */
static void begin_for_users(struct sip_shard *s, uint64_t now_ns)
{
    s->is_full = false;
    for (int i = 0; i < BEGIN_MAX && !s->is_full && begins(s) && !s->pace.is_paused &&
                    calls_running_of(s->calls, 0) < s->users && take_call(s);
         i++)
        s->is_full = !begin(s, now_ns, now_ns);
}

static void begin_due(struct sip_shard *s, uint64_t now_ns)
{
    uint64_t next;
    for (int i = 0; i < BEGIN_MAX && begins(s) && (next = sipp_pace_next_ns(&s->pace)) <= now_ns;
         i++) {
        if (calls_running_of(s->calls, 0) >= s->limit) {
            sipp_pace_hold(&s->pace, now_ns);
            return;
        }
        if (!take_call(s))
            return;
        if (!begin(s, next, now_ns)) {
            sipp_pace_hold(&s->pace, now_ns);
            return;
        }
        sipp_pace_begin(&s->pace);
    }
}

/* ---- one turn ---- */

static bool is_client(const struct sip_run *r)
{
    return scenario_role(r->scenario) == SCENARIO_CLIENT;
}

static void show(struct sip_shard *s)
{
    struct ways_counts c;
    ways_read_counts(calls_get_ways(s->calls), &c);
    atomic_store_explicit(&s->connects, c.connects, memory_order_relaxed);
    atomic_store_explicit(&s->accepts, c.accepts, memory_order_relaxed);
    atomic_store_explicit(&s->closes, c.closes, memory_order_relaxed);
    atomic_store_explicit(&s->running, calls_running(s->calls), memory_order_relaxed);
    atomic_store(&s->running_own, calls_running_of(s->calls, 0));
    atomic_store(&s->is_idle, calls_is_idle(s->calls));
}

int cmd_sip_shard_turn(struct sip_shard *s, uint64_t now_ns)
{
    struct sip_run *r = s->run;
    follow_orders(s);
    if (now_ns >= s->offset_due_ns) {
        s->real_offset_ns = clock_real_offset_ns(3, NULL);
        s->offset_due_ns = now_ns + OFFSET_EVERY_NS;
    }
    if (is_client(r) && r->options.users > 0)
        begin_for_users(s, now_ns);
    else if (is_client(r))
        begin_due(s, now_ns);
    const int more = calls_turn(s->calls, s->real_offset_ns);
    s->message = NULL;
    show(s);
    return more;
}

uint64_t cmd_sip_shard_next_ns(const struct sip_shard *s)
{
    const struct sip_run *r = s->run;
    const uint64_t next = calls_next_ns(s->calls);
    uint64_t due;
    if (atomic_load(&s->seen) != atomic_load(&s->run->orders))
        return 0;
    if (!is_client(r) || !begins(s))
        return next;
    if (r->options.users == 0)
        due = sipp_pace_next_ns(&s->pace);
    else if (s->pace.is_paused || calls_running_of(s->calls, 0) >= s->users)
        due = UINT64_MAX;
    else
        due = s->is_full ? clock_now_ns() + RETRY_NS : 0;
    return due < next ? due : next;
}

void cmd_sip_shard_end(struct sip_shard *s)
{
    if (atomic_load(&s->run->aborts))
        calls_abort_all(s->calls, CALL_STOPPED);
    if (s->media != NULL)
        callmedia_settle(s->media);
    show(s);
}

/* ---- a thread of its own ---- */

static void note_stall(struct sip_shard *s, uint64_t ns)
{
    uint64_t longest = atomic_load_explicit(&s->stall_ns, memory_order_relaxed);
    while (ns > longest && !atomic_compare_exchange_weak(&s->stall_ns, &longest, ns))
        ;
}

/* While there is work, what comes within -timer_resol is taken together. When it went on. */
static uint64_t wait_for_more(struct sip_shard *s, uint64_t now_ns)
{
    const uint64_t gather_ns = s->run->options.gather_ns;
    const bool gathers = calls_was_busy(s->calls) && gather_ns > 0;
    struct pollfd fds[2] = {{s->wake_fd, POLLIN, 0}, {calls_fd(s->calls), POLLIN, 0}};
    const uint64_t until = gathers ? now_ns + gather_ns : cmd_sip_shard_next_ns(s);
    const uint64_t before = clock_now_ns(), left = until > before ? until - before : 0;
    const struct timespec wait = {(time_t)(left / NS_PER_S), (long)(left % NS_PER_S)};
    uint64_t count;
    note_stall(s, before - now_ns);
    const int n = ppoll(fds, gathers ? 1 : 2, until == UINT64_MAX ? NULL : &wait, NULL);
    const uint64_t after = clock_now_ns();
    if (n == 0 && after > until)
        note_stall(s, after - (until > before ? until : before));
    if (n > 0 && fds[0].revents != 0)
        (void)!read(s->wake_fd, &count, sizeof count);
    return after;
}

static void *run_shard(void *arg)
{
    struct sip_shard *s = arg;
    uint64_t now = clock_now_ns();
    while (!atomic_load(&s->run->stops)) {
        if (cmd_sip_shard_turn(s, now) == 0)
            now = wait_for_more(s, now);
        else
            now = clock_now_ns();
    }
    cmd_sip_shard_end(s);
    return NULL;
}

int cmd_sip_shards_start(struct sip_run *r, struct err *e)
{
    int result = 0;
    for (uint32_t i = 0; i < r->shard_count && r->shard_count > 1 && result == 0; i++) {
        struct sip_shard *s = &r->shards[i];
        s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (s->wake_fd < 0)
            return err_set(e, -errno, "eventfd: %s", strerror(errno));
        result = -pthread_create(&s->thread, NULL, run_shard, s);
        s->is_started = result == 0;
    }
    return result < 0 ? err_set(e, result, "cannot start a thread: %s", strerror(-result)) : 0;
}

void cmd_sip_shards_stop(struct sip_run *r)
{
    atomic_store(&r->stops, true);
    cmd_sip_shards_wake(r);
    for (uint32_t i = 0; i < r->shard_count; i++) {
        struct sip_shard *s = &r->shards[i];
        if (s->is_started)
            (void)pthread_join(s->thread, NULL);
        else
            cmd_sip_shard_end(s);
        s->is_started = false;
        if (s->wake_fd >= 0)
            close(s->wake_fd);
        s->wake_fd = -1;
    }
}

void cmd_sip_shards_wake(struct sip_run *r)
{
    const uint64_t one = 1;
    for (uint32_t i = 0; i < r->shard_count; i++)
        if (r->shards[i].wake_fd >= 0)
            (void)!write(r->shards[i].wake_fd, &one, sizeof one);
}

/* ---- what all are at ---- */

bool cmd_sip_shards_are_idle(const struct sip_run *r)
{
    struct sip_run *all = (struct sip_run *)(uintptr_t)r;
    const uint64_t orders = atomic_load(&all->orders);
    for (uint32_t i = 0; i < r->shard_count; i++)
        if (atomic_load(&r->shards[i].seen) != orders || !atomic_load(&r->shards[i].is_idle))
            return false;
    return true;
}

bool cmd_sip_shards_are_done(const struct sip_run *r)
{
    struct sip_run *all = (struct sip_run *)(uintptr_t)r;
    const uint64_t orders = atomic_load(&all->orders);
    for (uint32_t i = 0; i < r->shard_count; i++)
        if (atomic_load(&r->shards[i].seen) != orders || atomic_load(&r->shards[i].running_own) > 0)
            return false;
    return true;
}

uint64_t cmd_sip_shards_running(const struct sip_run *r)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < r->shard_count; i++)
        n += atomic_load_explicit(&r->shards[i].running, memory_order_relaxed);
    return n;
}

static bool have_told(const struct sip_run *r)
{
    for (uint32_t i = 0; i < r->shard_count; i++)
        if (r->shards[i].is_started && r->shards[i].waiting_told != r->waiting_asked)
            return false;
    return true;
}

/* One that is stuck does not hold up the others: it is counted as it was. */
static void ask_threads(struct sip_run *r)
{
    struct timespec until;
    int result = 0;
    pthread_mutex_lock(&r->lock);
    r->waiting_asked++;
    pthread_mutex_unlock(&r->lock);
    atomic_fetch_add(&r->orders, 1);
    cmd_sip_shards_wake(r);
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += ANSWER_NS;
    until.tv_sec += until.tv_nsec / (long)NS_PER_S;
    until.tv_nsec %= (long)NS_PER_S;
    pthread_mutex_lock(&r->lock);
    while (!have_told(r) && result == 0)
        result = pthread_cond_clockwait(&r->told, &r->lock, CLOCK_MONOTONIC, &until);
    pthread_mutex_unlock(&r->lock);
}

void cmd_sip_shards_count_waiting(struct sip_run *r, uint64_t *ret, unsigned steps)
{
    memset(ret, 0, steps * sizeof *ret);
    if (r->shards[0].is_started)
        ask_threads(r);
    for (uint32_t i = 0; i < r->shard_count; i++) {
        struct sip_shard *s = &r->shards[i];
        if (!s->is_started)
            calls_count_waiting(s->calls, s->waiting, steps);
        pthread_mutex_lock(&r->lock);
        for (unsigned k = 0; k < steps; k++)
            ret[k] += s->waiting[k];
        pthread_mutex_unlock(&r->lock);
    }
}
