/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * qemu_settings: weight, pin and cap are those of cgroups, so settings.c knows them; VCPUs and
 * memory are the guest's own and may be more than the host's CPUs. One thread.
 */
#include "control/platform/qemu_settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum { VCPUS_MAX = 255, PERIOD_DFLT_US = 100000 };
#define MEMORY_MIN_BYTES (UINT64_C(64) << 20)
#define QUOTA_MIN_US UINT64_C(1000)

static int resolve_vcpus(const struct settings_scale *scale, const struct machine_spec *spec,
                         struct qemu_settings *ret, struct err *e)
{
    if (spec->vcpus > VCPUS_MAX)
        return err_set(e, -ENOTSUP, "vcpus: %llu wanted, a guest has at most %d",
                       (unsigned long long)spec->vcpus, VCPUS_MAX);
    ret->vcpus = spec->vcpus != 0 ? spec->vcpus : cpu_set_count(&scale->cpus);
    return ret->vcpus != 0 ? 0 : err_set(e, -ENOTSUP, "vcpus: this host says of no CPU");
}

static int resolve_memory(const struct machine_spec *spec, struct qemu_settings *ret, struct err *e)
{
    char text[32], least[32];
    if (spec->memory_bytes != 0 &&
        (spec->memory_bytes < MEMORY_MIN_BYTES || spec->memory_bytes % 1024 != 0))
        return err_set(e, -ENOTSUP, "memory: %s; a guest has at least %s, in whole KiB",
                       str_format_size(spec->memory_bytes, text, sizeof text),
                       str_format_size(MEMORY_MIN_BYTES, least, sizeof least));
    ret->memory_bytes = spec->memory_bytes != 0 ? spec->memory_bytes : QEMU_MEMORY_DFLT_BYTES;
    return 0;
}

/* What cgroups do for it. */
static struct machine_spec cgroup_part(const struct machine_spec *spec)
{
    struct machine_spec part = *spec;
    part.vcpus = part.memory_bytes = 0;
    part.coalesce = (struct coalesce){0};
    return part;
}

static int resolve_cap(enum qemu_cap cap_on, const struct settings *s, struct qemu_settings *ret,
                       struct err *e)
{
    ret->period_us = s->period_us;
    if (cap_on == QEMU_CAP_GUEST || s->quota_us == 0 || ret->vcpus == 0) {
        ret->quota_us = s->quota_us;
        return 0;
    }
    ret->vcpu_quota_us = s->quota_us / ret->vcpus;
    if (s->quota_us % ret->vcpus == 0 && ret->vcpu_quota_us >= QUOTA_MIN_US)
        return 0;
    return err_set(e, -ENOTSUP,
                   "cap: %llu us of every %llu us are no whole microseconds, at least 1 ms, for "
                   "each of %llu VCPUs",
                   (unsigned long long)s->quota_us, (unsigned long long)s->period_us,
                   (unsigned long long)ret->vcpus);
}

int qemu_settings_resolve(const struct settings_scale *scale, enum qemu_cap cap_on,
                          const struct machine_spec *spec, struct qemu_settings *ret, struct err *e)
{
    const struct machine_spec part = cgroup_part(spec);
    struct qemu_settings q = {0};
    struct settings s = {0};
    int r = resolve_vcpus(scale, spec, &q, e);
    if (r == 0)
        r = resolve_memory(spec, &q, e);
    if (r == 0)
        r = settings_resolve(scale, &part, &s, e);
    if (r == 0)
        r = resolve_cap(cap_on, &s, &q, e);
    if (r < 0)
        return r;
    q.has_pin = s.has_cpus;
    q.pin = s.cpus;
    q.cpu_shares = s.weight;
    *ret = q;
    return 0;
}

static void refuse(struct setting_check *ret, const struct err *why)
{
    ret->state = SETTING_UNSUPPORTED;
    str_printf(ret->text, sizeof ret->text, "%.*s", (int)sizeof ret->text - 1, why->text);
}

static void check_own(const struct settings_scale *scale, enum qemu_cap cap_on,
                      const struct machine_spec *spec, struct setting_check *ret)
{
    struct machine_spec one = {.name = spec->name}; /* so that each row says its own alone */
    struct qemu_settings q;
    struct err why;
    char text[32], cpus[100];
    err_clear(&why);
    if (strcmp(ret->setting, "vcpus") == 0 || spec->vcpus <= VCPUS_MAX)
        one.vcpus = spec->vcpus;
    if (strcmp(ret->setting, "memory") == 0)
        one.memory_bytes = spec->memory_bytes;
    if (strcmp(ret->setting, "cap") == 0) {
        one.cap_pct = spec->cap_pct;
        one.cap_period_ns = spec->cap_period_ns;
    }
    if (qemu_settings_resolve(scale, cap_on, &one, &q, &why) < 0) {
        refuse(ret, &why);
        return;
    }
    ret->state = SETTING_APPLIED;
    if (strcmp(ret->setting, "vcpus") == 0)
        str_printf(ret->text, sizeof ret->text, "%llu VCPUs", (unsigned long long)q.vcpus);
    else if (strcmp(ret->setting, "memory") == 0)
        str_printf(ret->text, sizeof ret->text, "%s of the guest's own",
                   str_format_size(q.memory_bytes, text, sizeof text));
    else if (strcmp(ret->setting, "pin") == 0)
        str_printf(ret->text, sizeof ret->text, "VCPUs and emulator on CPUs %s",
                   cpu_set_format(&spec->pin, cpus, sizeof cpus));
    else if (q.vcpu_quota_us != 0)
        str_printf(ret->text, sizeof ret->text, "%llu us of every %llu us for each VCPU",
                   (unsigned long long)q.vcpu_quota_us, (unsigned long long)q.period_us);
}

static void check_coalesce(const struct machine_spec *spec, struct setting_check *ret)
{
    const struct coalesce *c = &spec->coalesce;
    char usecs[48] = "", frames[48] = "";
    if (!c->has_rx_usecs && !c->has_rx_frames)
        return;
    if (c->has_rx_usecs)
        str_printf(usecs, sizeof usecs, "rx-usecs %llu ", (unsigned long long)c->rx_usecs);
    if (c->has_rx_frames)
        str_printf(frames, sizeof frames, "rx-frames %llu ", (unsigned long long)c->rx_frames);
    ret->state = SETTING_APPLIED;
    str_printf(ret->text, sizeof ret->text, "%s%sof the guest's interfaces, if their driver can",
               usecs, frames);
}

int qemu_settings_check(const struct settings_scale *scale, enum qemu_cap cap_on,
                        const struct machine_spec *spec, struct setting_check *ret, size_t room)
{
    const struct machine_spec part = cgroup_part(spec);
    int n = settings_check(scale, SETTINGS_BY_CPUSET, &part, ret, room);
    for (int i = 0; i < n; i++) {
        const bool guests =
            strcmp(ret[i].setting, "vcpus") == 0 || strcmp(ret[i].setting, "memory") == 0;
        const bool ours = strcmp(ret[i].setting, "pin") == 0 || strcmp(ret[i].setting, "cap") == 0;
        if (strcmp(ret[i].setting, "coalesce") == 0)
            check_coalesce(spec, &ret[i]);
        if (guests || (ours && ret[i].state == SETTING_APPLIED))
            check_own(scale, cap_on, spec, &ret[i]);
    }
    return n;
}

void qemu_settings_put(const struct qemu_settings *s, struct domain_config *ret)
{
    ret->vcpus = s->vcpus;
    ret->memory_bytes = s->memory_bytes;
    ret->cpu_shares = s->cpu_shares;
    ret->period_us = s->period_us;
    ret->quota_us = s->quota_us;
    ret->vcpu_quota_us = s->vcpu_quota_us;
    ret->has_pin = s->has_pin;
    ret->pin = s->pin;
}

static int64_t quota_or_none(uint64_t quota_us)
{
    return quota_us != 0 ? (int64_t)quota_us : -1;
}

int qemu_settings_tune(const struct settings_scale *scale, const struct qemu_settings *s,
                       struct domain *d, struct err *e)
{
    const uint64_t period_us = s->period_us != 0 ? s->period_us : PERIOD_DFLT_US;
    /* A quota is checked against its period at each write: the old quota goes first. */
    const struct domain_scheduler none = {.global_quota_us = -1, .vcpu_quota_us = -1};
    const struct domain_scheduler given = {
        .cpu_shares = s->cpu_shares != 0 ? s->cpu_shares : settings_default_weight(scale->layout),
        .global_period_us = period_us,
        .global_quota_us = quota_or_none(s->quota_us),
        .vcpu_period_us = period_us,
        .vcpu_quota_us = quota_or_none(s->vcpu_quota_us),
    };
    const struct cpu_set *cpus = s->has_pin ? &s->pin : &scale->cpus;
    int r = domain_set_scheduler(d, &none, e);
    if (r == 0)
        r = domain_set_scheduler(d, &given, e);
    for (unsigned i = 0; i < s->vcpus && r == 0; i++)
        r = domain_pin_vcpu(d, i, cpus, e);
    return r == 0 ? domain_pin_emulator(d, cpus, e) : r;
}
