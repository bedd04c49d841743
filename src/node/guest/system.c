/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * system: in the order of what needs what. One thread.
 */
#include "node/guest/system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "node/guest/cmdline.h"
#include "node/guest/net.h"

enum { FILES_MAX = 1 << 20, DISK_WAIT_S = 10, DISK_PAUSE_MS = 10 };

#define SCRATCH "/var/tmp"

static const struct mount_wanted {
    const char *type, *where, *options;
    unsigned long flags;
    int optional;
} mounts[] = {
    {"proc", "/proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, 0},
    {"sysfs", "/sys", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, 0},
    {"devtmpfs", "/dev", "mode=755", MS_NOSUID, 0},
    {"devpts", "/dev/pts", "mode=620,ptmxmode=666", MS_NOSUID | MS_NOEXEC, 1},
    {"tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV, 0},
    {"tmpfs", "/tmp", "mode=1777", MS_NOSUID | MS_NODEV, 0},
    {"tmpfs", "/run", "mode=755", MS_NOSUID | MS_NODEV, 0},
    {"cgroup2", "/sys/fs/cgroup", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, 1},
};

static void mount_all(void)
{
    for (size_t i = 0; i < sizeof mounts / sizeof mounts[0]; i++) {
        const struct mount_wanted *m = &mounts[i];
        mkdir(m->where, 0755); /* there already, or the mount fails and says so */
        if (mount(m->type, m->where, m->type, m->flags, m->options) < 0 && errno != EBUSY &&
            !m->optional)
            log_error("mount %s on %s: %s", m->type, m->where, strerror(errno));
    }
}

static void insert_module(const char *name)
{
    char path[256];
    str_printf(path, sizeof path, "/modules/%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        log_error("module %s: %s", name, strerror(errno));
        return;
    }
    if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)
        log_error("module %s: %s", name, strerror(errno));
    close(fd);
}

/* A list of /modules: a file's name a line, each after what it needs. */
static void insert_modules(const char *list)
{
    struct buf order;
    buf_init(&order);
    int r = buf_load(&order, list);
    if (r < 0 && r != -ENOENT)
        log_error("%s: %s", list, strerror(-r));
    char *rest = order.data;
    for (char *line; r >= 0 && (line = strsep(&rest, "\n")) != NULL;)
        if (*line != '\0')
            insert_module(line);
    buf_finish(&order);
}

/* Some buses tell of their disks a while after their driver came. */
static int mount_when_there(const char *device)
{
    const uint64_t end_ns = clock_now_ns() + DISK_WAIT_S * NS_PER_S;
    int r;
    do {
        r = mount(device, SCRATCH, "ext4", MS_NOSUID | MS_NODEV, NULL) < 0 ? -errno : 0;
    } while ((r == -ENOENT || r == -ENXIO) && clock_now_ns() < end_ns &&
             clock_sleep_until(clock_now_ns() + DISK_PAUSE_MS * NS_PER_MS) == 0);
    return r;
}

/* Without its disk there is no such folder: nobody shall measure memory for it. */
static void mount_scratch(const char *name)
{
    char device[32];
    insert_modules("/modules/order.disk");
    str_printf(device, sizeof device, "/dev/%s", name);
    mkdir(SCRATCH, 0755);
    int r = mount_when_there(device);
    if (r == 0)
        r = chmod(SCRATCH, 01777) < 0 ? -errno : 0;
    if (r < 0) {
        log_error("disk %s on " SCRATCH ": %s", device, strerror(-r));
        rmdir(SCRATCH);
    }
}

static void obey_command_line(void)
{
    struct buf text;
    struct cmdline c;
    struct err e = {0};
    buf_init(&text);
    int r = buf_load(&text, "/proc/cmdline");
    if (r < 0)
        log_error("/proc/cmdline: %s", strerror(-r));
    if (cmdline_parse(buf_str(&text), &c, &e) < 0)
        log_error("kernel command line: %s", e.text);
    if (sethostname(c.hostname, strlen(c.hostname)) < 0)
        log_error("host name %s: %s", c.hostname, strerror(errno));
    if (net_set_up(c.nets, c.net_count, &e) < 0)
        log_error("network: %s", e.text);
    if (c.scratch[0] != '\0')
        mount_scratch(c.scratch);
    buf_finish(&text);
}

void system_set_up(void)
{
    const struct rlimit files = {.rlim_cur = FILES_MAX, .rlim_max = FILES_MAX};
    umask(022);
    if (chdir("/") < 0)
        log_error("/: %s", strerror(errno));
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    setenv("HOME", "/", 1);
    mount_all();
    insert_modules("/modules/order");
    if (setrlimit(RLIMIT_NOFILE, &files) < 0)
        log_error("limit of open files: %s", strerror(errno));
    obey_command_line();
}

bool system_says(const char *path, const char *text)
{
    struct buf b;
    buf_init(&b);
    const char *line = buf_load(&b, path) == 0 ? buf_str(&b) : "";
    const size_t size = strcspn(line, "\n");
    const bool is_it = size > 0 && size == strlen(text) && memcmp(line, text, size) == 0;
    buf_finish(&b);
    return is_it;
}
