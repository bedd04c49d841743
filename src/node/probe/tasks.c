/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tasks: see tasks.h. A read allocates only when there is a new thread.
 */
#include "node/probe/tasks.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/str.h"
#include "node/probe/parse.h"

enum { SCHEDSTAT_MAX = 128, STAT_MAX = 1024, STATUS_MAX = 4096, ROOM_STEP = 32 };

void task_times_add(struct task_times *sum, const struct task_times *t)
{
    sum->cpu_ns += t->cpu_ns;
    sum->wait_ns += t->wait_ns;
    sum->user_ticks += t->user_ticks;
    sum->system_ticks += t->system_ticks;
    sum->voluntary += t->voluntary;
    sum->involuntary += t->involuntary;
}

/* False: it has ended, and times are what was last seen. */
static bool read_task(struct task *t)
{
    struct task_times now = {0};
    struct parse_task stat;

    if (text_read(&t->schedstat) < 0 || text_read(&t->stat) < 0 || text_read(&t->status) < 0 ||
        !parse_schedstat(t->schedstat.data, &now.cpu_ns, &now.wait_ns) ||
        !parse_task_stat(t->stat.data, &stat) ||
        !text_key(t->status.data, "voluntary_ctxt_switches", &now.voluntary) ||
        !text_key(t->status.data, "nonvoluntary_ctxt_switches", &now.involuntary)) {
        return false;
    }
    now.user_ticks = stat.user_ticks;
    now.system_ticks = stat.system_ticks;
    t->times = now;
    return true;
}

static void close_task_files(struct task *t)
{
    text_close(&t->schedstat);
    text_close(&t->stat);
    text_close(&t->status);
}

/* The name as it can stand in a column: a slash divides there. */
static void read_name(struct task *t)
{
    const char *line = text_line(t->status.data, "Name:");
    size_t n = 0;

    for (line += line != NULL ? strlen("Name:\t") : 0;
         line != NULL && *line != '\n' && *line != '\0' && n < TASK_NAME_MAX - 1; line++) {
        unsigned char c = (unsigned char)*line;
        t->name[n++] = c == '/' ? '-' : c > ' ' && c < 0x7f ? *line : '_';
    }
    t->name[n] = '\0';
}

/* Descriptors: three a thread. What is allowed may have to follow. */
static int open_text(struct text_file *f, const struct tasks *p, pid_t tid, const char *file,
                     size_t capacity)
{
    struct rlimit limit;
    char path[64];
    int result;

    str_printf(path, sizeof(path), "/proc/%d/task/%d/%s", p->pid, tid, file);
    result = text_open(f, path, capacity);
    if (result == -EMFILE && getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
        limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        result = text_open(f, path, capacity);
    }
    return result;
}

/* -ENOENT or -ESRCH: it has ended meanwhile. */
static int add_task(struct tasks *p, pid_t tid)
{
    struct task *t;
    int result;

    if (p->count == p->room) {
        struct task **more = realloc(p->tasks, (p->room + ROOM_STEP) * sizeof(struct task *));
        if (more == NULL) {
            return -ENOMEM;
        }
        p->tasks = more;
        p->room += ROOM_STEP;
    }
    t = calloc(1, sizeof(*t));
    if (t == NULL) {
        return -ENOMEM;
    }
    t->tid = tid;
    text_init(&t->schedstat);
    text_init(&t->stat);
    text_init(&t->status);
    result = open_text(&t->schedstat, p, tid, "schedstat", SCHEDSTAT_MAX);
    result = result == 0 ? open_text(&t->stat, p, tid, "stat", STAT_MAX) : result;
    result = result == 0 ? open_text(&t->status, p, tid, "status", STATUS_MAX) : result;
    if (result < 0 || !read_task(t)) {
        close_task_files(t);
        free(t);
        return result < 0 ? result : -ESRCH;
    }
    read_name(t);
    p->tasks[p->count++] = t;
    return 0;
}

static bool has_task(const struct tasks *p, pid_t tid)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->tasks[i]->tid == tid && !p->tasks[i]->ended) {
            return true;
        }
    }
    return false;
}

/* Adds the threads that are not in the list. */
static int find_tasks(struct tasks *p)
{
    struct dirent *entry;

    rewinddir(p->folder);
    while ((entry = readdir(p->folder)) != NULL) {
        pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);
        int result = tid <= 0 || has_task(p, tid) ? 0 : add_task(p, tid);
        if (result < 0 && result != -ENOENT && result != -ESRCH) {
            return result;
        }
    }
    return 0;
}

/* Threads that ended: closed, and out of the list unless they have columns. */
static void drop_ended(struct tasks *p)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->count; i++) {
        struct task *t = p->tasks[i];
        if (t->ended) {
            close_task_files(t);
        }
        if (t->ended && !t->shown) {
            task_times_add(&p->ended, &t->times);
            free(t);
        } else {
            p->tasks[kept++] = t;
        }
    }
    p->count = kept;
}

static size_t count_alive(const struct tasks *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->count; i++) {
        n += !p->tasks[i]->ended;
    }
    return n;
}

/* What the kernel keeps for the whole process, and the threads' waits and switches. */
static void sum_up(struct tasks *p, const struct parse_task *stat)
{
    struct task_times all = p->ended;
    struct timespec cpu;

    for (size_t i = 0; i < p->count; i++) {
        task_times_add(&all, &p->tasks[i]->times);
    }
    if (clock_gettime(p->clock, &cpu) == 0) {
        all.cpu_ns = (uint64_t)cpu.tv_sec * NS_PER_S + (uint64_t)cpu.tv_nsec;
    } else {
        all.cpu_ns = p->all.cpu_ns;
    }
    all.user_ticks = stat->user_ticks;
    all.system_ticks = stat->system_ticks;
    p->all = all;
    p->threads = stat->threads;
    p->resident_pages = stat->resident_pages;
}

void tasks_read(struct tasks *p)
{
    struct parse_task stat;
    bool ended = false;

    if (p->gone || text_read(&p->stat) < 0 || !parse_task_stat(p->stat.data, &stat)) {
        p->gone = true;
        return;
    }
    for (size_t i = 0; i < p->count; i++) {
        struct task *t = p->tasks[i];
        if (!t->ended && !read_task(t)) {
            t->ended = ended = true;
        }
    }
    if (ended) {
        drop_ended(p);
    }
    if (count_alive(p) != stat.threads) {
        (void)find_tasks(p); /* what cannot be opened now is tried again at the next read */
    }
    sum_up(p, &stat);
}

int tasks_open(struct tasks *p, pid_t pid, const char *pattern, struct err *e)
{
    struct parse_task stat;
    char path[64];
    int result;

    memset(p, 0, sizeof(*p));
    p->pid = pid;
    str_printf(path, sizeof(path), "/proc/%d/stat", pid);
    result = text_open(&p->stat, path, STAT_MAX);
    str_printf(path, sizeof(path), "/proc/%d/task", pid);
    p->folder = result == 0 ? opendir(path) : NULL;
    if (p->folder == NULL || !parse_task_stat(p->stat.data, &stat) ||
        clock_getcpuclockid(pid, &p->clock) != 0) {
        tasks_close(p);
        return err_set(e, -ESRCH, "there is no process %d", pid);
    }
    result = find_tasks(p);
    if (result == 0 && p->count == 0) {
        result = -ENOENT;
    }
    if (result < 0) {
        tasks_close(p);
        return err_set(e, result, "threads of process %d: %s", pid,
                       result == -ENOENT ? "no schedstat can be read" : strerror(-result));
    }
    for (size_t i = 0; i < p->count; i++) {
        p->tasks[i]->shown = fnmatch(pattern, p->tasks[i]->name, 0) == 0;
    }
    sum_up(p, &stat);
    return 0;
}

void tasks_close(struct tasks *p)
{
    for (size_t i = 0; i < p->count; i++) {
        close_task_files(p->tasks[i]);
        free(p->tasks[i]);
    }
    free(p->tasks);
    if (p->folder != NULL) {
        closedir(p->folder);
    }
    text_close(&p->stat);
    *p = (struct tasks){.stat = {.fd = -1}, .gone = true};
}
