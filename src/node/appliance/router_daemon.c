/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * router_daemon: the life of a routing daemon and of its feeder: a folder, processes one after
 * another, the wait until all routes have come, which is asked of the kernel, and the end. The
 * loop's thread.
 */
#include "node/appliance/router_daemon.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "node/appliance/router.h"

enum { STOP_S = 20, READY_S = 20, PAUSE_MS = 10, WORDS = 160 };
static const char feeder[] = "feeder";

int router_daemon_save(const struct router_feed *f, const char *name, const struct buf *b,
                       struct err *e)
{
    char path[ROUTER_PATH_MAX];
    FILE *file;
    bool is_good;

    str_printf(path, sizeof(path), "%s/%s", f->folder, name);
    file = buf_failed(b) ? NULL : fopen(path, "we");
    if (file == NULL) {
        return err_set(e, -EIO, "%s: %s", path, strerror(buf_failed(b) ? ENOMEM : errno));
    }
    is_good = fwrite(buf_str(b), 1, b->size, file) == b->size;
    is_good = fclose(file) == 0 && is_good;
    return is_good ? 0 : err_set(e, -EIO, "%s: %s", path, strerror(errno));
}

static int check_part(const struct router_part *p, struct err *e)
{
    char words[WORDS];

    if (p->proc.pid == 0 || !proc_has_exited(&p->proc)) {
        return 0;
    }
    proc_log_end(p->log);
    return err_set(e, -EIO, "%s has ended%s", p->name,
                   proc_log_last_line(p->log, words, sizeof(words)));
}

int router_daemon_alive(const struct router_daemon *d, struct err *e)
{
    int result = 0;

    for (int i = 0; i < ROUTER_PARTS_MAX && result == 0; i++) {
        result = check_part(&d->parts[i], e);
    }
    return result;
}

static int start_part(struct router_part *p, const char *name, const char *package,
                      const struct router_command *c, struct err *e)
{
    int result = proc_start(&p->proc, (char *const *)(void *)(uintptr_t)c->words,
                            PROC_DIE_WITH_PARENT | PROC_PIPE_ERR, e);

    p->name = name;
    if (result == 0) {
        result = proc_log_open(&p->log, &p->proc, e);
    }
    return result < 0 ? err_prefix(e, "%s (Debian's package %s): ", name, package) : 0;
}

static int wait_ready(struct router_daemon *d, const struct router_feed *f, const char *part,
                      struct err *e)
{
    const uint64_t end_ns = clock_now_ns() + READY_S * NS_PER_S;

    while (!d->ops->is_ready(f, part)) {
        const int result = router_daemon_alive(d, e);
        if (result < 0) {
            return result;
        }
        if (clock_now_ns() >= end_ns) {
            return err_set(e, -ETIMEDOUT, "%s is not ready within %d s", part, READY_S);
        }
        (void)clock_sleep_until(clock_now_ns() + PAUSE_MS * NS_PER_MS);
    }
    return 0;
}

static int start_parts(struct router_daemon *d, const struct router_feed *f, struct err *e)
{
    struct router_command c;
    int result = 0;

    for (int i = 0; i < ROUTER_PARTS_MAX - 1 && d->ops->parts[i] != NULL && result == 0; i++) {
        const char *part = d->ops->parts[i];
        memset(&c, 0, sizeof(c));
        d->ops->command(f, part, &c);
        result = start_part(&d->parts[i], part, d->ops->package, &c, e);
        if (result == 0 && d->ops->is_ready != NULL) {
            result = wait_ready(d, f, part, e);
        }
    }
    return result;
}

static int start_feeder(struct router_daemon *d, const struct router_feed *f, struct err *e)
{
    char to[INET_ADDRSTRLEN];
    struct router_command c = {0};
    int result;

    d->ops->address(f, to, sizeof(to));
    result = router_feeder_write(f, to, e);
    if (result == 0) {
        router_feeder_command(f, &c);
        result = start_part(&d->parts[ROUTER_PARTS_MAX - 1], feeder, "bird2", &c, e);
    }
    return result;
}

static int count_both(const struct route_block blocks[2], uint64_t *ret, struct err *e)
{
    uint64_t all = 0;

    for (int i = 0; i < 2; i++) {
        uint64_t count = 0;
        const int result = blocks[i].count > 0 ? route_count(&blocks[i], &count, e) : 0;
        if (result < 0) {
            return result;
        }
        all += count;
    }
    *ret = all;
    return 0;
}

/* The last of its own processes is who hears BGP. */
static const struct router_part *find_talker(const struct router_daemon *d)
{
    return &d->parts[d->ops->parts[1] != NULL ? 1 : 0];
}

/* A count reads the whole table, so the pauses are as long as the counts. */
static int wait_learned(struct router_daemon *d, const struct router_feed *f, struct err *e)
{
    const uint64_t wanted = f->blocks[0].count + f->blocks[1].count;
    const uint64_t end_ns = clock_now_ns() + f->options->converge_ns;

    for (;;) {
        const uint64_t from_ns = clock_now_ns();
        char words[WORDS];
        int result = count_both(f->blocks, &d->learned, e);
        if (result == 0) {
            result = router_daemon_alive(d, e);
        }
        if (result < 0 || d->learned >= wanted) {
            return result;
        }
        const uint64_t now_ns = clock_now_ns();
        if (now_ns >= end_ns) {
            return err_set(e, -ETIMEDOUT,
                           "after %" PRIu64 " ms %" PRIu64 " of %" PRIu64
                           " routes are in the kernel's table%s",
                           f->options->converge_ns / NS_PER_MS, d->learned, wanted,
                           proc_log_last_line(find_talker(d)->log, words, sizeof(words)));
        }
        (void)clock_sleep_until(now_ns + (now_ns - from_ns) + PAUSE_MS * NS_PER_MS);
    }
}

/* The network that the IPv6 next hop is in: a daemon looks it up before it believes in it. */
static int load_network6(struct router_daemon *d, const struct router_feed *f, struct err *e)
{
    struct route_block b;
    int result = route_parse_prefix(&b, ROUTER_HOP6_NETWORK, e);

    if (result == 0) {
        b.length = b.base_length;
        b.count = 1;
        b.interface = f->out->index;
        memset(b.next_hop, 0, sizeof(b.next_hop));
        result = route_add(&b, e);
    }
    if (result == 0) {
        d->network6 = b;
    }
    return result;
}

static int start_all(struct router_daemon *d, const struct router_feed *f, struct err *e)
{
    const bool has_feeder = f->options->peer == NULL;
    int result = d->ops->write(f, e);

    if (result == 0 && has_feeder && f->blocks[1].count > 0 && d->ops->wants_network6) {
        result = load_network6(d, f, e);
    }
    if (result == 0 && has_feeder) {
        result = start_feeder(d, f, e);
    }
    if (result == 0) {
        result = start_parts(d, f, e);
    }
    return result == 0 ? wait_learned(d, f, e) : result;
}

static int check_place(const struct router_daemon *d, const struct router_feed *f, struct err *e)
{
    uint64_t before = 0;
    int result = count_both(f->blocks, &before, e);

    if (result == 0 && before > 0) {
        result = err_set(e, -EEXIST,
                         "the kernel's table has %" PRIu64 " routes of these prefixes already: "
                         "remove them, or take another prefix",
                         before);
    }
    return result == 0 && d->ops->check != NULL ? d->ops->check(f, e) : result;
}

int router_daemon_start(struct router_daemon *d, const struct router_daemon_ops *ops,
                        struct router_feed *f, struct err *e)
{
    int result;

    memset(d, 0, sizeof(*d));
    d->ops = ops;
    f->folder = d->folder;
    result = check_place(d, f, e);
    if (result == 0) {
        str_printf(d->folder, sizeof(d->folder), "/tmp/vaperf-%s-XXXXXX", ops->name);
        if (mkdtemp(d->folder) == NULL) {
            d->folder[0] = '\0';
            result = err_set(e, -errno, "a folder in /tmp: %s", strerror(errno));
        }
    }
    if (result == 0) {
        result = start_all(d, f, e);
    }
    if (result < 0) {
        router_daemon_stop(d);
        return err_prefix(e, "%s: ", ops->name);
    }
    return 0;
}

static void stop_part(const struct router_daemon_ops *ops, struct router_part *p)
{
    const pid_t pid = p->proc.pid;

    if (pid > 0) {
        (void)kill(pid, SIGTERM);
        (void)proc_stop(&p->proc, STOP_S * NS_PER_S);
    }
    if (pid > 0 && ops->tidy != NULL) {
        ops->tidy(p->name, pid);
    }
    proc_log_close(p->log);
    p->log = NULL;
}

void router_daemon_remove_folder(const char *path)
{
    DIR *folder = path[0] != '\0' ? opendir(path) : NULL;
    const struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    if (folder != NULL) {
        (void)closedir(folder);
        (void)rmdir(path);
    }
}

/* Asked to end, who put routes into the kernel's table takes them with it; that is why it gets
 * time. */
void router_daemon_stop(struct router_daemon *d)
{
    for (int i = 0; i < ROUTER_PARTS_MAX; i++) {
        stop_part(d->ops, &d->parts[i]);
    }
    if (d->network6.count > 0) {
        (void)route_remove(&d->network6, NULL);
    }
    d->network6.count = 0;
    router_daemon_remove_folder(d->folder);
    d->folder[0] = '\0';
}
