/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cgroup: CPU time, throttling and memory of one control group, version 1 or 2. The path is
 * relative to each controller's mount ("/vaperf-a1b2c3/media").
 */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "node/probe/columns.h"
#include "node/probe/probe.h"
#include "node/probe/text.h"

#define ROOT "/sys/fs/cgroup"
enum { SMALL = 4096 };

struct cgroup_options {
    const char *path;
};

struct cgroup_state {
    int version;
    struct text_file cpu_stat, usage, memory; /* usage: version 1 only */
    bool usage_is_unified; /* its file is the cpu.stat of a hybrid's version 2 tree */
};

static const struct opt options[] = {
    {"path", OPT_STRING, "/", "control group, relative to the controllers' mounts", 0, 0, NULL,
     offsetof(struct cgroup_options, path), 0},
    OPT_END,
};

static int supported(struct err *e)
{
    if (access(ROOT "/cgroup.controllers", R_OK) == 0 || access(ROOT "/cpu", R_OK) == 0 ||
        access(ROOT "/cpu,cpuacct", R_OK) == 0) {
        return 0;
    }
    return err_set(e, -ENOTSUP, "no CPU controller is mounted below " ROOT);
}

static void close_cgroup(void *state)
{
    struct cgroup_state *s = state;
    text_close(&s->cpu_stat);
    text_close(&s->usage);
    text_close(&s->memory);
}

static int open_at(struct text_file *f, const char *controller, const char *path, const char *file)
{
    char name[512];
    str_printf(name, sizeof(name), ROOT "%s%s/%s", controller, path, file);
    return text_open(f, name, SMALL);
}

/* Beside version 1 controllers a version 2 tree may be mounted, without controllers: who makes
 * groups in it, as libvirt does, has CPU time counted there and makes none under cpuacct. */
static int open_usage(struct cgroup_state *s, const char *path)
{
    int result = open_at(&s->usage, "/cpuacct", path, "cpuacct.usage");
    s->usage_is_unified = result == -ENOENT;
    return s->usage_is_unified ? open_at(&s->usage, "/unified", path, "cpu.stat") : result;
}

static int open_cgroup(void *state, const void *given, struct err *e)
{
    struct cgroup_state *s = state;
    const char *path = ((const struct cgroup_options *)given)->path;
    int result;

    s->usage.fd = s->memory.fd = -1;
    s->usage.data = s->memory.data = NULL;
    if (path[0] != '/' || strstr(path, "..") != NULL) {
        s->cpu_stat.fd = -1;
        s->cpu_stat.data = NULL;
        return err_set(e, -EINVAL, "path: '%s' is no control group (e.g. /machine)", path);
    }
    path = strcmp(path, "/") == 0 ? "" : path;
    s->version = access(ROOT "/cgroup.controllers", R_OK) == 0 ? 2 : 1;
    if (s->version == 2) {
        result = open_at(&s->cpu_stat, "", path, "cpu.stat");
        (void)open_at(&s->memory, "", path, "memory.current");
    } else {
        result = open_at(&s->cpu_stat, "/cpu", path, "cpu.stat");
        if (result == 0) {
            result = open_usage(s, path);
        }
        (void)open_at(&s->memory, "/memory", path, "memory.usage_in_bytes");
    }
    if (result < 0) {
        close_cgroup(s);
        return err_set(e, result, "control group %s: %s", path, strerror(-result));
    }
    return 0;
}

static size_t columns(const void *state, struct sample_column *ret, size_t room)
{
    size_t n = 0;

    (void)state;
    n = columns_add(ret, room, n, "cgroup", "cpu_ns", "ns", SAMPLE_COUNTER);
    n = columns_add(ret, room, n, "cgroup", "periods", "1", SAMPLE_COUNTER);
    n = columns_add(ret, room, n, "cgroup", "throttled_periods", "1", SAMPLE_COUNTER);
    n = columns_add(ret, room, n, "cgroup", "throttled_ns", "ns", SAMPLE_COUNTER);
    return columns_add(ret, room, n, "cgroup", "memory_bytes", "bytes", SAMPLE_GAUGE);
}

static double key_or_nan(const struct text_file *f, const char *key, double scale)
{
    uint64_t v;
    return f->data != NULL && text_key(f->data, key, &v) ? (double)v * scale : (double)NAN;
}

static double number_or_nan(struct text_file *f)
{
    uint64_t v;
    return text_read(f) == 0 && text_numbers(f->data, &v, 1) == 1 ? (double)v : (double)NAN;
}

static double usage_ns(struct cgroup_state *s)
{
    if (s->version == 2) {
        return key_or_nan(&s->cpu_stat, "usage_usec", 1e3);
    }
    if (s->usage_is_unified) {
        return text_read(&s->usage) == 0 ? key_or_nan(&s->usage, "usage_usec", 1e3) : (double)NAN;
    }
    return number_or_nan(&s->usage);
}

static int sample(void *state, uint64_t now_ns, double *ret_values, size_t count)
{
    struct cgroup_state *s = state;
    size_t at = 0;
    bool two = s->version == 2;

    (void)now_ns;
    if (text_read(&s->cpu_stat) < 0) {
        for (; at < count; at++) {
            ret_values[at] = NAN; /* the group is gone */
        }
        return 0;
    }
    at = columns_put(ret_values, count, at, usage_ns(s));
    at = columns_put(ret_values, count, at, key_or_nan(&s->cpu_stat, "nr_periods", 1));
    at = columns_put(ret_values, count, at, key_or_nan(&s->cpu_stat, "nr_throttled", 1));
    at = columns_put(ret_values, count, at,
                     two ? key_or_nan(&s->cpu_stat, "throttled_usec", 1e3)
                         : key_or_nan(&s->cpu_stat, "throttled_time", 1));
    (void)columns_put(ret_values, count, at, number_or_nan(&s->memory));
    return 0;
}

extern const struct probe_ops probe_cgroup;
const struct probe_ops probe_cgroup = {
    .name = "cgroup",
    .summary = "CPU time, throttling and memory of a control group",
    .options = options,
    .options_size = sizeof(struct cgroup_options),
    .state_size = sizeof(struct cgroup_state),
    .supported = supported,
    .open = open_cgroup,
    .columns = columns,
    .sample = sample,
    .close = close_cgroup,
};
