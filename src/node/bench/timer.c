/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * timer: how late a thread wakes up from sleeping until an absolute time (what cyclictest
 * measures). A round is so many wake-ups.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/clock.h"
#include "base/hist.h"
#include "node/bench/bench.h"

struct timer_options {
    uint64_t period_ns, count, priority;
};
struct timer_state {
    struct timer_options o;
    struct hist *late;
};

#define AT(member) offsetof(struct timer_options, member)
static const struct opt options[] = {
    {"period", OPT_DURATION, "1ms", "between wake-ups", 1e4, 1e10, NULL, AT(period_ns), 0},
    {"count", OPT_COUNT, "1000", "wake-ups a round", 1, 1e9, NULL, AT(count), 0},
    {"priority", OPT_COUNT, "0", "of SCHED_FIFO; 0: as any other thread", 0, 99, NULL, AT(priority),
     0},
    OPT_END,
};

static int prepare(void *state, const void *given, struct err *e)
{
    struct timer_state *s = state;

    *s = (struct timer_state){.o = *(const struct timer_options *)given, .late = hist_create()};
    return s->late != NULL ? 0 : err_set(e, -ENOMEM, "timer: no memory");
}

/* The runner's thread is another one than prepare's. */
static int take_priority(const struct timer_state *s, struct err *e)
{
    const struct sched_param p = {.sched_priority = (int)s->o.priority};

    if (s->o.priority == 0 || sched_setscheduler(0, SCHED_FIFO, &p) == 0) {
        return 0;
    }
    return err_set(e, -errno, "timer: priority %d of SCHED_FIFO: %s", p.sched_priority,
                   strerror(errno));
}

static int run(void *state, unsigned round, const atomic_bool *stop, struct err *e)
{
    struct timer_state *s = state;
    int r = round == 0 ? take_priority(s, e) : 0;

    if (r < 0) {
        return r;
    }
    hist_reset(s->late);
    uint64_t at = clock_now_ns();
    for (uint64_t i = 0; i < s->o.count; i++) {
        at += s->o.period_ns;
        (void)clock_sleep_until(at);
        const uint64_t now = clock_now_ns();
        hist_record(s->late, now > at ? now - at : 0);
        if (atomic_load_explicit(stop, memory_order_relaxed)) {
            return -ECANCELED;
        }
        if (now > at + s->o.period_ns) {
            at = now; /* the ticks it slept through are one lateness, not many */
        }
    }
    return 0;
}

static int verify(void *state, struct err *e)
{
    const struct timer_state *s = state;
    return s->late->total == s->o.count
               ? 0
               : err_set(e, -EBADMSG, "timer: %llu wake-ups of %llu",
                         (unsigned long long)s->late->total, (unsigned long long)s->o.count);
}

static json_t *figures(void *state)
{
    const struct hist *h = ((const struct timer_state *)state)->late;
    return json_pack("{s:f, s:f, s:f, s:f, s:f}", "lateness_mean_us", hist_mean(h) / 1e3,
                     "lateness_p50_us", (double)hist_percentile(h, 50) / 1e3, "lateness_p99_us",
                     (double)hist_percentile(h, 99) / 1e3, "lateness_p999_us",
                     (double)hist_percentile(h, 99.9) / 1e3, "lateness_max_us",
                     (double)h->max / 1e3);
}

static void cleanup(void *state)
{
    hist_destroy(((struct timer_state *)state)->late);
}

extern const struct bench_ops bench_timer;
const struct bench_ops bench_timer = {
    .name = "timer",
    .summary = "how late a sleeping thread wakes up",
    .options = options,
    .options_size = sizeof(struct timer_options),
    .state_size = sizeof(struct timer_state),
    .prepare = prepare,
    .run = run,
    .verify = verify,
    .figures = figures,
    .cleanup = cleanup,
};
