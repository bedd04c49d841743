/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_live: what a running load looks like from outside: sums over workers. The workers are not
 * stopped. Owner thread.
 */
#include <string.h>

#include "base/clock.h"
#include "node/load/load_private.h"

size_t load_counter_count(const struct load *l)
{
    size_t n = 0;
    while (l->ops->counters[n].name != NULL && n < LOAD_COUNTERS_MAX) {
        n++;
    }
    return n;
}

void load_sum_hists(const struct load *l, struct hist *from_intended, struct hist *from_sent,
                    struct hist *lateness, struct hist *scratch)
{
    hist_reset(from_intended);
    hist_reset(from_sent);
    hist_reset(lateness);
    for (uint32_t i = 0; i < l->worker_count; i++) {
        const struct worker *w = &l->workers[i];
        hist_snapshot(w->from_intended, scratch);
        hist_merge(from_intended, scratch);
        hist_snapshot(w->from_sent, scratch);
        hist_merge(from_sent, scratch);
        hist_snapshot(w->lateness, scratch);
        hist_merge(lateness, scratch);
    }
}

void load_sum_counters(const struct load *l, uint64_t *ret, size_t count)
{
    uint64_t one[LOAD_COUNTERS_MAX];

    memset(ret, 0, count * sizeof(*ret));
    for (uint32_t i = 0; i < l->opened; i++) {
        memset(one, 0, sizeof(one));
        l->ops->read_counters(l->workers[i].shard, one);
        for (size_t c = 0; c < count; c++) {
            ret[c] += one[c];
        }
    }
}

void load_snapshot(struct load *l, struct load_snapshot *ret)
{
    ret->at_ns = clock_now_ns();
    ret->due = ret->sent = ret->received = 0;
    for (uint32_t i = 0; i < l->worker_count; i++) {
        struct worker *w = &l->workers[i];
        ret->received += atomic_load_explicit(&w->received, memory_order_relaxed);
        ret->sent += atomic_load_explicit(&w->sent, memory_order_relaxed);
        ret->due += atomic_load_explicit(&w->due, memory_order_relaxed);
    }
    load_sum_hists(l, ret->from_intended, ret->from_sent, ret->lateness, l->scratch);
    load_sum_counters(l, ret->counters, load_counter_count(l));
}
