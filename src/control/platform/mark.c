/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mark: records of runs. A process is known by its id, its start time (clock ticks since boot) and
 * the boot, since ids come again. A record appears by rename, so that nobody sees one without an
 * owner. Any thread.
 */
#include "control/platform/mark.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/tree.h"

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";

#define ANNOUNCED "vaperf-" /* of an abstract socket's name, before the mark */

struct owner {
    int pid;
    unsigned long long start_ticks;
    char boot[64];
};

const char *mark_root(char buffer[MARK_PATH_MAX])
{
    const char *set = getenv("VAPERF_RUN_DIR"), *user = getenv("XDG_RUNTIME_DIR");
    if (set != NULL && *set == '/')
        str_printf(buffer, MARK_PATH_MAX, "%s", set);
    else if (geteuid() == 0)
        str_printf(buffer, MARK_PATH_MAX, "/run/vaperf");
    else if (user != NULL && *user == '/')
        str_printf(buffer, MARK_PATH_MAX, "%s/vaperf", user);
    else
        str_printf(buffer, MARK_PATH_MAX, "/tmp/vaperf-%u", (unsigned)geteuid());
    return buffer;
}

bool mark_is_valid(const char *text)
{
    return strlen(text) == MARK_SIZE - 1 && strspn(text, alphabet) == MARK_SIZE - 1;
}

/* Field 22 of /proc/PID/stat; the name in field 2 may hold blanks and brackets. -ESRCH also for a
 * process that has ended and waits for its parent. */
static int read_start_ticks(int pid, unsigned long long *ret)
{
    char path[64];
    str_printf(path, sizeof path, "/proc/%d/stat", pid);
    struct buf text;
    buf_init(&text);
    int r = buf_load(&text, path);
    const char *at = r < 0 ? NULL : strrchr(buf_str(&text), ')');
    if (at != NULL && strlen(at) > 2 && (at[2] == 'Z' || at[2] == 'X')) {
        at = NULL;
        r = -ESRCH;
    }
    for (int field = 2; at != NULL && field < 22; field++) {
        at = strchr(at + 1, ' ');
    }
    if (r >= 0 && at == NULL)
        r = -EBADMSG;
    if (at != NULL)
        *ret = strtoull(at, NULL, 10);
    buf_finish(&text);
    return r < 0 ? r : 0;
}

static void read_boot(char *buffer, size_t size)
{
    struct buf text;
    buf_init(&text);
    buf_load(&text, "/proc/sys/kernel/random/boot_id");
    str_printf(buffer, size, "%.*s", (int)strcspn(buf_str(&text), "\n"), buf_str(&text));
    buf_finish(&text);
}

static int write_owner(const char *dir)
{
    struct owner me = {.pid = (int)getpid()};
    char path[MARK_PATH_MAX + 16];
    int r = read_start_ticks(me.pid, &me.start_ticks);
    if (r < 0)
        return r;
    read_boot(me.boot, sizeof me.boot);
    str_printf(path, sizeof path, "%s/owner", dir);
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return -errno;
    fprintf(file, "%d %llu %s\n", me.pid, me.start_ticks, me.boot);
    return fclose(file) == 0 ? 0 : -errno;
}

static int read_owner(const char *dir, struct owner *ret)
{
    char path[MARK_PATH_MAX + 16];
    str_printf(path, sizeof path, "%s/owner", dir);
    struct buf text;
    buf_init(&text);
    int r = buf_load(&text, path);
    if (r >= 0)
        r = sscanf(buf_str(&text), "%d %llu %63s", &ret->pid, &ret->start_ticks, ret->boot) == 3
                ? 0
                : -EBADMSG;
    buf_finish(&text);
    return r;
}

static bool owner_is_alive(const struct owner *o)
{
    char boot[64];
    unsigned long long ticks;
    read_boot(boot, sizeof boot);
    return strcmp(boot, o->boot) == 0 && read_start_ticks(o->pid, &ticks) == 0 &&
           ticks == o->start_ticks;
}

bool mark_is_alive(const char *text)
{
    char root[MARK_PATH_MAX], dir[MARK_PATH_MAX];
    struct owner owner;
    str_printf(dir, sizeof dir, "%s/%s", mark_root(root), text);
    return mark_is_valid(text) && read_owner(dir, &owner) == 0 && owner_is_alive(&owner);
}

/* The folder of all records. In /tmp it could be someone else's trap: it must be ours. */
static int make_root(const char *root, struct err *e)
{
    struct stat st;
    if (mkdir(root, 0700) < 0 && errno != EEXIST)
        return err_set(e, -errno, "run directory %s: %s", root, strerror(errno));
    if (lstat(root, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
        return err_set(e, -EPERM, "run directory %s is not a folder of this user", root);
    return 0;
}

static int draw(char text[MARK_SIZE])
{
    unsigned char bytes[MARK_SIZE - 1];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return -EIO;
    for (int i = 0; i < MARK_SIZE - 1; i++)
        text[i] = alphabet[bytes[i] % (sizeof alphabet - 1)];
    text[MARK_SIZE - 1] = '\0';
    return 0;
}

/* For as long as this process lives. */
static int announce(struct mark *m)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const size_t size =
        str_printf(name.sun_path + 1, sizeof name.sun_path - 1, ANNOUNCED "%s", m->text);
    m->announced_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (m->announced_fd < 0)
        return -errno;
    const socklen_t all = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + size);
    int r = bind(m->announced_fd, (const void *)&name, all) < 0 ? -errno : 0;
    if (r < 0)
        close(m->announced_fd);
    return r;
}

/* Is the name among the sockets of process `pid`'s network namespace? */
static bool is_announced_at(const char *pid, const char *mark)
{
    char path[64], name[32];
    struct buf text;
    buf_init(&text);
    str_printf(path, sizeof path, "/proc/%s/net/unix", pid);
    str_printf(name, sizeof name, " @" ANNOUNCED "%s\n", mark);
    const bool is_there = buf_load(&text, path) == 0 && strstr(buf_str(&text), name) != NULL;
    buf_finish(&text);
    return is_there;
}

bool mark_is_announced(const char *text)
{
    enum { SPACES_MAX = 1024 };
    ino_t seen[SPACES_MAX];
    size_t count = 0;
    DIR *dir = opendir("/proc");
    bool is_one = false;
    for (struct dirent *entry; dir != NULL && !is_one && (entry = readdir(dir)) != NULL;) {
        char path[64];
        struct stat st;
        size_t i = 0;
        str_printf(path, sizeof path, "/proc/%.20s/ns/net", entry->d_name);
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || stat(path, &st) < 0)
            continue;
        while (i < count && seen[i] != st.st_ino)
            i++;
        if (i < count)
            continue;
        if (count < SPACES_MAX)
            seen[count++] = st.st_ino;
        is_one = is_announced_at(entry->d_name, text);
    }
    if (dir != NULL)
        closedir(dir);
    return is_one;
}

int mark_create(struct mark *ret, struct err *e)
{
    char root[MARK_PATH_MAX], made[MARK_PATH_MAX + 16];
    struct mark m;
    mark_root(root);
    int r = make_root(root, e);
    if (r < 0)
        return r;
    r = draw(m.text);
    if (r < 0)
        return err_set(e, r, "no random numbers for a mark");
    if (str_printf(m.dir, sizeof m.dir, "%s/%s", root, m.text) != strlen(root) + MARK_SIZE)
        return err_set(e, -ENAMETOOLONG, "run directory %s: its name is too long", root);
    str_printf(made, sizeof made, "%s/.%s", root, m.text);
    if (mkdir(made, 0700) < 0)
        return err_set(e, -errno, "record of the run %s: %s", made, strerror(errno));
    r = announce(&m);
    if (r < 0) {
        tree_remove(made);
        return err_set(e, r, "a socket for the run %s: %s", m.text, strerror(-r));
    }
    r = write_owner(made);
    if (r == 0 && rename(made, m.dir) < 0)
        r = -errno;
    if (r < 0) {
        close(m.announced_fd);
        tree_remove(made);
        return err_set(e, r, "record of the run %s: %s", m.dir, strerror(-r));
    }
    *ret = m;
    return 0;
}

const char *mark_dir_on(const struct mark *m, const struct host *h, char buffer[MARK_PATH_MAX])
{
    if (host_is_local(h))
        str_printf(buffer, MARK_PATH_MAX, "%s", m->dir);
    else
        str_printf(buffer, MARK_PATH_MAX, "/var/tmp/vaperf-%s", m->text);
    return buffer;
}

int mark_add_host(const struct mark *m, const char *uri, struct err *e)
{
    char path[MARK_PATH_MAX + 16];
    str_printf(path, sizeof path, "%s/hosts", m->dir);
    FILE *file = fopen(path, "ae");
    if (file == NULL)
        return err_set(e, -errno, "record of the run %s: %s", path, strerror(errno));
    fprintf(file, "%s\n", uri);
    return fclose(file) == 0
               ? 0
               : err_set(e, -errno, "record of the run %s: %s", path, strerror(errno));
}

int mark_list_hosts(const struct mark *m, struct buf *ret, struct err *e)
{
    char path[MARK_PATH_MAX + 16];
    str_printf(path, sizeof path, "%s/hosts", m->dir);
    buf_clear(ret);
    int r = buf_load(ret, path);
    if (r == -ENOENT)
        return 0;
    return r < 0 ? err_set(e, r, "record of the run %s: %s", path, strerror(-r)) : 0;
}

void mark_release(struct mark *m)
{
    if (m == NULL || m->text[0] == '\0')
        return;
    tree_remove(m->dir);
    close(m->announced_fd);
    m->text[0] = '\0';
}

int mark_list_dead(struct mark ret[MARK_LIST_MAX], struct err *e)
{
    char root[MARK_PATH_MAX];
    DIR *dir = opendir(mark_root(root));
    if (dir == NULL)
        return errno == ENOENT ? 0 : err_set(e, -errno, "%s: %s", root, strerror(errno));
    int n = 0;
    for (struct dirent *entry; n < MARK_LIST_MAX && (entry = readdir(dir)) != NULL;) {
        struct owner owner;
        if (!mark_is_valid(entry->d_name))
            continue;
        struct mark *m = &ret[n];
        str_printf(m->text, sizeof m->text, "%s", entry->d_name);
        str_printf(m->dir, sizeof m->dir, "%s/%s", root, m->text);
        if (read_owner(m->dir, &owner) == 0 && !owner_is_alive(&owner))
            n++;
    }
    closedir(dir);
    return n;
}

int mark_remove_dead(const struct mark *m, struct err *e)
{
    if (mark_is_alive(m->text))
        return err_set(e, -EBUSY, "run %s is alive", m->text);
    int r = tree_remove(m->dir);
    return r < 0 ? err_set(e, r, "%s: %s", m->dir, strerror(-r)) : 0;
}
