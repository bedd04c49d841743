/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * dirty: writes one word into page after page of its memory at a set rate, which is what a live
 * migration has to run after. A round is some time of that; lateness is caught up.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/str.h"
#include "node/bench/bench.h"
#include "node/bench/room.h"

enum { PAGE = 4096, TICK_MS = 1, BURST = 1024 };

struct dirty_options {
    uint64_t size_bytes, rate_bytes, duration_ns;
};
struct dirty_state {
    uint64_t pages, next, rate_bytes, duration_ns;
    uint64_t *at; /* every page begins with how often it was written */
    uint64_t written, pages_in_round, round_ns;
};

static const struct opt options[] = {
    {"size", OPT_SIZE, "64M", "memory that is written, page after page", PAGE, 1e15, NULL,
     offsetof(struct dirty_options, size_bytes), 0},
    {"rate", OPT_SIZE, "0", "bytes of pages made dirty a second; 0: as fast as it goes", 0, 1e15,
     NULL, offsetof(struct dirty_options, rate_bytes), 0},
    {"duration", OPT_DURATION, "1s", "of a round", 1e6, 1e13, NULL,
     offsetof(struct dirty_options, duration_ns), 0},
    OPT_END,
};

static int check(const void *given, struct err *e)
{
    const struct dirty_options *o = given;
    return o->size_bytes % PAGE == 0 && o->rate_bytes % PAGE == 0
               ? 0
               : err_set(e, -EINVAL, "dirty: size and rate: whole pages of 4K");
}

static int room(const void *given, struct err *e)
{
    return room_check_memory("dirty", ((const struct dirty_options *)given)->size_bytes, e);
}

static int prepare(void *state, const void *given, struct err *e)
{
    const struct dirty_options *o = given;
    struct dirty_state *s = state;
    int r = room(o, e);

    if (r < 0) {
        return r;
    }
    *s = (struct dirty_state){
        .pages = o->size_bytes / PAGE, .rate_bytes = o->rate_bytes, .duration_ns = o->duration_ns};
    void *at = mmap(NULL, o->size_bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (at == MAP_FAILED) {
        return err_set(e, -ENOMEM, "dirty: allocate: %s", strerror(errno));
    }
    s->at = at;
    return 0;
}

static void write_pages(struct dirty_state *s, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        s->at[s->next * (PAGE / sizeof(uint64_t))]++;
        s->next = s->next + 1 < s->pages ? s->next + 1 : 0;
    }
    s->written += count;
    s->pages_in_round += count;
}

static int run(void *state, unsigned round, const atomic_bool *stop, struct err *e)
{
    struct dirty_state *s = state;
    const uint64_t start = clock_now_ns();

    (void)round;
    (void)e;
    s->pages_in_round = 0;
    for (uint64_t now = start; now - start < s->duration_ns; now = clock_now_ns()) {
        if (atomic_load_explicit(stop, memory_order_relaxed)) {
            return -ECANCELED;
        }
        if (s->rate_bytes == 0) {
            write_pages(s, BURST);
            continue;
        }
        const double due = (double)(now - start) / 1e9 * (double)s->rate_bytes / PAGE;
        if ((uint64_t)due > s->pages_in_round) {
            write_pages(s, (uint64_t)due - s->pages_in_round);
        }
        (void)clock_sleep_until(now + TICK_MS * NS_PER_MS);
    }
    s->round_ns = clock_now_ns() - start;
    return 0;
}

static int verify(void *state, struct err *e)
{
    const struct dirty_state *s = state;
    uint64_t sum = 0;

    for (uint64_t i = 0; i < s->pages; i++) {
        sum += s->at[i * (PAGE / sizeof(uint64_t))];
    }
    return sum == s->written
               ? 0
               : err_set(e, -EBADMSG, "dirty: %llu pages were written, and memory says %llu",
                         (unsigned long long)s->written, (unsigned long long)sum);
}

static json_t *figures(void *state)
{
    const struct dirty_state *s = state;
    return json_pack("{s:f}", "dirty_bytes_per_s",
                     (double)s->pages_in_round * PAGE * 1e9 /
                         (double)(s->round_ns > 0 ? s->round_ns : 1));
}

static void cleanup(void *state)
{
    struct dirty_state *s = state;
    (void)munmap(s->at, s->pages * PAGE);
}

extern const struct bench_ops bench_dirty;
const struct bench_ops bench_dirty = {
    .name = "dirty",
    .summary = "writes memory at a set rate: what a live migration runs after",
    .options = options,
    .options_size = sizeof(struct dirty_options),
    .state_size = sizeof(struct dirty_state),
    .check = check,
    .room = room,
    .prepare = prepare,
    .run = run,
    .verify = verify,
    .figures = figures,
    .cleanup = cleanup,
};
