/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * process: CPU time, run-queue wait and switches of given processes together, and of those of their
 * threads that were there, with a name that fits, when the probe was opened. Threads that come
 * later count in the sums; of one that ends, what was last seen of its wait and switches stays in
 * them (up to one interval of it is missing; CPU time is whole: the kernel keeps it).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "node/probe/columns.h"
#include "node/probe/probe.h"
#include "node/probe/tasks.h"

enum { PROCESSES_MAX = 64 };

struct process_options {
    const char *pids, *threads;
};

struct process_state {
    struct tasks processes[PROCESSES_MAX];
    size_t count;
    double ns_per_tick, page_bytes;
};

static const struct opt options[] = {
    {"pids", OPT_STRING, NULL, "processes, with commas between", 0, 0, NULL,
     offsetof(struct process_options, pids), OPT_REQUIRED},
    {"threads", OPT_STRING, "*", "threads with columns of their own: a pattern of names (CPU*)", 0,
     0, NULL, offsetof(struct process_options, threads), 0},
    OPT_END,
};

static void close_process(void *state)
{
    struct process_state *s = state;

    for (size_t i = 0; s != NULL && i < s->count; i++) {
        tasks_close(&s->processes[i]);
    }
    if (s != NULL) {
        s->count = 0;
    }
}

static int add_process(struct process_state *s, const char *text, const char *pattern,
                       struct err *e)
{
    uint64_t pid;
    int result;

    if (str_parse_count(text, &pid) < 0 || strspn(text, "0123456789") != strlen(text) || pid == 0 ||
        pid > INT32_MAX) {
        return err_set(e, -EINVAL, "pids: '%s' is no process number (e.g. 12,34)", text);
    }
    if (s->count == PROCESSES_MAX) {
        return err_set(e, -E2BIG, "pids: at most %d processes", PROCESSES_MAX);
    }
    result = tasks_open(&s->processes[s->count], (pid_t)pid, pattern, e);
    s->count += result == 0;
    return result;
}

static int open_process(void *state, const void *given, struct err *e)
{
    const struct process_options *o = given;
    struct process_state *s = state;
    const char *at = o->pids;
    int result = 0;

    memset(s, 0, sizeof(*s));
    s->ns_per_tick = 1e9 / (double)sysconf(_SC_CLK_TCK);
    s->page_bytes = (double)sysconf(_SC_PAGESIZE);
    if (at == NULL || *at == '\0') {
        return err_set(e, -EINVAL, "pids: none is given for the process probe");
    }
    while (*at != '\0' && result == 0) {
        char pid[24];
        size_t size = strcspn(at, ",");
        str_printf(pid, sizeof(pid), "%.*s", (int)(size < sizeof(pid) ? size : sizeof(pid)), at);
        result = add_process(s, pid, o->threads != NULL ? o->threads : "*", e);
        at += size + (at[size] == ',');
    }
    if (result < 0) {
        close_process(s);
    }
    return result;
}

enum { ALL_FIGURES = 8, THREAD_FIGURES = 6 };
static const struct {
    const char *metric, *unit;
    enum sample_kind kind;
} figures[ALL_FIGURES] = {
    {"cpu_ns", "ns", SAMPLE_COUNTER},
    {"run_queue_wait_ns", "ns", SAMPLE_COUNTER},
    {"user_ns", "ns", SAMPLE_COUNTER},
    {"system_ns", "ns", SAMPLE_COUNTER},
    {"voluntary_switches", "1", SAMPLE_COUNTER},
    {"involuntary_switches", "1", SAMPLE_COUNTER},
    {"threads", "1", SAMPLE_GAUGE},
    {"resident_bytes", "bytes", SAMPLE_GAUGE},
};

/* How many threads with columns, in front of this one, have its name. */
static unsigned namesakes(const struct process_state *s, const struct task *until)
{
    unsigned n = 0;

    for (size_t i = 0; i < s->count; i++) {
        for (size_t k = 0; k < s->processes[i].count; k++) {
            const struct task *t = s->processes[i].tasks[k];
            if (t == until) {
                return n;
            }
            n += t->shown && strcmp(t->name, until->name) == 0;
        }
    }
    return n;
}

static size_t add_thread_columns(const struct process_state *s, const struct task *t,
                                 struct sample_column *ret, size_t room, size_t n)
{
    char entity[SAMPLE_NAME_MAX];
    unsigned before = namesakes(s, t);

    if (before == 0) {
        str_printf(entity, sizeof(entity), "process/thread.%s", t->name);
    } else {
        str_printf(entity, sizeof(entity), "process/thread.%s.%u", t->name, before + 1);
    }
    for (size_t f = 0; f < THREAD_FIGURES; f++) {
        n = columns_add(ret, room, n, entity, figures[f].metric, figures[f].unit, figures[f].kind);
    }
    return n;
}

static size_t columns(const void *state, struct sample_column *ret, size_t room)
{
    const struct process_state *s = state;
    size_t n = 0;

    for (size_t f = 0; f < ALL_FIGURES; f++) {
        n = columns_add(ret, room, n, "process", figures[f].metric, figures[f].unit,
                        figures[f].kind);
    }
    for (size_t i = 0; i < s->count; i++) {
        for (size_t k = 0; k < s->processes[i].count; k++) {
            if (s->processes[i].tasks[k]->shown) {
                n = add_thread_columns(s, s->processes[i].tasks[k], ret, room, n);
            }
        }
    }
    return n;
}

static size_t put_times(const struct process_state *s, const struct task_times *t, double *values,
                        size_t count, size_t n)
{
    n = columns_put(values, count, n, (double)t->cpu_ns);
    n = columns_put(values, count, n, (double)t->wait_ns);
    n = columns_put(values, count, n, (double)t->user_ticks * s->ns_per_tick);
    n = columns_put(values, count, n, (double)t->system_ticks * s->ns_per_tick);
    n = columns_put(values, count, n, (double)t->voluntary);
    return columns_put(values, count, n, (double)t->involuntary);
}

/* Sums of all processes. Of one that is gone, what was last seen; nothing when all are. */
static size_t put_sums(const struct process_state *s, double *values, size_t count)
{
    struct task_times all = {0};
    uint64_t threads = 0, pages = 0;
    bool any = false;
    size_t n;

    for (size_t i = 0; i < s->count; i++) {
        const struct tasks *p = &s->processes[i];
        task_times_add(&all, &p->all);
        any = any || !p->gone;
        threads += p->gone ? 0 : p->threads;
        pages += p->gone ? 0 : p->resident_pages;
    }
    if (!any) {
        return ALL_FIGURES;
    }
    n = put_times(s, &all, values, count, 0);
    n = columns_put(values, count, n, (double)threads);
    return columns_put(values, count, n, (double)pages * s->page_bytes);
}

static int sample(void *state, uint64_t now_ns, double *ret_values, size_t count)
{
    struct process_state *s = state;
    size_t n;

    (void)now_ns;
    for (size_t i = 0; i < count; i++) {
        ret_values[i] = NAN;
    }
    for (size_t i = 0; i < s->count; i++) {
        tasks_read(&s->processes[i]);
    }
    n = put_sums(s, ret_values, count);
    for (size_t i = 0; i < s->count; i++) {
        for (size_t k = 0; k < s->processes[i].count; k++) {
            const struct task *t = s->processes[i].tasks[k];
            if (t->shown && !t->ended) {
                (void)put_times(s, &t->times, ret_values, count, n);
            }
            n += t->shown ? THREAD_FIGURES : 0;
        }
    }
    return 0;
}

extern const struct probe_ops probe_process;
const struct probe_ops probe_process = {
    .name = "process",
    .summary = "CPU time, run-queue wait and switches of processes and their threads",
    .options = options,
    .options_size = sizeof(struct process_options),
    .state_size = sizeof(struct process_state),
    .open = open_process,
    .columns = columns,
    .sample = sample,
    .close = close_process,
};
