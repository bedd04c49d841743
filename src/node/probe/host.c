/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * host: each physical CPU and all of them by mode, run queue, context switches, memory and pressure
 * (PSI), from /proc. CPU shares are those of the interval since the last sample (ticks of 10 ms).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/str.h"
#include "node/probe/columns.h"
#include "node/probe/parse.h"
#include "node/probe/probe.h"
#include "node/probe/text.h"

enum { STAT_MAX = 1 << 20, SMALL = 512, ALL_CPUS = -1 };

static const char *const mode_metrics[PARSE_MODES] = {
    "user_pct", "nice_pct",    "system_pct", "idle_pct",  "iowait_pct",
    "irq_pct",  "softirq_pct", "steal_pct",  "guest_pct", "guest_nice_pct"};

enum { PER_CPU = PARSE_MODES + 1 };

/* Figures of one key each. */
static const struct {
    const char *metric, *unit, *key;
    double scale;
    enum sample_kind kind;
} stat_figures[] =
    {
        {"context_switches", "1", "ctxt", 1, SAMPLE_COUNTER},
        {"interrupts", "1", "intr", 1, SAMPLE_COUNTER},
        {"processes_running", "1", "procs_running", 1, SAMPLE_GAUGE},
        {"processes_blocked", "1", "procs_blocked", 1, SAMPLE_GAUGE},
},
  memory_figures[] = {
      {"memory_available_bytes", "bytes", "MemAvailable", 1024, SAMPLE_GAUGE},
      {"memory_free_bytes", "bytes", "MemFree", 1024, SAMPLE_GAUGE},
      {"swap_free_bytes", "bytes", "SwapFree", 1024, SAMPLE_GAUGE},
};
enum {
    STAT_FIGURES = sizeof(stat_figures) / sizeof(stat_figures[0]),
    MEMORY_FIGURES = sizeof(memory_figures) / sizeof(memory_figures[0])
};

/* cpu has no line "full" that means anything for a whole host. */
static const struct {
    const char *metric, *which;
    size_t file;
} pressure_figures[] = {
    {"pressure_cpu_some_us", "some", 0},    {"pressure_memory_some_us", "some", 1},
    {"pressure_memory_full_us", "full", 1}, {"pressure_io_some_us", "some", 2},
    {"pressure_io_full_us", "full", 2},
};
static const char *const pressure_files[] = {"cpu", "memory", "io"};
enum {
    PRESSURE_FIGURES = sizeof(pressure_figures) / sizeof(pressure_figures[0]),
    PRESSURE_FILES = sizeof(pressure_files) / sizeof(pressure_files[0])
};

struct watched_cpu {
    int cpu; /* ALL_CPUS: the sum of all */
    uint64_t ticks[PARSE_MODES];
};

struct host_state {
    struct text_file stat, meminfo, pressure[PRESSURE_FILES];
    struct watched_cpu *cpus;
    size_t count;
    bool has_pressure; /* the kernel keeps it */
};

static const struct opt options[] = {OPT_END};

static void close_host(void *state)
{
    struct host_state *s = state;

    if (s == NULL) {
        return;
    }
    text_close(&s->stat);
    text_close(&s->meminfo);
    for (size_t i = 0; i < PRESSURE_FILES; i++) {
        text_close(&s->pressure[i]);
    }
    free(s->cpus);
    s->cpus = NULL;
}

/* The lines of CPUs are the first ones. */
static int find_cpus(struct host_state *s, struct err *e)
{
    struct watched_cpu c;

    s->cpus = calloc(CPU_MAX + 1, sizeof(*s->cpus));
    if (s->cpus == NULL) {
        return err_set(e, -ENOMEM, "no memory for the host probe");
    }
    for (const char *at = s->stat.data; at != NULL && s->count <= CPU_MAX;
         at = text_next_line(at)) {
        if (!parse_cpu(at, &c.cpu, c.ticks)) {
            break;
        }
        s->cpus[s->count++] = c;
    }
    return s->count > 0 ? 0 : err_set(e, -EBADMSG, "/proc/stat tells of no CPU");
}

static int open_host(void *state, const void *given, struct err *e)
{
    struct host_state *s = state;
    char path[64];
    int result;

    (void)given;
    memset(s, 0, sizeof(*s));
    text_init(&s->meminfo);
    for (size_t i = 0; i < PRESSURE_FILES; i++) {
        text_init(&s->pressure[i]);
    }
    result = text_open(&s->stat, "/proc/stat", STAT_MAX);
    result = result < 0 ? err_set(e, result, "/proc/stat: %s", strerror(-result)) : find_cpus(s, e);
    if (result < 0) {
        close_host(s);
        return result;
    }
    (void)text_open(&s->meminfo, "/proc/meminfo", TEXT_FILE_MAX);
    s->has_pressure = true;
    for (size_t i = 0; i < PRESSURE_FILES; i++) {
        str_printf(path, sizeof(path), "/proc/pressure/%s", pressure_files[i]);
        s->has_pressure = text_open(&s->pressure[i], path, SMALL) == 0 && s->has_pressure;
    }
    return 0;
}

static size_t columns(const void *state, struct sample_column *ret, size_t room)
{
    const struct host_state *s = state;
    char name[32] = "host";
    size_t n = 0;

    for (size_t c = 0; c < s->count; c++) {
        if (s->cpus[c].cpu != ALL_CPUS) {
            str_printf(name, sizeof(name), "cpu%d", s->cpus[c].cpu);
        }
        n = columns_add(ret, room, n, name, "busy_pct", "%", SAMPLE_GAUGE);
        for (int m = 0; m < PARSE_MODES; m++) {
            n = columns_add(ret, room, n, name, mode_metrics[m], "%", SAMPLE_GAUGE);
        }
    }
    for (size_t i = 0; i < STAT_FIGURES; i++) {
        n = columns_add(ret, room, n, "host", stat_figures[i].metric, stat_figures[i].unit,
                        stat_figures[i].kind);
    }
    for (size_t i = 0; i < MEMORY_FIGURES; i++) {
        n = columns_add(ret, room, n, "host", memory_figures[i].metric, memory_figures[i].unit,
                        memory_figures[i].kind);
    }
    for (size_t i = 0; i < PRESSURE_FIGURES && s->has_pressure; i++) {
        n = columns_add(ret, room, n, "host", pressure_figures[i].metric, "us", SAMPLE_COUNTER);
    }
    return n;
}

/* CPUs come in order, but one may have gone since, and another come. Returns where to go on. */
static const char *put_cpu(struct watched_cpu *c, const char *at, double *values, size_t count,
                           size_t n)
{
    double pct[PARSE_MODES], busy;
    uint64_t now[PARSE_MODES];
    int cpu;

    while (parse_cpu(at, &cpu, now) && cpu < c->cpu && text_next_line(at) != NULL) {
        at = text_next_line(at);
    }
    if (!parse_cpu(at, &cpu, now) || cpu != c->cpu) {
        return at; /* not there: its values stay unknown */
    }
    parse_shares(c->ticks, now, pct, &busy);
    memcpy(c->ticks, now, sizeof(now));
    n = columns_put(values, count, n, busy);
    for (int m = 0; m < PARSE_MODES; m++) {
        n = columns_put(values, count, n, pct[m]);
    }
    at = text_next_line(at);
    return at != NULL ? at : "";
}

static double key_or_nan(const struct text_file *f, const char *key, double scale)
{
    uint64_t v;
    return f->fd >= 0 && text_key(f->data, key, &v) ? (double)v * scale : (double)NAN;
}

static size_t put_pressure(struct host_state *s, double *values, size_t count, size_t n)
{
    bool known[PRESSURE_FILES];

    for (size_t i = 0; i < PRESSURE_FILES; i++) {
        known[i] = text_read(&s->pressure[i]) == 0;
    }
    for (size_t i = 0; i < PRESSURE_FIGURES; i++) {
        size_t f = pressure_figures[i].file;
        uint64_t us;
        bool told = known[f] && parse_pressure(s->pressure[f].data, pressure_figures[i].which, &us);
        n = columns_put(values, count, n, told ? (double)us : (double)NAN);
    }
    return n;
}

static int sample(void *state, uint64_t now_ns, double *ret_values, size_t count)
{
    struct host_state *s = state;
    const char *at;
    size_t n = 0;

    (void)now_ns;
    for (size_t i = 0; i < count; i++) {
        ret_values[i] = NAN;
    }
    (void)text_read(&s->stat); /* without text all stays unknown */
    at = s->stat.data;
    for (size_t c = 0; c < s->count; c++, n += PER_CPU) {
        at = put_cpu(&s->cpus[c], at, ret_values, count, n);
    }
    for (size_t i = 0; i < STAT_FIGURES; i++) {
        n = columns_put(ret_values, count, n,
                        key_or_nan(&s->stat, stat_figures[i].key, stat_figures[i].scale));
    }
    (void)text_read(&s->meminfo);
    for (size_t i = 0; i < MEMORY_FIGURES; i++) {
        n = columns_put(ret_values, count, n,
                        key_or_nan(&s->meminfo, memory_figures[i].key, memory_figures[i].scale));
    }
    if (s->has_pressure) {
        (void)put_pressure(s, ret_values, count, n);
    }
    return 0;
}

extern const struct probe_ops probe_host;
const struct probe_ops probe_host = {
    .name = "host",
    .summary = "physical CPUs by mode, run queue, memory, pressure",
    .options = options,
    .options_size = 0,
    .state_size = sizeof(struct host_state),
    .open = open_host,
    .columns = columns,
    .sample = sample,
    .close = close_host,
};
