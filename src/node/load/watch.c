/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * watch: see watch.h. The worker's thread.
 */
#include "node/load/watch.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

/* How often realtime is compared with monotonic: at the largest slew of the kernel (500 ppm) a
 * receive time is then wrong by 5 us at most. */
#define CLOCK_EVERY_NS (10 * NS_PER_MS)
/* The first reading comes so much before the measured part: its cost falls on the warm-up. */
#define OPEN_EARLY_NS (10 * NS_PER_MS)

void watch_start(struct watch *w, const struct transport *transport, uint64_t from_ns,
                 uint64_t to_ns)
{
    w->from_ns = from_ns;
    w->to_ns = to_ns;
    w->transport = transport;
    w->steal_pct = w->wait_pct = w->cpu_pct = NAN;
    w->drops = w->refused = w->send_errors = -1;
    w->real_offset_ns = clock_real_offset_ns(5, NULL);
    w->clock_read_ns = w->turn_ns = clock_now_ns();
    vitals_open(&w->vitals, transport->socket.local.ss_family == AF_INET6);
}

bool watch_is_measuring(const struct watch *w)
{
    return w->is_open && !w->is_closed;
}

/* Realtime may be slewed or stepped while we run; the offset follows, a jump is remembered. */
static void follow_clock(struct watch *w, uint64_t now_ns)
{
    int64_t offset, change;

    if (now_ns - w->clock_read_ns < CLOCK_EVERY_NS) {
        return;
    }
    offset = clock_real_offset_ns(3, NULL);
    change = offset - w->real_offset_ns;
    if (w->is_open) {
        uint64_t step = (uint64_t)(change < 0 ? -change : change);
        w->clock_step_ns = step > w->clock_step_ns ? step : w->clock_step_ns;
    }
    w->real_offset_ns = offset;
    w->clock_read_ns = now_ns;
}

/* How long no turn was made within the measured part. */
static void note_pause(struct watch *w, uint64_t now_ns)
{
    uint64_t from = w->turn_ns > w->from_ns ? w->turn_ns : w->from_ns;
    uint64_t to = now_ns < w->to_ns ? now_ns : w->to_ns;

    if (to > from && to - from > w->pause_ns) {
        w->pause_ns = to - from;
    }
    w->turn_ns = now_ns;
}

void watch_turn(struct watch *w, uint64_t now_ns)
{
    note_pause(w, now_ns);
    follow_clock(w, now_ns);
    if (!w->is_open && now_ns + OPEN_EARLY_NS >= w->from_ns) {
        w->is_open = true;
        w->open_ns = now_ns;
        w->drops_at_open = w->transport->ops->drops(w->transport);
        w->refused_at_open = w->transport->ops->refused(w->transport);
        vitals_read(&w->vitals, &w->at_open);
    }
    if (now_ns >= w->to_ns) {
        watch_close(w, now_ns);
    }
}

static double share_pct(uint64_t part, uint64_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : (double)NAN;
}

void watch_close(struct watch *w, uint64_t now_ns)
{
    const struct vitals_reading *a = &w->at_open;
    struct vitals_reading b;

    if (!watch_is_measuring(w)) {
        return;
    }
    w->is_closed = true;
    vitals_read(&w->vitals, &b);
    w->cpu_pct = share_pct(b.cpu_ns - a->cpu_ns, now_ns - w->open_ns);
    w->faults = b.faults - a->faults;
    if (a->steal_known && b.steal_known) {
        w->steal_pct = share_pct(b.steal_ticks - a->steal_ticks, b.all_ticks - a->all_ticks);
    }
    if (a->wait_known && b.wait_known) {
        w->wait_pct = share_pct(b.wait_ns - a->wait_ns, now_ns - w->open_ns);
    }
    if (a->send_errors_known && b.send_errors_known) {
        w->send_errors = (int64_t)(b.send_errors - a->send_errors);
    }
}

void watch_end(struct watch *w)
{
    const struct transport *t = w->transport;
    int64_t drops = t->ops->drops(t), refused = t->ops->refused(t);

    if (w->is_open && drops >= 0 && w->drops_at_open >= 0) {
        /* The kernel counts in 32 bits. */
        w->drops = (int64_t)(uint32_t)(drops - w->drops_at_open);
    }
    if (w->is_open && refused >= 0 && w->refused_at_open >= 0) {
        w->refused = refused - w->refused_at_open;
    }
    vitals_close(&w->vitals);
}
