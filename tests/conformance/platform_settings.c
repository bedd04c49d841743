/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * platform_settings: do pin, cap and weight hold, as the host's scheduler counts? One thread.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "platform_bed.h"

enum { TRIES = 4 };

/* The process ids of the machine as its targets give them. */
static void get_pids(struct machine *m, char *pids, size_t size)
{
    json_t *targets = bed_ops->targets(m), *one;
    size_t i;
    pids[0] = '\0';
    json_array_foreach(targets, i, one) if (strcmp(json_str_or(one, "type", ""), "process") == 0)
        str_printf(pids, size, "%s", json_str_or(json_object_get(one, "options"), "pids", ""));
    json_decref(targets);
    assert_true(pids[0] != '\0');
}

/* CPU time of all its threads, from the scheduler. */
static double cpu_s(const char *pids)
{
    const char *script = "for p in $(echo $1 | tr ',' ' '); do cat /proc/$p/task/*/schedstat; done"
                         " | awk '{s += $1} END {printf \"%.9f\", s / 1e9}'";
    const char *args[] = {pids, NULL};
    struct buf out;
    struct err e;
    double seconds = 0;
    buf_init(&out);
    err_clear(&e);
    bed_must(host_sh(&bed_host, script, args, &out, &e), &e);
    assert_int_equal(str_parse_number(buf_str(&out), &seconds), 0);
    buf_finish(&out);
    return seconds;
}

/* Percent of one CPU over 40 periods of the cap. */
static double usage_pct(const char *pids)
{
    double before = cpu_s(pids);
    uint64_t start = clock_now_ns();
    clock_sleep_until(start + 400 * NS_PER_MS);
    double used = cpu_s(pids) - before;
    return 100.0 * used / ((double)(clock_now_ns() - start) / (double)SECOND);
}

/* Does it use so much, in one of some measurements? A setting that does not hold is never within;
 * others who want the CPU, or the host beneath, may disturb one. */
static void assert_usage(const char *pids, double least_pct, double most_pct)
{
    double used = 0;
    for (int i = 0; i < TRIES; i++) {
        used = usage_pct(pids);
        if (used > least_pct && used < most_pct)
            return;
    }
    fail_msg("%s: %.1f %% of a CPU are not within %.0f and %.0f", bed_ops->name, used, least_pct,
             most_pct);
}

void test_pin_is_kept(void **state)
{
    (void)state;
    struct proc node;
    struct buf out;
    struct err e;
    char pids[256];
    struct machine_spec spec = {.name = "media.1", .has_pin = true};
    cpu_set_add(&spec.pin, 0);
    err_clear(&e);
    if (!bed_applies(&bed_shared.bed, &spec, "pin"))
        return;
    bed_burn(bed_shared.capped, &node);
    get_pids(bed_shared.capped, pids, sizeof pids);
    const char *args[] = {pids, NULL};
    buf_init(&out);
    bed_must(host_sh(&bed_host,
                     "for p in $(echo $1 | tr ',' ' '); do sed -n 's/^Cpus_allowed_list:\t//p' "
                     "/proc/$p/status; done | sort -u",
                     args, &out, &e),
             &e);
    assert_string_equal(buf_str(&out), "0\n");
    buf_finish(&out);
    proc_stop(&node, 5 * SECOND);
}

void test_cap_is_kept_and_tuned(void **state)
{
    (void)state;
    struct machine *m = bed_shared.capped;
    struct proc node;
    struct err e;
    char pids[256];
    struct machine_spec spec = {.name = "media.1",
                                .links = {"traffic"},
                                .weight = 4096,
                                .cap_pct = 15,
                                .cap_period_ns = 10 * NS_PER_MS};
    err_clear(&e);
    if (!bed_applies(&bed_shared.bed, &spec, "cap"))
        return;
    bed_burn(m, &node);
    get_pids(m, pids, sizeof pids);
    assert_usage(pids, 40, 75); /* 60 % since it was made */
    bed_must(bed_ops->tune(m, &spec, &e), &e);
    assert_usage(pids, 8, 23);
    spec = (struct machine_spec){.name = "media.1", .links = {"traffic"}, .weight = 4096};
    bed_must(bed_ops->tune(m, &spec, &e), &e); /* no cap: as if there never had been one */
    assert_usage(pids, 25, 110);
    spec.weight = 0;
    bed_must(bed_ops->tune(m, &spec, &e), &e);
    proc_stop(&node, 5 * SECOND);
}

/* How many times as much the first has used within a second; 0 when the second had none. */
static double usage_ratio(const char *pids, const char *other_pids)
{
    double first = cpu_s(pids), second = cpu_s(other_pids);
    clock_sleep_until(clock_now_ns() + SECOND);
    first = cpu_s(pids) - first;
    second = cpu_s(other_pids) - second;
    return second > 0.05 ? first / second : 0;
}

/* One weight was set when its machine was made, the other is now. */
void test_weights_share_one_cpu(void **state)
{
    (void)state;
    struct proc nodes[2];
    struct machine *machines[2] = {bed_shared.capped, bed_shared.light};
    char pids[2][256];
    struct err e;
    struct machine_spec heavy = {.name = "media.1", .weight = 512, .has_pin = true};
    cpu_set_add(&heavy.pin, 0);
    err_clear(&e);
    if (!bed_applies(&bed_shared.bed, &heavy, "weight"))
        return;
    bed_must(bed_ops->tune(bed_shared.capped, &heavy, &e), &e);
    for (int i = 0; i < 2; i++) {
        bed_burn(machines[i], &nodes[i]);
        get_pids(machines[i], pids[i], sizeof pids[i]);
    }
    double ratio = 0;
    for (int i = 0; i < TRIES && (ratio <= 1.4 || ratio >= 2.8); i++)
        ratio = usage_ratio(pids[0], pids[1]);
    assert_true(ratio > 1.4 && ratio < 2.8);
    for (int i = 0; i < 2; i++)
        proc_stop(&nodes[i], 5 * SECOND);
}
