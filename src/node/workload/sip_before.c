/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip_before: the preamble of TS 186 008: users are registered at a steady rate before the load
 * begins, and the load does not begin without them. The owner's thread, before the worker runs.
 */
#include <errno.h>
#include <math.h>
#include <poll.h>

#include "base/clock.h"
#include "node/workload/sip_private.h"

enum { TURN_MS = 5 };

static const char *first_cause(const struct calls_figures *f)
{
    for (int i = CALL_GOOD + 1; i < CALL_CAUSE_COUNT; i++) {
        if (atomic_load(&f->cause[i]) > 0) {
            return call_cause_name((enum call_cause)i);
        }
    }
    return "none began";
}

static void wait_for_more(const struct sip_shard *shard, uint64_t now_ns, uint64_t due_ns)
{
    struct pollfd p = {.fd = calls_fd(shard->calls), .events = POLLIN};
    uint64_t next = calls_next_ns(shard->calls);
    struct timespec wait = {0, TURN_MS * (long)NS_PER_MS};

    next = due_ns < next ? due_ns : next;
    if (next <= now_ns) {
        return;
    }
    if (next - now_ns < (uint64_t)wait.tv_nsec) {
        wait.tv_nsec = (long)(next - now_ns);
    }
    (void)ppoll(&p, 1, &wait, NULL);
}

/* Ends the waiting when the user wants that. */
static int look(const struct sip_shard *shard, uint32_t wanted)
{
    const struct workload_wait *wait = shard->env.wait;
    const struct users *users = calls_get_users(shard->calls);

    if (wait == NULL || wait->look == NULL) {
        return 0;
    }
    return wait->look(wait->arg, "users registered", users->known[USERS_REGISTERED], wanted);
}

static bool is_failed(const struct calls_figures *f)
{
    return atomic_load(&f->count[CALLS_FAILED]) > 0;
}

int sip_register_users(struct sip_shard *shard, struct err *e)
{
    const struct sip_options *o = shard->state->options;
    const uint32_t part = (uint32_t)shard->state->parts.beforehand;
    const struct calls_figures *f = calls_get_part_figures(shard->calls, part, 0);
    const struct users *users = calls_get_users(shard->calls);
    const uint32_t wanted = (uint32_t)lround((double)users->count * o->registered_pct / 100);
    const double gap_ns = (double)NS_PER_S / o->register_rate_per_s;
    const uint64_t start = clock_now_ns();
    uint32_t begun = 0;
    int asked = 0;

    while ((asked = look(shard, wanted)) == 0 && !is_failed(f) &&
           (begun < wanted || calls_running(shard->calls) > 0)) {
        uint64_t now = clock_now_ns(), due = UINT64_MAX;

        if (begun < wanted) {
            due = start + (uint64_t)((double)begun * gap_ns);
        }
        if (due <= now && calls_running(shard->calls) < shard->env.slots) {
            (void)calls_begin_part(shard->calls, part, due, now);
            begun++;
            continue;
        }
        if (calls_turn(shard->calls, clock_real_offset_ns(1, NULL)) == 0) {
            wait_for_more(shard, clock_now_ns(), due > now ? due : UINT64_MAX);
        }
    }
    /* What failed may be the same signal's doing: the server had it too. */
    if (asked < 0 || (asked = look(shard, wanted)) < 0) {
        return err_set(e, asked, "interrupted: %u of %u users were registered",
                       users->known[USERS_REGISTERED], wanted);
    }
    if (users->known[USERS_REGISTERED] < wanted) {
        return err_set(e, -EHOSTUNREACH, "register: %u of %u users are registered; then: %s",
                       users->known[USERS_REGISTERED], wanted, first_cause(f));
    }
    return 0;
}
