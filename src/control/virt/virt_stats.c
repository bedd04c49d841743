/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * virt_stats: figures of all guests and of the host. Thread rule in virt.h.
 */
#include "control/virt/virt_stats.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/virt/virt_private.h"

enum { VCPUS_MAX = 1024 };

static const unsigned groups = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL |
                               VIR_DOMAIN_STATS_BALLOON | VIR_DOMAIN_STATS_VCPU |
                               VIR_DOMAIN_STATS_INTERFACE | VIR_DOMAIN_STATS_BLOCK;

static const char *state_name(uint64_t state)
{
    static const char *const names[] = {"none",     "running",  "blocked", "paused",
                                        "stopping", "shut off", "crashed", "suspended"};
    return state < sizeof names / sizeof names[0] ? names[state] : "?";
}

static void set_unless_there(json_t *stats, const char *key, uint64_t value)
{
    if (json_object_get(stats, key) == NULL)
        json_object_set_new(stats, key, json_u64(value));
}

/* The older calls, for what is not in the record. */
static void ask_singly(virDomainPtr domain, json_t *stats)
{
    virDomainInfo info;
    if (virDomainGetInfo(domain, &info) < 0)
        return;
    set_unless_there(stats, "state.state", info.state);
    set_unless_there(stats, "cpu.time", info.cpuTime);
    set_unless_there(stats, "balloon.current", info.memory);
    set_unless_there(stats, "vcpu.current", info.nrVirtCpu);
    set_unless_there(stats, "vcpu.maximum", info.nrVirtCpu);
    const int most = info.nrVirtCpu < VCPUS_MAX ? info.nrVirtCpu : VCPUS_MAX;
    virVcpuInfoPtr vcpus = calloc((size_t)most + 1, sizeof *vcpus);
    const int n = vcpus != NULL ? virDomainGetVcpus(domain, vcpus, most, NULL, 0) : 0;
    for (int i = 0; i < n; i++) {
        char key[40];
        str_printf(key, sizeof key, "vcpu.%u.time", vcpus[i].number);
        set_unless_there(stats, key, vcpus[i].cpuTime);
    }
    free(vcpus);
}

struct listener {
    void (*each)(void *arg, const struct virt_guest *g);
    void *arg;
};

/* Takes the stats. */
static void tell(const struct listener *l, virDomainPtr domain, json_t *stats)
{
    struct virt_guest g = {.name = virDomainGetName(domain), .stats = stats};
    if (json_object_get(stats, "cpu.time") == NULL)
        ask_singly(domain, stats);
    g.id = (int)virDomainGetID(domain);
    g.state = state_name(json_u64_or(stats, "state.state", 0));
    if (stats != NULL && virDomainGetUUIDString(domain, g.uuid) == 0)
        l->each(l->arg, &g);
    json_decref(stats);
}

/* For drivers without figures of all guests, such as Xen's. */
static int each_singly(struct virt *v, const struct listener *l, struct err *e)
{
    virDomainPtr *all = NULL;
    int n = virConnectListAllDomains(v->connection, &all, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    if (n < 0)
        return virt_fail(e);
    for (int i = 0; i < n; i++) {
        tell(l, all[i], json_object());
        virDomainFree(all[i]);
    }
    free(all);
    return n;
}

int virt_each_stats(struct virt *v, void (*each)(void *arg, const struct virt_guest *g), void *arg,
                    struct err *e)
{
    const struct listener l = {each, arg};
    virDomainStatsRecordPtr *records = NULL;
    int n = virConnectGetAllDomainStats(v->connection, groups, &records,
                                        VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE |
                                            VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
    if (n < 0 && virGetLastErrorCode() == VIR_ERR_NO_SUPPORT)
        return each_singly(v, &l, e);
    if (n < 0)
        return virt_fail(e);
    for (int i = 0; i < n; i++)
        tell(&l, records[i]->dom, virt_record_to_json(records[i]));
    virDomainStatsRecordListFree(records);
    return n;
}

int virt_get_node(struct virt *v, struct virt_node *ret, struct err *e)
{
    virNodeInfo info;
    unsigned long version = 0;
    if (virNodeGetInfo(v->connection, &info) < 0)
        return virt_fail(e);
    memset(ret, 0, sizeof *ret);
    char *hostname = virConnectGetHostname(v->connection);
    const char *type = virConnectGetType(v->connection);
    str_printf(ret->hostname, sizeof ret->hostname, "%s", hostname != NULL ? hostname : "");
    free(hostname);
    str_printf(ret->hypervisor, sizeof ret->hypervisor, "%s", type != NULL ? type : "?");
    if (virConnectGetVersion(v->connection, &version) == 0 && version != 0) {
        const size_t used = strlen(ret->hypervisor);
        str_printf(ret->hypervisor + used, sizeof ret->hypervisor - used, " %lu.%lu.%lu",
                   version / 1000000, version / 1000 % 1000, version % 1000);
    }
    str_printf(ret->cpu_model, sizeof ret->cpu_model, "%s", info.model);
    ret->cpus = info.cpus;
    ret->memory_bytes = (uint64_t)info.memory * 1024;
    return 0;
}

static int get_cpu(struct virt *v, int cpu, struct virt_cpu_time *ret, struct err *e)
{
    virNodeCPUStats stats[16];
    int n = 0;
    if (virNodeGetCPUStats(v->connection, cpu, NULL, &n, 0) < 0)
        return virt_fail(e);
    n = n < 16 ? n : 16;
    if (virNodeGetCPUStats(v->connection, cpu, stats, &n, 0) < 0)
        return virt_fail(e);
    *ret = (struct virt_cpu_time){.number = (unsigned)cpu};
    for (int i = 0; i < n; i++) {
        const char *field = stats[i].field;
        if (strcmp(field, VIR_NODE_CPU_STATS_IDLE) == 0 ||
            strcmp(field, VIR_NODE_CPU_STATS_IOWAIT) == 0)
            ret->idle_ns += stats[i].value;
        else if (strcmp(field, VIR_NODE_CPU_STATS_UTILIZATION) != 0)
            ret->busy_ns += stats[i].value;
    }
    return 0;
}

int virt_get_node_cpus(struct virt *v, struct virt_cpu_time *ret, size_t room, struct err *e)
{
    unsigned char *online = NULL;
    const int present = virNodeGetCPUMap(v->connection, &online, NULL, 0);
    if (present < 0)
        return virt_fail(e);
    size_t n = 0;
    int r = 0;
    for (int cpu = 0; cpu < present && n < room && r == 0; cpu++) {
        if (!VIR_CPU_USED(online, cpu))
            continue;
        r = get_cpu(v, cpu, &ret[n], e);
        n += r == 0;
    }
    free(online);
    return r < 0 ? r : (int)n;
}
