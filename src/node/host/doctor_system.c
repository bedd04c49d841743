/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * doctor_system: what the kernel and this process's rights allow: root, control groups, limits,
 * real-time scheduling, the kernel's own counters; packages that are missing. Any thread; for a
 * moment it asks for SCHED_FIFO and gives it back.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "node/host/doctor_private.h"
#include "node/host/doctor_text.h"

enum { WANTED_FILES = 4096 };

extern const char doctor_packages[]; /* packaging/debian-packages.txt */

enum doctor_state doctor_check_root(struct found *f)
{
    struct buf b;
    unsigned euid = 0;
    int r;

    buf_init(&b);
    r = doctor_load(f, "/proc/self/status", &b) ? doctor_text_euid(buf_str(&b), &euid) : -ENOENT;
    buf_finish(&b);
    if (r < 0) {
        return DOCTOR_UNKNOWN;
    }
    str_printf(f->text, sizeof(f->text), "user %u", euid);
    return euid == 0 ? DOCTOR_GOOD : DOCTOR_BAD;
}

enum doctor_state doctor_check_cgroup(struct found *f)
{
    struct buf b;
    bool v2 = doctor_exists(f, "/sys/fs/cgroup/cgroup.controllers"), cpu, known;

    buf_init(&b);
    known = doctor_load(f, v2 ? "/sys/fs/cgroup/cgroup.controllers" : "/proc/cgroups", &b);
    cpu = known && doctor_text_has_word(buf_str(&b), "cpu");
    buf_finish(&b);
    str_printf(f->text, sizeof(f->text), "version %d, controller cpu %s", v2 ? 2 : 1,
               cpu ? "there" : "missing");
    return cpu ? DOCTOR_GOOD : DOCTOR_BAD;
}

enum doctor_state doctor_check_files(struct found *f)
{
    struct buf b;
    uint64_t limit = 0;
    int r;

    buf_init(&b);
    r = doctor_load(f, "/proc/self/limits", &b)
            ? doctor_text_limit(buf_str(&b), "Max open files", &limit)
            : -ENOENT;
    buf_finish(&b);
    if (r < 0) {
        return DOCTOR_UNKNOWN;
    }
    str_printf(f->text, sizeof(f->text), "%llu", (unsigned long long)limit);
    return limit >= WANTED_FILES ? DOCTOR_GOOD : DOCTOR_WEAK;
}

enum doctor_state doctor_check_fifo(struct found *f)
{
    struct sched_param fifo = {.sched_priority = 1}, before;
    int policy = sched_getscheduler(0);
    struct buf b;
    bool grouped;

    buf_init(&b);
    grouped = doctor_load(f, "/proc/self/cgroup", &b) && doctor_text_in_cpu_cgroup(buf_str(&b));
    buf_finish(&b);
    if (policy < 0 || sched_getparam(0, &before) < 0) {
        return DOCTOR_UNKNOWN;
    }
    int r = sched_setscheduler(0, SCHED_FIFO, &fifo) < 0 ? errno : 0;
    if (r == 0) {
        (void)sched_setscheduler(0, policy, &before);
    }
    str_printf(f->text, sizeof(f->text), "%s%s", r == 0 ? "allowed" : strerror(r),
               grouped ? " (in a cpu control group)" : "");
    return r == 0 ? DOCTOR_GOOD : DOCTOR_WEAK;
}

static enum doctor_state check_there(struct found *f, const char *path)
{
    bool there = doctor_exists(f, path);

    str_printf(f->text, sizeof(f->text), "%s", there ? "there" : "missing");
    return there ? DOCTOR_GOOD : DOCTOR_WEAK;
}

enum doctor_state doctor_check_psi(struct found *f)
{
    return check_there(f, "/proc/pressure/cpu");
}

enum doctor_state doctor_check_schedstat(struct found *f)
{
    return check_there(f, "/proc/self/schedstat");
}

struct lookup {
    struct found *found;
    const char *status; /* dpkg's */
    unsigned missing;
};

static void look_for(void *arg, const char *package, const char *program)
{
    struct lookup *l = arg;
    struct found other = {.root = l->found->root};

    const bool has_program = program[0] == '/'
                                 ? doctor_exists(&other, program)
                                 : program[0] != '\0' && doctor_has_program(&other, program);
    if (has_program || doctor_text_is_installed(l->status, package)) {
        return;
    }
    l->missing++;
    doctor_add(l->found, "%s", package);
}

static enum doctor_state check_packages(struct found *f, const char *group)
{
    struct lookup l = {.found = f};
    struct buf b;

    buf_init(&b);
    if (!doctor_load(f, "/var/lib/dpkg/status", &b)) {
        str_printf(f->text, sizeof(f->text), "not a Debian: look for the programs yourself");
        buf_finish(&b);
        return DOCTOR_UNKNOWN;
    }
    l.status = buf_str(&b);
    doctor_text_each_package(doctor_packages, group, look_for, &l);
    buf_finish(&b);
    if (l.missing == 0) {
        str_printf(f->text, sizeof(f->text), "all there");
        return DOCTOR_GOOD;
    }
    return DOCTOR_WEAK;
}

enum doctor_state doctor_check_run_packages(struct found *f)
{
    return check_packages(f, "run");
}

enum doctor_state doctor_check_guest_packages(struct found *f)
{
    return check_packages(f, "guest");
}
