/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * facts: see facts.h.
 */
#include "node/host/facts.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/str.h"

/* The file's text without its last line feed, or null. */
static json_t *file_text(const char *path)
{
    struct buf b;
    json_t *value = json_null();

    buf_init(&b);
    if (buf_load(&b, path) == 0 && b.size > 0) {
        char *text = b.data;
        text[strcspn(text, "\n")] = '\0';
        value = json_string(text);
    }
    buf_finish(&b);
    return value != NULL ? value : json_null(); /* not UTF-8: not known */
}

static json_t *file_number(const char *path)
{
    struct buf b;
    json_t *value = json_null();

    buf_init(&b);
    if (buf_load(&b, path) == 0 && b.size > 0) {
        char *end;
        double v = strtod(b.data, &end);
        value = end != b.data ? json_real(v) : json_null();
    }
    buf_finish(&b);
    return value;
}

/* The text behind "key<blanks>:<blank>" or "key=" in a file of such lines, or null. */
static json_t *keyed_text(const char *path, const char *key)
{
    struct buf b;
    json_t *value = json_null();
    size_t size = strlen(key);

    buf_init(&b);
    if (buf_load(&b, path) == 0) {
        for (char *at = b.data; at != NULL && *at != '\0';
             at = strchr(at, '\n'), at += at != NULL) {
            char *text = at + size;
            if (strncmp(at, key, size) != 0) {
                continue;
            }
            text += strspn(text, " \t");
            if (*text != ':' && *text != '=') {
                continue;
            }
            text += 1 + strspn(text + 1, " \t\"");
            text[strcspn(text, "\"\n")] = '\0';
            value = json_string(text);
            break;
        }
    }
    buf_finish(&b);
    return value != NULL ? value : json_null();
}

/* A number of KiB behind a key of /proc/meminfo, in bytes. */
static json_t *memory(const char *key)
{
    json_t *text = keyed_text("/proc/meminfo", key), *value = json_null();
    if (json_is_string(text)) {
        value = json_u64(strtoull(json_string_value(text), NULL, 10) * 1024);
    }
    json_decref(text);
    return value;
}

/* {"file": "text"} for each file of a folder, e.g. the CPU vulnerabilities. */
static json_t *folder_texts(const char *folder)
{
    DIR *d = opendir(folder);
    struct dirent *entry;
    json_t *o;
    char path[320];

    if (d == NULL) {
        return json_null();
    }
    o = json_object();
    while ((entry = readdir(d)) != NULL) {
        if (entry->d_name[0] != '.') {
            str_printf(path, sizeof(path), "%s/%.200s", folder, entry->d_name);
            json_object_set_new(o, entry->d_name, file_text(path));
        }
    }
    closedir(d);
    return o;
}

/* Governors in use with the number of CPUs each, or null where there is no frequency control. */
static json_t *governors(void)
{
    json_t *o = json_object();
    char path[96];

    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        json_t *name;
        str_printf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor",
                   cpu);
        if (access(path, R_OK) < 0) {
            break;
        }
        name = file_text(path);
        if (json_is_string(name)) {
            json_t *count = json_object_get(o, json_string_value(name));
            json_int_t so_far = json_is_integer(count) ? json_integer_value(count) : 0;
            json_object_set_new(o, json_string_value(name), json_integer(so_far + 1));
        }
        json_decref(name);
    }
    if (json_object_size(o) == 0) {
        json_decref(o);
        return json_null();
    }
    return o;
}

/* The hypervisor this host itself runs under, as far as the CPU and the firmware tell. */
static json_t *virtualized(void)
{
    json_t *flags = keyed_text("/proc/cpuinfo", "flags");
    json_t *o = json_object();
    bool known = json_is_string(flags);

    json_object_set_new(o, "hypervisor_flag",
                        known ? json_boolean(strstr(json_string_value(flags), "hypervisor") != NULL)
                              : json_null());
    json_object_set_new(o, "product", file_text("/sys/class/dmi/id/product_name"));
    json_object_set_new(o, "xen", json_boolean(access("/proc/xen", F_OK) == 0));
    json_object_set_new(o, "kvm_device", json_boolean(access("/dev/kvm", R_OK | W_OK) == 0));
    json_decref(flags);
    return o;
}

/* Share of all CPU time since boot that the hypervisor below took. */
static json_t *steal_since_boot(void)
{
    unsigned long long v[8];
    int got;
    FILE *f = fopen("/proc/stat", "re");
    double all = 0;

    if (f == NULL) {
        return json_null();
    }
    got = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2], &v[3],
                 &v[4], &v[5], &v[6], &v[7]);
    fclose(f);
    for (int i = 0; i < got; i++) {
        all += (double)v[i];
    }
    return got == 8 && all > 0 ? json_real(100.0 * (double)v[7] / all) : json_null();
}

static void add_system(json_t *o)
{
    struct utsname u;
    bool known = uname(&u) == 0;

    json_object_set_new(o, "hostname", known ? json_string(u.nodename) : json_null());
    json_object_set_new(o, "kernel", known ? json_string(u.release) : json_null());
    json_object_set_new(o, "kernel_build", known ? json_string(u.version) : json_null());
    json_object_set_new(o, "architecture", known ? json_string(u.machine) : json_null());
    json_object_set_new(o, "kernel_command_line", file_text("/proc/cmdline"));
    json_object_set_new(o, "operating_system", keyed_text("/etc/os-release", "PRETTY_NAME"));
    json_object_set_new(o, "uptime_s", file_number("/proc/uptime"));
    json_object_set_new(o, "load_average_1m", file_number("/proc/loadavg"));
    json_object_set_new(
        o, "clocksource",
        file_text("/sys/devices/system/clocksource/clocksource0/current_clocksource"));
    json_object_set_new(
        o, "cgroup_version",
        json_integer(access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0 ? 2 : 1));
}

static void add_cpu(json_t *o)
{
    json_object_set_new(o, "cpu_model", keyed_text("/proc/cpuinfo", "model name"));
    json_object_set_new(o, "cpu_microcode", keyed_text("/proc/cpuinfo", "microcode"));
    json_object_set_new(o, "cpu_mhz", keyed_text("/proc/cpuinfo", "cpu MHz"));
    json_object_set_new(o, "cpus_online", json_u64(cpu_online_count()));
    json_object_set_new(o, "cpus_isolated", file_text("/sys/devices/system/cpu/isolated"));
    json_object_set_new(o, "smt", file_text("/sys/devices/system/cpu/smt/control"));
    json_object_set_new(o, "numa_nodes", file_text("/sys/devices/system/node/online"));
    json_object_set_new(o, "frequency_governors", governors());
    json_object_set_new(o, "turbo_off", file_text("/sys/devices/system/cpu/intel_pstate/no_turbo"));
    json_object_set_new(o, "mitigations", folder_texts("/sys/devices/system/cpu/vulnerabilities"));
    json_object_set_new(o, "steal_since_boot_pct", steal_since_boot());
    json_object_set_new(o, "virtualized", virtualized());
}

static void add_settings(json_t *o)
{
    static const char *const sysctls[] = {
        "net/core/rmem_max",           "net/core/wmem_max",
        "net/core/rmem_default",       "net/core/wmem_default",
        "net/core/netdev_max_backlog", "kernel/sched_rt_runtime_us",
        "kernel/sched_rt_period_us",   "kernel/sched_autogroup_enabled",
        "kernel/numa_balancing",       "vm/swappiness"};
    json_t *all = json_object();
    char path[96];

    for (size_t i = 0; i < sizeof(sysctls) / sizeof(sysctls[0]); i++) {
        str_printf(path, sizeof(path), "/proc/sys/%s", sysctls[i]);
        json_object_set_new(all, sysctls[i], file_text(path));
    }
    json_object_set_new(o, "sysctl", all);
    json_object_set_new(o, "preemption", file_text("/sys/kernel/debug/sched/preempt"));
    json_object_set_new(o, "transparent_hugepages",
                        file_text("/sys/kernel/mm/transparent_hugepage/enabled"));
    json_object_set_new(o, "ksm", file_text("/sys/kernel/mm/ksm/run"));
    json_object_set_new(o, "memory_total_bytes", memory("MemTotal"));
    json_object_set_new(o, "memory_available_bytes", memory("MemAvailable"));
    json_object_set_new(o, "swap_total_bytes", memory("SwapTotal"));
}

json_t *facts_collect(const char *program_version)
{
    json_t *o = json_object();

    json_object_set_new(o, "vaperf_version",
                        program_version != NULL ? json_string(program_version) : json_null());
    json_object_set_new(o, "collected_real_ns", json_u64(clock_real_ns()));
    add_system(o);
    add_cpu(o);
    add_settings(o);
    return o;
}
