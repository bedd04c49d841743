/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * files_work: the pieces of work of the bench files, each timed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "node/bench/disk.h"
#include "node/bench/files.h"

static bool is_stopped(const atomic_bool *stop)
{
    return atomic_load_explicit(stop, memory_order_relaxed);
}

static void small_path(const struct files_state *s, uint64_t i, char *path)
{
    (void)snprintf(path, PATH_MAX, "%.4000s/%llu", s->folder, (unsigned long long)i);
}

static int create_small(struct files_state *s, uint64_t i, struct err *e)
{
    char path[PATH_MAX];

    small_path(s, i, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return err_set(e, -errno, "files: create %s: %s", path, strerror(errno));
    }
    s->small_left = i + 1;
    memcpy(s->small, &i, sizeof i);
    int r = disk_write("files", fd, s->small, s->o.file_bytes, 0, e);
    disk_close(&fd);
    return r;
}

static int read_small(struct files_state *s, uint64_t i, struct err *e)
{
    char path[PATH_MAX];
    uint64_t found;

    small_path(s, i, path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_set(e, -errno, "files: open %s: %s", path, strerror(errno));
    }
    int r = disk_read("files", fd, s->small, s->o.file_bytes, 0, e);
    disk_close(&fd);
    memcpy(&found, s->small, sizeof found);
    s->checked++;
    s->wrong += r == 0 && found != i;
    return r;
}

static int delete_small(struct files_state *s, uint64_t i, struct err *e)
{
    char path[PATH_MAX];

    small_path(s, i, path);
    return unlink(path) == 0 ? 0
                             : err_set(e, -errno, "files: delete %s: %s", path, strerror(errno));
}

static int each_small(struct files_state *s,
                      int (*one)(struct files_state *, uint64_t, struct err *),
                      const atomic_bool *stop, uint64_t *ret_ns, struct err *e)
{
    const uint64_t start = clock_now_ns();
    int r = 0;

    for (uint64_t i = 0; i < s->o.count && r == 0; i++) {
        r = is_stopped(stop) ? -ECANCELED : one(s, i, e);
    }
    *ret_ns = clock_now_ns() - start;
    return r;
}

void files_small_remove(struct files_state *s)
{
    char path[PATH_MAX];

    for (uint64_t i = 0; i < s->small_left; i++) {
        small_path(s, i, path);
        (void)unlink(path);
    }
    s->small_left = 0;
}

int files_small(struct files_state *s, const atomic_bool *stop, struct err *e)
{
    int r = each_small(s, create_small, stop, &s->create_ns, e);
    if (r == 0) {
        r = each_small(s, read_small, stop, &s->read_small_ns, e);
    }
    if (r == 0) {
        r = each_small(s, delete_small, stop, &s->delete_ns, e);
    }
    if (r == 0) {
        s->small_left = 0;
    } else {
        files_small_remove(s);
    }
    return r;
}

static int write_block(struct files_state *s, uint64_t i, struct err *e)
{
    memcpy(s->block, &i, sizeof i);
    return disk_write("files", s->fd, s->block, s->o.block_bytes, i * s->o.block_bytes, e);
}

static int read_block(struct files_state *s, uint64_t i, struct err *e)
{
    uint64_t found;
    int r = disk_read("files", s->fd, s->block, s->o.block_bytes, i * s->o.block_bytes, e);

    memcpy(&found, s->block, sizeof found);
    s->checked++;
    s->wrong += r == 0 && found != i;
    return r;
}

static uint64_t block_count(const struct files_state *s)
{
    return s->o.size_bytes / s->o.block_bytes;
}

static int each_block(struct files_state *s,
                      int (*one)(struct files_state *, uint64_t, struct err *),
                      const atomic_bool *stop, struct err *e)
{
    const uint64_t count = block_count(s);
    int r = 0;

    for (uint64_t i = 0; i < count && r == 0; i++) {
        r = is_stopped(stop) ? -ECANCELED : one(s, i, e);
    }
    return r;
}

int files_fill(struct files_state *s, const atomic_bool *stop, struct err *e)
{
    int r = each_block(s, write_block, stop, e);
    return r < 0 ? r : disk_sync("files", s->fd, e);
}

static void before_reading(const struct files_state *s)
{
    if (s->o.cache == FILES_CACHE_DROP) {
        disk_forget(s->fd);
    }
}

int files_sequential(struct files_state *s, const atomic_bool *stop, struct err *e)
{
    const uint64_t t0 = clock_now_ns();
    int r = files_fill(s, stop, e);
    const uint64_t t1 = clock_now_ns();
    if (r == 0) {
        r = files_fill(s, stop, e);
    }
    const uint64_t t2 = clock_now_ns();
    before_reading(s);
    if (r == 0) {
        r = each_block(s, read_block, stop, e);
    }
    s->write_ns = t1 - t0;
    s->rewrite_ns = t2 - t1;
    s->read_ns = clock_now_ns() - t2;
    return r;
}

/* One piece of work on blocks drawn from [from, from + span). */
static int drawn(struct files_state *s, uint64_t from, uint64_t span,
                 int (*one)(struct files_state *, uint64_t, struct err *), const atomic_bool *stop,
                 struct err *e)
{
    int r = 0;
    for (uint64_t i = 0; i < s->o.operations && r == 0; i++) {
        r = is_stopped(stop) ? -ECANCELED : one(s, from + rand_below(&s->rand, span), e);
    }
    return r;
}

int files_random(struct files_state *s, const atomic_bool *stop, struct err *e)
{
    before_reading(s);
    const uint64_t t0 = clock_now_ns();
    int r = drawn(s, 0, block_count(s), read_block, stop, e);
    const uint64_t t1 = clock_now_ns();
    if (r == 0) {
        r = drawn(s, 0, block_count(s), write_block, stop, e);
    }
    if (r == 0) {
        r = disk_sync("files", s->fd, e);
    }
    s->random_read_ns = t1 - t0;
    s->random_write_ns = clock_now_ns() - t1;
    return r;
}

static int read_rewrite(struct files_state *s, uint64_t i, struct err *e)
{
    int r = read_block(s, i, e);
    return r < 0 ? r : write_block(s, i, e);
}

int files_places(struct files_state *s, const atomic_bool *stop, struct err *e)
{
    const uint64_t count = block_count(s);
    const uint64_t span = count / 100 > 0 ? count / 100 : 1;
    const uint64_t from[FILES_PLACE_COUNT] = {0, (count - span) / 2, count - span};
    int r = 0;

    before_reading(s);
    for (int i = 0; i < FILES_PLACE_COUNT && r == 0; i++) {
        const uint64_t start = clock_now_ns();
        r = drawn(s, from[i], span, read_rewrite, stop, e);
        if (r == 0) {
            r = disk_sync("files", s->fd, e);
        }
        s->place_ns[i] = clock_now_ns() - start;
    }
    return r;
}
