/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip_judge: what was open when the load ended is counted for good, and what of it makes the trial
 * void is said. The owner's thread, after the workers.
 */
#include <inttypes.h>

#include "base/str.h"
#include "node/load/schedule.h"
#include "node/workload/sip_private.h"

enum { REASON_MAX = 200, SPAN_MAX = 32 };

/* Of the scenarios of the mix, without the transients of steps. */
static uint64_t sum_of(const struct sip_state *s, void *const shards[], uint32_t count,
                       enum calls_count what)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct calls *c = ((const struct sip_shard *)shards[i])->calls;
        for (uint32_t part = 0; part < s->parts.count; part++) {
            for (uint32_t level = 0;
                 s->parts.part[part].use == CALLS_MIXED && level <= calls_levels(c); level++) {
                sum += atomic_load(&calls_get_part_figures(c, part, level)->count[what]);
            }
        }
    }
    return sum;
}

static void judge_open(const struct sip_state *s, void *const shards[], uint32_t count,
                       const struct workload_end *end, json_t *reasons)
{
    char text[REASON_MAX], drain[SPAN_MAX];
    uint64_t unfinished = 0;

    for (uint32_t i = 0; i < count; i++) {
        unfinished += calls_settle(((const struct sip_shard *)shards[i])->calls, end->at_ns);
    }
    if (unfinished == 0 || end->cut_short) {
        return;
    }
    str_format_duration(end->drain_ns, drain, sizeof(drain));
    str_printf(text, sizeof(text),
               "%" PRIu64 " of %" PRIu64
               " calls were not over when the drain of %s ended: give a longer drain",
               unfinished, sum_of(s, shards, count, CALLS_BEGUN), drain);
    json_array_append_new(reasons, json_string(text));
}

static void judge_ports(void *const shards[], uint32_t count, json_t *reasons)
{
    char text[REASON_MAX];
    uint64_t without = 0;

    for (uint32_t i = 0; i < count; i++) {
        without += sip_read_media(shards[i], MEDIA_NO_PORT);
    }
    if (without > 0) {
        str_printf(text, sizeof(text),
                   "%" PRIu64 " calls found no media port: give more media_ports", without);
        json_array_append_new(reasons, json_string(text));
    }
}

static void judge_users(void *const shards[], uint32_t count, json_t *reasons)
{
    char text[REASON_MAX];
    uint64_t without = 0;

    for (uint32_t i = 0; i < count; i++) {
        without += calls_without_user(((const struct sip_shard *)shards[i])->calls);
    }
    if (without > 0) {
        str_printf(text, sizeof(text), "%" PRIu64 " attempts found no free user: give more users",
                   without);
        json_array_append_new(reasons, json_string(text));
    }
}

/* No figure of a load in steps is of anything when all that was attempted was transient. */
static void judge_steps(const struct sip_state *s, void *const shards[], uint32_t count,
                        json_t *reasons)
{
    char text[REASON_MAX], transient[SPAN_MAX];

    if (s->level == NULL || s->level->options.profile != PROFILE_STEPS ||
        sum_of(s, shards, count, CALLS_BEGUN) > 0) {
        return;
    }
    str_format_duration(s->options->transient_ns, transient, sizeof(transient));
    str_printf(text, sizeof(text),
               "no step has a measured attempt, after a transient of %s each: give a longer "
               "duration or a shorter transient",
               transient);
    json_array_append_new(reasons, json_string(text));
}

void sip_judge(void *given, void *const shards[], uint32_t count, const struct workload_end *end,
               json_t *reasons)
{
    const struct sip_state *s = given;

    judge_open(s, shards, count, end, reasons);
    judge_ports(shards, count, reasons);
    if (end->is_short) {
        judge_users(shards, count, reasons);
    }
    if (!end->cut_short) {
        judge_steps(s, shards, count, reasons);
    }
}
