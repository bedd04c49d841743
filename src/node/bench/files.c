/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * files: what file systems are asked (studies A and D): small files created, read and deleted; one
 * larger file written, rewritten and read in order and at random; blocks at the beginning, in the
 * middle and at the end. Every block carries its number and is checked when it is read.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rand.h"
#include "base/str.h"
#include "node/bench/bench.h"
#include "node/bench/disk.h"
#include "node/bench/files.h"
#include "node/bench/room.h"

#define AT(member) offsetof(struct files_options, member)
static const char *const work_words[] = {"all", "small", "sequential", "random", "places", NULL};
static const char *const cache_words[] = {"drop", "keep", NULL};
static const struct opt options[] = {
    {"folder", OPT_STRING, "/tmp", "on the disk that is measured", 0, 0, NULL, AT(folder), 0},
    {"work", OPT_CHOICE, "all", "what a round does", 0, 0, work_words, AT(work), 0},
    {"count", OPT_COUNT, "1000", "small files", 1, 1e7, NULL, AT(count), 0},
    {"file_size", OPT_SIZE, "4K", "of a small file", 8, 1 << 30, NULL, AT(file_bytes), 0},
    {"size", OPT_SIZE, "64M", "of the larger file, in whole blocks", 4096, 1e15, NULL,
     AT(size_bytes), 0},
    {"block", OPT_SIZE, "4K", "read or written at once", 512, 1 << 28, NULL, AT(block_bytes), 0},
    {"operations", OPT_COUNT, "2000", "blocks at random, or at each of the places", 1, 1e9, NULL,
     AT(operations), 0},
    {"direct", OPT_FLAG, "no", "O_DIRECT, past the page cache", 0, 0, NULL, AT(direct), 0},
    {"cache", OPT_CHOICE, "drop", "before reading, what the page cache has of the file", 0, 0,
     cache_words, AT(cache), 0},
    OPT_END,
};

static int check(const void *given, struct err *e)
{
    const struct files_options *o = given;
    if (o->size_bytes % o->block_bytes != 0 || o->size_bytes / o->block_bytes < 3) {
        return err_set(e, -EINVAL, "files: size must be three or more whole blocks");
    }
    if (o->direct && o->block_bytes % DISK_ALIGN != 0) {
        return err_set(e, -EINVAL, "files: direct: blocks of whole 4 KiB, such as 4K");
    }
    return 0;
}

static void cleanup(void *state)
{
    struct files_state *s = state;
    files_small_remove(s);
    if (s->folder[0] != '\0') {
        (void)rmdir(s->folder);
    }
    disk_close(&s->fd);
    free(s->block);
    free(s->small);
}

static int make(struct files_state *s, struct err *e)
{
    const struct files_options *o = &s->o;
    char path[PATH_MAX];

    s->block = disk_buffer(o->block_bytes);
    s->small = calloc(1, o->file_bytes);
    if (s->block == NULL || s->small == NULL) {
        return err_set(e, -ENOMEM, "files: no memory");
    }
    str_printf(path, sizeof path, "%s/vaperf-files.XXXXXX", o->folder);
    if (mkdtemp(path) == NULL) {
        return err_set(e, -errno, "files: make a folder in %s: %s", o->folder, strerror(errno));
    }
    str_printf(s->folder, sizeof s->folder, "%s", path);
    int r = disk_open_nameless("files", o->folder, o->direct ? DISK_DIRECT : 0, &s->fd, e);
    return r;
}

static int check_disk(const struct files_options *o, bool *ret_in_memory, struct err *e)
{
    const uint64_t each = (o->file_bytes + 4095) / 4096 * 4096;
    return room_check_disk("files", o->folder, o->size_bytes + o->count * each, ret_in_memory, e);
}

static int room(const void *given, struct err *e)
{
    return check_disk(given, NULL, e);
}

static int prepare(void *state, const void *given, struct err *e)
{
    struct files_state *s = state;

    *s = (struct files_state){.o = *(const struct files_options *)given, .fd = -1};
    int r = check_disk(&s->o, &s->in_memory, e);
    if (r < 0) {
        return r;
    }
    rand_init_text(&s->rand, "files");
    r = make(s, e);
    if (r < 0) {
        cleanup(s);
    }
    return r;
}

static bool does(const struct files_state *s, int work)
{
    return s->o.work == FILES_ALL || s->o.work == work;
}

/* The file as it was written is there before what only reads it or parts of it. */
static int arrange(void *state, unsigned round, const atomic_bool *stop, struct err *e)
{
    struct files_state *s = state;
    if (does(s, FILES_SEQUENTIAL)) { /* writes it itself, from nothing */
        return ftruncate(s->fd, 0) == 0
                   ? 0
                   : err_set(e, -errno, "files: empty the file: %s", strerror(errno));
    }
    return round == 0 && s->o.work != FILES_SMALL ? files_fill(s, stop, e) : 0;
}

static int run(void *state, unsigned round, const atomic_bool *stop, struct err *e)
{
    struct files_state *s = state;
    int r = 0;

    (void)round;
    if (does(s, FILES_SMALL)) {
        r = files_small(s, stop, e);
    }
    if (r == 0 && does(s, FILES_SEQUENTIAL)) {
        r = files_sequential(s, stop, e);
    }
    if (r == 0 && does(s, FILES_RANDOM)) {
        r = files_random(s, stop, e);
    }
    if (r == 0 && does(s, FILES_PLACES)) {
        r = files_places(s, stop, e);
    }
    return r;
}

static int verify(void *state, struct err *e)
{
    const struct files_state *s = state;
    return s->wrong == 0
               ? 0
               : err_set(e, -EBADMSG,
                         "files: %llu of %llu blocks read were not what was written there",
                         (unsigned long long)s->wrong, (unsigned long long)s->checked);
}

static void put(json_t *o, const char *name, double amount, uint64_t ns)
{
    if (ns > 0) {
        json_object_set_new(o, name, json_real(amount * 1e9 / (double)ns));
    }
}

static json_t *figures(void *state)
{
    static const char *const places[] = {"beginning", "middle", "end"};
    const struct files_state *s = state;
    const double count = (double)s->o.count, size = (double)s->o.size_bytes;
    const double operations = (double)s->o.operations;
    json_t *o = json_pack("{s:i}", "in_memory", s->in_memory ? 1 : 0);
    char name[48];

    put(o, "create_files_per_s", count, s->create_ns);
    put(o, "read_files_per_s", count, s->read_small_ns);
    put(o, "delete_files_per_s", count, s->delete_ns);
    put(o, "write_bytes_per_s", size, s->write_ns);
    put(o, "rewrite_bytes_per_s", size, s->rewrite_ns);
    put(o, "read_bytes_per_s", size, s->read_ns);
    put(o, "random_reads_per_s", operations, s->random_read_ns);
    put(o, "random_writes_per_s", operations, s->random_write_ns);
    for (int i = 0; i < FILES_PLACE_COUNT; i++) {
        str_printf(name, sizeof name, "%s_blocks_per_s", places[i]);
        put(o, name, operations, s->place_ns[i]);
    }
    return o;
}

extern const struct bench_ops bench_files;
const struct bench_ops bench_files = {
    .name = "files",
    .summary = "small files, and blocks of a larger one in order, at random and in three places",
    .options = options,
    .options_size = sizeof(struct files_options),
    .state_size = sizeof(struct files_state),
    .check = check,
    .room = room,
    .prepare = prepare,
    .arrange = arrange,
    .run = run,
    .verify = verify,
    .figures = figures,
    .cleanup = cleanup,
};
