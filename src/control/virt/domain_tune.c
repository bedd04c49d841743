/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * domain_tune: scheduler parameters and pinning of a live domain. Thread rule in virt.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/virt/virt_private.h"

enum { QUOTA_NONE = -1 };

struct params {
    virTypedParameterPtr all;
    int count, room;
    int failed;
};

static void add_unsigned(struct params *p, const char *name, uint64_t value)
{
    if (value != 0 && virTypedParamsAddULLong(&p->all, &p->count, &p->room, name, value) < 0)
        p->failed = 1;
}

static void add_signed(struct params *p, const char *name, int64_t value)
{
    if (value < 0)
        value = QUOTA_NONE;
    if (value != 0 && virTypedParamsAddLLong(&p->all, &p->count, &p->room, name, value) < 0)
        p->failed = 1;
}

int domain_set_scheduler(struct domain *d, const struct domain_scheduler *s, struct err *e)
{
    struct params p = {0};
    add_unsigned(&p, VIR_DOMAIN_SCHEDULER_CPU_SHARES, s->cpu_shares);
    add_unsigned(&p, VIR_DOMAIN_SCHEDULER_GLOBAL_PERIOD, s->global_period_us);
    add_signed(&p, VIR_DOMAIN_SCHEDULER_GLOBAL_QUOTA, s->global_quota_us);
    add_unsigned(&p, VIR_DOMAIN_SCHEDULER_VCPU_PERIOD, s->vcpu_period_us);
    add_signed(&p, VIR_DOMAIN_SCHEDULER_VCPU_QUOTA, s->vcpu_quota_us);
    add_unsigned(&p, VIR_DOMAIN_SCHEDULER_EMULATOR_PERIOD, s->emulator_period_us);
    add_signed(&p, VIR_DOMAIN_SCHEDULER_EMULATOR_QUOTA, s->emulator_quota_us);
    int r = 0;
    if (p.failed || (p.count > 0 && virDomainSetSchedulerParametersFlags(
                                        d->domain, p.all, p.count, VIR_DOMAIN_AFFECT_CURRENT) < 0))
        r = virt_fail(e);
    virTypedParamsFree(p.all, p.count);
    return r;
}

/* Returns the number of bytes up to the last CPU that is set. */
static int make_map(const struct cpu_set *cpus, unsigned char map[CPU_MAX / 8])
{
    int size = 1;
    memset(map, 0, CPU_MAX / 8);
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        if (!cpu_set_has(cpus, cpu))
            continue;
        map[cpu / 8] = (unsigned char)(map[cpu / 8] | 1u << cpu % 8);
        size = (int)cpu / 8 + 1;
    }
    return size;
}

int domain_pin_vcpu(struct domain *d, unsigned vcpu, const struct cpu_set *cpus, struct err *e)
{
    unsigned char map[CPU_MAX / 8];
    int size = make_map(cpus, map);
    int r = virDomainPinVcpuFlags(d->domain, vcpu, map, size, VIR_DOMAIN_AFFECT_CURRENT);
    return r < 0 ? virt_fail(e) : 0;
}

int domain_pin_emulator(struct domain *d, const struct cpu_set *cpus, struct err *e)
{
    unsigned char map[CPU_MAX / 8];
    int size = make_map(cpus, map);
    int r = virDomainPinEmulator(d->domain, map, size, VIR_DOMAIN_AFFECT_CURRENT);
    return r < 0 ? virt_fail(e) : 0;
}
