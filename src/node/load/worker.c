/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * worker: the loop of one generator thread. Everything it touches was allocated before it started
 * and belongs to it alone; others read histograms and counters, which are relaxed atomics.
 */
#include "node/load/worker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/clock.h"

enum {
    FIFO_PRIORITY = 10,
    RECEIVE_ROUNDS_MAX = 16,
    STACK_SIZE = 256 * 1024,
    STACK_USED = 64 * 1024
};
#define TURN_MAX_NS (2 * NS_PER_MS)  /* longest sleep: receive queues stay short */
#define IDLE_MAX_NS (20 * NS_PER_MS) /* the same when nothing has come for some turns */
#define RETRY_NS (100 * NS_PER_US)   /* the kernel would not take a packet: soon again */

int worker_init(struct worker *w)
{
    w->from_intended = hist_create();
    w->from_sent = hist_create();
    w->lateness = hist_create();
    w->out = calloc(1, sizeof(*w->out));
    w->watch = calloc(1, sizeof(*w->watch));
    if (w->from_intended == NULL || w->from_sent == NULL || w->lateness == NULL || w->out == NULL ||
        w->watch == NULL) {
        worker_finish(w);
        return -ENOMEM;
    }
    batch_out_init(w->out, w->plan->options->segmentation);
    return 0;
}

void worker_finish(struct worker *w)
{
    hist_destroy(w->from_intended);
    hist_destroy(w->from_sent);
    hist_destroy(w->lateness);
    free(w->out);
    free(w->watch);
    w->from_intended = w->from_sent = w->lateness = NULL;
    w->out = NULL;
    w->watch = NULL;
}

static void bump(_Atomic uint64_t *counter, uint64_t by)
{
    /* One writer: no locked instruction needed. */
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
                          memory_order_relaxed);
}

static bool has_own_transports(const struct worker *w)
{
    return w->plan->ops->turn != NULL;
}

static bool is_measured(const struct worker *w, uint64_t intended_ns)
{
    return intended_ns >= w->plan->measure_from_ns && intended_ns < w->plan->measure_to_ns;
}

/* ---- sending ---- */

static void advance(struct worker *w)
{
    uint64_t offset = schedule_next(&w->schedule, &w->next_slot);
    uint64_t next = offset == UINT64_MAX ? UINT64_MAX : w->plan->start_ns + offset;
    w->next_ns = next < w->plan->measure_to_ns ? next : UINT64_MAX;
}

static void count_sent(struct worker *w, unsigned n, uint64_t now_ns)
{
    uint64_t measured = 0;

    for (unsigned i = w->out->first; i < w->out->first + n; i++) {
        uint64_t intended = w->out->packet[i].intended_ns;
        if (!w->out->packet[i].beside && is_measured(w, intended)) {
            measured++;
            hist_record(w->lateness, now_ns > intended ? now_ns - intended : 0);
        }
    }
    bump(&w->all_sent, n);
    bump(&w->sent, measured);
}

static void give_up_oldest(struct worker *w)
{
    if (is_measured(w, w->out->packet[w->out->first].intended_ns)) {
        bump(&w->send_failures, 1);
    }
    batch_out_take(w->out, 1);
}

/* Everything waiting goes out now. What the kernel has no room for waits for the next turn and goes
 * out late; what it will not have at all is counted as failed. */
static void flush(struct worker *w)
{
    struct batch_out *b = w->out;

    while (b->count > 0) {
        uint64_t now = clock_now_ns();
        unsigned waiting = b->count - b->first;
        int n = w->transport.ops->send(&w->transport, b, now);

        bump(&w->batches, 1);
        if (n < (int)waiting && watch_is_measuring(w->watch)) {
            bump(&w->refused, 1);
        }
        if (n > 0) {
            count_sent(w, (unsigned)n, now);
            batch_out_take(b, (unsigned)n);
        } else if (n == -EAGAIN || n == -ENOBUFS) {
            return;
        } else if (n != -EINTR) {
            give_up_oldest(w);
            while (w->transport.ops->room != NULL && b->count > 0) {
                give_up_oldest(w); /* memory that was lent is lent once */
            }
        }
    }
}

static void add_packets(struct worker *w, int n, uint64_t intended_ns)
{
    struct batch_out *b = w->out;
    uint64_t offered = 0;

    if (n <= 0) {
        return;
    }
    for (unsigned i = 0; i < (unsigned)n; i++) {
        b->packet[b->count + i].intended_ns = intended_ns;
        offered += !b->packet[b->count + i].beside;
    }
    b->count += (unsigned)n;
    if (is_measured(w, intended_ns)) {
        bump(&w->due, offered);
    }
}

/* How many packets the batch can hold; where it is the transport's memory, as many as that has
 * free.
 */
static unsigned room(struct worker *w)
{
    if (w->transport.ops->room == NULL) {
        return BATCH_MAX;
    }
    if (w->out->count == 0) {
        w->lent = w->transport.ops->room(&w->transport, w->out);
    }
    return w->lent;
}

/* Takes what is due up to now; false when a full batch left more behind. */
static bool send_due(struct worker *w, uint64_t now_ns)
{
    struct batch_out *b = w->out;
    const unsigned most = w->next_ns <= now_ns ? room(w) : 0;

    while (w->next_ns <= now_ns && b->count + w->plan->packets_at_once <= most) {
        uint64_t intended = w->next_ns;
        add_packets(w,
                    w->plan->ops->send(w->shard, w->next_slot, intended, b->packet + b->count,
                                       most - b->count),
                    intended);
        advance(w);
    }
    flush(w);
    return w->next_ns > now_ns;
}

/* Of a workload with transports of its own: as many attempts as would fit into a batch. */
static bool begin_due(struct worker *w)
{
    uint64_t now = clock_now_ns();

    for (unsigned n = 0; w->next_ns <= now && n < BATCH_MAX; n++, now = clock_now_ns()) {
        uint64_t intended = w->next_ns;
        int began = w->plan->ops->send(w->shard, w->next_slot, intended, NULL, 0);
        bump(&w->all_sent, began > 0 ? 1 : 0);
        if (is_measured(w, intended)) {
            bump(&w->due, 1);
            bump(&w->sent, began > 0 ? 1 : 0);
            hist_record(w->lateness, now - intended);
        }
        advance(w);
    }
    return w->next_ns > now;
}

static void run_timers(struct worker *w, uint64_t now_ns)
{
    struct batch_out *b = w->out;

    if (w->expire_ns > now_ns || b->count >= room(w)) {
        return;
    }
    add_packets(w,
                w->plan->ops->expire(w->shard, now_ns, b->packet + b->count, room(w) - b->count,
                                     &w->expire_ns),
                now_ns);
    flush(w);
}

/* ---- receiving ---- */

static void record_delays(struct worker *w, const struct workload_receipt *r)
{
    if (r->intended_ns != 0 && is_measured(w, r->intended_ns)) {
        bump(&w->received, 1);
        hist_record(w->from_intended, r->at_ns > r->intended_ns ? r->at_ns - r->intended_ns : 0);
        if (r->sent_ns != 0) {
            hist_record(w->from_sent, r->at_ns > r->sent_ns ? r->at_ns - r->sent_ns : 0);
        }
    }
}

void worker_take_receipt(void *engine, const struct workload_receipt *r)
{
    record_delays(engine, r);
}

/* The kernel's time on our clock, or that of the reading where it did not say. */
static uint64_t arrived_ns(struct worker *w, const struct arrival *a, uint64_t now_ns)
{
    if (a->at_ns == 0) {
        w->untimed = true;
        return now_ns;
    }
    return w->transport.ops->clock == TRANSPORT_MONOTONIC
               ? a->at_ns
               : (uint64_t)((int64_t)a->at_ns - w->watch->real_offset_ns);
}

static void receive_one(struct worker *w, const struct arrival *a, uint64_t now_ns)
{
    struct workload_receipt receipt = {.at_next = a->at_next};
    const uint64_t at = arrived_ns(w, a, now_ns);

    w->plan->ops->receive(w->shard, a->data, a->size, at, &receipt);
    receipt.at_ns = at;
    record_delays(w, &receipt);
}

/* Nobody who sends nothing back is looked for every 2 ms: a wake-up costs as much as packets do. */
static void note_quiet_turn(struct worker *w)
{
    w->turn_ns = 2 * w->turn_ns < IDLE_MAX_NS ? 2 * w->turn_ns : IDLE_MAX_NS;
}

/* Reads what came; returns early when something is due. */
static void receive_waiting(struct worker *w)
{
    struct arrival arrivals[BATCH_MAX];

    for (int round = 0; round < RECEIVE_ROUNDS_MAX; round++) {
        uint64_t now;
        unsigned n = w->transport.ops->receive(&w->transport, arrivals, BATCH_MAX);
        if (n == 0) {
            if (round == 0) {
                note_quiet_turn(w);
            }
            return;
        }
        w->turn_ns = TURN_MAX_NS;
        now = clock_now_ns();
        for (unsigned i = 0; i < n; i++) {
            receive_one(w, &arrivals[i], now);
        }
        w->transport.ops->release(&w->transport, n);
        if (n < BATCH_MAX || w->next_ns <= now) {
            return;
        }
    }
}

/* ---- the loop ---- */

static void set_phase(struct worker *w, enum load_phase phase)
{
    atomic_store_explicit(&w->phase, (int)phase, memory_order_release);
}

static enum load_phase phase_at(const struct worker *w, uint64_t now_ns)
{
    if (now_ns < w->plan->measure_from_ns) {
        return LOAD_WARMUP;
    }
    return now_ns < w->plan->measure_to_ns ? LOAD_MEASURE : LOAD_DRAIN;
}

/* Own transports: one descriptor says that something came. */
static void wait_until(const struct worker *w, uint64_t now_ns, uint64_t until_ns)
{
    struct pollfd p = {.fd = w->plan->ops->wait_fd(w->shard), .events = POLLIN};
    uint64_t wait = until_ns - now_ns;
    struct timespec limit = {(time_t)(wait / NS_PER_S), (long)(wait % NS_PER_S)};

    (void)ppoll(&p, 1, &limit, NULL);
}

static void sleep_until_next(const struct worker *w)
{
    uint64_t now = clock_now_ns();
    uint64_t until = now + (w->out->count > 0 ? RETRY_NS : w->turn_ns);

    until = w->next_ns < until ? w->next_ns : until;
    until = w->expire_ns < until ? w->expire_ns : until;
    if (w->not_before_ns > now && !w->has_more) {
        (void)clock_sleep_until(w->not_before_ns);
        return;
    }
    if (until <= now || w->has_more) {
        return;
    }
    if (has_own_transports(w)) {
        wait_until(w, now, until);
    } else {
        (void)clock_sleep_until(until);
    }
}

static void read_losses(struct worker *w, struct workload_losses *ret)
{
    if (has_own_transports(w)) {
        w->plan->ops->losses(w->shard, ret);
    }
}

/* One turn of the workload's side; false: more is due already. */
static bool work(struct worker *w, uint64_t now_ns)
{
    struct workload_turn turn = {UINT64_MAX, 0};
    bool was_measuring = watch_is_measuring(w->watch), all_sent;

    watch_turn(w->watch, now_ns);
    if (!was_measuring && watch_is_measuring(w->watch)) {
        read_losses(w, &w->before);
    }
    if (has_own_transports(w)) {
        all_sent = begin_due(w);
        w->has_more = w->plan->ops->turn(w->shard, now_ns, &turn) != 0;
        w->expire_ns = turn.next_ns;
        w->not_before_ns = turn.not_before_ns;
        return all_sent;
    }
    all_sent = send_due(w, now_ns);
    run_timers(w, now_ns);
    receive_waiting(w);
    return all_sent;
}

static void send_until_end(struct worker *w)
{
    while (!atomic_load_explicit(&w->plan->stop, memory_order_relaxed)) {
        uint64_t now = clock_now_ns();
        bool all_sent = work(w, now);

        set_phase(w, phase_at(w, now));
        if (w->next_ns == UINT64_MAX && now >= w->plan->measure_to_ns) {
            w->ended_ns = w->plan->measure_to_ns;
            return;
        }
        if (all_sent) {
            sleep_until_next(w);
        }
    }
    w->cut_short = true;
    w->ended_ns = clock_now_ns();
    watch_close(w->watch, w->ended_ns);
}

static bool is_drained(const struct worker *w)
{
    const struct workload_ops *ops = w->plan->ops;
    return w->out->count == 0 && ops->is_drained != NULL && ops->is_drained(w->shard) != 0;
}

static void drain(struct worker *w)
{
    uint64_t until = clock_now_ns() + w->plan->options->drain_ns;

    w->next_ns = UINT64_MAX;
    set_phase(w, LOAD_DRAIN);
    do {
        uint64_t now = clock_now_ns();
        (void)work(w, now);
        if (now >= until || is_drained(w)) {
            break;
        }
        sleep_until_next(w);
    } while (!atomic_load_explicit(&w->plan->abandon, memory_order_relaxed));
    while (w->out->count > 0) {
        give_up_oldest(w);
    }
    read_losses(w, &w->losses);
    w->losses.send_failures -= w->before.send_failures;
    w->losses.drops -= w->before.drops;
}

/* Pages of the stack that are there now are not missing later. */
static void touch_stack(void)
{
    volatile uint8_t page[STACK_USED];
    for (size_t i = 0; i < sizeof(page); i += 1024) {
        page[i] = 0;
    }
}

static int become_punctual(struct worker *w)
{
    int mode = w->plan->options->scheduling, result = 0;

    (void)prctl(PR_SET_TIMERSLACK, 1UL);
    if (cpu_set_count(&w->cpus) > 0 && (result = cpu_pin(&w->cpus)) < 0) {
        return result;
    }
    if (mode != LOAD_SCHED_OTHER) {
        result = cpu_set_fifo(FIFO_PRIORITY);
    }
    cpu_sched_name(w->scheduling, sizeof(w->scheduling));
    return mode == LOAD_SCHED_FIFO ? result : 0;
}

static void *run(void *arg)
{
    struct worker *w = arg;
    int result = become_punctual(w);
    uint64_t cpu_from;

    if (result < 0) {
        atomic_store(&w->ready, result);
        return NULL;
    }
    touch_stack();
    watch_start(w->watch, &w->transport, w->plan->measure_from_ns, w->plan->measure_to_ns);
    w->turn_ns = TURN_MAX_NS;
    w->expire_ns = w->plan->ops->expire != NULL || has_own_transports(w) ? 0 : UINT64_MAX;
    advance(w);
    atomic_store(&w->ready, 1);
    cpu_from = clock_thread_cpu_ns();
    send_until_end(w);
    drain(w);
    w->cpu_ns = clock_thread_cpu_ns() - cpu_from;
    watch_end(w->watch);
    set_phase(w, LOAD_DONE);
    return NULL;
}

int worker_start(struct worker *w)
{
    pthread_attr_t attributes;
    int result = -pthread_attr_init(&attributes);

    if (result < 0) {
        return result;
    }
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    result = -pthread_create(&w->thread, &attributes, run, w);
    pthread_attr_destroy(&attributes);
    w->started = result == 0;
    return result;
}
