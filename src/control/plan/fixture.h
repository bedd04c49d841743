/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fixture: a node's description for the tests of this room. For *_test.c only.
 */
#ifndef VAPERF_CONTROL_PLAN_FIXTURE_H
#define VAPERF_CONTROL_PLAN_FIXTURE_H

#include "base/json.h"
#include "base/opt.h"

static inline json_t *fixture_driver(const char *name, const struct opt *options)
{
    return json_pack("[{s:s, s:s, s:o, s:b}]", "name", name, "summary", name, "options",
                     opt_table_to_json(options), "supported", 1);
}

/* New reference: appliance media, bench pi, workload rtp, generator's cpus, scheduling, duration.
 */
static inline json_t *fixture_describe(void)
{
    static const char *const schedulings[] = {"auto", "fifo", "other", NULL};
    static const struct opt media[] = {
        {.name = "threads", .type = OPT_COUNT, .dflt = "2", .min = 1},
        {.name = "work", .type = OPT_DURATION, .dflt = "0"},
        OPT_END};
    static const struct opt pi[] = {{.name = "digits", .type = OPT_COUNT, .dflt = "2^14"}, OPT_END};
    static const struct opt rtp[] = {
        {.name = "streams", .type = OPT_COUNT, .dflt = "100", .min = 1, .flags = OPT_LEVEL},
        {.name = "erlang", .type = OPT_NUMBER, .flags = OPT_LEVEL},
        {.name = "ptime", .type = OPT_DURATION, .dflt = "20ms"},
        {.name = "mix", .type = OPT_STRING},
        OPT_END};
    static const struct opt load[] = {
        {.name = "duration", .type = OPT_DURATION, .dflt = "10s"},
        {.name = "cpus", .type = OPT_CPUS},
        {.name = "scheduling", .type = OPT_CHOICE, .dflt = "auto", .choices = schedulings},
        OPT_END};
    json_t *workload = fixture_driver("rtp", rtp);
    json_object_set_new(json_array_get(workload, 0), "metrics",
                        json_pack("[s, s, s, s, s]", "rtp_sent", "rtp_loss_pct", "rtp_jitter_us",
                                  "mos", "rtp_failed"));
    return json_pack("{s:{s:o, s:o, s:o}, s:o}", "drivers", "appliance",
                     fixture_driver("media", media), "bench", fixture_driver("pi", pi), "workload",
                     workload, "load_options", opt_table_to_json(load));
}

#endif
