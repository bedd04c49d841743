/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tasks: one process and its threads, read from /proc through files that stay open. Threads come
 * and go; the list is looked through again only when their number says so. One thread.
 */
#ifndef VAPERF_NODE_PROBE_TASKS_H
#define VAPERF_NODE_PROBE_TASKS_H

#include <dirent.h>
#include <sys/types.h>
#include <time.h>

#include "base/err.h"
#include "node/probe/text.h"

enum { TASK_NAME_MAX = 16 };

struct task_times {
    uint64_t cpu_ns, wait_ns, user_ticks, system_ticks, voluntary, involuntary;
};
void task_times_add(struct task_times *sum, const struct task_times *t);

struct task {
    pid_t tid;
    bool shown; /* there when the process was opened, and its name fits */
    bool ended;
    char name[TASK_NAME_MAX];
    struct text_file schedstat, stat, status;
    struct task_times times; /* as last seen */
};

struct tasks {
    pid_t pid;
    clockid_t clock; /* CPU time of the whole process */
    DIR *folder;
    struct text_file stat;
    struct task **tasks; /* never moves one; those that ended and are not shown are taken out */
    size_t count, room;
    struct task_times ended; /* sum of those taken out */
    /* After each read: */
    struct task_times all; /* of the process, threads that ended included */
    uint64_t threads, resident_pages;
    bool gone; /* the process ended; `all` is what was last seen */
};

/* pattern: which threads are shown (fnmatch). -ESRCH and others; nothing stays open then. */
int tasks_open(struct tasks *p, pid_t pid, const char *pattern, struct err *e);
void tasks_read(struct tasks *p);
void tasks_close(struct tasks *p);

#endif
