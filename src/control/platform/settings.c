/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * settings: a plan's words to kernel numbers. The default weight 256 is cpu.shares 1024 or
 * cpu.weight 100, so that a machine with a weight competes fairly with one without. Limits of the
 * kernel: sched_group_set_shares, CGROUP_WEIGHT_MIN..MAX, tg_set_cfs_bandwidth. One thread.
 */
#include "control/platform/settings.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

enum { WEIGHT_DEFAULT = 256, NAME_MAX_LENGTH = 40 };
enum { SHARES_MIN = 2, SHARES_MAX = 262144, WEIGHT_MIN = 1, WEIGHT_MAX = 10000 };
#define PERIOD_MIN_US UINT64_C(1000)
#define PERIOD_MAX_US UINT64_C(1000000)
#define PERIOD_DFLT_US UINT64_C(100000)
#define QUOTA_MIN_US UINT64_C(1000)
#define MEMORY_MIN_BYTES (UINT64_C(1) << 20)

static const char scale_script[] =
    "id -u\n"
    "c=/sys/fs/cgroup\n"
    "if [ -e $c/cpu/cpu.shares ]; then echo v1\n"
    "elif [ -e $c/cgroup.controllers ] && grep -qw cpu $c/cgroup.controllers; then echo v2\n"
    "else echo none; fi\n"
    "[ -e $c/unified/cgroup.procs ] && echo hybrid || echo plain\n"
    "sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status";

int settings_scale_load(const struct host *h, struct settings_scale *ret, struct err *e)
{
    struct settings_scale scale = {.layout = CGROUP_NONE};
    struct buf out;
    char layout[8] = "", kind[8] = "", cpus[4096] = "";
    unsigned uid = 0;
    buf_init(&out);
    int r = host_sh(h, scale_script, NULL, &out, e);
    if (r == 0 && sscanf(buf_str(&out), "%u %7s %7s %4095s", &uid, layout, kind, cpus) != 4)
        r = err_set(e, -EBADMSG, "host %s: no facts about its CPUs", h->name);
    if (r == 0)
        r = cpu_set_parse(&scale.cpus, cpus, e);
    buf_finish(&out);
    if (r < 0)
        return r;
    scale.is_root = uid == 0;
    scale.hybrid = strcmp(kind, "hybrid") == 0;
    if (strcmp(layout, "v1") == 0)
        scale.layout = CGROUP_V1;
    else if (strcmp(layout, "v2") == 0)
        scale.layout = CGROUP_V2;
    *ret = scale;
    return 0;
}

bool settings_need_cgroup(const struct machine_spec *spec)
{
    return spec->weight != 0 || spec->cap_pct > 0 || spec->memory_bytes != 0;
}

uint64_t settings_default_weight(enum cgroup_layout layout)
{
    return layout == CGROUP_V2 ? 100 : 1024;
}

const char *settings_weight_file(enum cgroup_layout layout)
{
    return layout == CGROUP_V2 ? "cpu.weight" : "cpu.shares";
}

static int resolve_pin(const struct settings_scale *scale, const struct machine_spec *spec,
                       struct settings *ret, struct err *e)
{
    char text[64];
    for (unsigned cpu = 0; spec->has_pin && cpu < CPU_MAX; cpu++)
        if (cpu_set_has(&spec->pin, cpu) && !cpu_set_has(&scale->cpus, cpu))
            return err_set(e, -ENOTSUP, "pin: CPU %u is not there; this host offers CPUs %s", cpu,
                           cpu_set_format(&scale->cpus, text, sizeof text));
    if (spec->has_pin) {
        ret->has_cpus = true;
        ret->cpus = spec->pin;
    }
    return 0;
}

/* The first n CPUs of pin, or of all. */
static int resolve_vcpus(const struct settings_scale *scale, const struct machine_spec *spec,
                         struct settings *ret, struct err *e)
{
    const struct cpu_set *from = spec->has_pin ? &spec->pin : &scale->cpus;
    unsigned have = cpu_set_count(from);
    if (spec->vcpus == 0)
        return 0;
    if (spec->vcpus > have)
        return err_set(e, -ENOTSUP, "vcpus: %llu wanted, %s %u", (unsigned long long)spec->vcpus,
                       spec->has_pin ? "pin names" : "this host offers", have);
    struct cpu_set chosen = {{0}};
    for (unsigned i = 0; i < (unsigned)spec->vcpus; i++)
        cpu_set_add(&chosen, (unsigned)cpu_set_nth(from, i));
    ret->has_cpus = true;
    ret->cpus = chosen;
    return 0;
}

static int need_cgroup(const struct settings_scale *scale, const char *setting, struct err *e)
{
    if (scale->layout == CGROUP_NONE)
        return err_set(e, -ENOTSUP, "%s: this host has no cpu cgroup under /sys/fs/cgroup",
                       setting);
    if (!scale->is_root)
        return err_set(e, -ENOTSUP, "%s: needs root, to make a cgroup", setting);
    return 0;
}

static int resolve_weight(const struct settings_scale *scale, const struct machine_spec *spec,
                          struct settings *ret, struct err *e)
{
    bool v2 = scale->layout == CGROUP_V2;
    uint64_t low = v2 ? WEIGHT_MIN : SHARES_MIN, high = v2 ? WEIGHT_MAX : SHARES_MAX;
    uint64_t one = settings_default_weight(scale->layout);
    if (spec->weight == 0)
        return 0;
    int r = need_cgroup(scale, "weight", e);
    if (r < 0)
        return r;
    uint64_t most = high * WEIGHT_DEFAULT / one;
    uint64_t least = (low * WEIGHT_DEFAULT + one - 1) / one;
    if (spec->weight > most || spec->weight < least)
        return err_set(e, -ENOTSUP, "weight: %llu is beyond %s here; possible is %llu to %llu",
                       (unsigned long long)spec->weight, settings_weight_file(scale->layout),
                       (unsigned long long)least, (unsigned long long)most);
    if (spec->weight * one % WEIGHT_DEFAULT != 0)
        return err_set(e, -ENOTSUP,
                       "weight: %llu has no exact cpu.weight; multiples of 64 have (256 is 100)",
                       (unsigned long long)spec->weight);
    ret->weight = spec->weight * one / WEIGHT_DEFAULT;
    return 0;
}

static int resolve_cap(const struct settings_scale *scale, const struct machine_spec *spec,
                       struct settings *ret, struct err *e)
{
    char text[32];
    if (!(spec->cap_pct > 0)) {
        if (spec->cap_period_ns == 0)
            return 0;
        return err_set(e, -ENOTSUP, "cap: a period without a cap means nothing");
    }
    int r = need_cgroup(scale, "cap", e);
    if (r < 0)
        return r;
    uint64_t period_us = PERIOD_DFLT_US;
    if (spec->cap_period_ns != 0)
        period_us = spec->cap_period_ns / NS_PER_US;
    if (period_us < PERIOD_MIN_US || period_us > PERIOD_MAX_US ||
        spec->cap_period_ns % NS_PER_US != 0)
        return err_set(e, -ENOTSUP, "cap: a period is whole microseconds from 1ms to 1s, not %s",
                       str_format_duration(spec->cap_period_ns, text, sizeof text));
    double quota_us = spec->cap_pct / 100.0 * (double)period_us;
    if (quota_us < (double)QUOTA_MIN_US || quota_us > 1e12)
        return err_set(e, -ENOTSUP,
                       "cap: %g%% of a period of %llu us is %g us; the kernel's least is 1 ms",
                       spec->cap_pct, (unsigned long long)period_us, quota_us);
    ret->quota_us = (uint64_t)llround(quota_us);
    ret->period_us = period_us;
    return 0;
}

static int resolve_memory(const struct settings_scale *scale, const struct machine_spec *spec,
                          struct settings *ret, struct err *e)
{
    if (spec->memory_bytes == 0)
        return 0;
    int r = need_cgroup(scale, "memory", e);
    if (r < 0)
        return r;
    if (spec->memory_bytes < MEMORY_MIN_BYTES || spec->memory_bytes > INT64_MAX)
        return err_set(e, -ENOTSUP, "memory: at least 1M");
    ret->memory_bytes = spec->memory_bytes;
    return 0;
}

/* A veth has no interrupts. */
static int resolve_coalesce(const struct settings_scale *scale, const struct machine_spec *spec,
                            struct settings *ret, struct err *e)
{
    (void)scale;
    (void)ret;
    if (!spec->coalesce.has_rx_usecs && !spec->coalesce.has_rx_frames)
        return 0;
    return err_set(
        e, -ENOTSUP,
        "rx_usecs, rx_frames: the machine has no interface that interrupts: they are for "
        "guests, and under hosts: for a host's interface");
}

typedef int resolve_fn(const struct settings_scale *scale, const struct machine_spec *spec,
                       struct settings *ret, struct err *e);

enum {
    SETTING_VCPUS,
    SETTING_PIN,
    SETTING_WEIGHT,
    SETTING_CAP,
    SETTING_MEMORY,
    SETTING_COALESCE,
    SETTING_COUNT
};
static const struct {
    const char *name;
    resolve_fn *resolve;
} table[SETTING_COUNT] = {
    [SETTING_VCPUS] = {"vcpus", resolve_vcpus},
    [SETTING_PIN] = {"pin", resolve_pin},
    [SETTING_WEIGHT] = {"weight", resolve_weight},
    [SETTING_CAP] = {"cap", resolve_cap},
    [SETTING_MEMORY] = {"memory", resolve_memory},
    [SETTING_COALESCE] = {"coalesce", resolve_coalesce},
};

int settings_resolve(const struct settings_scale *scale, const struct machine_spec *spec,
                     struct settings *ret, struct err *e)
{
    /* pin before vcpus, which narrows it */
    static const int order[] = {SETTING_PIN, SETTING_VCPUS,  SETTING_WEIGHT,
                                SETTING_CAP, SETTING_MEMORY, SETTING_COALESCE};
    struct settings s = {0};
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        int r = table[order[i]].resolve(scale, spec, &s, e);
        if (r < 0)
            return r;
    }
    *ret = s;
    return 0;
}

/* Was it set, and as what does it arrive? false: not set. */
static bool describe(int setting, const struct settings_scale *scale, enum settings_by by,
                     const struct settings *s, struct setting_check *ret)
{
    char text[100];
    const char *how = by == SETTINGS_BY_CPUSET ? "cpuset" : "affinity";
    switch (setting) {
    case SETTING_VCPUS:
    case SETTING_PIN:
        if (s->has_cpus)
            str_printf(ret->text, sizeof ret->text, "CPUs %s by %s",
                       cpu_set_format(&s->cpus, text, sizeof text), how);
        return s->has_cpus;
    case SETTING_WEIGHT:
        str_printf(ret->text, sizeof ret->text, "%s %llu", settings_weight_file(scale->layout),
                   (unsigned long long)s->weight);
        return s->weight != 0;
    case SETTING_CAP:
        str_printf(ret->text, sizeof ret->text, "%llu us of every %llu us",
                   (unsigned long long)s->quota_us, (unsigned long long)s->period_us);
        return s->quota_us != 0;
    case SETTING_COALESCE:
        return false; /* resolved only when it was not set */
    default:
        str_printf(ret->text, sizeof ret->text, "at most %s",
                   str_format_size(s->memory_bytes, text, sizeof text));
        return s->memory_bytes != 0;
    }
}

int settings_check(const struct settings_scale *scale, enum settings_by by,
                   const struct machine_spec *spec, struct setting_check *ret, size_t room)
{
    int n = 0;
    for (int i = 0; i < SETTING_COUNT && (size_t)i < room; i++) {
        struct setting_check *check = &ret[n++];
        struct settings s = {0};
        struct err why;
        *check = (struct setting_check){.setting = table[i].name, .state = SETTING_APPLIED};
        err_clear(&why);
        if (table[i].resolve(scale, spec, &s, &why) < 0) {
            check->state = SETTING_UNSUPPORTED;
            str_printf(check->text, sizeof check->text, "%.*s", (int)sizeof check->text - 1,
                       why.text);
        } else if (!describe(i, scale, by, &s, check)) {
            check->state = SETTING_DEFAULT;
            str_printf(check->text, sizeof check->text, "not set");
        }
    }
    return n;
}

int settings_check_name(const char *name, struct err *e)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(name);
    if (length > 0 && length <= NAME_MAX_LENGTH && strspn(name, allowed) == length &&
        name[0] != '.' && name[0] != '-')
        return 0;
    return err_set(e, -EINVAL,
                   "'%s' is not a name: letters, digits, '.', '_' and '-', at most %d of them",
                   name, NAME_MAX_LENGTH);
}
