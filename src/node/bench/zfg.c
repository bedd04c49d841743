/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * zfg: zero file generation (study D): a round writes a file of zeros. Between rounds other data
 * is written, outside the timing, so that no round's data can hide in a buffer. With data: random
 * it is the check against storage that compresses, or knows zeros. The files lose their names as
 * soon as they are open: nothing can be left behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rand.h"
#include "base/str.h"
#include "node/bench/bench.h"
#include "node/bench/disk.h"
#include "node/bench/room.h"

enum { PIECE = 1 << 20, SYNC_FSYNC = 0, SYNC_NONE, SYNC_DIRECT, DATA_ZEROS = 0, DATA_RANDOM };

struct zfg_options {
    const char *folder;
    uint64_t size_bytes, other_bytes;
    int sync, data;
};
struct zfg_state {
    uint64_t size_bytes, other_bytes;
    int sync, data, fd, other_fd;
    bool in_memory;
    struct rand_state rand;
    char *piece, *other, *back; /* PIECE, aligned for direct I/O */
    uint64_t write_ns, sync_ns;
};

static const char *const sync_words[] = {"fsync", "none", "direct", NULL};
static const char *const data_words[] = {"zeros", "random", NULL};
static const struct opt options[] = {
    {"folder", OPT_STRING, "/tmp", "on the disk that is measured", 0, 0, NULL,
     offsetof(struct zfg_options, folder), 0},
    {"size", OPT_SIZE, "2G", "of the file a round writes, in whole MiB", PIECE, 1e15, NULL,
     offsetof(struct zfg_options, size_bytes), 0},
    {"other", OPT_SIZE, "256M", "other data written between rounds, not timed", 0, 1e15, NULL,
     offsetof(struct zfg_options, other_bytes), 0},
    {"sync", OPT_CHOICE, "fsync", "how a round ends: with fsync, at once, or written by O_DIRECT",
     0, 0, sync_words, offsetof(struct zfg_options, sync), 0},
    {"data", OPT_CHOICE, "zeros", "random: for storage that compresses", 0, 0, data_words,
     offsetof(struct zfg_options, data), 0},
    OPT_END,
};

static int check(const void *given, struct err *e)
{
    const struct zfg_options *o = given;
    return o->size_bytes % PIECE == 0
               ? 0
               : err_set(e, -EINVAL, "zfg: size: whole MiB are written, such as 2G");
}

static void cleanup(void *state)
{
    struct zfg_state *s = state;
    disk_close(&s->fd);
    disk_close(&s->other_fd);
    free(s->piece);
    free(s->other);
    free(s->back);
}

static void fill_random(struct zfg_state *s, char *piece)
{
    for (size_t i = 0; i < PIECE; i += sizeof(uint64_t)) {
        const uint64_t v = rand_u64(&s->rand);
        memcpy(piece + i, &v, sizeof v);
    }
}

static int check_disk(const struct zfg_options *o, bool *ret_in_memory, struct err *e)
{
    return room_check_disk("zfg", o->folder, o->size_bytes + o->other_bytes, ret_in_memory, e);
}

static int room(const void *given, struct err *e)
{
    return check_disk(given, NULL, e);
}

static int prepare(void *state, const void *given, struct err *e)
{
    const struct zfg_options *o = given;
    struct zfg_state *s = state;
    const unsigned flags = o->sync == SYNC_DIRECT ? DISK_DIRECT : 0;

    *s = (struct zfg_state){.size_bytes = o->size_bytes,
                            .other_bytes = o->other_bytes,
                            .sync = o->sync,
                            .data = o->data,
                            .fd = -1,
                            .other_fd = -1};
    int r = check_disk(o, &s->in_memory, e);
    if (r < 0) {
        return r;
    }
    rand_init_text(&s->rand, "zfg");
    s->piece = disk_buffer(PIECE);
    s->other = disk_buffer(PIECE);
    s->back = disk_buffer(PIECE);
    if (s->piece == NULL || s->other == NULL || s->back == NULL) {
        r = err_set(e, -ENOMEM, "zfg: no memory");
    }
    if (r >= 0) {
        fill_random(s, s->other);
        r = disk_open_nameless("zfg", o->folder, flags, &s->fd, e);
    }
    if (r >= 0) {
        r = disk_open_nameless("zfg", o->folder, flags, &s->other_fd, e);
    }
    if (r < 0) {
        cleanup(s);
    }
    return r;
}

static int write_pieces(int fd, const char *piece, uint64_t size_bytes, const atomic_bool *stop,
                        struct err *e)
{
    int r = 0;
    for (uint64_t at = 0; at < size_bytes && r == 0; at += PIECE) {
        const uint64_t left = size_bytes - at;
        r = disk_write("zfg", fd, piece, left < PIECE ? (size_t)left : PIECE, at, e);
        if (r == 0 && atomic_load_explicit(stop, memory_order_relaxed)) {
            r = -ECANCELED;
        }
    }
    return r;
}

static int arrange(void *state, unsigned round, const atomic_bool *stop, struct err *e)
{
    struct zfg_state *s = state;
    int r;

    if (s->data == DATA_RANDOM) {
        fill_random(s, s->piece);
    }
    if (ftruncate(s->fd, 0) < 0) {
        return err_set(e, -errno, "zfg: empty the file: %s", strerror(errno));
    }
    if (round == 0 || s->other_bytes == 0) {
        return 0;
    }
    r = write_pieces(s->other_fd, s->other, s->other_bytes & ~UINT64_C(4095), stop, e);
    return r < 0 ? r : disk_sync("zfg", s->other_fd, e);
}

static int run(void *state, unsigned round, const atomic_bool *stop, struct err *e)
{
    struct zfg_state *s = state;
    const uint64_t t0 = clock_now_ns();

    (void)round;
    int r = write_pieces(s->fd, s->piece, s->size_bytes, stop, e);
    const uint64_t t1 = clock_now_ns();
    if (r == 0 && s->sync != SYNC_NONE) {
        r = disk_sync("zfg", s->fd, e);
    }
    s->write_ns = t1 - t0;
    s->sync_ns = clock_now_ns() - t1;
    return r;
}

/* The file's size, and the first, middle and last piece. */
static int verify(void *state, struct err *e)
{
    struct zfg_state *s = state;
    const uint64_t last = s->size_bytes - PIECE;
    const uint64_t places[] = {0, last / 2 & ~(uint64_t)(PIECE - 1), last};

    const off_t size = lseek(s->fd, 0, SEEK_END);
    if (size != (off_t)s->size_bytes) {
        return err_set(e, -EBADMSG, "zfg: the file has %lld bytes, not %llu", (long long)size,
                       (unsigned long long)s->size_bytes);
    }
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int r = disk_read("zfg", s->fd, s->back, PIECE, places[i], e);
        if (r < 0) {
            return r;
        }
        if (memcmp(s->back, s->piece, PIECE) != 0) {
            return err_set(e, -EBADMSG, "zfg: at byte %llu the file is not what was written",
                           (unsigned long long)places[i]);
        }
    }
    return 0;
}

static json_t *figures(void *state)
{
    const struct zfg_state *s = state;
    const uint64_t all_ns = s->write_ns + s->sync_ns;
    return json_pack("{s:f, s:f, s:i}", "write_bytes_per_s",
                     all_ns > 0 ? (double)s->size_bytes * 1e9 / (double)all_ns : 0.0, "sync_us",
                     (double)s->sync_ns / 1e3, "in_memory", s->in_memory ? 1 : 0);
}

extern const struct bench_ops bench_zfg;
const struct bench_ops bench_zfg = {
    .name = "zfg",
    .summary = "writes a file of zeros a round: bulk writing to disk",
    .options = options,
    .options_size = sizeof(struct zfg_options),
    .state_size = sizeof(struct zfg_state),
    .check = check,
    .room = room,
    .prepare = prepare,
    .arrange = arrange,
    .run = run,
    .verify = verify,
    .figures = figures,
    .cleanup = cleanup,
};
